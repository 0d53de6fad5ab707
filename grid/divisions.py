"""Importing the tree of areas from a file of divisions. Nothing is imported until the whole file is clean."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from core.csvfile import Faults, read_rows
from core.db import db
from grid import roles
from grid.areas import COUNTY, TOWNSHIP, VILLAGE, Area, AreaCode, new_area, next_area_id
from grid.units import CENTRE, COMMITTEE, Unit

COUNTY_FILE = Path(__file__).parent / "data" / "wengan_divisions.csv"
COLUMNS = ("code", "name", "level", "parent_code")
LEVELS = ("province", "prefecture", COUNTY, TOWNSHIP, VILLAGE)
ABOVE = ("province", "prefecture")
"""Levels a file may name that lie above the tree."""
FORMS = (("社区居民委员会", "community"), ("居民委员会", "community"), ("村民委员会", "village"), ("街道", "subdistrict"),
         ("镇", "town"), ("乡", "township"), ("县", "county"))  # fmt: skip
ENDINGS = ("居民委员会", "村民委员会")


@dataclass(frozen=True)
class Row:
    """One line of the file."""

    line: int
    code: str
    name: str
    level: str
    parent_code: str


@dataclass
class Imported:
    """How many areas the file brought, and how many were there before."""

    new: int = 0
    known: int = 0


def is_empty() -> bool:
    """Whether no area was imported yet."""
    return not db.session.scalar(select(func.count()).select_from(Area))


def import_file(file: str | Path, *, scheme: str, version: str) -> Imported:
    """Import county, townships and villages whose codes belong to ``scheme`` in its edition ``version``.

    A row is an area that is known when its code in this scheme is, or when its parent has a child of that name (then
    it gets a further code). Raises ``Faults`` with every fault of the file and its line number.
    """
    rows = [Row(line, r["code"], r["name"], r["level"], r["parent_code"]) for line, r in read_rows(file, COLUMNS)]
    known = _known(scheme)
    faults = [fault for check in (_of_fields, _of_tree, _of_county) for fault in check(rows)] + _of_names(rows, known)
    if faults:
        raise Faults([text for _line, text in sorted(faults)])
    return _carry_out([row for row in rows if row.level not in ABOVE], known, scheme, version)


def _known(scheme: str) -> dict[str, Area]:
    codes = db.session.scalars(select(AreaCode).where(AreaCode.scheme == scheme).options(joinedload(AreaCode.area)))
    return {code.code: code.area for code in codes}


def _fault(row: Row, text: str) -> tuple[int, str]:
    return row.line, f"line {row.line}: {text}"


def _of_fields(rows):
    seen: dict[str, int] = {}
    for row in rows:
        if not (row.code.isascii() and row.code.isdigit() and len(row.code) == 12):
            yield _fault(row, f"the code {row.code!r} does not have twelve digits")
        if not row.name:
            yield _fault(row, f"{row.code} has no name")
        if row.level not in LEVELS:
            yield _fault(row, f"the level {row.level!r} of {row.code} is none of {', '.join(LEVELS)}")
        if row.code in seen:
            yield _fault(row, f"the code {row.code} was already used in line {seen[row.code]}")
        seen.setdefault(row.code, row.line)


def _of_tree(rows):
    by_code = {row.code: row for row in rows}
    siblings: dict[tuple[str, str], int] = {}
    for row in rows:
        if row.level in ABOVE or row.level not in LEVELS:
            continue
        yield from _of_parent(row, by_code.get(row.parent_code))
        twin = siblings.setdefault((row.parent_code, row.name), row.line)
        if twin != row.line:
            yield _fault(row, f"{row.name} stands under {row.parent_code} already in line {twin}")
    if len(counties := [row for row in rows if row.level == COUNTY]) != 1:
        yield 0, f"the file names {len(counties)} counties; one is needed"


def _of_county(rows):
    there = db.session.scalar(select(Area.name).where(Area.kind == COUNTY))
    counties = [row for row in rows if row.level == COUNTY]
    for row in counties if len(counties) == 1 else []:
        if there not in (None, row.name):
            yield _fault(
                row, f"{row.name} is another county than {there}, which is here already: there can be only one"
            )


def _of_parent(row: Row, parent: Row | None):
    if row.level == COUNTY:
        return
    if parent is None:
        yield _fault(row, f"{row.code} {row.name} is an orphan: no line has its parent {row.parent_code or '(none)'}")
    elif parent.level in LEVELS and LEVELS.index(parent.level) != LEVELS.index(row.level) - 1:
        yield _fault(row, f"{row.code} {row.name} skips a level: a {row.level} cannot lie under a {parent.level}")


def _of_names(rows, known):
    return [
        _fault(row, f"the code {row.code} is {known[row.code].name} in this scheme, but the file says {row.name}: "
                    "codes are matched together with names; is it another scheme?")
        for row in rows
        if row.code in known and known[row.code].name != row.name
    ]  # fmt: skip


def _carry_out(rows: list[Row], known: dict[str, Area], scheme: str, version: str) -> Imported:
    done, by_code, id = Imported(), dict(known), next_area_id()
    for row in sorted(rows, key=lambda row: LEVELS.index(row.level)):
        parent = by_code.get(row.parent_code)
        area = by_code.get(row.code) or _child_named(parent, row.name)
        if area is None:
            area, id = new_area(parent, row.name, form=_form(row.name), short_name=_short(row.name), id=id), id + 1
            db.session.add(area)
            done.new += 1
        else:
            done.known += 1
        _note_code(area, scheme, version, row.code)
        by_code[row.code] = area
    db.session.flush()
    return done


def _child_named(parent: Area | None, name: str) -> Area | None:
    if parent is None:
        return db.session.scalar(select(Area).where(Area.kind == COUNTY, Area.name == name))
    return next((child for child in parent.children if child.name == name), None)


def _note_code(area: Area, scheme: str, version: str, code: str) -> None:
    for known in area.codes:
        if known.scheme == scheme:
            known.version, known.code = version, code
            return
    area.codes.append(AreaCode(scheme=scheme, version=version, code=code))


def _form(name: str) -> str:
    return next((form for ending, form in FORMS if name.endswith(ending)), "")


def _short(name: str) -> str:
    return next((name.removesuffix(ending) for ending in ENDINGS if name.endswith(ending)), name)


def found_centres() -> None:
    """Give every county, township and village its centre, and every township and village its mediation committee."""
    there = set(db.session.scalars(select(Unit.area_id).where(Unit.kind == CENTRE)))
    areas = db.session.scalars(select(Area).where(Area.kind.in_(roles.LEVELS)).order_by(Area.path))
    for area in [area for area in areas if area.id not in there]:
        where = area.label.replace(" · ", "")
        db.session.add(
            Unit(
                kind=CENTRE,
                level=area.kind,
                area=area,
                name=f"{where}{current_app.config['CENTRE_NAME']}",
                short_name=_number_name(area),
            )
        )
        if area.kind != COUNTY:
            db.session.add(Unit(kind=COMMITTEE, level=area.kind, area=area, name=f"{where}人民调解委员会",
                                short_name=f"{_number_name(area)}调"))  # fmt: skip
    db.session.flush()


def _number_name(area: Area) -> str:
    """What a centre's numbers begin with: village names repeat, so the township's comes first."""
    return "".join(part.removesuffix("镇").removesuffix("街道") for part in area.label.split(" · "))
