"""Importing the tree of areas: a clean file is imported as a whole, and of any other every fault is told and nothing imported."""

import pytest
from sqlalchemy import func, select

from core.csvfile import Faults, read_rows
from core.db import db
from grid import divisions
from grid.areas import COUNTY, TOWNSHIP, VILLAGE, Area, AreaCode
from grid.units import CENTRE, COMMITTEE, Unit

HEADING = "code,name,level,parent_code"
ABOVE = ("520000000000,贵州省,province,", "522700000000,黔南布依族苗族自治州,prefecture,520000000000")
COUNTY_ROW = "522725000000,瓮安县,county,522700000000"
TOWN = "522725001000,雍阳街道,township,522725000000"
VILLAGE_ROW = "522725001001,某某社区居民委员会,village,522725001000"
GOOD = (*ABOVE, COUNTY_ROW, TOWN, VILLAGE_ROW)
REAL = read_rows(divisions.COUNTY_FILE, divisions.COLUMNS)


@pytest.fixture
def a_file(tmp_path):
    """``a_file(*rows)`` writes a file of divisions."""

    def write(*rows, heading=HEADING, encoding="utf-8"):
        file = tmp_path / "divisions.csv"
        file.write_bytes("\r\n".join([heading, *rows]).encode(encoding))
        return file

    return write


def everything() -> tuple:
    """All areas and codes as they are."""
    areas = db.session.execute(select(Area.id, Area.name, Area.path, Area.parent_id).order_by(Area.id)).all()
    codes = db.session.execute(select(AreaCode.scheme, AreaCode.code, AreaCode.area_id, AreaCode.version)).all()
    return [tuple(row) for row in areas], sorted(map(tuple, codes))


def import_(file, scheme="MCA", version="2024"):
    """Import under a second scheme, unless the test says otherwise."""
    return divisions.import_file(file, scheme=scheme, version=version)


def faults_of(file, **kwargs) -> list[str]:
    """What is wrong with a file; nothing of it may be imported."""
    before = everything()
    with pytest.raises(Faults) as refused:
        import_(file, **kwargs)
    assert everything() == before, "something was imported"
    return refused.value.lines


# The real county.


def test_the_real_file_gives_the_real_county(app):
    kinds = dict(db.session.execute(select(Area.kind, func.count()).group_by(Area.kind)).all())
    expected = {kind: sum(row["level"] == kind for _line, row in REAL) for kind in (COUNTY, TOWNSHIP, VILLAGE)}
    assert {kind: kinds[kind] for kind in expected} == expected
    assert (kinds[COUNTY], kinds[TOWNSHIP]) == (1, expected[TOWNSHIP])


def test_every_area_lies_where_the_file_says_and_carries_its_code(app):
    parents = {row["code"]: row["parent_code"] for _line, row in REAL}
    by_code = {code.code: code.area for code in db.session.scalars(select(AreaCode).where(AreaCode.scheme == "NBS"))}
    for code, area in by_code.items():
        assert area.path == f"{area.parent.path if area.parent else '/'}{area.id}/"
        assert area.kind == COUNTY or by_code[parents[code]] is area.parent


def test_names_are_kept_and_shortened_for_people(app):
    village = db.session.scalars(select(Area).where(Area.name == "细沙村村民委员会")).first()
    assert (village.short_name, village.form) == ("细沙村", "village")
    assert village.label == f"{village.parent.short_name} · 细沙村"
    assert village.parent.parent.kind == COUNTY


def test_every_place_has_its_centre_and_every_place_below_the_county_a_committee(app):
    count = {
        kind: db.session.scalar(select(func.count()).select_from(Unit).where(Unit.kind == kind))
        for kind in (CENTRE, COMMITTEE)
    }
    places = db.session.scalar(select(func.count()).select_from(Area).where(Area.kind.in_((COUNTY, TOWNSHIP, VILLAGE))))
    assert count == {CENTRE: places, COMMITTEE: places - 1}


