"""What goes with each operation of the table beside the case's own row: numbers, mediation, parties, names, files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from cases import queries, search
from cases.lifecycle import CONFIDENTIALITIES, DONE, RESTRICTED
from cases.limits import limits_in_force
from cases.mediation import AGREED, FAILED, Mediation
from cases.models import Attachment, Case, CaseEntry, Party
from cases.sight import may_come_to
from core import files
from core.db import db, new_id
from core.errors import Refused
from grid.holidays import ZONE
from grid.people import Post
from grid.roles import CENTRE_STAFF, Actor
from grid.units import centre_over, county_centre, next_number

STALE = ("centre", "unit", "desk", "handler", "survivor")


def perform(
    case: Case, action: str, *, by: Actor, at: datetime, key: UUID | None = None, device_at: datetime | None = None,
    **facts,
) -> CaseEntry:  # fmt: skip
    """Carry out an operation of the table with all that goes with it.

    ``facts`` is what was said, with units, people and cases as objects. Raises ``Refused`` with the reason why not.
    """
    _keep_from_the_accused(case, facts)
    prepare = PREPARE.get(action)
    facts |= prepare(case, facts, by, at) if prepare else {}
    entry = case.act(action, by=by, at=at, limits=limits_in_force(), key=key, device_at=device_at, **facts)
    finish = FINISH.get(action)
    if finish:
        finish(case, facts, by, at)
    for unit_id in {case.centre_id, case.desk_id}:
        name_staff(case, unit_id, at)
    db.session.flush()
    db.session.expire(case, STALE)
    search.index(case, queries.parties_of(case))
    return entry


def _keep_from_the_accused(case: Case, facts: dict) -> None:
    """A complaint never comes to the place it is about (Regulations on Petition Work Art. 30)."""
    units = [facts.get("unit"), *(facts.get("units") or [])]
    if any(unit is not None and not may_come_to(case, unit.area) for unit in units):
        raise Refused("It is a complaint about this place: give it to somebody else.")


def name_staff(case: Case, unit_id: int | None, at: datetime) -> None:
    """Name the staff of the centre a restricted case lies with, so that somebody there can open it at all."""
    if case.confidentiality != RESTRICTED or unit_id is None:
        return
    day = at.astimezone(ZONE).date()
    staff = select(Post.person_id).where(Post.unit_id == unit_id, Post.role == CENTRE_STAFF, Post.held_on(day))
    for person_id in db.session.scalars(staff):
        case.let_see(person_id)


def _number(case, facts, by, at):
    return {} if case.number else {"serial": next_number(case.centre_id, at.astimezone(ZONE).year)}


def _county(case, facts, by, at):
    return {"county": county_centre()}


def _reviewers(case, facts, by, at):
    """On whose desk the result lies: not on that of the centre that handled it, and orange and red on the county's."""
    above = centre_over(case.area, above=case.centre.level) if case.unit_id == case.centre_id else None
    return {"county": county_centre(), "reviewer": above or case.centre}


def _next_centre(case, facts, by, at):
    """The centre to escalate to: the next one above, or the county's if a level may be skipped."""
    county = county_centre()
    to = county if facts.get("skip_reason") else centre_over(case.area, above=case.centre.level)
    return {"to_centre": to or county}


def _named_handler(case, facts, by, at):
    """Whoever is put in charge works in the unit; a restricted case has somebody in charge."""
    handler, unit = facts.get("handler"), facts.get("unit")
    if case.confidentiality == RESTRICTED and not handler:
        raise Refused("Name the person who handles it: this case is restricted.")
    if handler and unit:
        held = Post.held_on(at.astimezone(ZONE).date())
        if not db.session.scalar(select(Post.id).where(Post.person_id == handler.id, Post.unit_id == unit.id, held)):
            raise Refused("The person in charge must work in the unit: choose another person or another unit.")
    return {}


def _consenting(case, facts, by, at):
    """Consent counts only from every party of the case, and there are at least two."""
    parties = queries.parties_of(case)
    given = set(facts.get("consents") or [])
    complete = len(parties) > 1 and given == {party.id for party in parties}
    if not complete:
        raise Refused("Mediation is voluntary: record at least two parties, and the consent of each.")
    return {"consents": "yes", "parties": parties}


def _survivor(case, facts, by, at):
    other: Case = facts["survivor"]
    if other.id == case.id or other.bucket == DONE:
        raise Refused("Choose another case that is still open.")
    if CONFIDENTIALITIES.index(other.confidentiality) < CONFIDENTIALITIES.index(case.confidentiality):
        raise Refused("The other case is seen by more people than this one: protect it first.")
    return {}


def _absorb(case, facts, by, at):
    """Both cases keep the trace: the other one tells what was merged into it."""
    facts["survivor"].act("absorb", by=by, at=at, limits=limits_in_force(), other=case)


def _open_mediation(case, facts, by, at):
    on = facts.get("agreed_on") or at.astimezone(ZONE).date()
    db.session.add(Mediation.opened(case, facts["parties"], by=by, at=at, on=on))


def _hold(case, facts, by, at):
    queries.open_mediation(case).hold(held_at=facts["held_at"], place=facts["place"], note=facts["note"])


def _agree(case, facts, by, at):
    queries.open_mediation(case).end(AGREED, at, agreement_form=facts["agreement_form"], terms=facts["terms"])


def _fail(case, facts, by, at):
    queries.open_mediation(case).end(FAILED, at, terms=facts["reason"])


def _interrupt(case, facts, by, at):
    """A case that leaves while its mediation runs ends the mediation too."""
    if (running := queries.open_mediation(case)) is not None:
        running.end(FAILED, at, terms=facts.get("reason", ""))


def _add_party(case, facts, by, at):
    db.session.add(Party(case_id=case.id, side=facts["party_side"], name=facts["party_name"],
                         phone=facts.get("party_phone") or ""))  # fmt: skip


def _keep_in_sight(case, facts, by, at):
    """Whoever worked on it keeps seeing it, said before it is restricted, while it can still be read."""
    worked = select(CaseEntry.actor_id).where(CaseEntry.case_id == case.id, CaseEntry.actor_id.is_not(None))
    for person_id in {by.person_id, case.reporter_id, *db.session.scalars(worked)}:
        case.let_see(person_id)
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


def attach(
    case: Case, uploads: list[files.Upload], *, by: Actor, at: datetime, ids: Sequence[UUID] | None = None
) -> None:
    """Keep files with a case, under ``ids`` if whoever sent them gave some.

    The bytes are stored first, so that no row names bytes that are not there.
    """
    for id, upload in zip(ids or [new_id() for _ in uploads], uploads, strict=True):
        files.keep(upload)
        db.session.add(Attachment(id=id, case_id=case.id, digest=upload.digest, name=upload.name, size=len(upload.content),
                                  media_type=upload.media_type, at=at, person_id=by.person_id))  # fmt: skip
