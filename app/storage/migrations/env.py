"""Alembic runs this file to migrate; the connection comes from app.storage.migrate."""

from alembic import context

from app.storage.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    compare_type=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
