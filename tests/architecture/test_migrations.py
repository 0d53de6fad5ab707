"""The migrations lead to the models, and each leads back, on both databases."""

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text

import wsgi  # noqa: F401 -- imports every model, and so every table
from cases.lifecycle import BUCKETS, LIFECYCLE
from core.db import db, engine_options, tune

ROOT = Path(__file__).parents[2]
REVISIONS = [script.revision for script in ScriptDirectory(str(ROOT / "migrations")).walk_revisions()][::-1]
OBJECTS = {
    "sqlite": ["SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite%' AND name != 'alembic_version'"],
    "postgresql": [
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename != 'alembic_version'",
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace"
        " AND conrelid != 'alembic_version'::regclass",
        "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
        "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
        "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns"
        " WHERE table_schema = 'public' AND table_name != 'alembic_version'",
    ],
}


@pytest.fixture
def connection(server):
    """A connection to a database without tables."""
    url = server.empty()
    engine = create_engine(url, **engine_options(url))
    tune(engine)
    with engine.connect() as opened:
        yield opened
    engine.dispose()


def migrate(connection, to, verb=command.upgrade):
    """Run migrations on a connection."""
    config = Config(toml_file=str(ROOT / "pyproject.toml"))
    config.attributes["connection"] = connection
    verb(config, to)
    connection.commit()


def schema(connection) -> list[str]:
    """Everything there is in the database, as sorted lines."""
    if not inspect(connection).has_table("alembic_version"):
        return []
    found = [str(tuple(row)) for query in OBJECTS[connection.dialect.name] for row in connection.execute(text(query))]
    connection.commit()
    return sorted(" ".join(line.replace('"', "").split()) for line in found)


def test_the_migrations_lead_to_the_models(connection):
    migrate(connection, "head")
    ours = MigrationContext.configure(connection, opts={
        "compare_type": True,
        "include_name": lambda name, kind, _: not (kind == "table" and name.startswith("case_texts_fts")),
        "include_object": lambda thing, name, kind, reflected, _: name != "ix_case_texts_grams",
    })  # fmt: skip
    assert compare_metadata(ours, db.metadata) == []


def test_checks_and_uniqueness_are_those_of_the_models(connection):
    """Alembic compares neither checks nor their texts."""
    migrate(connection, "head")
    found = inspect(connection)
    for table in db.metadata.sorted_tables:
        named = {
            c["name"] for c in [*found.get_check_constraints(table.name), *found.get_unique_constraints(table.name)]
        }
        ours = {str(c.name) for c in table.constraints if type(c).__name__ in ("CheckConstraint", "UniqueConstraint")}
        assert named == ours, table.name


def test_a_check_lists_every_state(connection):
    migrate(connection, "head")
    checks = {c["name"]: c["sqltext"] for c in inspect(connection).get_check_constraints("cases")}
    assert all(f"'{state}'" in checks["ck_cases_known_state"] for state in LIFECYCLE.states)
    assert all(f"'{heap}'" in checks["ck_cases_known_bucket"] for heap in BUCKETS.values())
    assert all(f"'{state}'" in checks["ck_cases_deadline_matches_state"] for state in LIFECYCLE.untimed_states)


def test_every_migration_has_a_way_back(connection):
    for revision in REVISIONS:
        before = schema(connection)
        migrate(connection, revision)
        after = schema(connection)
        assert after != before
        migrate(connection, "-1", command.downgrade)
        assert schema(connection) == before, f"{revision} does not lead back"
        migrate(connection, revision)
        assert schema(connection) == after


def test_migrations_are_numbered_in_order():
    assert [f"{n:04}" for n in range(1, len(REVISIONS) + 1)] == REVISIONS


def test_a_migration_imports_nothing_of_ours():
    """It must still run when the code it was written for is gone."""
    for file in (ROOT / "migrations" / "versions").glob("*.py"):
        lines = [line for line in file.read_text().splitlines() if line.startswith(("import ", "from "))]
        assert not [line for line in lines if line.split()[1].split(".")[0] in ("core", "grid", "cases", "wsgi")], (
            file.name
        )
