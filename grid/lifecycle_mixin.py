"""What cases and drills share: a state that only ``act`` changes, a deadline, a version, and a history that gives the row."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from core.db import new_id
from core.lifecycle import Lifecycle
from grid.access import Sighted
from grid.history import HistoryEntry
from grid.roles import Actor

UNREPLAYED = ("id", "version", "entries")


class HasLifecycle(Sighted):
    """Mixin for a model whose state changes only along the rows of its lifecycle table."""

    lifecycle: ClassVar[Lifecycle]
    entry_class: ClassVar[type[HistoryEntry]]

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    due_at: Mapped[datetime | None]
    acted_at: Mapped[datetime]
    suspended_from: Mapped[str | None]
    version: Mapped[int] = mapped_column()
    entries: Mapped[int]
    """How many entries its history has; the next one's serial follows."""
    _state: Mapped[str] = mapped_column("state")

    @hybrid_property
    def state(self) -> str:
        """Where it is in its life. Has no setter: only ``act`` changes it."""
        return self._state

    def lay_over(self, changes: dict[str, Any]) -> None:
        """Take over the columns an operation sets. Called by ``act`` and when the row is new, by nobody else."""
        for name, value in changes.items():
            setattr(self, "_state" if name == "state" else name, value)

    def columns(self) -> dict[str, Any]:
        """Every column that the history gives: all but the id and those that count versions and entries."""
        names = (attribute.key for attribute in type(self).__mapper__.column_attrs)
        return {name.lstrip("_"): getattr(self, name) for name in names if name not in UNREPLAYED}

    def record(self, action, *, by: Actor, post, at, facts, changes, source=None, key=None, device_at=None):
        """Write the entry of one operation; ``post`` is the post it was done in, or None."""
        self.entries = (self.entries or 0) + 1
        entry = self.entry_class(
            serial=self.entries, action=action, source=source, target=self.state, at=at, device_at=device_at,
            actor_id=by.person_id, actor_name=by.name, post_id=post.id if post else None,
            role=post.role if post else "", unit_name=post.unit_name if post else "",
            facts={k: plain(v) for k, v in facts.items() if v not in (None, "", [])},
            changes={k: plain(v) for k, v in changes.items()}, key=key,
        )  # fmt: skip
        self.history.add(entry)
        return entry

    @declared_attr.directive
    def __mapper_args__(cls):  # noqa: N805 -- SQLAlchemy calls it with the class
        return {"version_id_col": cls.version}

    @classmethod
    def lifecycle_constraints(cls) -> tuple[CheckConstraint, ...]:
        """The table's rules that the database holds too."""
        untimed = tuple(sorted(cls.lifecycle.untimed_states))
        return (
            CheckConstraint(f"state IN {tuple(sorted(cls.lifecycle.states))}", name="known_state"),
            CheckConstraint(f"(state IN {untimed}) = (due_at IS NULL)", name="deadline_matches_state"),
        )


def plain(value: Any) -> Any:
    """A value as history keeps it: a record by its id and name, a moment in ISO 8601 UTC."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if hasattr(value, "id"):
        return {"id": plain(value.id), "name": getattr(value, "name", None) or getattr(value, "code", "")}
    return value if isinstance(value, str | int | float | bool | dict | None) else str(value)
