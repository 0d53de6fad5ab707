"""Receipts: what a phone or another program sent with an id of its own is taken once, and answered the same ever after."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from flask import abort
from sqlalchemy import JSON, ForeignKey, bindparam, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Uuid

from core.db import db
from core.errors import Conflict
from grid.access import kept

ALREADY_USED = "This was already sent with other words. Save it as a new one."


class Receipt(db.Model):
    """That a body was taken: under which id, from whom, its digest, and what was answered."""

    __tablename__ = "receipts"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    digest: Mapped[str]
    answer: Mapped[dict] = mapped_column(JSON)
    at: Mapped[datetime]


class OtherBody(Conflict):
    """The id was used before, for something else."""

    code = "other_body"


BY_ID = kept(select(Receipt).where(Receipt.id == bindparam("id", type_=Uuid())))


def digest_of(target: str, body: bytes) -> str:
    """SHA-256 in hexadecimal of a body and where it was sent."""
    return hashlib.sha256(target.encode() + b"\0" + body).hexdigest()


def once(id: UUID, digest: str, *, person_id: int, at: datetime, take: Callable[[], dict]) -> tuple[dict, int]:
    """Carry out ``take`` unless it was done before under this id; gives its answer, and 201 or, from the second time, 200.

    ``at`` is aware. Raises ``OtherBody`` if the same person used the id for another body; another person's id is
    answered 404, as one that does not exist.
    """
    if (known := _known(id, digest, person_id)) is not None:
        return known, 200
    try:
        answer = take()
        db.session.add(Receipt(id=id, person_id=person_id, digest=digest, answer=answer, at=at))
        db.session.flush()
    except IntegrityError:  # the same body, sent twice at the same moment, or the id of something that is there
        db.session.rollback()
        if (known := _known(id, digest, person_id)) is not None:
            return known, 200
        raise OtherBody(ALREADY_USED) from None
    return answer, 201


def _known(id: UUID, digest: str, person_id: int) -> dict | None:
    found = db.session.scalar(BY_ID, {"id": id})
    if found is None:
        return None
    if found.person_id != person_id:
        abort(404)
    if found.digest != digest:
        raise OtherBody(ALREADY_USED)
    return found.answer
