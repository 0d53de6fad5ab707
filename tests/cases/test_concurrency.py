"""Several people at once, each with a connection of their own: one wins, nobody overwrites, no number is lost or given twice."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from sqlalchemy import func, select, text

from cases import commands
from cases.models import Case, CaseEntry
from cases.verify import differences
from core.db import db, new_id
from core.errors import Refused
from grid.access import EVERYWHERE, set_scope
from grid.groups import HouseholdGroup
from grid.units import NumberCounter
from tests.factories import NOON, a_case, accepted, act, actor, colleague, grid_of, unit_of

AT_ONCE = 6


def together(*jobs):
    """Run all jobs at the same moment, each in a thread; what each returned or raised, in their order."""
    db.session.rollback()  # reading opened a transaction, and on SQLite that keeps all others waiting
    gate = threading.Barrier(len(jobs))

    def run(job):
        gate.wait(20)
        try:
            return job()
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


@contextmanager
def holding_up(statement, waiting):
    """On PostgreSQL: lock what a statement locks until so many others wait for it, so that they really meet."""
    db.session.commit()
    if db.engine.dialect.name == "sqlite":  # writers queue up there by themselves
        yield
        return
    engine = db.engine
    holder = engine.connect()
    holder.execute(text(statement))

    def let_go():
        query = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = 'lianhu'")
        until = time.monotonic() + 10
        try:
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as watch:
                while watch.scalar(query) < waiting and time.monotonic() < until:
                    time.sleep(0.01)
        finally:
            holder.rollback()
            holder.close()

    releasing = threading.Thread(target=let_go)
    releasing.start()
    yield
    releasing.join()


def posting(client, address, **fields):
    """A job that sends a form."""
    return lambda: client.post(address, data=fields)


def operation(client, case, action, **fields):
    """A job that carries out an operation the way its form does."""
    return posting(client, f"/cases/{case.code}/{action}", version=str(case.version), key=str(new_id()), **fields)


def codes(answers):
    """The status codes; an error is shown as it is."""
    return sorted((a.status_code if hasattr(a, "status_code") else repr(a) for a in answers), key=str)


def test_of_two_who_accept_at_once_one_wins_and_the_other_is_told(app, sign_in):
    case = a_case()
    clients = [sign_in("village"), sign_in(colleague("village"))]
    with holding_up("SELECT 1 FROM cases FOR UPDATE", waiting=2):
        answers = together(*(operation(client, case, "accept") for client in clients))
    assert codes(answers) == [302, 409]
    assert db.session.scalars(select(NumberCounter.last)).all() == [1]
    db.session.refresh(case)
    assert (case.state, case.number_serial, case.entries) == ("accepted", 1, 2)
    assert list(differences()) == []


def test_of_two_notes_at_once_one_is_kept_and_the_other_is_given_back(app, sign_in):
    case = accepted()
    clients = [sign_in("village"), sign_in("grid")]
    with holding_up("SELECT 1 FROM cases FOR UPDATE", waiting=2):
        answers = together(*(operation(c, case, "feedback", note=f"第{n}个人写的话") for n, c in enumerate(clients)))
    assert codes(answers) == [302, 409]
    loser = next(n for n, answer in enumerate(answers) if answer.status_code == 409)
    assert f"第{loser}个人写的话" in answers[loser].text
    notes = db.session.scalars(select(CaseEntry.facts).where(CaseEntry.action == "feedback")).all()
    assert notes == [{"note": f"第{1 - loser}个人写的话"}]


def test_many_acceptances_at_one_centre_give_the_numbers_from_one_on(app, sign_in):
    cases = [a_case() for _ in range(AT_ONCE)]
    clients = [sign_in("village") for _ in cases]
    db.session.commit()
    answers = together(*(operation(client, case, "accept") for client, case in zip(clients, cases, strict=True)))
    assert codes(answers) == [302] * AT_ONCE
    assert sorted(db.session.scalars(select(Case.number_serial))) == list(range(1, AT_ONCE + 1))
    assert db.session.scalars(select(NumberCounter.last)).all() == [AT_ONCE]
    assert list(differences()) == []


def test_a_refused_acceptance_among_many_leaves_no_gap(app, sign_in):
    cases = [a_case() for _ in range(4)]
    act(cases[0], "withdraw", "village", reason="弄错了")
    clients = [sign_in("village") for _ in cases]
    db.session.commit()
    answers = together(*(operation(client, case, "accept") for client, case in zip(clients, cases, strict=True)))
    assert codes(answers) == [302, 302, 302, 409]
    assert sorted(db.session.scalars(select(Case.number_serial).where(Case.number.is_not(None)))) == [1, 2, 3]


def test_one_operation_sent_twice_at_once_is_carried_out_once(app, sign_in):
    case = accepted()
    clients = [sign_in("village"), sign_in("village")]
    db.session.commit()
    fields = {"version": str(case.version), "key": str(new_id()), "note": "只说一次"}
    with holding_up("SELECT 1 FROM cases FOR UPDATE", waiting=2):
        answers = together(*(posting(c, f"/cases/{case.code}/feedback", **fields) for c in clients))
    assert set(codes(answers)) <= {302, 409}
    assert 302 in codes(answers)
    assert db.session.scalar(select(func.count()).select_from(CaseEntry).where(CaseEntry.action == "feedback")) == 1


def test_one_report_sent_twice_at_once_is_one_case(app, sign_in):
    clients = [sign_in("grid"), sign_in("grid")]
    fields = {"id": str(new_id()), "kind": "land_boundary", "area": str(grid_of().id), "description": "界石被挪了",
              "risk": "blue", "source": "patrol"}  # fmt: skip
    with holding_up("LOCK TABLE cases IN SHARE MODE", waiting=2):
        answers = together(*(posting(client, "/cases/new", **fields) for client in clients))
    assert codes(answers) == [302, 302]
    assert {answer.location.split("?")[0] for answer in answers} == {
        f"/cases/{db.session.scalars(select(Case.code)).one()}"
    }


def test_one_leaders_report_sent_twice_at_once_is_one_case(app):
    secret = db.session.scalars(select(HouseholdGroup)).first().make_link(NOON)
    db.session.commit()
    fields = {"id": str(new_id()), "kind": "danger", "words": "河边的路塌了"}
    with holding_up("LOCK TABLE cases IN SHARE MODE", waiting=2):
        answers = together(*(posting(app.test_client(), f"/r/{secret}", **fields) for _ in range(2)))
    assert codes(answers) == [200, 200]
    assert db.session.scalar(select(func.count()).select_from(Case)) == 1


def test_two_returns_at_once_do_not_count_as_one(app, sign_in):
    cases = [accepted(), accepted()]
    clients = []
    for case in cases:
        act(case, "assign", "village", unit=unit_of("mediator"), handling="general")
        case.return_until = None
        clients.append(sign_in("mediator"))
    db.session.commit()
    answers = together(
        *(operation(c, case, "return", reason="不属我们") for c, case in zip(clients, cases, strict=True))
    )
    assert codes(answers) == [302, 302]
    assert db.session.scalars(select(Case.returns)).all() == [1, 1]


@pytest.mark.parametrize("server", ["postgres"], indirect=True, scope="session")
def test_two_sessions_that_read_the_same_version_do_not_both_write(app):
    """SQLite lets only one transaction write at a time."""
    case = a_case()
    colleague("village")
    db.session.commit()
    id, read = case.id, threading.Barrier(2)

    def accept(username):
        def job():
            with app.app_context():
                set_scope(EVERYWHERE)
                mine = db.session.get(Case, id)
                assert mine.version == 1
                by = actor(username)
                read.wait(10)
                commands.perform(mine, "accept", by=by, at=NOON)
                db.session.commit()

        return job

    results = together(accept("village"), accept("colleague_of_village"))
    assert sorted(type(result).__name__ for result in results) == ["NoneType", "StaleDataError"]
    assert db.session.scalar(select(Case.number_serial)) == 1


def test_merging_two_cases_into_each_other_at_once_leaves_one_open(app, sign_in):
    first, second = a_case(), a_case()
    clients = [sign_in("village"), sign_in("village")]
    db.session.commit()
    answers = together(
        operation(clients[0], first, "merge", survivor=second.code),
        operation(clients[1], second, "merge", survivor=first.code),
    )
    assert codes(answers) in ([302, 409], [302, 422], [302, 503]), "the other is told, in one way or another"
    assert sorted(db.session.scalars(select(Case._state))) == ["merged", "reported"]
    assert list(differences()) == []


def test_whoever_comes_late_to_a_case_that_ended_is_refused(app):
    case = a_case()
    act(case, "decline", "village", reason="不归这里", where_to_go="法院")
    with pytest.raises(Refused):
        act(case, "accept", "village")
