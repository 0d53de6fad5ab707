"""Bringing a database to the newest schema."""

from pathlib import Path

from alembic import command
from alembic.config import Config

from core.db import db

ROOT = Path(__file__).parents[1]


def upgrade(revision: str = "head") -> None:
    """Run the migrations up to a revision on the application's database, all or nothing."""
    config = Config(toml_file=str(ROOT / "pyproject.toml"))
    with db.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
