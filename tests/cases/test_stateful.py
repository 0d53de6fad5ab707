"""Random people do random things to several cases. Only what the table allows succeeds, and history always gives the row."""

from datetime import timedelta
from itertools import groupby

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import func, select

from cases import commands, queries
from cases.capacities import capacities
from cases.dictionaries import CATEGORIES, OUTCOMES, SIDES
from cases.lifecycle import CONFIDENTIALITIES, HANDLINGS, LIFECYCLE, RISKS, SKIP_REASONS
from cases.mediation import Mediation
from cases.models import Case, CaseEntry, CasePerson, CaseUnit
from cases.search import CaseText
from cases.verify import faults_of
from core.db import db
from core.errors import Refused
from core.lifecycle import Attempt
from grid.access import EVERYWHERE, scope_of, scoped_to, set_scope
from grid.units import NumberCounter
from tests.factories import NOON, a_case, actor, grid_of, person, unit, unit_of

PEOPLE = ("grid", "village", "township", "county", "mediator", "department", "supervisor", "leader", "admin", "grid2",
          "village2", "bureau")  # fmt: skip
REPORTERS = ("grid", "village", "mediator", "grid2")
UNITS = ("village", "township", "county", "mediator", "department", "village2", "bureau")
WORDS = st.sampled_from(("", "已经谈过", "排水沟堵了", "各让一步"))
SIMPLE_FACTS = {
    "unit": st.sampled_from(UNITS), "units": st.lists(st.sampled_from(UNITS), max_size=2, unique=True),
    "handler": st.sampled_from((None, "mediator", "department", "village", "grid")),
    "handling": st.sampled_from(HANDLINGS), "person": st.sampled_from(("mediator", "grid", "village2")),
    "consents": st.booleans(), "risk": st.sampled_from(RISKS), "days": st.integers(1, 60),
    "confidentiality": st.sampled_from(CONFIDENTIALITIES), "category": st.sampled_from(CATEGORIES),
    "dispute_type": st.sampled_from((None, "0201", "1301")), "outcome": st.sampled_from(OUTCOMES),
    "notice_given": st.sampled_from(("yes", "")), "file_complete": st.sampled_from(("yes", "no")),
    "urgent": st.sampled_from(("yes", "no")), "legacy": st.sampled_from(("yes", "no")),
    "supervision": st.sampled_from(("1", "2", "3")), "skip_reason": st.sampled_from(("", *SKIP_REASONS)),
    "party_side": st.sampled_from(SIDES), "agreement_form": st.sampled_from(("oral", "written")),
    "survivor": st.integers(0, 9), "other": st.integers(0, 9),
}  # fmt: skip
MAY_BE_SAID = {"assign": ("handler",), "escalate": ("skip_reason",), "classify": ("dispute_type",), "archive": ("gap",)}


