"""Queries about one case and what belongs to it, and searching. The scope already knows who may see what."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from flask import abort
from sqlalchemy import Uuid, bindparam, select
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.attributes import set_committed_value

from cases import search
from cases.lifecycle import NORMAL
from cases.mediation import OPEN, Mediation
from cases.models import Attachment, Case, CaseEntry, CasePerson, CaseUnit, Party
from cases.queues import AS_ROW, PAGE
from cases.sight import may_come_to
from core.db import db
from grid.access import current_scope, kept
from grid.people import Person, Post
from grid.roles import CENTRE_STAFF, GRID_WORKER, HANDLER, MEDIATOR
from grid.units import Unit, units_under

CASE_PAGE = kept(
    select(Case)
    .where(Case.code == bindparam("code"))
    .options(
        joinedload(Case.centre), joinedload(Case.unit).lazyload(Unit.area), joinedload(Case.handler).load_only(Person.name),
        joinedload(Case.desk).lazyload(Unit.area),
    )
)  # fmt: skip
CASE_BY_ID = kept(select(Case).where(Case.id == bindparam("id", type_=Uuid())))
UNITS = kept(
    select(CaseUnit)
    .where(CaseUnit.case_id == bindparam("case_id", type_=Uuid()))
    .options(joinedload(CaseUnit.unit).lazyload(Unit.area))
)
NAMED = kept(
    select(CasePerson)
    .where(CasePerson.case_id == bindparam("case_id", type_=Uuid()))
    .options(joinedload(CasePerson.person).load_only(Person.name))
)
PARTIES = kept(select(Party).where(Party.case_id == bindparam("case_id", type_=Uuid())).order_by(Party.id))
HISTORY = kept(
    select(CaseEntry).where(CaseEntry.case_id == bindparam("case_id", type_=Uuid())).order_by(CaseEntry.serial)
)
MEDIATIONS = kept(
    select(Mediation)
    .where(Mediation.case_id == bindparam("case_id", type_=Uuid()))
    .options(joinedload(Mediation.mediator))
    .order_by(Mediation.id)
)
ATTACHMENTS = kept(
    select(Attachment).where(Attachment.case_id == bindparam("case_id", type_=Uuid())).order_by(Attachment.id)
)


def get_case(code: str) -> Case:
    """The case with all its page shows of itself, or 404 both when there is none and when it is out of sight."""
    case = db.session.scalar(CASE_PAGE, {"code": code.replace("\0", "").upper()})
    if case is None:
        abort(404)
    # By hand, since SQLAlchemy would build these statements anew at every load.
    set_committed_value(case, "units", list(db.session.scalars(UNITS, {"case_id": case.id})))
    if case.confidentiality != NORMAL:
        set_committed_value(case, "people", list(db.session.scalars(NAMED, {"case_id": case.id})))
    return case


def find_case(code: str) -> Case | None:
    """The case of that code, if it is in sight."""
    return db.session.scalar(select(Case).where(Case.code == code.strip().upper()))


def case_by_id(id: UUID) -> Case | None:
    """The case of that id, if it is in sight."""
    return db.session.scalar(CASE_BY_ID, {"id": id})


def entry_with_key(key: UUID) -> CaseEntry | None:
    """The entry that a form already made, if it was sent before."""
    return db.session.scalar(select(CaseEntry).where(CaseEntry.key == key))


def history_of(case: Case) -> list[CaseEntry]:
    """The history, oldest first."""
    return list(db.session.scalars(HISTORY, {"case_id": case.id}))


def mediations_of(case: Case) -> list[Mediation]:
    """Every mediation of the case, oldest first."""
    return list(db.session.scalars(MEDIATIONS, {"case_id": case.id}))


def attachments_of(case: Case) -> list[Attachment]:
    """The files, oldest first."""
    return list(db.session.scalars(ATTACHMENTS, {"case_id": case.id}))


def get_attachment(id: UUID) -> Attachment:
    """One file, or 404 when its case is out of sight."""
    return db.one_or_404(select(Attachment).where(Attachment.id == id))


def find(words: str) -> list[Case]:
    """The newest cases in sight whose text, names or phones have all the words, at most ``PAGE``; a code finds its case."""
    matching = search.matching(words, current_scope())
    if matching is None:
        return []
    of_code = select(Case).where(Case.code == words.strip().upper()).options(*AS_ROW)
    of_text = select(Case).join(search.CaseText, search.CaseText.case_id == Case.id).where(matching).options(*AS_ROW)
    newest = of_text.order_by(search.CaseText.id.desc()).limit(PAGE)
    return list(dict.fromkeys([*db.session.scalars(of_code), *db.session.scalars(newest)]))


def all_cases_in_batches(size: int = 500):
    """Every case in sight with its whole history, in the order of their ids."""
    last = None
    while True:
        query = select(Case).order_by(Case.id).limit(size)
        rows = list(db.session.scalars(query if last is None else query.where(Case.id > last)))
        if not rows:
            return
        entries = db.session.scalars(select(CaseEntry).where(CaseEntry.case_id.in_([c.id for c in rows])))
        histories = {}
        for entry in sorted(entries, key=lambda e: e.serial):
            histories.setdefault(entry.case_id, []).append(entry)
        yield from ((case, histories.get(case.id, [])) for case in rows)
        last = rows[-1].id
        db.session.expunge_all()


def parties_of(case: Case) -> list[Party]:
    """The parties, in the order they were recorded."""
    return list(db.session.scalars(PARTIES, {"case_id": case.id}))


def open_mediation(case: Case) -> Mediation | None:
    """The mediation that is running, if any."""
    return db.session.scalar(select(Mediation).where(Mediation.case_id == case.id, Mediation.state == OPEN))


def people_around(case: Case, day: date) -> list[Person]:
    """The people who may be put in charge or named: those who hold a post that handles cases in the units around."""
    posts = select(Post).where(
        Post.unit_id.in_([unit.id for unit in units_under(case.centre)]),
        Post.held_on(day),
        Post.role.in_((CENTRE_STAFF, GRID_WORKER, MEDIATOR, HANDLER)),
    )
    found = db.session.scalars(posts.options(joinedload(Post.person), joinedload(Post.area)).order_by(Post.person_id))
    return list(dict.fromkeys(post.person for post in found if post.person.active and may_come_to(case, post.area)))
