"""Fills a database with any number of cases: the demonstration's own, copied inside the database to every village.

What a copy has is consistent: its area, its units and its people are those of its new village. Only the values quoted
inside its history stay the template's, because no page calculates with them.
"""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Column,
    Integer,
    MetaData,
    String,
    Table,
    Uuid,
    case,
    cast,
    create_engine,
    false,
    func,
    insert,
    literal,
    null,
    select,
)
from sqlalchemy import text as sql

from bench.places import PostgresCluster, SqliteFolder
from cases.models import Case, CaseEntry, CasePerson, CaseUnit, Party
from cases.reporting import CODE_ALPHABET
from cases.search import CaseText
from config import ROOT
from core import text
from core.clock import now
from core.db import engine_options, tune
from grid.areas import GRID, Area
from grid.people import Post
from grid.roles import CENTRE_STAFF, GRID_WORKER, HANDLER, MEDIATOR
from grid.units import DEPARTMENT, Unit

OPEN_SHARE = 0.10
"""Of all cases, how many are being worked on; the others lie in the archive."""
OLDEST = timedelta(days=1100)
RARE, HOW_RARE = "鲽鹣", 5
"""A word that as many cases have, however many cases there are."""
LEVELS = ("county", "township", "village")
AREAS = ("county_id", "township_id", "village_id", "grid_id")
CASES, PARTIES = Case.__table__, Party.__table__
TEXTS, ENTRIES, CASE_UNITS = CaseText.__table__, CaseEntry.__table__, CaseUnit.__table__

scratch = MetaData()
COPIES = Table(
    "bench_copies", scratch, Column("id", Uuid, primary_key=True), Column("template", Uuid), Column("code", String),
    Column("shift", Integer), Column("county_id", Integer), Column("township_id", Integer), Column("village_id", Integer),
    Column("grid_id", Integer), Column("worker_id", Integer), Column("rare", Boolean), prefixes=["TEMPORARY"],
)  # fmt: skip
UNITS = Table(
    "bench_units", scratch, Column("village_id", Integer, primary_key=True), Column("unit_id", Integer, primary_key=True),
    Column("target_id", Integer), Column("person_id", Integer), prefixes=["TEMPORARY"],
)  # fmt: skip
BODIES = Table(
    "bench_bodies", scratch, Column("template", Uuid, primary_key=True), Column("body", String),
    Column("grams", String), prefixes=["TEMPORARY"],
)  # fmt: skip
AFTERWARDS = {
    "sqlite": ("ANALYZE",),
    "postgresql": ("VACUUM ANALYZE", "CHECKPOINT"),
}


def filled(place: SqliteFolder | PostgresCluster, sizes: list[int]) -> dict[int, str]:
    """For each number of cases the name of a database that has them; each is made from the demonstration."""
    place.forget(keep=_made_by())
    found, prepared = {}, _prepared(place)
    for size in sorted(sizes):
        name = f"{_made_by()}-{size}"
        if not place.has(name):
            print(f"Filling {name} on {place.name} ...", flush=True)
            place.copy(prepared, f"{name}-part")
            multiply(place.url(f"{name}-part"), size)
            place.rename(f"{name}-part", name)
        found[size] = name
    return found


def _prepared(place) -> str:
    """A database with the demonstration, as ``make run`` makes it."""
    name = f"{_made_by()}-prepared"
    if not place.has(name):
        place.create("prepared-part")
        subprocess.run([sys.executable, "-m", "flask", "--app", "wsgi", "prepare"], cwd=ROOT, check=True,
                       env=environment(place.url("prepared-part")), stdout=subprocess.DEVNULL)  # fmt: skip
        place.rename("prepared-part", name)
    return name


@cache
def _made_by() -> str:
    """A short digest of everything that decides what a filled database holds: another one is filled anew."""
    sources = [*(ROOT / "migrations" / "versions").glob("*.py"), *(ROOT / "cases" / "demo").iterdir(), Path(__file__)]
    sources += [ROOT / "cases" / f"{name}.py" for name in ("demonstration", "effects", "lifecycle", "search")]
    return hashlib.sha256(b"".join(file.read_bytes() for file in sorted(sources) if file.is_file())).hexdigest()[:8]


