"""Two phones send, repeat, alter and lose what they sent, in any order; the server keeps each thing once and says so."""

from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import event, select

from cases.models import Case, CaseEntry
from core.db import db
from grid.access import EVERYWHERE, set_scope
from grid.receipts import Receipt
from tests.factories import grid_of

IDS = st.integers(1, 4).map(lambda n: UUID(int=n))
PEOPLE = st.sampled_from(("grid", "grid2"))
WORDS = st.sampled_from(("水沟堵了", "界石挪了"))


class PowerCut(Exception):
    """The server stops before it has kept anything."""


class TwoPhones(RuleBasedStateMachine):
    """What each id stands for, as the phones know it: whose it is, what was said, and the receipt."""

    app = server = None

    def __init__(self):
        super().__init__()
        self.server.reset()
        self.context = self.app.app_context()
        self.context.push()
        set_scope(EVERYWHERE)
        self.codes = {who: grid_of(who).codes[0].code for who in ("grid", "grid2")}
        db.session.commit()
        self.clients = {who: self.signed_in(who) for who in self.codes}
        self.kept: dict[UUID, tuple[str, str, dict]] = {}
        self.operations: dict[UUID, tuple[str, UUID, str]] = {}

    def teardown(self):
        """Leave nothing open."""
        db.session.remove()
        db.session.info.clear()
        db.engine.dispose()
        self.context.pop()

    def signed_in(self, who):
        """A phone of this person."""
        client = self.app.test_client()
        client.post("/sign-in", data={"username": who, "password": "lianhu-demo"})
        return client

    def put(self, who, id, words):
        """Report a case under an id."""
        said = {"kind": "incident", "category": "fire", "area": self.codes[who], "summary": words,
                "device_time": "2026-11-24T10:00:00+08:00"}  # fmt: skip
        return self.clients[who].put(f"/api/v1/cases/{id}", json=said)

    @rule(who=PEOPLE, id=IDS, words=WORDS)
    def send(self, who, id, words):
        """Send for the first time, again, with other words, or under another person's id."""
        answer = self.put(who, id, words)
        if id not in self.kept:
            assert answer.status_code == 201
            self.kept[id] = (who, words, answer.json)
        owner, said, receipt = self.kept[id]
        if who != owner:
            assert answer.status_code == 404
        elif words != said:
            assert (answer.status_code, answer.json["error"]) == (409, "other_body")
        else:
            assert answer.status_code in (200, 201)
            assert answer.json == receipt

    @rule(who=PEOPLE, id=IDS, words=WORDS)
    def power_cut(self, who, id, words):
        """The server stops just before it commits: nothing of it is kept."""

        def stop(_session):
            if db.session.new or db.session.dirty or id not in self.kept:
                raise PowerCut

        if id in self.kept:
            return
        event.listen(db.session, "after_flush", lambda session, _: stop(session), once=True)
        with pytest.raises(PowerCut):
            self.put(who, id, words)

    @rule(id=IDS, item=st.integers(11, 13).map(lambda n: UUID(int=n)), note=WORDS)
    def operate(self, id, item, note):
        """Say something about a case, again, or about another case under the same id."""
        if id not in self.kept:
            return
        owner = self.kept[id][0]
        version = db.session.scalar(select(Case.version).where(Case.id == id))
        db.session.commit()
        said = {
            "action": "feedback",
            "version": version,
            "device_time": "2026-11-24T10:00:00+08:00",
            "facts": {"note": note},
        }
        answer = self.clients[owner].post(f"/api/v1/cases/{id}/operations/{item}", json=said)
        if item not in self.operations:
            assert answer.status_code == 201, answer.json
            self.operations[item] = (owner, id, note)
        else:  # the version has grown since, so it is never the same body
            assert answer.status_code == (409 if self.operations[item][0] == owner else 404)

    @rule()
    def restart(self):
        """The server starts anew: sessions and database are what they were."""
        db.session.remove()
        db.engine.dispose()
        set_scope(EVERYWHERE)

    @invariant()
    def each_thing_is_there_once(self):
        """The database holds what the phones know, no more and no less."""
        found = dict(db.session.execute(select(Case.id, Case.code)).all())
        assert found == {id: receipt["code"] for id, (_who, _words, receipt) in self.kept.items()}
        assert set(db.session.scalars(select(Receipt.id))) == set(self.kept) | set(self.operations)
        actions = sorted(db.session.scalars(select(CaseEntry.action)))
        assert actions == sorted(["report"] * len(self.kept) + ["feedback"] * len(self.operations))
        db.session.commit()


def test_whatever_phones_and_lines_do_each_thing_is_kept_once(county_app, server):
    class Here(TwoPhones):
        """On the database of this test."""

    Here.app, Here.server = county_app, server
    run_state_machine_as_test(Here, settings=settings(
        max_examples=12, stateful_step_count=25, deadline=None, database=None, derandomize=True,
        phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck)))  # fmt: skip
