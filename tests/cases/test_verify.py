"""A case row that was changed behind the application's back is found out, and history itself cannot be changed."""

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from cases.models import Case, CaseEntry
from core.db import db
from tests.factories import a_case, act, in_progress, mediating, reviewed


def by_hand(statement: str, **values):
    """Change the database as somebody with a password for it could."""
    db.session.commit()
    with db.engine.begin() as connection:
        connection.execute(text(statement), values)


def verify(app):
    """What ``cases verify`` says, and its exit code."""
    db.session.commit()
    result = app.test_cli_runner().invoke(args=["cases", "verify"])
    return result.exit_code, result.output


def test_an_honest_county_has_no_differences(app):
    for case in (a_case(), reviewed(), mediating()):
        act(case, "feedback", "village", note="看过了")
    assert verify(app) == (0, "Every case is what its history gives.\n")


TAMPERING = {
    "state": "UPDATE cases SET state = 'assigned'",
    "bucket": "UPDATE cases SET bucket = 'done'",
    "risk": "UPDATE cases SET risk = 'red'",
    "due_at": "UPDATE cases SET due_at = '2030-01-01 00:00:00'",
    "unit_id": "UPDATE cases SET unit_id = (SELECT max(id) FROM units)",
    "centre_id": "UPDATE cases SET centre_id = (SELECT max(id) FROM units)",
    "desk_id": "UPDATE cases SET desk_id = NULL",
    "number": "UPDATE cases SET number = '平定营细沙村〔2026〕0009号'",
    "number_serial": "UPDATE cases SET number_serial = 9",
    "handling": "UPDATE cases SET handling = 'complex'",
    "category": "UPDATE cases SET category = 'opinion'",
    "confidentiality": "UPDATE cases SET confidentiality = 'restricted'",
    "urgent": "UPDATE cases SET urgent = true",
    "acted_at": "UPDATE cases SET acted_at = '2020-01-01 00:00:00'",
    "entries": "UPDATE cases SET entries = 2",
}


@pytest.mark.parametrize("column", TAMPERING)
def test_a_row_changed_by_hand_is_found_with_its_code_and_column(app, column):
    case = in_progress()
    by_hand(TAMPERING[column])
    code, said = verify(app)
    assert code == 1
    assert case.code in said
    assert ("history has the serials" if column == "entries" else f"{column} is") in said
    assert "1 differences" in said


NOT_SET_YET = ["returns = 2", "supervision = 2", "handler_id = 2", "result_by_id = 2", "outcome = 'resolved'", "round = 2",
               "sessions = 1", "legacy = true", "description = '别的事'", "area_id = 1", "reporter_id = 2"]  # fmt: skip


@pytest.mark.parametrize("change", NOT_SET_YET)
def test_a_column_that_no_operation_has_set_yet_cannot_be_set_by_hand_either(app, change):
    a_case()
    by_hand(f"UPDATE cases SET {change}")  # noqa: S608 -- from the list above
    assert verify(app)[0] == 1


def test_every_case_is_looked_at_and_every_difference_told(app):
    cases = [in_progress(), in_progress()]
    by_hand("UPDATE cases SET risk = 'red', urgent = true")
    code, said = verify(app)
    assert code == 1
    assert "4 differences" in said
    assert all(case.code in said for case in cases)


def without_the_lock():
    """Take away what protects history, as a database administrator could."""
    if db.engine.dialect.name == "sqlite":
        by_hand("DROP TRIGGER case_entries_no_delete")
        by_hand("DROP TRIGGER case_entries_no_update")
    else:
        by_hand("ALTER TABLE case_entries DISABLE TRIGGER ALL")


def test_an_entry_that_is_missing_is_found(app):
    in_progress()
    without_the_lock()
    by_hand("DELETE FROM case_entries WHERE serial = 2")
    code, said = verify(app)
    assert code == 1
    assert "its history has the serials [1, 3, 4]" in said


def test_a_history_that_was_rewritten_is_found(app):
    in_progress()
    without_the_lock()
    by_hand("""UPDATE case_entries SET changes = '{"state": "reported", "risk": "red"}' WHERE serial = 1""")
    assert "risk is 'blue', its history says 'red'" in verify(app)[1]


# History cannot be changed.

FORBIDDEN = {
    "an update": "UPDATE case_entries SET actor_name = '别人'",
    "an update of nothing": "UPDATE case_entries SET serial = serial",
    "a deletion": "DELETE FROM case_entries",
    "a deletion of one": "DELETE FROM case_entries WHERE serial = 1",
}


@pytest.mark.parametrize("statement", FORBIDDEN.values(), ids=FORBIDDEN)
def test_the_database_refuses_to_change_history(app, statement):
    a_case()
    with pytest.raises(DBAPIError, match="history cannot be changed"):
        by_hand(statement)


@pytest.mark.parametrize("server", ["postgres"], indirect=True, scope="session")
def test_postgresql_refuses_to_empty_history(app):
    """SQLite has no TRUNCATE."""
    a_case()
    for statement in ("TRUNCATE case_entries", "TRUNCATE cases CASCADE"):
        with pytest.raises(DBAPIError, match="history cannot be changed"):
            by_hand(statement)


def test_the_application_refuses_too(app):
    case = a_case()
    db.session.commit()
    entry = db.session.scalars(select(CaseEntry)).one()
    entry.actor_name = "别人"
    with pytest.raises(RuntimeError, match="cannot be changed"):
        db.session.flush()
    db.session.rollback()
    db.session.delete(db.session.scalars(select(CaseEntry)).one())
    with pytest.raises(RuntimeError, match="cannot be changed"):
        db.session.flush()
    db.session.rollback()
    assert db.session.get(Case, case.id) is not None


def test_a_state_cannot_be_set():
    with pytest.raises(AttributeError):
        Case().state = "closed"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE cases SET state = 'lost'",
        "UPDATE cases SET risk = 'green'",
        "UPDATE cases SET due_at = NULL",
        "UPDATE cases SET state = 'archived'",
        "UPDATE cases SET confidentiality = 'secret'",
        "UPDATE cases SET bucket = 'drawer'",
        "UPDATE cases SET handling = 'hard'",
        "UPDATE cases SET centre_id = 999999",
    ],
)
def test_the_database_refuses_what_no_case_can_be(app, statement):
    in_progress()
    with pytest.raises(DBAPIError):
        by_hand(statement)
