"""History: what was done, by whom, in which post, when, and what was said. Written once; the database refuses changes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, event
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from core.db import new_id
from grid.access import Sighted


class HistoryEntry(Sighted):
    """Mixin for one entry of a subject's history; a package adds the subject's key.

    ``at`` is the server's time, ``device_at`` the time the device showed. ``facts`` is what was said, ``changes``
    the columns of the subject as they are afterwards: laying all changes over one another gives the subject's row.
    """

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    serial: Mapped[int]
    action: Mapped[str]
    source: Mapped[str | None]
    target: Mapped[str]
    at: Mapped[datetime]
    device_at: Mapped[datetime | None]
    actor_name: Mapped[str]
    role: Mapped[str]
    unit_name: Mapped[str]
    facts: Mapped[dict] = mapped_column(JSON)
    changes: Mapped[dict] = mapped_column(JSON)
    key: Mapped[UUID | None] = mapped_column(unique=True)
    """Made on the device with the form: the same form sent twice is carried out once."""

    @declared_attr
    def actor_id(cls) -> Mapped[int | None]:
        """The person, or None for the system and for people without an account."""
        return mapped_column(ForeignKey("people.id"), index=True)

    @declared_attr
    def post_id(cls) -> Mapped[int | None]:
        """The post in which it was done."""
        return mapped_column(ForeignKey("posts.id"))


@event.listens_for(HistoryEntry, "before_update", propagate=True)
@event.listens_for(HistoryEntry, "before_delete", propagate=True)
def refuse_change(_mapper, _connection, entry) -> None:
    """What was written stays."""
    raise RuntimeError(f"History entry {entry.id} cannot be changed.")
