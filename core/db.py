"""The database and its conventions: constraint names, aware times, and how SQLite and PostgreSQL are opened."""

import importlib
from datetime import UTC, datetime
from uuid import UUID

import uuid_utils.compat as uuid_utils
from flask import Flask, g, has_request_context
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import DateTime, Engine, MetaData, event
from sqlalchemy.orm import DeclarativeBase, registry
from sqlalchemy.types import TypeDecorator

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
# WAL with FULL is the one pairing that loses no acknowledged commit when the power fails.
SQLITE_PRAGMAS = ("busy_timeout=10000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "trusted_schema=OFF")


QUIET = {"hide_parameters": True}
"""An error must not carry what was typed into the log."""


class UtcDateTime(TypeDecorator):
    """A moment in time, stored in UTC. Refuses a datetime that has no time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value, dialect):
        """Refuse what is naive: it would be read back as another moment."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone.")
        return value.astimezone(UTC)

    def process_result_value(self, value, dialect):
        """Give every moment its zone back: SQLite stores none."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """What every model inherits."""

    # On the registry, because Flask-SQLAlchemy copies this class (pallets-eco/flask-sqlalchemy#1361).
    registry = registry(
        metadata=MetaData(naming_convention=NAMING_CONVENTION), type_annotation_map={datetime: UtcDateTime}
    )


db = SQLAlchemy(model_class=Base)


def new_id() -> UUID:
    """A UUIDv7: sorts by creation time, and can be made on a phone without signal."""
    return uuid_utils.uuid7()


def open_database(app: Flask) -> None:
    """Bind the database to the application and put the engine's hooks in place."""
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(app.config["SQLALCHEMY_DATABASE_URI"])
    db.init_app(app)
    with app.app_context():
        tune(db.engine)


def engine_options(url: str) -> dict:
    """How to open an engine for this URL.

    Debian's SQLite can damage a WAL file when two connections reset it at once (mended in 3.51.3), so the driver
    that brings a newer one is taken where it exists.
    """
    if not url.startswith("sqlite"):
        return QUIET | {"pool_pre_ping": True, "pool_recycle": 1800, "connect_args": {"prepare_threshold": None}}
    try:
        return QUIET | {"module": importlib.import_module("pysqlite3.dbapi2")}
    except ImportError:
        return QUIET


def tune(engine: Engine) -> None:
    """Make an SQLite engine durable and its transactions real; a PostgreSQL engine needs nothing."""
    if engine.dialect.name != "sqlite":
        return
    event.listen(engine, "connect", _open_sqlite)
    event.listen(engine, "begin", _begin_sqlite)


def begin_writing() -> None:
    """End the reading transaction of this request; what is read from now on may also be written.

    What was loaded stays loaded: the person of the request is not read again.
    """
    session = db.session()
    session.expire_on_commit = False
    session.commit()
    session.expire_on_commit = True
    g.writing = True


def _open_sqlite(connection, _record) -> None:
    connection.isolation_level = None  # SQLAlchemy, not the driver, says BEGIN
    cursor = connection.cursor()
    for pragma in SQLITE_PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection) -> None:
    # A reader that later writes would fail at once under DEFERRED; a writer that waits for a slow phone would stop all.
    writes = not has_request_context() or g.get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN DEFERRED")