def test_importing_twice_changes_nothing(app):
    before = everything(), db.session.scalar(select(func.count()).select_from(Unit))
    done = divisions.import_file(divisions.COUNTY_FILE, scheme="NBS", version="2023")
    divisions.found_centres()
    assert (done.new, done.known) == (0, sum(row["level"] in (COUNTY, TOWNSHIP, VILLAGE) for _line, row in REAL))
    assert (everything(), db.session.scalar(select(func.count()).select_from(Unit))) == before


# Further files.


def test_a_new_village_is_added_under_its_town_and_the_rest_is_known(app, a_file):
    done = import_(a_file(*GOOD))
    assert (done.new, done.known) == (1, 2)
    new = db.session.scalars(select(Area).where(Area.name == "某某社区居民委员会")).one()
    assert (new.parent.name, new.form, new.short_name) == ("雍阳街道", "community", "某某社区")
    assert import_(a_file(*GOOD)).new == 0


def test_rows_may_come_in_any_order(app, a_file):
    assert import_(a_file(*reversed(GOOD))).new == 1


def test_a_second_scheme_may_give_the_same_code_to_another_town(app, a_file):
    towns = {row["name"]: row["code"] for _line, row in REAL if row["level"] == TOWNSHIP}
    (first, code), (second, _code) = list(towns.items())[:2]
    swapped = f"{code},{second},township,522725000000"
    assert import_(a_file(*ABOVE, COUNTY_ROW, swapped)).new == 0
    found = db.session.execute(select(AreaCode.scheme, Area.name).join(Area).where(AreaCode.code == code))
    assert set(map(tuple, found)) == {("NBS", first), ("MCA", second)}


def test_under_the_same_scheme_a_code_with_another_name_is_refused(app, a_file):
    towns = {row["name"]: row["code"] for _line, row in REAL if row["level"] == TOWNSHIP}
    (first, code), (second, _code) = list(towns.items())[:2]
    [fault] = faults_of(a_file(*ABOVE, COUNTY_ROW, f"{code},{second},township,522725000000"), scheme="NBS")
    assert fault.startswith("line 5: ")
    assert all(word in fault for word in (code, first, second, "another scheme?"))


def test_a_newer_edition_replaces_the_version(app, a_file):
    import_(a_file(*ABOVE, COUNTY_ROW, TOWN), version="2024")
    import_(a_file(*ABOVE, COUNTY_ROW, TOWN), version="2025")
    assert set(db.session.scalars(select(AreaCode.version).where(AreaCode.scheme == "MCA"))) == {"2025"}


def test_a_file_from_a_spreadsheet_in_gb18030_is_read(app, a_file):
    assert import_(a_file(*GOOD, encoding="gb18030")).new == 1


# Bad files.

BAD = {
    "a code used twice": ([*GOOD, "522725001001,另一社区,village,522725001000"],
                          ["line 7: the code 522725001001 was already used in line 6"]),
    "a code that is too short": ([*ABOVE, COUNTY_ROW, "522725001,雍阳街道,township,522725000000"],
                                 ["line 5: the code '522725001' does not have twelve digits"]),
    "a code with letters": ([*ABOVE, COUNTY_ROW, "52272500100X,雍阳街道,township,522725000000"],
                            ["line 5: the code '52272500100X' does not have twelve digits"]),
    "a code in full-width digits": ([*ABOVE, COUNTY_ROW, "５２２７２５００１０００,雍阳街道,township,522725000000"],
                                    ["line 5: the code '５２２７２５００１０００' does not have twelve digits"]),
    "no name": ([*ABOVE, COUNTY_ROW, "522725001000,,township,522725000000"], ["line 5: 522725001000 has no name"]),
    "a level nobody knows": ([*ABOVE, COUNTY_ROW, "522725001000,雍阳街道,town,522725000000"],
                             ["line 5: the level 'town' of 522725001000 is none of province, prefecture, county, township, village"]),
    "an orphan": ([*ABOVE, COUNTY_ROW, "522725001000,雍阳街道,township,522799000000"],
                  ["line 5: 522725001000 雍阳街道 is an orphan: no line has its parent 522799000000"]),
    "no parent at all": ([*ABOVE, COUNTY_ROW, "522725001000,雍阳街道,township,"],
                         ["line 5: 522725001000 雍阳街道 is an orphan: no line has its parent (none)"]),
    "a skipped level": ([*ABOVE, COUNTY_ROW, "522725001001,某村村民委员会,village,522725000000"],
                        ["line 5: 522725001001 某村村民委员会 skips a level: a village cannot lie under a county"]),
    "a town below a village": ([*GOOD, "522725002000,某镇,township,522725001001"],
                               ["line 7: 522725002000 某镇 skips a level: a township cannot lie under a village"]),
    "two of one name under one parent": ([*GOOD, "522725001002,某某社区居民委员会,village,522725001000"],
                                         ["line 7: 某某社区居民委员会 stands under 522725001000 already in line 6"]),
    "no county": ([*ABOVE], ["the file names 0 counties; one is needed"]),
    "two counties": ([*GOOD, "522726000000,独山县,county,522700000000"], ["the file names 2 counties; one is needed"]),
    "its own parent": ([*ABOVE, COUNTY_ROW, "522725001000,雍阳街道,township,522725001000"],
                       ["line 5: 522725001000 雍阳街道 skips a level: a township cannot lie under a township"]),
}  # fmt: skip


