"""Verbs on cases that touch more than the case's own row: reporting, and what goes with each operation of the table."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Uuid, bindparam, select

from cases import search
from cases.dictionaries import VERSION
from cases.lifecycle import BUCKETS, LIFECYCLE, RESTRICTED
from cases.limits import limits_in_force
from cases.mediation import AGREED, FAILED, OPEN, Mediation
from cases.models import Attachment, Case, CaseEntry, Party
from core import files
from core.db import db
from core.errors import Refused
from grid.access import kept
from grid.areas import GRID, TOWNSHIP, VILLAGE, Area
from grid.holidays import ZONE, office_calendar
from grid.people import Person, Post
from grid.roles import CENTRE_STAFF, GRID_WORKER, HANDLER, MEDIATOR, Actor
from grid.units import centre_over, county_centre, next_number, units_around

CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # nothing that is misread aloud or on paper
PARTIES = kept(select(Party).where(Party.case_id == bindparam("case_id", type_=Uuid())).order_by(Party.id))
STALE = ("centre", "unit", "desk", "handler", "survivor")


def new_code() -> str:
    """A case's code for life: twelve characters in three groups, not to be guessed (58 bits)."""
    letters = "".join(secrets.choice(CODE_ALPHABET) for _ in range(12))
    return "-".join(letters[i : i + 4] for i in (0, 4, 8))


def report(
    *, id: UUID, area: Area, category: str, description: str, by: Actor, at: datetime,
    dispute_type: str | None = None, title: str = "", place: str = "", source: str = "patrol", told_by: str = "",
    risk: str = "blue", confidentiality: str = "normal", urgent: bool = False, occurred_on: date | None = None,
    people_count: int | None = None, against_village: bool = False, key: UUID | None = None,
    device_at: datetime | None = None, is_demo: bool = False, parties: Sequence[Party] = (),
) -> Case:  # fmt: skip
    """Log a case at an area; it goes to the nearest centre that covers it.

    A complaint about the people of the village goes to the centre above it, is restricted, and is hidden from that
    village (a level is skipped for conflict of interest). ``at`` is the server's time, ``device_at`` the phone's.
    Raises ``Refused`` if no centre covers the area.
    """
    centre = centre_over(area, above="village" if against_village else None)
    if centre is None:
        raise Refused("No centre covers this place yet. Ask the administrator.")
    initial = {
        "state": LIFECYCLE.initial, "bucket": BUCKETS[LIFECYCLE.initial], "centre_id": centre.id, "desk_id": centre.id,
        "due_at": limits_in_force()["accept_within"].after(at, office_calendar()), "acted_at": at, "category": category,
        "dispute_type": dispute_type, "risk": risk, "urgent": urgent,
        "confidentiality": RESTRICTED if against_village else confidentiality,
    }  # fmt: skip
    case = Case(
        id=id, code=new_code(), title=title, description=description, place=place, source=source, told_by=told_by,
        occurred_on=occurred_on, people_count=people_count, dictionary=VERSION, area=area,
        township_id=area.ancestor_id(TOWNSHIP), village_id=area.ancestor_id(VILLAGE), grid_id=area.ancestor_id(GRID),
        conflict_area_id=area.ancestor_id(VILLAGE) if against_village else None, reporter_id=by.person_id,
        reported_at=at, is_demo=is_demo, entries=0, returns=0, round=1, sessions=0, supervision=0, legacy=False,
        co_handling=False, handling="general",
    )  # fmt: skip
    case.lay_over(initial)
    case._show_to_units([])
    case.let_see(by.person_id)
    post = next((p for p in by.posts if area.path.startswith(p.area_path)), next(iter(by.posts), None))
    db.session.add(case)
    case.record("report", by=by, post=post, at=at, device_at=device_at, key=key, changes=initial,
                facts={"description": description, "told_by": told_by})  # fmt: skip
    _name_staff(case, centre.id)
    db.session.flush()
    for party in parties:
        party.case_id = case.id
    db.session.add_all(parties)
    search.index_new(case, parties)
    db.session.flush()
    return case


