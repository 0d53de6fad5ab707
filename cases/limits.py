"""The limits in force: the table's defaults, and what an administrator changed."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from cases.lifecycle import LIMITS
from core.calendar import UNITS, Limit
from core.db import db
from grid.access import kept


class LimitSetting(db.Model):
    """One limit as the county changed it. Steps begun before keep the limit they began with."""

    __tablename__ = "limit_settings"
    __table_args__ = (CheckConstraint(f"unit IN {UNITS}", name="known_unit"),)

    name: Mapped[str] = mapped_column(primary_key=True)
    amount: Mapped[int]
    unit: Mapped[str]


CHANGED = kept(select(LimitSetting))


def limits_in_force() -> dict[str, Limit]:
    """Every limit by name."""
    changed = db.session.scalars(CHANGED)
    return LIMITS | {setting.name: Limit(setting.amount, setting.unit) for setting in changed if setting.name in LIMITS}


def change_limit(name: str, amount: int, unit: str) -> None:
    """Use another limit for steps that begin from now on. Raises ``ValueError`` for one that does not exist."""
    Limit(amount, unit)
    setting = db.session.get(LimitSetting, name) or LimitSetting(name=name)
    setting.amount, setting.unit = amount, unit
    db.session.add(setting)
