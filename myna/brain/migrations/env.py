"""Alembic's entry: runs the migrations on the address that `Database.migrate` gives."""

import sqlalchemy as sa
from alembic import context

from myna.brain.schema import metadata

engine = sa.create_engine(context.config.get_main_option("sqlalchemy.url"), future=True)
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,
        version_table="alembic_brain",
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
