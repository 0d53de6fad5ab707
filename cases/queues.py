"""Work queues: the heaps a person looks at, tab by tab, and the short lists of the home pages.

None mentions who may see what: the scope already knows. Every list reads a page through an index.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID

from sqlalchemy import Uuid, and_, bindparam, func, literal, literal_column, select, tuple_
from sqlalchemy.orm import joinedload, load_only

from cases.lifecycle import DONE, IN_HAND, SUSPENDED, TO_ACCEPT, TO_ARCHIVE, TO_FOLLOW_UP, TO_REVIEW
from cases.models import Case
from core.db import UtcDateTime, db
from core.timewords import SOON_HOURS
from grid import roles
from grid.access import kept, one_of
from grid.areas import KINDS, Area
from grid.people import SignedIn
from grid.units import Unit

PAGE = 20
SOON = timedelta(hours=SOON_HOURS)
MANY = 100
"""Counts stop here: nobody needs to know whether it is 100 or 3,000, and counting on would cost."""
TABS = ("to_accept", "in_hand", "due_soon", "overdue", "to_review", "to_follow_up", "to_archive", "suspended", "closed")
BUCKET_OF_TAB = {
    "to_accept": TO_ACCEPT, "in_hand": IN_HAND, "to_review": TO_REVIEW, "to_follow_up": TO_FOLLOW_UP,
    "to_archive": TO_ARCHIVE, "suspended": SUSPENDED, "closed": DONE,
}  # fmt: skip
ON_THE_DESK = ("to_accept", "to_review", "to_follow_up", "to_archive")
UNDATED = ("suspended", "closed")
"""Tabs of cases without a deadline: the newest come first."""
OPEN_BUCKETS = (TO_ACCEPT, IN_HAND, SUSPENDED, TO_REVIEW, TO_FOLLOW_UP, TO_ARCHIVE)
AS_ROW = (
    load_only(
        Case.code, Case.number, Case.title, Case.category, Case.dispute_type, Case.place, Case.due_at, Case.risk,
        Case._state, Case.confidentiality, Case.urgent, Case.legacy, Case.supervision, Case.co_handling, Case.round,
        Case.returns, Case.reported_at, Case.acted_at, Case.outcome, Case.handler_id, Case.desk_id,
    ),
    joinedload(Case.area).load_only(Area.label),
    joinedload(Case.desk).load_only(Unit.name).lazyload(Unit.area),
)  # fmt: skip
"""What a line of a list needs; the narrative stays where it is."""


@dataclass(frozen=True)
class Viewpoint:
    """Whose heaps are looked at: the cases where one of ``ids`` stands in ``column``; no column means the whole county."""

    name: str
    column: str | None
    ids: tuple[int, ...]
    desk: bool = False
    """Whether what this unit itself must do next is looked for on its own desk."""

    def of(self, tab: str):
        """The condition for one tab."""
        column = "desk_id" if self.desk and tab in ON_THE_DESK else self.column
        if column is None:
            return literal(True)
        return one_of(getattr(Case, column), self.ids)


def viewpoints(person: SignedIn) -> dict[str, Viewpoint]:
    """The heaps a person may look at, the most useful first."""
    found = [_of_units(person, "centre", "centre_id", True, roles.CENTRE_STAFF),
             _of_units(person, "unit", "unit_id", False, roles.MEDIATOR, roles.HANDLER),
             *_of_areas(person)]  # fmt: skip
    return {view.name: view for view in found if view is not None}


def _of_units(person, name, column, desk, *wanted) -> Viewpoint | None:
    ids = tuple(dict.fromkeys(post.unit_id for post in person.posts_as(*wanted)))
    return Viewpoint(name, column, ids, desk) if ids else None


def _of_areas(person):
    kinds = {}
    for post in person.posts_as(*roles.SEES_ITS_AREA):
        kinds.setdefault(post.area.kind, []).append(post.area_id)
    widest = min(kinds, key=KINDS.index, default=None)
    for kind, ids in kinds.items():
        name = "area" if kind == widest and kind != "grid" else kind
        yield Viewpoint(name, None if kind == "county" else f"{kind}_id", tuple(ids))


def page_of(view: Viewpoint, tab: str, at: datetime, *, after: str = "", category: str = "", risk: str = ""):
    """One page of a tab: its cases, and the place where the next page begins (empty at the end).

    Reads ``PAGE`` rows through an index whatever the number of cases. Raises ``ValueError`` for a place that was
    tampered with.
    """
    due, id = _read_place(after)
    statement = _page(view, tab, bool(category), bool(risk), bool(after))
    values = {"at": at, "soon": at + SOON, "category": category, "risk": risk, "due": due, "id": id}
    rows = list(db.session.scalars(statement, values))
    return rows[:PAGE], _place_of(rows[PAGE - 1]) if len(rows) > PAGE else ""


@lru_cache(maxsize=4096)
def _page(view: Viewpoint, tab: str, category: bool, risk: bool, after: bool):
    newest_first = tab in UNDATED
    query = select(Case).where(view.of(tab), *_in_tab(view, tab)).options(*AS_ROW)
    if category:
        query = query.where(Case.category == bindparam("category"))
    if risk:
        query = query.where(Case.risk == bindparam("risk"))
    if after:
        query = query.where(_after(newest_first))
    order = (Case.due_at.desc(), Case.id.desc()) if newest_first else (Case.due_at, Case.id)
    return kept(query.order_by(*order).limit(PAGE + 1))


def _in_tab(view: Viewpoint, tab: str):
    if tab in BUCKET_OF_TAB:
        return (Case.bucket == literal_column(f"'{BUCKET_OF_TAB[tab]}'"),)
    at, soon = bindparam("at", type_=UtcDateTime()), bindparam("soon", type_=UtcDateTime())
    due = Case.due_at < at if tab == "overdue" else and_(Case.due_at >= at, Case.due_at < soon)
    return (still_open(view), due)


def still_open(view: Viewpoint):
    """The condition that a case has not ended, written so that the view's own index serves it: one by heap, or for the
    whole county the one that leaves out what is over."""
    return is_open() if view.column else Case.bucket != literal_column(f"'{DONE}'")


def is_open():
    """The condition that a case has not ended, as a list of heaps."""
    return Case.bucket.in_([literal_column(f"'{bucket}'") for bucket in OPEN_BUCKETS])


def _place_of(case: Case) -> str:
    return f"{case.due_at.isoformat() if case.due_at else ''}~{case.id}"


def _read_place(place: str) -> tuple[datetime | None, UUID | None]:
    if not place:
        return None, None
    due, id = place.split("~")
    at = datetime.fromisoformat(due) if due else None
    if at is not None and (at.tzinfo is None or not 1 < at.year < 9999):  # no zone, or no moment in UTC
        raise ValueError(place)
    return at, UUID(id)


def _after(newest_first: bool):
    """The condition for what comes after a place."""
    due, id = bindparam("due", type_=UtcDateTime()), bindparam("id", type_=Uuid())
    return Case.id < id if newest_first else tuple_(Case.due_at, Case.id) > tuple_(due, id)


def counts(view: Viewpoint, at: datetime) -> dict[str, int]:
    """How many cases lie on each tab, counted up to ``MANY``; one statement."""
    return dict(db.session.execute(_counts(view), {"at": at, "soon": at + SOON}).one()._mapping)


@lru_cache(maxsize=1024)
def _counts(view: Viewpoint):
    """Ended cases are not counted: there is nothing to do about them."""
    columns = [
        _capped(select(Case.id).where(view.of(tab), *_in_tab(view, tab))).label(tab) for tab in TABS if tab != "closed"
    ]
    return kept(select(*columns))


def _capped(query):
    return select(func.count()).select_from(query.limit(literal_column(str(MANY))).subquery()).scalar_subquery()


REPORTED = kept(
    select(Case).where(Case.reporter_id == bindparam("person_id")).options(*AS_ROW).order_by(Case.id.desc()).limit(10)
)


def reported_by(person_id: int) -> list[Case]:
    """What this person reported last."""
    return list(db.session.scalars(REPORTED, {"person_id": person_id}))


def in_charge(person_id: int) -> list[Case]:
    """The open cases this person handles by name."""
    query = select(Case).where(Case.handler_id == person_id, Case.bucket == IN_HAND).options(*AS_ROW)
    return list(db.session.scalars(query.order_by(Case.due_at, Case.id).limit(PAGE)))


def red_and_overdue(view: Viewpoint, at: datetime) -> dict[str, list[Case]]:
    """What a leader must know: open red cases, what is overdue, and what else is urgent; ten of each."""
    base = select(Case).where(view.of("in_hand")).options(*AS_ROW).order_by(Case.due_at, Case.id).limit(10)
    # Written as the partial indexes are, so that they serve.
    going_on = base.where(Case.bucket != literal_column(f"'{DONE}'"))
    return {
        "red": list(db.session.scalars(going_on.where(Case.risk == literal_column("'red'")))),
        "overdue": list(db.session.scalars(base.where(still_open(view), Case.due_at < at))),
        "urgent": list(db.session.scalars(going_on.where(Case.urgent == literal_column("TRUE"), Case.risk != "red"))),
    }


def by_area(area: Area, at: datetime) -> list[tuple[Area, int, int]]:
    """For each area one level down: how many cases are open there and how many of them overdue, up to ``MANY``.

    Areas in the order of the tree: it is a table of work, not a ranking. ``at`` is aware.
    """
    below = {"county": Case.township_id, "township": Case.village_id, "village": Case.grid_id}
    if area.kind not in below:
        return []
    inside = select(Case.id).where(below[area.kind] == Area.id, is_open()).correlate(Area)
    rows = select(Area, _capped(inside), _capped(inside.where(Case.due_at < at)))
    return [tuple(row) for row in db.session.execute(rows.where(Area.parent_id == area.id).order_by(Area.id))]
