"""Reporting: how a case begins. It goes to the nearest centre that covers its place."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from cases import commands, search
from cases.dictionaries import VERSION
from cases.lifecycle import BUCKETS, LIFECYCLE, NORMAL, RESTRICTED
from cases.limits import limits_in_force
from cases.models import Case, Party
from core.db import db
from core.errors import Refused
from grid.areas import GRID, TOWNSHIP, VILLAGE, Area
from grid.holidays import office_calendar
from grid.roles import Actor, PostHeld
from grid.units import Unit, centre_over

CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # nothing that is misread aloud or on paper


def new_code() -> str:
    """A case's code for life: twelve characters in three groups, not to be guessed (58 bits)."""
    letters = "".join(secrets.choice(CODE_ALPHABET) for _ in range(12))
    return "-".join(letters[i : i + 4] for i in (0, 4, 8))


@dataclass(frozen=True)
class Report:
    """What is said when a case is reported. Only the place, the category and the description are needed.

    ``against_village`` marks a complaint about the people of the village itself.
    """

    area: Area
    category: str
    description: str
    dispute_type: str | None = None
    title: str = ""
    place: str = ""
    source: str = "patrol"
    told_by: str = ""
    risk: str = "blue"
    confidentiality: str = NORMAL
    urgent: bool = False
    occurred_on: date | None = None
    people_count: int | None = None
    against_village: bool = False
    parties: Sequence[Party] = ()
    is_demo: bool = False
    position: Mapping[str, float] = field(default_factory=dict)
    """``latitude``, ``longitude``, ``accuracy`` of the event, if they were given."""


def report(told: Report, *, id: UUID, by: Actor, at: datetime, device_at: datetime | None = None) -> Case:
    """Log a case; it goes to the nearest centre that covers its place.

    A complaint about a village goes to the centre above it, is restricted, and is hidden from that village: a level
    is skipped for conflict of interest. ``at`` is the server's time, ``device_at`` the phone's, both aware. Raises
    ``Refused`` if no centre covers the place.
    """
    centre = centre_over(told.area, above=VILLAGE if told.against_village else None)
    if centre is None:
        raise Refused("No centre covers this place yet. Ask the administrator.")
    initial = _first_columns(told, centre, at)
    case = _new_case(told, id, by, at)
    case.lay_over(initial)
    case.show_to_units()
    case.let_see(by.person_id)
    db.session.add(case)
    case.record("report", by=by, post=_post_for(told.area, by), at=at, device_at=device_at,
                changes=case.columns(), facts={"told_by": told.told_by})  # fmt: skip
    commands.name_staff(case, centre.id, at)
    db.session.flush()
    _add_parties(case, told.parties)
    search.index_new(case, told.parties)
    return case


def _first_columns(told: Report, centre: Unit, at: datetime) -> dict[str, Any]:
    """The columns that the history gives from the first entry on."""
    return {
        "state": LIFECYCLE.initial, "bucket": BUCKETS[LIFECYCLE.initial], "centre_id": centre.id, "desk_id": centre.id,
        "due_at": limits_in_force()["accept_within"].after(at, office_calendar()), "acted_at": at,
        "category": told.category, "dispute_type": told.dispute_type, "risk": told.risk, "urgent": told.urgent,
        "confidentiality": RESTRICTED if told.against_village else told.confidentiality,
    }  # fmt: skip


def _new_case(told: Report, id: UUID, by: Actor, at: datetime) -> Case:
    area = told.area
    return Case(
        id=id, code=new_code(), title=told.title, description=told.description, place=told.place, source=told.source,
        told_by=told.told_by, occurred_on=told.occurred_on, people_count=told.people_count, dictionary=VERSION,
        area=area, area_id=area.id, township_id=area.ancestor_id(TOWNSHIP), village_id=area.ancestor_id(VILLAGE),
        grid_id=area.ancestor_id(GRID), reporter_id=by.person_id, reported_at=at, is_demo=told.is_demo,
        conflict_area_id=area.ancestor_id(VILLAGE) if told.against_village else None, entries=0, returns=0, round=1,
        sessions=0, supervision=0, legacy=False, co_handling=False, handling="general", **told.position,
    )  # fmt: skip


def _post_for(area: Area, by: Actor) -> PostHeld | None:
    """The post in which somebody reports from a place: the one that covers it, else the first."""
    return next((post for post in by.posts if area.path.startswith(post.area_path)), next(iter(by.posts), None))


def _add_parties(case: Case, parties: Sequence[Party]) -> None:
    for party in parties:
        party.case_id = case.id
    db.session.add_all(parties)


def report_from(
    form, *, by: Actor, at: datetime, device_at: datetime | None, position: Mapping[str, float] | None = None
) -> Case:
    """Log what a report form says; settle it if it was settled on the spot."""
    category, dispute_type = form.sorted_as
    told = Report(
        area=form.area.record, category=category, dispute_type=dispute_type, description=form.description.data,
        place=form.place.data, source=form.source.data, told_by=form.told_by.data, risk=form.risk.data,
        confidentiality=form.confidentiality, urgent=form.urgent.data, occurred_on=form.occurred_on.data,
        people_count=form.people_count.data, against_village=form.against_village.data, parties=_parties_in(form),
        position=position or {},
    )  # fmt: skip
    case = report(told, id=UUID(form.id.data), by=by, at=at, device_at=device_at)
    if form.settled.data:
        commands.perform(case, "settle", by=by, at=at, device_at=device_at, result=form.result.data)
    return case


def _parties_in(form) -> list[Party]:
    phones = {"applicant": form.applicant_phone.data, "respondent": ""}
    return [Party(side=side, name=form[side].data, phone=phone) for side, phone in phones.items() if form[side].data]
