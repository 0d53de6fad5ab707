"""Units: the centres on three levels, the mediation committees and the departments, each at an area."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import db
from grid import roles
from grid.areas import Area

CENTRE, COMMITTEE, DEPARTMENT = "centre", "committee", "department"
KINDS = (CENTRE, COMMITTEE, DEPARTMENT)


class Unit(db.Model):
    """A body that takes, handles or watches cases. ``short_name`` begins the numbers it gives."""

    __tablename__ = "units"
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS}", name="known_kind"),
        CheckConstraint(f"level IN {roles.LEVELS}", name="known_level"),
        Index("ix_units_kind_area_id", "kind", "area_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    level: Mapped[str]
    name: Mapped[str] = mapped_column(unique=True)
    short_name: Mapped[str]
    area_id: Mapped[int] = mapped_column(ForeignKey("areas.id"), index=True)
    phone: Mapped[str] = mapped_column(default="", server_default="")
    """The duty desk's number, for a centre."""
    area: Mapped[Area] = relationship(lazy="joined", innerjoin=True)


class NumberCounter(db.Model):
    """The last number a unit gave in a year. The row is the lock that keeps numbers without gaps."""

    __tablename__ = "number_counters"
    __table_args__ = (UniqueConstraint("unit_id", "year"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"))
    year: Mapped[int]
    last: Mapped[int]


def next_number(unit_id: int, year: int) -> int:
    """The unit's next number of the year, taken in the running transaction: if that fails, no number is lost."""
    dialect = sqlite if db.engine.dialect.name == "sqlite" else postgresql
    new = dialect.insert(NumberCounter).values(unit_id=unit_id, year=year, last=1)
    bump = new.on_conflict_do_update(index_elements=["unit_id", "year"], set_={"last": NumberCounter.last + 1})
    return db.session.scalar(bump.returning(NumberCounter.last))


CENTRES_AT = select(Unit).where(Unit.kind == CENTRE, Unit.area_id.in_(bindparam("areas", expanding=True)))


def centre_over(area: Area, above: str | None = None) -> Unit | None:
    """The nearest centre that covers an area; with ``above``, the nearest on a higher level than that one."""
    centres = db.session.scalars(CENTRES_AT, {"areas": area.line})
    fitting = [c for c in centres if above is None or roles.is_above(c.level, above)]
    return min(fitting, key=lambda centre: roles.LEVELS.index(centre.level), default=None)


def county_centre() -> Unit:
    """The one centre of the county."""
    return db.session.scalars(select(Unit).where(Unit.kind == CENTRE, Unit.level == roles.COUNTY)).one()


def units_under(centre: Unit) -> list[Unit]:
    """The units a centre may give a case to: itself, the others at its area, and the centres and committees next below."""
    below = (Area.parent_id == centre.area_id) & Unit.kind.in_((CENTRE, COMMITTEE))
    return _units_where(centre, (Area.id == centre.area_id) | below)


def units_to_call(centre: Unit) -> list[Unit]:
    """The units a centre may call to help: those it may give a case to, and the departments above."""
    above = Area.id.in_(centre.area.line) & (Unit.kind == DEPARTMENT)
    below = (Area.parent_id == centre.area_id) & Unit.kind.in_((CENTRE, COMMITTEE))
    return [unit for unit in _units_where(centre, (Area.id == centre.area_id) | above | below) if unit.id != centre.id]


def _units_where(centre: Unit, condition) -> list[Unit]:
    query = select(Unit).join(Area, Unit.area_id == Area.id).where(condition)
    return list(db.session.scalars(query.order_by(Unit.area_id != centre.area_id, Area.path, Unit.kind, Unit.id)))


def centres_below(centre: Unit) -> list[Unit]:
    """The centres one level down."""
    query = select(Unit).join(Area, Unit.area_id == Area.id).where(Unit.kind == CENTRE)
    return list(db.session.scalars(query.where(Area.parent_id == centre.area_id).order_by(Area.path)))
