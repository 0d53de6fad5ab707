"""The demonstration: people for the county, and cases whose texts come from a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

from sqlalchemy import func, select

from cases.dictionaries import CATEGORIES, dispute_types
from cases.lifecycle import CONFIDENTIALITIES, RISKS
from cases.models import Case
from cases.walker import PLANS, TEXTS, Walker
from core.clock import now
from core.csvfile import Faults, read_rows
from core.db import db
from grid import demo
from grid.people import Person

COLUMNS = ("id", "event_type", "disputing_parties", "event_description")
LONGEST = 2000


def load_people() -> None:
    """Grids, groups, departments and accounts, if there are none yet."""
    if db.session.scalar(select(func.count()).select_from(Person)):
        return
    random = Random(522725)  # noqa: S311 -- the same demonstration everywhere
    demo.load_grids(random)
    demo.load_departments()
    demo.load_accounts(random)
    demo.load_phones(random)


def is_loaded() -> bool:
    """Whether the demonstration's own cases are there."""
    return db.session.scalar(select(Case.id).where(Case.is_demo).limit(1)) is not None


def who_may_sign_in() -> str:
    """The lines that ``make run`` prints."""
    names = ("grid", "village", "township", "county", "mediator", "department", "supervisor", "leader", "admin", "grid2",
             "village2")  # fmt: skip
    return f"Demonstration accounts: {', '.join(names)}\nPassword of each: {demo.PASSWORD}"


def load_cases(file: str | None) -> Iterator[tuple[int, int]]:
    """Load the texts of a file, or the ones that come with Lianhu; yields (how many, of how many) after each.

    Raises ``Faults`` before the first case if anything in the file is wrong.
    """
    rows = _texts_of(Path(file)) if file else [*_texts_of(TEXTS / "disputes.csv"), *_texts_of(TEXTS / "incidents.csv")]
    walker = Walker(Random(len(rows)), now())  # noqa: S311 -- the same demonstration everywhere
    for count, row in enumerate(rows, 1):
        walker.walk(row, PLANS[count % len(PLANS)], count)
        yield count, len(rows)


def _texts_of(file: Path) -> list[dict[str, str]]:
    wanted = (
        COLUMNS if "category" not in file.read_bytes()[:200].decode("ascii", "ignore") else ("id", "event_description")
    )
    rows = read_rows(file, wanted)
    faults = [f"line {line}: {fault}" for line, row in rows for fault in _faults_of(row)]
    if faults:
        raise Faults(faults)
    return [row for _line, row in rows]


def _faults_of(row: dict[str, str]) -> Iterator[str]:
    text = row["event_description"]
    if not text or len(text) > LONGEST:
        yield f"{row['id'] or '(no id)'} has a description of {len(text)} characters; 1 to {LONGEST} are needed"
    for column, known in (("risk", RISKS), ("confidentiality", CONFIDENTIALITIES), ("category", CATEGORIES),
                          ("dispute_type", dispute_types())):  # fmt: skip
        if row.get(column) and row[column] not in known:
            yield f"{row['id']} has the unknown {column} {row[column]!r}"
