"""The tree of areas: county, township, village, grid, household group.

Each area stores its path, so that "everything under it" is one comparison.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import db

COUNTY, TOWNSHIP, VILLAGE, GRID, GROUP = "county", "township", "village", "grid", "group"
KINDS = (COUNTY, TOWNSHIP, VILLAGE, GRID, GROUP)
LOCAL_SCHEME = "local"
"""Scheme of the codes the county gives itself: grids and household groups."""


class Area(db.Model):
    """A node of the tree. ``form`` says what kind of township or village it is (town, community …)."""

    __tablename__ = "areas"
    __table_args__ = (CheckConstraint(f"kind IN {KINDS}", name="known_kind"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str]
    form: Mapped[str]
    name: Mapped[str]
    short_name: Mapped[str]
    label: Mapped[str]
    """The short names from the township down, since village names repeat: what people read."""
    path: Mapped[str] = mapped_column(unique=True)
    is_demo: Mapped[bool] = mapped_column(default=False)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("areas.id"), index=True)
    parent: Mapped[Area | None] = relationship(remote_side=[id], back_populates="children")
    children: Mapped[list[Area]] = relationship(back_populates="parent", order_by="Area.id")
    codes: Mapped[list[AreaCode]] = relationship(back_populates="area")

    @property
    def line(self) -> tuple[int, ...]:
        """The ids from the county down to this area."""
        return tuple(int(part) for part in self.path.strip("/").split("/"))

    def ancestor_id(self, kind: str) -> int | None:
        """The id of the ancestor (or itself) of a kind, or None if this area lies above that."""
        position = KINDS.index(kind)
        return self.line[position] if position < len(self.line) else None


class AreaCode(db.Model):
    """A code of an area in one scheme. Two official schemes give the same code to different towns."""

    __tablename__ = "area_codes"
    __table_args__ = (UniqueConstraint("scheme", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    area_id: Mapped[int] = mapped_column(ForeignKey("areas.id"), index=True)
    scheme: Mapped[str]
    version: Mapped[str]
    code: Mapped[str]
    area: Mapped[Area] = relationship(back_populates="codes")


def new_area(
    parent: Area | None, name: str, *, form: str, short_name: str = "", id: int, is_demo: bool = False
) -> Area:
    """A new area under ``parent``, one level down. ``id`` is given, since the path is made of ids."""
    kind = KINDS[KINDS.index(parent.kind) + 1] if parent else COUNTY
    short_name = short_name or name
    return Area(
        id=id, kind=kind, form=form, name=name, short_name=short_name, label=label_under(parent, short_name),
        path=f"{parent.path if parent else '/'}{id}/", parent=parent, is_demo=is_demo,
    )  # fmt: skip


def label_under(parent: Area | None, short_name: str) -> str:
    """How an area is named to people: from the township down."""
    return f"{parent.label} · {short_name}" if parent and parent.kind != COUNTY else short_name


def next_area_id() -> int:
    """The first id not used yet."""
    return (db.session.scalar(select(func.max(Area.id))) or 0) + 1
