"""The tables of the brain's memory; `migrations/` brings a database to them."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

trackers = sa.Table(
    "trackers",
    metadata,
    sa.Column("sender_id", sa.String(100), primary_key=True),
    # counts writes; one that was based on an older state is refused
    sa.Column("version", sa.Integer, nullable=False),
)

events = sa.Table(
    "tracker_events",
    metadata,
    sa.Column("sender_id", sa.String(100), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True),
    # of a customer's message: it is never handled twice
    sa.Column("message_id", sa.String(100)),
    # of a customer's message: slots and form as they were before it, from which one can read on
    sa.Column("state", sa.JSON(none_as_null=True)),
    sa.Column("data", sa.JSON, nullable=False),
    sa.UniqueConstraint("sender_id", "message_id"),
)
