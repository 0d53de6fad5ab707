"""Case: the row that its history gives. Nothing but ``report`` makes one, nothing but ``act`` changes one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, literal_column
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from cases import effects, sight
from cases.capacities import capacities
from cases.lifecycle import BUCKETS, CONFIDENTIALITIES, HANDLINGS, LIFECYCLE, RISKS
from core.db import db, new_id
from core.lifecycle import Attempt
from grid.access import Sighted
from grid.areas import Area
from grid.history import HistoryEntry
from grid.holidays import office_calendar
from grid.lifecycle_mixin import HasLifecycle
from grid.people import Person
from grid.units import Unit


def _partly(name: str, condition: str) -> Index:
    """An index by deadline of only those cases that meet a condition: a few of many."""
    return Index(
        name, "due_at", "id", sqlite_where=literal_column(condition), postgresql_where=literal_column(condition)
    )


class InCase(Sighted):
    """Mixin for a row that belongs to a case and is seen by those who see the case."""

    @declared_attr
    def case_id(cls) -> Mapped[UUID]:
        """The case it belongs to."""
        return mapped_column(ForeignKey("cases.id"), index=True)

    @classmethod
    def visible_to(cls, scope):
        """As its case."""
        return sight.through_case(cls.case_id, scope)


class CaseEntry(InCase, HistoryEntry, db.Model):
    """One operation on a case."""

    __tablename__ = "case_entries"
    __table_args__ = (UniqueConstraint("case_id", "serial"),)


class CaseUnit(InCase, db.Model):
    """A unit that holds or held the case, as centre, as lead or, if ``co``, as called to help. It keeps sight of it."""

    __tablename__ = "case_units"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"), primary_key=True, index=True)
    co: Mapped[bool] = mapped_column(default=False)
    unit: Mapped[Unit] = relationship()


class CasePerson(InCase, db.Model):
    """A person named on the case: the only ones who see it when it is restricted."""

    __tablename__ = "case_people"

    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True, index=True)
    person: Mapped[Person] = relationship()


class Case(HasLifecycle, db.Model):
    """A dispute or an incident. ``centre`` drives the procedure, ``unit`` settles the substance, ``desk`` must act next."""

    __tablename__ = "cases"
    lifecycle = LIFECYCLE
    entry_class = CaseEntry

    code: Mapped[str] = mapped_column(unique=True)
    number: Mapped[str | None]
    number_unit_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"))
    number_year: Mapped[int | None]
    number_serial: Mapped[int | None]

    category: Mapped[str]
    dispute_type: Mapped[str | None]
    dictionary: Mapped[str]
    title: Mapped[str]
    description: Mapped[str]
    place: Mapped[str]
    occurred_on: Mapped[date | None]
    people_count: Mapped[int | None]
    source: Mapped[str]
    told_by: Mapped[str]
    """Who told it, when that is not the reporter: a group leader, a resident, another office."""
    area_id: Mapped[int] = mapped_column(ForeignKey("areas.id"))
    township_id: Mapped[int | None] = mapped_column(ForeignKey("areas.id"))
    village_id: Mapped[int | None] = mapped_column(ForeignKey("areas.id"))
    grid_id: Mapped[int | None] = mapped_column(ForeignKey("areas.id"))
    conflict_area_id: Mapped[int | None] = mapped_column(ForeignKey("areas.id"))
    reporter_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    reported_at: Mapped[datetime]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    accuracy: Mapped[float | None]
    """Where the event is, in degrees of WGS 84 with metres of doubt; only if somebody tapped to say so."""
    is_demo: Mapped[bool] = mapped_column(default=False)

    bucket: Mapped[str]
    centre_id: Mapped[int] = mapped_column(ForeignKey("units.id"))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"))
    desk_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"))
    review_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"))
    handler_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    result_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    survivor_id: Mapped[UUID | None] = mapped_column(ForeignKey("cases.id"))
    handling: Mapped[str] = mapped_column(default="general")
    risk: Mapped[str]
    confidentiality: Mapped[str]
    outcome: Mapped[str | None]
    returns: Mapped[int] = mapped_column(default=0)
    return_until: Mapped[datetime | None]
    round: Mapped[int] = mapped_column(default=1)
    sessions: Mapped[int] = mapped_column(default=0)
    seconds_left: Mapped[int | None]
    urgent: Mapped[bool] = mapped_column(default=False)
    legacy: Mapped[bool] = mapped_column(default=False)
    supervision: Mapped[int] = mapped_column(default=0)
    co_handling: Mapped[bool] = mapped_column(default=False)

    area: Mapped[Area] = relationship(foreign_keys=[area_id], lazy="joined", innerjoin=True)
    centre: Mapped[Unit] = relationship(foreign_keys=[centre_id])
    unit: Mapped[Unit | None] = relationship(foreign_keys=[unit_id])
    desk: Mapped[Unit | None] = relationship(foreign_keys=[desk_id], viewonly=True)
    handler: Mapped[Person | None] = relationship(foreign_keys=[handler_id])
    survivor: Mapped[Case | None] = relationship(remote_side="Case.id", foreign_keys=[survivor_id])
    history: Mapped[list[CaseEntry]] = relationship(order_by=CaseEntry.serial, lazy="write_only", passive_deletes=True)
    units: Mapped[list[CaseUnit]] = relationship()
    people: Mapped[list[CasePerson]] = relationship()

    @declared_attr.directive
    def __table_args__(cls):  # noqa: N805 -- SQLAlchemy calls it with the class
        heaps = ("desk_id", "centre_id", "unit_id", "township_id", "village_id", "grid_id")
        return (
            *cls.lifecycle_constraints(),
            CheckConstraint(f"bucket IN {tuple(sorted(set(BUCKETS.values())))}", name="known_bucket"),
            CheckConstraint(f"risk IN {RISKS}", name="known_risk"),
            CheckConstraint(f"confidentiality IN {CONFIDENTIALITIES}", name="known_confidentiality"),
            CheckConstraint(f"handling IN {HANDLINGS}", name="known_handling"),
            UniqueConstraint("number_unit_id", "number_year", "number_serial"),
            *(Index(f"ix_cases_{column}_queue", column, "bucket", "due_at", "id") for column in heaps),
            Index("ix_cases_queue", "bucket", "due_at", "id"),
            _partly("ix_cases_due", "bucket != 'done'"),
            _partly("ix_cases_red", "risk = 'red' AND bucket != 'done'"),
            _partly("ix_cases_urgent", "urgent = TRUE AND bucket != 'done'"),
        )

    @classmethod
    def visible_to(cls, scope):
        """As cases/sight.py says."""
        return sight.rule(cls, scope)

    @property
    def co_unit_ids(self) -> frozenset[int]:
        """The units called to help."""
        return frozenset(held.unit_id for held in self.units if held.co)

    def capacities(self, actor) -> dict:
        """What an actor is to this case."""
        return capacities(self, actor)

    def act(self, action, *, by, at, limits, key=None, device_at=None, **facts) -> CaseEntry:
        """Carry out one operation and record it. Nothing else changes a case.

        ``by`` is the actor, ``at`` the server's time (aware), ``limits`` the limits in force, ``key`` the form's own
        id, ``facts`` what was said. Raises ``Refused`` with the reason why not.
        """
        attempt = Attempt(by.person_id, self.capacities(by), at, facts)
        transition, post = self.lifecycle.allow(self, action, attempt)
        act = effects.Act(transition, by.person_id, at, facts, limits, office_calendar())
        changed = effects.changes(self, act) | {"acted_at": at}
        self.lay_over(changed)
        self.show_to_units(facts.get("units") or ())
        return self.record(action, by=by, post=post, at=at, facts=facts, changes=changed,
                           source=transition.source, key=key, device_at=device_at)  # fmt: skip

    def let_see(self, person_id: int | None) -> None:
        """Let a person see the case whatever its class."""
        if person_id is not None and person_id not in {named.person_id for named in self.people}:
            self.people.append(CasePerson(person_id=person_id))

    def show_to_units(self, called: Sequence[Unit] = ()) -> None:
        """Give sight of the case to every unit it comes to; they keep it when the case goes on."""
        known = {held.unit_id: held for held in self.units}
        for unit_id in {self.centre_id, self.unit_id, self.review_id} - {None, *known}:
            self.units.append(CaseUnit(unit_id=unit_id))
        for unit in called:
            if unit.id in known:
                known[unit.id].co = True
            else:
                self.units.append(CaseUnit(unit_id=unit.id, co=True))


class Party(InCase, db.Model):
    """A person or body in a dispute. No more is kept than the work needs."""

    __tablename__ = "parties"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    side: Mapped[str]
    name: Mapped[str]
    phone: Mapped[str]


class Attachment(InCase, db.Model):
    """A photo or paper of a case. The bytes lie under ``digest`` in the file store."""

    __tablename__ = "attachments"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    digest: Mapped[str]
    name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    at: Mapped[datetime]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
