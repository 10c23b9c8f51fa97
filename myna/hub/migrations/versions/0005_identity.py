"""Customers who are logged in at the shop."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    with op.batch_alter_table("conversations") as batch:
        batch.add_column(sa.Column("customer_id", sa.String(length=100), nullable=True))
        batch.add_column(sa.Column("customer_name", sa.String(length=100), nullable=True))
        batch.add_column(sa.Column("identity_until", sa.DateTime(), nullable=True))
        batch.create_index("ix_conversations_customer", ["customer_id"])
