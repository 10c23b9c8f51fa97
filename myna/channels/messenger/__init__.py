"""Facebook Messenger: authenticates what Meta tells us, translates it for the hub, and back.

`webhook.py` takes events in, `receiver.py` gives them to the hub; `rendering.py` and `sender.py`
put the hub's messages as Messenger wants them; `graph.py` speaks to Meta. `docs/messenger.md` is
for shop owners. What is said of limits is of version v26.0 of Meta's Graph API.
"""

CHANNEL = "messenger"
INBOUND = "messenger.in"
"""Under which name the courier finds who handles events."""