def environment(url: str) -> dict[str, str]:
    """The environment of a process of the application that uses this database."""
    return os.environ | {"LIANHU_ENV": "development", "DATABASE_URL": url}


@contextmanager
def opened(url: str) -> Iterator:
    """An engine as the application opens it, closed at the end so that its database can be copied."""
    engine = create_engine(url, **engine_options(url))
    tune(engine)
    try:
        yield engine
    finally:
        engine.dispose()


def multiply(url: str, size: int) -> None:
    """Copy the demonstration's cases until there are ``size``."""
    with opened(url) as engine:
        with engine.begin() as connection:
            scratch.create_all(connection)
            _write_scratch(connection, size)
            for table, columns, rows in _copied_tables(engine.dialect.name):
                connection.execute(insert(table).from_select(columns, rows, include_defaults=False))
            scratch.drop_all(connection)
        _afterwards(engine)


def _afterwards(engine) -> None:
    """Fresh statistics for the planner, and nothing left to write."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in AFTERWARDS[engine.dialect.name]:
            connection.execute(sql(statement))
        connection.commit()


# --- What is copied where, worked out in Python ------------------------------------------------------------


def _write_scratch(connection, size: int) -> None:
    there = connection.scalar(select(func.count()).select_from(CASES))
    rows = _copies(connection, size - there)
    connection.execute(insert(COPIES), rows)
    connection.execute(insert(UNITS), list(_unit_map(connection)))
    connection.execute(insert(BODIES), list(_bodies(connection)))


def _copies(connection, count: int) -> list[dict]:
    """One row for each copy: of which case, in which grid, how long before or after; the oldest first."""
    dice, grids, moment = random.Random(count), _grids(connection), now()  # noqa: S311 -- the same every time
    done, alive = _templates(connection)
    made = []
    for _ in range(count):
        template = dice.choice(alive if dice.random() < OPEN_SHARE else done)
        shift = _shift(template, moment, dice)
        made.append((template.reported_at + shift, template, shift, dice.choice(grids)))
    made.sort(key=lambda copy: copy[0])
    return [
        {"id": _id_at(at, dice), "template": template.id, "code": _code(dice), "shift": int(shift.total_seconds()),
         "rare": number < HOW_RARE, **place}
        for number, (at, template, shift, place) in enumerate(made)
    ]  # fmt: skip


def _templates(connection) -> tuple[list, list]:
    """The cases that may be copied: the ended ones, and the others. Merged ones point to another case."""
    columns = (CASES.c.id, CASES.c.bucket, CASES.c.reported_at, CASES.c.acted_at, CASES.c.due_at)
    merged = select(CASES.c.survivor_id).where(CASES.c.survivor_id.is_not(None))
    query = select(*columns).where(CASES.c.is_demo, CASES.c.survivor_id.is_(None), CASES.c.id.not_in(merged))
    rows = connection.execute(query).all()
    return [row for row in rows if row.bucket == "done"], [row for row in rows if row.bucket != "done"]


def _shift(template, moment: datetime, dice: random.Random) -> timedelta:
    """How far to move a copy in time: into the past, but what is open has a deadline around today."""
    if template.bucket == "done":
        return -dice.random() * OLDEST
    due = moment + timedelta(days=dice.uniform(-2, 25))
    shift = due - template.due_at if template.due_at else -timedelta(days=dice.uniform(0, 30))
    return min(shift, moment - template.acted_at)


def _id_at(moment: datetime, dice: random.Random) -> UUID:
    """A UUIDv7 as it would have been made then."""
    bits = int(moment.timestamp() * 1000) << 80 | dice.getrandbits(80)
    return UUID(int=bits & ~(0xF << 76) & ~(3 << 62) | 7 << 76 | 2 << 62)


def _code(dice: random.Random) -> str:
    letters = "".join(dice.choices(CODE_ALPHABET, k=12))
    return f"{letters[:4]}-{letters[4:8]}-{letters[8:]}"


def _grids(connection) -> list[dict]:
    areas, posts = Area.__table__, Post.__table__
    joined = areas.join(posts, (posts.c.area_id == areas.c.id) & (posts.c.role == GRID_WORKER))
    query = select(areas.c.path, posts.c.person_id).select_from(joined).where(areas.c.kind == GRID).order_by(areas.c.id)
    found = []
    for path, worker in connection.execute(query):
        line = map(int, path.strip("/").split("/"))
        found.append(dict(zip(AREAS, line, strict=True)) | {"worker_id": worker})
    return found


def _unit_map(connection) -> Iterator[dict]:
    """For each village and unit: the unit that has the same part there, and somebody of its staff."""
    units = connection.execute(select(Unit.__table__)).all()
    staff = _staff(connection)
    same_part = {(_part(unit), unit.area_id): unit.id for unit in units}
    for path in connection.scalars(select(Area.__table__.c.path).where(Area.__table__.c.kind == "village")):
        line = dict(zip(LEVELS, map(int, path.strip("/").split("/")), strict=True))
        for unit in units:
            target = same_part.get((_part(unit), line[unit.level]), unit.id)
            yield dict(zip(UNITS.c.keys(), (line["village"], unit.id, target, staff.get(target)), strict=True))


def _part(unit) -> tuple[str, ...]:
    return unit.kind, unit.level, unit.short_name if unit.kind == DEPARTMENT else ""


def _staff(connection) -> dict[int, int]:
    posts = Post.__table__
    query = select(posts.c.unit_id, posts.c.person_id).where(posts.c.role.in_((CENTRE_STAFF, MEDIATOR, HANDLER)))
    return dict(map(tuple, connection.execute(query.order_by(posts.c.id.desc()))))


def _bodies(connection) -> Iterator[dict]:
    """The searchable text of each template without its code and without the words that say who sees it."""
    on_sqlite = connection.dialect.name == "sqlite"
    query = select(TEXTS.c.case_id, TEXTS.c.body).join_from(TEXTS, CASES).where(CASES.c.is_demo)
    for template, body in connection.execute(query):
        kept = " ".join(word for word in body.split()[4:] if not word.startswith("zz"))
        yield {"template": template, "body": kept, "grams": "" if on_sqlite else text.grams(kept)}


# --- The copying, done by the database ---------------------------------------------------------------------


def _copied_tables(dialect: str) -> Iterator[tuple]:
    """Table, columns and rows of everything a case has, in the order in which keys allow it."""
    yield _into(CASES, _case_values(dialect), COPIES.join(CASES, CASES.c.id == COPIES.c.template))
    yield _into(ENTRIES, {"id": _own_id(ENTRIES.c.serial), "case_id": COPIES.c.id, "key": null(),
                          "at": _moved(ENTRIES.c.at, dialect), "device_at": null()},
                COPIES.join(ENTRIES, ENTRIES.c.case_id == COPIES.c.template))  # fmt: skip
    yield CASE_UNITS, ["case_id", "unit_id", "co"], _units_of_copies()
    yield CasePerson.__table__, ["case_id", "person_id"], select(COPIES.c.id, COPIES.c.worker_id)
    serial = func.row_number().over(partition_by=COPIES.c.id, order_by=PARTIES.c.id)
    yield _into(PARTIES, {"id": _own_id(serial), "case_id": COPIES.c.id},
                COPIES.join(PARTIES, PARTIES.c.case_id == COPIES.c.template))  # fmt: skip
    yield TEXTS, ["case_id", "body", "grams"], _texts_of_copies()


def _into(table, changed: dict, joined) -> tuple:
    """The template's row with some columns changed."""
    values = {column.name: changed.get(column.name, column) for column in table.columns}
    return table, list(values), select(*values.values()).select_from(joined)