def report_from(form, *, by: Actor, at: datetime, device_at: datetime | None) -> Case:
    """Log what a report form says, with its parties; settle it if it was settled on the spot."""
    category, dispute_type = form.sorted_as
    case = report(
        id=UUID(form.id.data), area=form.area.record, category=category, dispute_type=dispute_type,
        description=form.description.data, place=form.place.data, source=form.source.data, told_by=form.told_by.data,
        risk=form.risk.data, confidentiality=form.confidentiality, urgent=form.urgent.data,
        occurred_on=form.occurred_on.data, people_count=form.people_count.data, by=by, at=at, device_at=device_at,
        against_village=form.against_village.data, parties=_parties_in(form),
    )  # fmt: skip
    if form.settled.data:
        perform(case, "settle", by=by, at=at, device_at=device_at, result=form.result.data)
    return case


def _parties_in(form) -> list[Party]:
    phones = {"applicant": form.applicant_phone.data, "respondent": ""}
    return [Party(side=side, name=form[side].data, phone=phone) for side, phone in phones.items() if form[side].data]


def device_moment(text: str) -> datetime:
    """A device's own time from its ISO 8601 text with zone. Raises ``ValueError`` for anything else."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment


def perform(
    case: Case, action: str, *, by: Actor, at: datetime, key: UUID | None = None, device_at: datetime | None = None,
    **facts,
) -> CaseEntry:  # fmt: skip
    """Carry out an operation of the table with all that goes with it.

    ``facts`` is what was said, with units, people and cases as objects. Raises ``Refused`` with the reason why not.
    """
    prepare = PREPARE.get(action)
    facts |= prepare(case, facts, by, at) if prepare else {}
    entry = case.act(action, by=by, at=at, limits=limits_in_force(), key=key, device_at=device_at, **facts)
    finish = FINISH.get(action)
    if finish:
        finish(case, facts, by, at)
    if case.confidentiality == RESTRICTED:
        _name_staff(case, case.desk_id)
        case.let_see(case.handler_id)
    db.session.flush()
    db.session.expire(case, STALE)
    search.index(case, parties_of(case))
    return entry


def _name_staff(case: Case, unit_id: int | None) -> None:
    """Name the staff of the centre a restricted case lies with, so that somebody there can open it at all."""
    if case.confidentiality != RESTRICTED or unit_id is None:
        return
    staff = select(Post.person_id).where(Post.unit_id == unit_id, Post.role == CENTRE_STAFF, Post.to_on.is_(None))
    for person_id in db.session.scalars(staff):
        case.let_see(person_id)


def _number(case, facts, by, at):
    return {} if case.number else {"serial": next_number(case.centre_id, at.astimezone(ZONE).year)}


def _county(case, facts, by, at):
    return {"county": county_centre()}


def _reviewers(case, facts, by, at):
    """Who reviews: nobody reviews their own unit's work, and orange and red go to the county."""
    above = centre_over(case.area, above=case.centre.level) if case.unit_id == case.centre_id else None
    return {"county": county_centre(), "reviewer": above or case.centre}


def _next_centre(case, facts, by, at):
    """The centre to escalate to: the next one above, or the county's if a level may be skipped."""
    county = county_centre()
    to = county if facts.get("skip_reason") else centre_over(case.area, above=case.centre.level)
    return {"to_centre": to or county}


def _named_handler(case, facts, by, at):
    if case.confidentiality == RESTRICTED and not facts.get("handler"):
        raise Refused("Name the person who handles it: this case is restricted.")
    return {}


