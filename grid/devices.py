"""Devices: the phones people are signed in on, how much waits on each, and how to cut one off. Never where they are."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from flask import abort
from sqlalchemy import ForeignKey, or_, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from core.db import db
from grid import roles
from grid.areas import Area
from grid.people import Person, Post, SignedIn

LONGEST_NAME = 60
MOST = 500


class Device(db.Model):
    """A phone as its owner uses it: signing out there and in again makes another one.

    ``waiting`` and ``oldest_at`` are what the phone last said of its queue: a count and a time, nothing of what waits.
    """

    __tablename__ = "devices"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    name: Mapped[str]
    version: Mapped[str]
    waiting: Mapped[int] = mapped_column(default=0)
    oldest_at: Mapped[datetime | None]
    seen_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    person: Mapped[Person] = relationship()


def report_device(id: UUID, person: SignedIn, at: datetime, **told) -> Device:
    """Note what a phone says of itself: ``name``, ``version``, ``waiting``, ``oldest_at``. Another person's is answered 404."""
    found = db.session.scalar(select(Device).where(Device.id == id))
    if found is None:
        found = Device(id=id, person_id=person.person.id)
        db.session.add(found)
    if found.person_id != person.person.id:
        abort(404)
    for name, value in (told | {"seen_at": at}).items():
        setattr(found, name, value)
    return found


def is_revoked(id: str) -> bool:
    """Whether the device a session belongs to was cut off."""
    return db.session.scalar(select(Device.revoked_at).where(Device.id == UUID(id))) is not None


def own_devices(person: SignedIn) -> list[Device]:
    """The phones this person is signed in on, the one seen last first."""
    own = select(Device).where(Device.person_id == person.person.id, Device.revoked_at.is_(None))
    return list(db.session.scalars(own.options(joinedload(Device.person)).order_by(Device.seen_at.desc()).limit(MOST)))


def devices_to_watch(person: SignedIn) -> list[Device]:
    """The phones on which something waits, among the people of the centres where this person works; oldest first.

    For whoever answers for what arrives: it tells of things unsent, not of people.
    """
    paths = [post.area.path for post in person.posts_as(roles.CENTRE_STAFF)]
    if not paths:
        return []
    under = or_(*(Area.path.startswith(path) for path in paths))
    people = select(Post.person_id).join(Area, Area.id == Post.area_id).where(under, Post.role == roles.GRID_WORKER)
    waiting = select(Device).where(Device.waiting > 0, Device.revoked_at.is_(None), Device.person_id.in_(people))
    return list(db.session.scalars(waiting.options(joinedload(Device.person)).order_by(Device.oldest_at).limit(MOST)))


def all_devices() -> list[Device]:
    """Every phone somebody is signed in on; for the administrator, who may cut it off."""
    found = select(Device).where(Device.revoked_at.is_(None)).options(joinedload(Device.person))
    return list(db.session.scalars(found.order_by(Device.seen_at.desc()).limit(MOST)))


def revoke(id: UUID, person: SignedIn, at: datetime) -> None:
    """Cut a phone off: its own, or as administrator anybody's. What may not be cut off is 404."""
    found = db.session.scalar(select(Device).where(Device.id == id))
    if found is None or (found.person_id != person.person.id and not person.may("administer")):
        abort(404)
    found.revoked_at = found.revoked_at or at