def _case_values(dialect: str) -> dict:
    moved = {name: _moved(CASES.c[name], dialect) for name in ("reported_at", "acted_at", "due_at", "return_until")}
    units = {name: _unit(CASES.c[name]) for name in ("centre_id", "unit_id", "desk_id", "review_id")}
    people = {name: _somebody(CASES.c[name]) for name in ("handler_id", "result_by_id")}
    number = dict.fromkeys(("number", "number_unit_id", "number_year", "number_serial", "survivor_id"), null())
    areas = {name: COPIES.c[name] for name in AREAS[1:]}
    hidden = case((CASES.c.conflict_area_id.is_not(None), COPIES.c.village_id))
    return {**moved, **units, **people, **number, **areas, "id": COPIES.c.id, "code": COPIES.c.code,
            "area_id": COPIES.c.grid_id, "reporter_id": COPIES.c.worker_id, "conflict_area_id": hidden,
            "is_demo": false()}  # fmt: skip


def _unit(column):
    there = (UNITS.c.village_id == COPIES.c.village_id) & (UNITS.c.unit_id == column)
    return select(UNITS.c.target_id).where(there).scalar_subquery()


def _somebody(column):
    """One of the staff of the copy's unit, where the template has anybody."""
    there = (UNITS.c.village_id == COPIES.c.village_id) & (UNITS.c.unit_id == CASES.c.unit_id)
    return case((column.is_not(None), select(UNITS.c.person_id).where(there).scalar_subquery()))


