"""One of anything. Each factory works without arguments and takes only what the test cares about."""

from datetime import UTC, datetime, timedelta
from random import Random
from types import SimpleNamespace

from sqlalchemy import select

from cases import commands, queries, reporting
from cases.models import Case
from core.db import db, new_id
from grid import demo
from grid.access import Scope, scope_of
from grid.areas import GRID, Area
from grid.people import Person, Post
from grid.roles import Actor, PostHeld
from grid.units import Unit

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
"""A Monday, noon in the county."""
CHAIN = ("平定营镇", "细沙村")
VILLAGE_PATH, TOWNSHIP_PATH, COUNTY_PATH = "/1/2/3/", "/1/2/", "/1/"


def later(**by) -> datetime:
    """A moment some time after noon."""
    return NOON + timedelta(**by)


def load_people() -> None:
    """Few grids, few groups, all units, and the demonstration accounts."""
    random = Random(7)  # noqa: S311 -- the same county in every test
    demo.load_grids(random)
    demo.load_departments()
    demo.load_accounts(random)
    demo.load_phones(random)


def person(username: str) -> Person:
    """The person with this account."""
    return db.session.scalars(select(Person).where(Person.username == username)).one()


def actor(username: str) -> Actor:
    """The person with this account, as one who acts."""
    found = person(username)
    return Actor(found.id, found.name, tuple(post.held() for post in found.posts))


def grid_of(username: str = "grid") -> Area:
    """The grid a worker walks."""
    query = (
        select(Area).join(Post, Post.area_id == Area.id).where(Post.person_id == person(username).id, Area.kind == GRID)
    )
    return db.session.scalars(query).first()


def scope(username: str) -> Scope:
    """What somebody sees."""
    found = person(username)
    return scope_of(found.id, found.posts)


def colleague(of: str = "village") -> str:
    """The account of somebody new who holds the same posts and signs in with the same password."""
    model = person(of)
    posts = [Post(role=p.role, unit=p.unit, area=p.area, from_on=p.from_on) for p in model.posts]
    new = Person(
        username=f"colleague_of_{of}", name="同某事", password_hash=model.password_hash, active=True, is_demo=True
    )
    new.posts = posts
    db.session.add(new)
    db.session.flush()
    return new.username


def unit(name: str) -> Unit:
    """A unit by its name."""
    return db.session.scalars(select(Unit).where(Unit.name == name)).one()


def unit_of(username: str) -> Unit:
    """The unit somebody belongs to."""
    return person(username).posts[0].unit


def a_case(*, by="grid", at=NOON, area=None, description="田埂的排水沟堵了，两家都说该对方挖。", **more) -> Case:
    """A case that a grid worker reported."""
    id, device_at = more.pop("id", None) or new_id(), more.pop("device_at", None)
    told = reporting.Report(
        area=area or grid_of(by), description=description, **({"category": "dispute", "dispute_type": "0201"} | more)
    )
    case = reporting.report(told, id=id, by=actor(by), at=at, device_at=device_at)
    db.session.flush()
    return case


def act(case, action, by, *, at=None, **facts):
    """Somebody does one operation, an hour after the one before."""
    at = at or case.acted_at + timedelta(hours=1)
    return commands.perform(case, action, by=actor(by), at=at, **facts)


def accepted(**more) -> Case:
    """A case the village accepted."""
    case = a_case(**more)
    act(case, "accept", "village")
    return case


def in_progress(unit_of_="village", handling="general", **more) -> Case:
    """A case that a unit took on."""
    case = accepted(**more)
    act(case, "assign", "village", unit=unit_of(unit_of_), handling=handling)
    act(case, "acknowledge", unit_of_)
    return case


def with_parties(case, *names) -> Case:
    """The case with these parties, applicant first."""
    for name, side in zip(names or ("王某", "李某"), ("applicant", "respondent"), strict=False):
        act(case, "add_party", "village", party_name=name, party_side=side, party_phone="16000001234")
    return case


def mediating() -> Case:
    """A case whose mediation is open."""
    case = with_parties(in_progress("mediator"))
    act(case, "start_mediation", "mediator", consents=[party.id for party in queries.parties_of(case)])
    return case


def reviewed(**more) -> Case:
    """A case whose result lies before the reviewer."""
    case = in_progress(**more)
    act(case, "submit_result", "village", result="已疏通。", outcome="resolved")
    return case


def a_post(role="centre_staff", *, unit_id=1, level="village", unit_path=VILLAGE_PATH, area_path=VILLAGE_PATH, id=1):
    """A post as plain data, without a database."""
    return PostHeld(id, role, unit_id, "某中心", level, unit_path, area_path)


def an_actor(*posts, person_id=1) -> Actor:
    """An actor as plain data."""
    return Actor(person_id, "某人", posts)


def a_plain_case(state="reported", **more) -> SimpleNamespace:
    """What rules look at, without a database."""
    centre = SimpleNamespace(id=1, level="village", short_name="平定营细沙村", area=SimpleNamespace(path=VILLAGE_PATH))
    columns = {
        "state": state, "suspended_from": None, "area": SimpleNamespace(path=f"{VILLAGE_PATH}4/"), "centre": centre,
        "centre_id": 1, "unit_id": None, "handler_id": None, "review_id": None, "co_unit_ids": frozenset(),
        "reporter_id": None, "result_by_id": None, "risk": "blue", "returns": 0, "return_until": None, "sessions": 0,
        "due_at": later(days=1), "category": "dispute", "dispute_type": "0201", "supervision": 0, "handling": "general",
        "round": 1, "number": None, "conflict_area_id": None, "seconds_left": None,
    }  # fmt: skip
    return SimpleNamespace(**(columns | more))
