"""Queries about areas, people and units."""

from sqlalchemy import bindparam, select
from sqlalchemy.orm import joinedload, selectinload

from core.db import db
from grid import roles
from grid.access import EVERYWHERE, kept, scoped_to
from grid.areas import Area
from grid.groups import HouseholdGroup
from grid.people import Person, Post, SignedIn
from grid.units import Unit

PERSON = kept(
    select(Person)
    .where(Person.id == bindparam("person_id"))
    .options(
        selectinload(Person.posts).joinedload(Post.area),
        selectinload(Person.posts).joinedload(Post.unit).joinedload(Unit.area),
    )
)


def load_person(person_id: int) -> Person | None:
    """A person with posts, units and areas, read before the request has a scope; two statements."""
    with scoped_to(EVERYWHERE):
        return db.session.scalar(PERSON, {"person_id": person_id})


def person_named(username: str) -> Person | None:
    """The person who signs in with this name."""
    with scoped_to(EVERYWHERE):
        return db.session.scalar(select(Person).where(Person.username == username))


def areas_to_report_in(person: SignedIn) -> list[Area]:
    """Where a person may report: their own grid first with its groups; staff choose down to the grid."""
    found: dict[int, Area] = {}
    for post in person.posts_as(roles.GRID_WORKER, roles.CENTRE_STAFF, roles.MEDIATOR):
        kinds = ("grid", "group") if post.role == roles.GRID_WORKER else _kinds_below(post.area.kind)
        inside = select(Area).where(Area.path.startswith(post.area.path), Area.kind.in_(kinds)).order_by(Area.path)
        found |= {area.id: area for area in [post.area, *db.session.scalars(inside)]}
    return list(found.values())


def _kinds_below(kind: str) -> tuple[str, ...]:
    return {"county": ("township", "village"), "township": ("village",), "village": ("grid",)}.get(kind, ())


def groups_of(person: SignedIn) -> list[HouseholdGroup]:
    """The household groups in sight, in the order of the tree; at most 500."""
    paths = [post.area.path for post in person.posts]
    query = select(HouseholdGroup).join(Area, HouseholdGroup.area_id == Area.id).order_by(Area.path).limit(500)
    return list(db.session.scalars(query)) if paths else []


def people_list() -> list[Person]:
    """Everybody with an account, with posts; for the administrator. At most 500."""
    posts = selectinload(Person.posts)
    options = (posts.joinedload(Post.area), posts.joinedload(Post.unit))
    return list(db.session.scalars(select(Person).options(*options).order_by(Person.id).limit(500)))


def units_list() -> list[Unit]:
    """Every unit, in the order of the tree."""
    query = select(Unit).join(Area, Unit.area_id == Area.id).options(joinedload(Unit.area)).order_by(Area.path, Unit.id)
    return list(db.session.scalars(query))


def area_tree() -> list[Area]:
    """The areas down to the villages, in the order of the tree."""
    query = select(Area).where(Area.kind.in_(("county", "township", "village"))).options(selectinload(Area.codes))
    return list(db.session.scalars(query.order_by(Area.path)))