def _moved(column, dialect: str):
    """A moment of the template at the copy's time, as the dialect keeps moments."""
    if dialect == "sqlite":
        return func.strftime("%Y-%m-%d %H:%M:%f", column, cast(COPIES.c.shift, String).concat(" seconds")).concat("000")
    return column + literal(timedelta(seconds=1)) * COPIES.c.shift


def _own_id(serial):
    """An id made of the copy's own, so that it sorts by time too."""
    digits = func.substr(func.replace(cast(COPIES.c.id, String), "-", ""), 1, 28)
    return cast(digits.concat(func.substr(cast(serial + 10000, String), 2, 4)), Uuid)


def _units_of_copies():
    joined = COPIES.join(CASE_UNITS, CASE_UNITS.c.case_id == COPIES.c.template)
    joined = joined.join(UNITS, (UNITS.c.village_id == COPIES.c.village_id) & (UNITS.c.unit_id == CASE_UNITS.c.unit_id))
    co = cast(func.max(cast(CASE_UNITS.c.co, Integer)), Boolean)
    return select(COPIES.c.id, UNITS.c.target_id, co).select_from(joined).group_by(COPIES.c.id, UNITS.c.target_id)


def _texts_of_copies():
    rare = " ".join(text.tokens(RARE))
    seen = _sight_words()
    body = _joined(_code_words(), BODIES.c.body, case((COPIES.c.rare, rare), else_=""), seen)
    grams = _joined(_code_words(), BODIES.c.grams, case((COPIES.c.rare, text.grams(rare)), else_=""), seen)
    grams = case((BODIES.c.grams == "", ""), else_=grams)
    joined = COPIES.join(BODIES, BODIES.c.template == COPIES.c.template).join(CASES, CASES.c.id == COPIES.c.id)
    return select(COPIES.c.id, body, grams).select_from(joined)


def _joined(*parts):
    """Words between single spaces, with a space at both ends."""
    whole = literal(" ")
    for part in parts:
        whole = whole.concat(part).concat(" ")
    return func.replace(whole, "  ", " ")


def _code_words():
    code = func.lower(COPIES.c.code)
    return func.replace(code, "-", " ").concat(" ").concat(func.replace(code, "-", ""))


def _sight_words():
    """The words of cases/search.py that say who sees a case."""
    areas = literal("")
    for name in AREAS:
        areas = areas.concat(" zza").concat(cast(COPIES.c[name], String))
    each = literal("zzu").concat(cast(CASE_UNITS.c.unit_id, String))
    units = select(func.aggregate_strings(each, " ")).where(CASE_UNITS.c.case_id == COPIES.c.id).scalar_subquery()
    worker = literal("zzp").concat(cast(COPIES.c.worker_id, String))
    return _joined(case((CASES.c.confidentiality == "normal", areas), else_=""), units, worker)
