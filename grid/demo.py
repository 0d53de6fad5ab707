"""Demonstration grids, household groups, departments and accounts inside the real villages. All say that they are one."""

from __future__ import annotations

from datetime import date
from random import Random

from flask import current_app
from sqlalchemy import select

from core.db import db
from grid import roles
from grid.areas import COUNTY, GRID, GROUP, LOCAL_SCHEME, TOWNSHIP, VILLAGE, Area, AreaCode, new_area, next_area_id
from grid.groups import HouseholdGroup
from grid.people import HASHER, Person, Post
from grid.units import CENTRE, COMMITTEE, DEPARTMENT, Unit

PASSWORD = "lianhu-demo"
SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏"
)
GIVEN = "强芳军敏静丽勇艳杰娟涛明超霞平刚桂英华兰玉梅飞红波辉斌莉宇鹏"
GRIDS_PER_VILLAGE, GROUPS_PER_GRID = 4, 5
COUNTY_DEPARTMENTS = ("应急管理局", "公安局", "司法局", "自然资源局", "人力资源和社会保障局", "住房和城乡建设局", "民政局",
                      "卫生健康局", "市场监督管理局", "生态环境分局", "水务局", "林业局",
                      "交通运输局", "教育局", "农业农村局")  # fmt: skip
TOWNSHIP_DEPARTMENTS = ("派出所", "司法所", "自然资源所", "农业服务中心", "社会事务办公室")
SINCE = date(2024, 1, 1)


def load_grids(random: Random) -> None:
    """Generate grids and household groups in every village, with names that belong to nobody."""
    id = next_area_id()
    villages = db.session.scalars(select(Area).where(Area.kind == VILLAGE).order_by(Area.path))
    for village in list(villages):
        for number in range(1, GRIDS_PER_VILLAGE + 1):
            id = _load_grid(village, number, id, random)
    db.session.flush()


def _load_grid(village: Area, number: int, id: int, random: Random) -> int:
    code = f"{village.codes[0].code}{number:0{current_app.config['GRID_SERIAL_WIDTH']}d}"
    grid = new_area(village, f"第{number}网格（演示）", short_name=f"第{number}网格", form=GRID, id=id, is_demo=True)
    grid.codes.append(AreaCode(scheme=LOCAL_SCHEME, version="demo", code=code))
    db.session.add(grid)
    for group in range(1, GROUPS_PER_GRID + 1):
        id += 1
        area = new_area(grid, f"第{group}联户（演示）", short_name=f"第{group}联户", form=GROUP, id=id, is_demo=True)
        area.codes.append(AreaCode(scheme=LOCAL_SCHEME, version="demo", code=f"{code}-{group:03d}"))
        leader = HouseholdGroup(area=area, leader_name=somebody(random), leader_phone=a_phone(random),
                                households=random.randint(8, 12))  # fmt: skip
        db.session.add_all([area, leader])
    return id + 1


def load_departments() -> None:
    """The departments of the county and of each township."""
    for area in db.session.scalars(select(Area).where(Area.kind.in_((COUNTY, TOWNSHIP))).order_by(Area.path)).all():
        names = COUNTY_DEPARTMENTS if area.kind == COUNTY else TOWNSHIP_DEPARTMENTS
        for name in names:
            db.session.add(Unit(kind=DEPARTMENT, level=area.kind, area=area, name=f"{area.short_name}{name}",
                                short_name=name))  # fmt: skip
    db.session.flush()


def load_phones(random: Random) -> None:
    """A duty number for every centre, which no operator has given to anybody."""
    for centre in db.session.scalars(select(Unit).where(Unit.kind == CENTRE).order_by(Unit.id)):
        centre.phone = a_phone(random)
    db.session.flush()


def load_accounts(random: Random) -> None:
    """The accounts one signs in with, all of one chain of areas but for two, and staff for every other centre."""
    first, second = _chain("平定营镇", "细沙村"), _chain("猴场镇", "大河村")
    password = HASHER.hash(PASSWORD)
    for username, role, unit, area in _main_accounts(first, second):
        _account(username, somebody(random), password, [(role, unit, area)])
    _staff_everywhere(random, password, taken=set(db.session.scalars(select(Post.unit_id))))
    db.session.flush()


def _main_accounts(first, second):
    county, township, village, grid = first
    _county, _township, village2, grid2 = second
    return [
        ("grid", roles.GRID_WORKER, _unit(village), grid),
        ("village", roles.CENTRE_STAFF, _unit(village), village),
        ("township", roles.CENTRE_STAFF, _unit(township), township),
        ("county", roles.CENTRE_STAFF, _unit(county), county),
        ("mediator", roles.MEDIATOR, _unit(village, COMMITTEE), village),
        ("department", roles.HANDLER, _unit(county, DEPARTMENT, "自然资源局"), county),
        ("supervisor", roles.SUPERVISOR, _unit(county), county),
        ("leader", roles.LEADER, _unit(county), county),
        ("admin", roles.ADMINISTRATOR, _unit(county), county),
        ("grid2", roles.GRID_WORKER, _unit(village2), grid2),
        ("village2", roles.CENTRE_STAFF, _unit(village2), village2),
    ]


def _staff_everywhere(random, password, taken) -> None:
    """Every unit needs somebody: a clerk at each centre, a mediator, a handler, and a worker for each village's grids."""
    made = {CENTRE: roles.CENTRE_STAFF, COMMITTEE: roles.MEDIATOR, DEPARTMENT: roles.HANDLER}
    for unit in db.session.scalars(select(Unit).order_by(Unit.id)).all():
        _account(f"unit{unit.id}", somebody(random), password, [(made[unit.kind], unit, unit.area)])
    grids = db.session.scalars(select(Area).where(Area.kind == GRID).order_by(Area.path)).all()
    held = set(db.session.scalars(select(Post.area_id).where(Post.role == roles.GRID_WORKER)))
    units = {unit.area_id: unit for unit in db.session.scalars(select(Unit).where(Unit.kind == CENTRE))}
    for village_id in sorted({grid.parent_id for grid in grids}):
        own = [grid for grid in grids if grid.parent_id == village_id and grid.id not in held]
        _account(f"worker{village_id}", somebody(random), password,
                 [(roles.GRID_WORKER, units[village_id], grid) for grid in own])  # fmt: skip


def _account(username, name, password_hash, posts) -> None:
    person = Person(username=username, name=name, password_hash=password_hash, active=True, is_demo=True)
    person.posts = [Post(role=role, unit=unit, area=area, from_on=SINCE) for role, unit, area in posts]
    db.session.add(person)
    db.session.flush()


def _chain(township: str, village: str) -> tuple[Area, Area, Area, Area]:
    """County, township, village, and its first grid; where the county has others, its first ones."""
    county = db.session.scalars(select(Area).where(Area.kind == COUNTY)).one()
    town = _pick(county.children, township)
    place = _pick(town.children, village)
    return county, town, place, place.children[0]


def _pick(areas: list[Area], short_name: str) -> Area:
    return next((area for area in areas if area.short_name == short_name), areas[0])


def _unit(area: Area, kind: str = CENTRE, short_name: str = "") -> Unit:
    query = select(Unit).where(Unit.kind == kind, Unit.area_id == area.id)
    return db.session.scalars(query.where(Unit.short_name == short_name) if short_name else query).one()


def somebody(random: Random) -> str:
    """A name that can belong to nobody."""
    return f"{random.choice(SURNAMES)}某{random.choice(GIVEN)}"


def a_phone(random: Random) -> str:
    """A number in a range that no operator has been given."""
    return f"1600000{random.randint(0, 9999):04d}"