@pytest.mark.parametrize(("rows", "expected"), BAD.values(), ids=BAD)
def test_a_bad_file_is_refused_with_its_faults_and_lines(app, a_file, rows, expected):
    assert faults_of(a_file(*rows)) == expected


def test_all_faults_are_told_at_once_in_the_order_of_the_lines(app, a_file):
    rows = [*GOOD, "5227,,town,", "522725003000,某镇,township,522799000000", "522725001001,甲村,village,522725001000"]
    told = faults_of(a_file(*rows))
    assert [line.split(":")[0] for line in told] == ["line 7", "line 7", "line 7", "line 8", "line 9"]


def test_missing_columns_are_named(app, a_file):
    told = faults_of(a_file("1,2", heading="code,title"))
    assert [line.split(" is missing")[0] for line in told] == [
        "line 1: the column name", "line 1: the column level", "line 1: the column parent_code"]  # fmt: skip


def test_another_encoding_is_refused(app, a_file, tmp_path):
    assert faults_of(a_file(*GOOD, encoding="utf-16"))
    broken = tmp_path / "broken.csv"
    broken.write_bytes(HEADING.encode() + b"\n\xff\xff\xff")
    assert faults_of(broken) == ["The file is neither UTF-8 nor GB18030. Save it again as CSV UTF-8."]


def test_a_picture_is_no_file_of_divisions(app, tmp_path):
    picture = tmp_path / "picture.csv"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    assert faults_of(picture)


def test_another_county_is_refused_because_there_can_be_only_one(app, a_file):
    told = faults_of(a_file(*ABOVE, "522726000000,独山县,county,522700000000"))
    assert "独山县" in " ".join(told)


# On the command line.


def test_the_command_imports_founds_centres_and_counts(app, a_file):
    db.session.commit()
    result = app.test_cli_runner().invoke(args=["areas", "import", str(a_file(*GOOD)), "--scheme", "MCA"])
    assert (result.exit_code, result.output) == (0, "1 new areas, 2 known.\n")
    new = db.session.scalars(select(Area).where(Area.name == "某某社区居民委员会")).one()
    assert {unit.kind for unit in db.session.scalars(select(Unit).where(Unit.area_id == new.id))} == {CENTRE, COMMITTEE}


def test_the_command_tells_all_faults_and_no_trace(app, a_file):
    db.session.commit()
    bad = a_file(*GOOD, "1,,x,", "2,,x,")
    result = app.test_cli_runner().invoke(args=["areas", "import", str(bad), "--scheme", "MCA"])
    assert result.exit_code == 1
    assert "Nothing was imported." in result.output
    assert "line 7" in result.output
    assert "line 8" in result.output
    assert "Traceback" not in result.output


def test_the_command_says_that_a_file_is_not_there(app, tmp_path):
    result = app.test_cli_runner().invoke(args=["areas", "import", str(tmp_path / "none.csv")])
    assert result.exit_code == 2
    assert "does not exist" in result.output
