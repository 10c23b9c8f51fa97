"""Cards: things that are shown below a message."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.add_column("messages", sa.Column("cards", sa.JSON(), nullable=True))
