"""The first tables: trackers and their events."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "trackers",
        sa.Column("sender_id", sa.String(100), primary_key=True),
        sa.Column("version", sa.Integer(), nullable=False),
    )
    op.create_table(
        "tracker_events",
        sa.Column("sender_id", sa.String(100), primary_key=True),
        sa.Column("seq", sa.Integer(), primary_key=True),
        sa.Column("message_id", sa.String(100)),
        sa.Column("state", sa.JSON()),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.UniqueConstraint("sender_id", "message_id"),
    )


def downgrade() -> None:
    """Back."""
    op.drop_table("tracker_events")
    op.drop_table("trackers")
