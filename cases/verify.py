"""Checking that the row of every case is what replaying its history gives."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from cases import queries
from cases.models import Case, CaseEntry
from grid.lifecycle_mixin import plain


def replay(entries: list[CaseEntry]) -> dict[str, Any]:
    """The columns that a history, oldest entry first, gives: each entry's changes laid over those before."""
    row: dict[str, Any] = {}
    for entry in entries:
        row |= entry.changes
    return row


def differences() -> Iterator[str]:
    """Every column of every case in sight that its history does not give, as a line to print."""
    for case, entries in queries.all_cases_in_batches():
        yield from (f"{case.code}: {fault}" for fault in faults_of(case, entries))


def faults_of(case: Case, entries: list[CaseEntry]) -> list[str]:
    """What is wrong with one case: gaps in its history, or columns that differ from it or that it does not tell."""
    serials = [entry.serial for entry in entries]
    faults = [] if serials == list(range(1, case.entries + 1)) else [f"its history has the serials {serials}"]
    told = replay(entries)
    for name, value in case.columns().items():
        if name not in told and value is not None:  # an empty column may be younger than the history
            faults.append(f"{name} is nowhere in its history")
        elif not _same(plain(value), told.get(name)):
            faults.append(f"{name} is {plain(value)!r}, its history says {told[name]!r}")
    return faults


def _same(kept: Any, told: Any) -> bool:
    if isinstance(kept, str) and isinstance(told, str) and kept != told and "T" in told:
        try:
            return datetime.fromisoformat(kept) == datetime.fromisoformat(told)
        except ValueError:
            return False
    return kept == told
