"""The Alembic environment: runs the migrations on a given connection, or on the configured database."""

from alembic import context

import wsgi
from core.db import UtcDateTime, db


def render_item(kind, item, _context):
    """A migration never imports application code: it must still run when that code is gone."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


def include_name(name, kind, _parents):
    """The full-text index is SQLite's own and in no model."""
    return not (kind == "table" and name.startswith("case_texts_fts"))


def run_migrations(connection) -> None:
    """Run what was asked for on an open connection, in its transaction."""
    context.configure(
        connection=connection, target_metadata=db.metadata, render_as_batch=True, render_item=render_item,
        include_name=include_name, compare_type=True,
    )  # fmt: skip
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run_migrations(given)
else:
    with wsgi.create_app().app_context(), db.engine.begin() as own:
        run_migrations(own)