def _consenting(case, facts, by, at):
    """Consent counts only from every party of the case, and there are at least two."""
    parties = parties_of(case)
    given = set(facts.get("consents") or [])
    complete = len(parties) > 1 and given == {party.id for party in parties}
    if not complete:
        raise Refused("Mediation is voluntary: record at least two parties, and the consent of each.")
    return {"consents": "yes", "parties": parties}


def _survivor(case, facts, by, at):
    other: Case = facts["survivor"]
    if other.id == case.id or other.bucket == "done":
        raise Refused("Choose another case that is still open.")
    return {}


def _absorb(case, facts, by, at):
    """Both cases keep the trace: the other one tells what was merged into it."""
    facts["survivor"].act("absorb", by=by, at=at, limits=limits_in_force(), other=case)


def _open_mediation(case, facts, by, at):
    on = facts.get("agreed_on") or at.astimezone(ZONE).date()
    db.session.add(Mediation.opened(case, facts["parties"], by=by, at=at, on=on))


def _hold(case, facts, by, at):
    open_mediation(case).hold(held_at=facts["held_at"], place=facts["place"], note=facts["note"])


def _agree(case, facts, by, at):
    open_mediation(case).end(AGREED, at, agreement_form=facts["agreement_form"], terms=facts["terms"])


def _fail(case, facts, by, at):
    open_mediation(case).end(FAILED, at, terms=facts["reason"])


def _interrupt(case, facts, by, at):
    """A case that leaves while its mediation runs ends the mediation too."""
    if (running := open_mediation(case)) is not None:
        running.end(FAILED, at, terms=facts.get("reason", ""))


def _add_party(case, facts, by, at):
    db.session.add(Party(case_id=case.id, side=facts["party_side"], name=facts["party_name"],
                         phone=facts.get("party_phone") or ""))  # fmt: skip


def _keep_in_sight(case, facts, by, at):
    """Before it is restricted, while who is named on it can still be read."""
    case.let_see(by.person_id)
    case.let_see(case.reporter_id)
    return {}


PREPARE = {
    "accept": _number,
    "assign": _named_handler,
    "return": _county,
    "escalate": _next_centre,
    "submit_result": _reviewers,
    "agree": _reviewers,
    "grade": _reviewers,
    "start_mediation": _consenting,
    "merge": _survivor,
    "classify": _keep_in_sight,
}
FINISH = {
    "merge": _absorb,
    "start_mediation": _open_mediation,
    "hold_session": _hold,
    "agree": _agree,
    "fail_mediation": _fail,
    "withdraw": _interrupt,
    "transfer_out": _interrupt,
    "add_party": _add_party,
    "name_person": lambda case, facts, by, at: case.let_see(facts["person"].id),
}


def open_mediation(case: Case) -> Mediation | None:
    """The mediation that is running, if any."""
    return db.session.scalar(select(Mediation).where(Mediation.case_id == case.id, Mediation.state == OPEN))


def parties_of(case: Case) -> list[Party]:
    """The parties, in the order they were recorded."""
    return list(db.session.scalars(PARTIES, {"case_id": case.id}))


def attach(case: Case, uploads: list[files.Upload], *, by: Actor, at: datetime) -> None:
    """Keep files with a case. The bytes are stored first, so that no row names bytes that are not there."""
    for upload in uploads:
        files.keep(upload)
        db.session.add(Attachment(case_id=case.id, digest=upload.digest, name=upload.name, size=len(upload.content),
                                  media_type=upload.media_type, at=at, person_id=by.person_id))  # fmt: skip


def people_around(case: Case) -> list[Person]:
    """The people who may be put in charge: those with a post that handles cases in the units around the centre."""
    posts = select(Post.person_id).where(
        Post.unit_id.in_([unit.id for unit in units_around(case.centre)]),
        Post.to_on.is_(None),
        Post.role.in_((CENTRE_STAFF, GRID_WORKER, MEDIATOR, HANDLER)),
    )
    return list(db.session.scalars(select(Person).where(Person.id.in_(posts), Person.active).order_by(Person.id)))
