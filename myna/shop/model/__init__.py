"""What Myna knows of a shop's records, and what a call to the shop can come to.

All moments are aware datetimes, all amounts are decimals with their currency. The same types
travel between Myna and a shop (`myna.shop.wire`): a field with a default may be missing there.
"""

from myna.shop.model.basics import *  # noqa: F403
from myna.shop.model.customers import *  # noqa: F403
from myna.shop.model.orders import *  # noqa: F403
from myna.shop.model.products import *  # noqa: F403
from myna.shop.model.results import *  # noqa: F403
from myna.shop.model.returns import *  # noqa: F403
from myna.shop.model.warranty import *  # noqa: F403
