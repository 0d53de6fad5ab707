"""Search in Chinese: what can be found of a case, and how each database finds it.

Areas and units that see a case are tokens of its text too, so that a search reads only what the searcher may see; the
rule of cases/sight.py still judges every hit. Restricted cases are never in the text.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ForeignKey, Text, Uuid, and_, bindparam, column, delete, func, literal, select, table
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from cases.lifecycle import NORMAL, RESTRICTED
from cases.models import Case, InCase, Party
from core import text
from core.db import db
from grid.access import Scope, kept
from grid.areas import COUNTY

FTS = table("case_texts_fts", column("rowid"), column("case_texts_fts"))


class CaseText(InCase, db.Model):
    """The searchable form of one case."""

    __tablename__ = "case_texts"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), unique=True)
    body: Mapped[str]
    grams: Mapped[str]
    """What PostgreSQL indexes; empty on SQLite, whose index holds the body's tokens itself."""


KNOWN = kept(select(CaseText).where(CaseText.case_id == bindparam("case_id", type_=Uuid())))


def index_new(case: Case, parties: Sequence[Party]) -> None:
    """Make a case that was just reported searchable."""
    if case.confidentiality != RESTRICTED:
        _write(CaseText(case_id=case.id), _body(case, parties))


def index(case: Case, parties: Sequence[Party]) -> None:
    """Bring the searchable form of a case up to date."""
    if case.confidentiality == RESTRICTED:
        db.session.execute(delete(CaseText).where(CaseText.case_id == case.id))
        return
    known = db.session.scalar(KNOWN, {"case_id": case.id})
    body = _body(case, parties)
    if known is None or known.body != body:
        _write(known or CaseText(case_id=case.id), body)


def _write(row: CaseText, body: str) -> None:
    row.body, row.grams = body, "" if _is_sqlite() else text.grams(body)
    db.session.add(row)


def _body(case: Case, parties: Sequence[Party]) -> str:
    return text.body(*_texts(case, parties)) + " ".join(_sight_tokens(case)) + " "


def matching(query: str, scope: Scope):
    """The condition that a ``CaseText`` has all words of the query; None if there is nothing to look for."""
    phrases = text.phrases(query)
    if not phrases:
        return None
    return (_on_sqlite if _is_sqlite() else _on_postgresql)(phrases, _tokens_of(scope))


def _texts(case: Case, parties: Sequence[Party]) -> list[str]:
    people = [word for p in parties for word in (p.name, p.phone, p.phone[-4:])]
    return [case.code, case.code.replace("-", ""), case.number or "", case.title, case.description, case.place,
            case.told_by, case.area.label, *people]  # fmt: skip


def _sight_tokens(case: Case) -> list[str]:
    """Who sees it, as words nobody types: areas, units, and the reporter."""
    people = sorted({case.reporter_id, case.handler_id, *(named.person_id for named in case.people)} - {None})
    areas = case.area.line if case.confidentiality == NORMAL else ()
    units = sorted(held.unit_id for held in case.units)
    return [f"zza{i}" for i in areas] + [f"zzu{i}" for i in units] + [f"zzp{i}" for i in people]


def _tokens_of(scope: Scope) -> list[str]:
    """The words that stand for what somebody sees; none for who sees the whole county, where they would only cost."""
    if scope.ids(COUNTY):
        return []
    people = [f"zzp{scope.person_id}"] if scope.person_id else []
    return [f"zza{id}" for _kind, id in scope.areas] + [f"zzu{id}" for id in scope.units] + people


def _on_sqlite(phrases: list[str], tokens: list[str]):
    words = " AND ".join(f'"{phrase}"' for phrase in phrases)
    seen = " OR ".join(f'"{token}"' for token in tokens)
    match = literal(f"{words} AND ({seen})" if seen else words)
    hits = select(FTS.c.rowid).where(FTS.c.case_texts_fts.op("MATCH")(match))
    return CaseText.id.in_(hits)


def _on_postgresql(phrases: list[str], tokens: list[str]):
    grams = func.string_to_array(CaseText.grams, " ")
    needed = literal(_grams_of(phrases), ARRAY(Text))
    found = [grams.op("@>")(needed), *(CaseText.body.contains(f" {p} ", autoescape=True) for p in phrases)]
    seen = [grams.op("&&")(literal(tokens, ARRAY(Text)))] if tokens else []
    return and_(*found, *seen)


def _grams_of(phrases: list[str]) -> list[str]:
    return list(dict.fromkeys(gram for phrase in phrases for gram in text.grams(phrase).split()))


def _is_sqlite() -> bool:
    return db.engine.dialect.name == "sqlite"