class County(RuleBasedStateMachine):
    """Some cases, all the people, and a clock that only goes forward."""

    app = server = None

    def __init__(self):
        super().__init__()
        self.server.reset()
        self.context = self.app.app_context()
        self.context.push()
        set_scope(EVERYWHERE)
        bureau = unit("平定营镇自然资源所")
        self.accounts = {name: f"unit{bureau.id}" if name == "bureau" else name for name in PEOPLE}
        self.actors = {name: actor(account) for name, account in self.accounts.items()}
        self.scopes = {
            name: scope_of(a.person_id, person(self.accounts[name]).posts) for name, a in self.actors.items()
        }
        self.ids, self.at = [], NOON
        db.session.commit()

    def teardown(self):
        """Leave nothing open."""
        db.session.remove()
        db.session.info.clear()
        db.engine.dispose()
        self.context.pop()

    @initialize()
    def begin(self):
        """Two cases to begin with, of one centre."""
        self.ids += [a_case(description="水沟。").id, a_case(description="界石。", risk="yellow").id]
        db.session.commit()

    @rule(by=st.sampled_from(REPORTERS), risk=st.sampled_from(RISKS), category=st.sampled_from(("dispute", "flood")),
          confidentiality=st.sampled_from(CONFIDENTIALITIES), about_village=st.booleans())  # fmt: skip
    def report(self, by, risk, category, confidentiality, about_village):
        """Somebody reports."""
        if len(self.ids) > 4:
            return
        with scoped_to(self.scopes[by]):
            area = grid_of("grid2" if by == "grid2" else "grid")
            case = a_case(by=self.accounts[by], at=self.at, area=area, risk=risk, category=category,
                          confidentiality=confidentiality, against_village=about_village)  # fmt: skip
            db.session.commit()
            self.ids.append(case.id)

    @rule(data=st.data(), who=st.sampled_from(PEOPLE), action=st.sampled_from(LIFECYCLE.actions))
    def anything(self, data, who, action):
        """Somebody tries something, whether it makes sense or not."""
        self.attempt(data, data.draw(st.sampled_from(self.ids)), who, action, some_left_out=True)

    @rule(data=st.data())
    def something_sensible(self, data):
        """Somebody does what their page offers them."""
        id = data.draw(st.sampled_from(self.ids))
        case = db.session.get(Case, id)
        offered = [(who, t.action) for who in PEOPLE for t in LIFECYCLE.transitions
                   if t.source == case.state and set(t.actors) & set(capacities(case, self.actors[who]))]  # fmt: skip
        moving = [(who, action) for who, action in offered if not LIFECYCLE.find(case.state, action).stays]
        if offered:
            chosen = data.draw(st.sampled_from(moving or offered) | st.sampled_from(offered))
            self.attempt(data, id, *chosen)

    def attempt(self, data, id, who, action, some_left_out=False):
        """Try it, as a request would: all of it or nothing. What comes of it must be what the oracle says."""
        self.at += timedelta(minutes=data.draw(st.sampled_from((0, 30, 300, 3000))))
        with scoped_to(EVERYWHERE):
            facts = self.draw_facts(data, db.session.get(Case, id), action, some_left_out)
            before = snapshot()
            expected = self.may(db.session.get(Case, id), who, action, facts)
            db.session.rollback()
        with scoped_to(self.scopes[who]):
            seen = db.session.scalar(select(Case).where(Case.id == id))
        with scoped_to(self.scopes[who] if seen else EVERYWHERE):
            self.carry_out(seen or db.session.get(Case, id), who, action, facts, expected)
            assert seen is None or db.session.scalar(select(Case.id).where(Case.id == id)), "whoever acts keeps sight"
        with scoped_to(EVERYWHERE):
            if not expected:
                assert snapshot() == before, "what was refused changed something"

    def carry_out(self, case, who, action, facts, expected):
        """One request."""
        target = LIFECYCLE.find(case.state, action) if expected else None
        leads_to = LIFECYCLE.target_of(target, case) if target else None
        try:
            commands.perform(case, action, by=self.actors[who], at=self.at, **self.records(case, facts))
            db.session.commit()
            refused = ""
        except Refused as refusal:
            db.session.rollback()
            refused = str(refusal)
        assert bool(refused) != expected, f"{who} {action} in {case.state}: {refused or 'it went through'}"
        if expected:
            assert case.state == leads_to

    def may(self, case, who, action, facts):
        """The oracle: reads the table row by row, and knows the few conditions that lie outside of it."""
        rows = [t for t in LIFECYCLE.transitions if (t.source, t.action) == (case.state, action)]
        held = capacities(case, self.actors[who])
        if not rows or not set(rows[0].actors) & set(held):
            return False
        told = self.records(case, facts)
        if action == "start_mediation":
            told["consents"] = "yes" if told["consents"] and len(told["consents"]) > 1 else ""
        if any(not told.get(name) for name in rows[0].requires):
            return False
        guard = LIFECYCLE.guards[rows[0].guard]
        posts = [held[capacity] for capacity in rows[0].actors if capacity in held]
        passes = any(guard(case, Attempt(self.actors[who].person_id, held, self.at, told, post)) for post in posts)
        return passes and self.besides(case, who, action, told)

    def besides(self, case, who, action, told):
        """What is asked for outside the table."""
        called = [unit for unit in (told.get("unit"), *(told.get("units") or [])) if unit]
        if any(case.conflict_area_id in unit.area.line for unit in called):
            return False
        if action == "merge":
            return self.may_merge(case, told["survivor"], who)
        if action == "assign" and told.get("handler") is not None:
            return told["unit"].id in {post.unit_id for post in told["handler"].posts}
        return action != "assign" or case.confidentiality != "restricted"

    def may_merge(self, case, other, who):
        """The other case is open, lies with the same people, and is seen by no more than this one."""
        is_open = any((t.source, t.action) == (other.state, "absorb") for t in LIFECYCLE.transitions)
        as_closed = CONFIDENTIALITIES.index(other.confidentiality) >= CONFIDENTIALITIES.index(case.confidentiality)
        return other.id != case.id and is_open and as_closed and "centre" in capacities(other, self.actors[who])

    def draw_facts(self, data, case, action, some_left_out):
        """What is said, by names."""
        wanted = {name for t in LIFECYCLE.transitions if t.action == action for name in t.requires}
        wanted |= set(MAY_BE_SAID.get(action, ()))
        facts = {name: data.draw(SIMPLE_FACTS.get(name, WORDS if some_left_out else WORDS.filter(bool)), label=name)
                 for name in sorted(wanted - {"held_at", "meet_at"})}  # fmt: skip
        return facts | dict.fromkeys(wanted & {"held_at", "meet_at"}, self.at)

    def records(self, case, facts):
        """What is said, with units, people and cases as objects."""
        turned = {
            "unit": self.unit_named, "units": lambda names: [self.unit_named(name) for name in names],
            "handler": lambda name: person(name) if name else None, "person": person,
            "consents": lambda all: [party.id for party in queries.parties_of(case)] if all else [],
            "survivor": self.case_number, "other": self.case_number,
        }  # fmt: skip
        with scoped_to(EVERYWHERE):
            return {name: turned[name](value) if name in turned else value for name, value in facts.items()}

    def unit_named(self, name):
        """The unit this person belongs to."""
        return unit_of(self.accounts[name])

    def case_number(self, n):
        """One of the cases."""
        return db.session.get(Case, self.ids[n % len(self.ids)])

    @invariant()
    def history_gives_the_row(self):
        """Replaying a history gives the case."""
        with scoped_to(EVERYWHERE):
            db.session.rollback()
            assert [
                faults for case, entries in queries.all_cases_in_batches() if (faults := faults_of(case, entries))
            ] == []

    @invariant()
    def numbers_have_neither_gaps_nor_doubles(self):
        """Each centre's numbers of a year are 1, 2, 3 …"""
        with scoped_to(EVERYWHERE):
            columns = (Case.number_unit_id, Case.number_year, Case.number_serial)
            rows = db.session.execute(select(*columns).where(Case.number.is_not(None)).order_by(*columns)).all()
        for _series, given in groupby(rows, key=lambda row: row[:2]):
            serials = [serial for *_series, serial in given]
            assert serials == list(range(1, len(serials) + 1))

    @invariant()
    def mediation_runs_exactly_while_a_case_is_mediated(self):
        """Also while such a case is suspended."""
        with scoped_to(EVERYWHERE):
            running = set(db.session.scalars(select(Mediation.case_id).where(Mediation.state == "open")))
            mediated = set(db.session.scalars(select(Case.id).where(
                (Case.state == "mediating") | ((Case.state == "suspended") & (Case.suspended_from == "mediating")))))  # fmt: skip
        assert running == mediated

    @invariant()
    def restricted_cases_are_not_in_the_index(self):
        """And all others are."""
        with scoped_to(EVERYWHERE):
            indexed = set(db.session.scalars(select(CaseText.case_id)))
            open_to_search = set(db.session.scalars(select(Case.id).where(Case.confidentiality != "restricted")))
        assert indexed == open_to_search


def snapshot():
    """Everything that an operation could change."""
    db.session.rollback()
    columns = list(Case.__mapper__.columns)
    rows = db.session.execute(select(*[getattr(Case, Case.__mapper__.get_property_by_column(c).key) for c in columns]))
    counts = [
        db.session.scalar(select(func.count()).select_from(m)) for m in (CaseEntry, CasePerson, CaseUnit, Mediation)
    ]
    counters = db.session.execute(select(NumberCounter.unit_id, NumberCounter.year, NumberCounter.last)).all()
    return sorted(map(str, rows)), counts, sorted(map(tuple, counters))


def test_whatever_people_try_only_the_table_decides(county_app, server):
    class Here(County):
        pass

    Here.app, Here.server = county_app, server
    run_state_machine_as_test(Here, settings=settings(
        max_examples=15, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck), database=None,
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
    ))  # fmt: skip
