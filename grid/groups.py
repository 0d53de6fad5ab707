"""Household groups: about ten neighbouring households and their leader, who needs no account but may have a personal link."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import db
from grid.access import EVERYWHERE, Sighted, in_area, scoped_to
from grid.areas import Area


class HouseholdGroup(Sighted, db.Model):
    """What is kept of a group: its leader and how many households, never a list of persons (PIPL Art. 6)."""

    __tablename__ = "household_groups"

    area_id: Mapped[int] = mapped_column(ForeignKey("areas.id"), primary_key=True, autoincrement=False)
    leader_name: Mapped[str]
    leader_phone: Mapped[str]
    households: Mapped[int]
    link_hash: Mapped[str | None] = mapped_column(unique=True)
    link_made_at: Mapped[datetime | None]
    area: Mapped[Area] = relationship(lazy="joined", innerjoin=True)

    @classmethod
    def visible_to(cls, scope):
        """Groups are seen by those who see their area."""
        return in_area(cls.area_id, scope)

    def make_link(self, at: datetime) -> str:
        """A new secret for the leader's address; the one before stops working. It is kept only as a hash."""
        secret = secrets.token_urlsafe(16)
        self.link_hash, self.link_made_at = hash_of(secret), at
        return secret

    def revoke_link(self) -> None:
        """Make the leader's address stop working."""
        self.link_hash = self.link_made_at = None


def hash_of(secret: str) -> str:
    """SHA-256 in hexadecimal: enough for a random secret of 128 bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def group_of_link(secret: str) -> HouseholdGroup | None:
    """The group whose leader holds this link. The secret stands for the right to see that one group."""
    with scoped_to(EVERYWHERE):
        return db.session.scalar(select(HouseholdGroup).where(HouseholdGroup.link_hash == hash_of(secret)))


def get_group(area_id: int) -> HouseholdGroup:
    """The group, or 404 both when there is none and when it is outside the scope."""
    return db.one_or_404(select(HouseholdGroup).where(HouseholdGroup.area_id == area_id))
