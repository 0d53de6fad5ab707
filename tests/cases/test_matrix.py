"""Every route, everybody, inside and outside of what they see: one table says what each is answered."""

import re
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from cases.models import Attachment, Case
from core import files
from core.db import db, new_id
from grid.areas import Area
from grid.devices import Device
from grid.groups import HouseholdGroup
from tests.core.test_files import a_picture
from tests.factories import NOON, a_case, accepted, act, grid_of, person

EVERYBODY = frozenset(
    [
        "grid",
        "village",
        "township",
        "county",
        "mediator",
        "department",
        "supervisor",
        "leader",
        "admin",
        "grid2",
        "village2",
    ]
)
WORKING = EVERYBODY - {"admin"}
ACTING = WORKING - {"supervisor"}
REPORTING = ACTING - {"department", "leader"}
KEEPING_LINKS = REPORTING - {"mediator"}
ADMIN = frozenset({"admin"})
SEEING = frozenset({"grid", "village", "township", "county", "supervisor", "leader"})
"""Those who see the ordinary case of the tests, which lies with the village."""
WORKING_ON_IT = SEEING - {"supervisor", "leader"}
A_PICTURE = a_picture()
NOT_YOURS = 409
"""Seen, but the operation is somebody else's: the page says whose."""

# route: who may use it at all, who sees the object it is about (None: it is about none), and what they are answered.
# Whoever may not use it is answered 403; whoever does not see the object 404.
TABLE = {
    "GET /": (EVERYBODY, None, 200),
    "GET /rules": (EVERYBODY, None, 200),
    "GET /feedback": (EVERYBODY, None, 200),
    "POST /feedback": (EVERYBODY, None, 302),
    "GET /cases/": (WORKING, None, 200),
    "GET /search": (WORKING, None, 200),
    "GET /cases/new": (REPORTING, None, 200),
    "POST /cases/new": (REPORTING, None, 302),
    "GET /cases/<code>": (WORKING, SEEING, 200),
    "GET /cases/<code>/<action>": (ACTING, SEEING, {"leader": NOT_YOURS} | dict.fromkeys(WORKING_ON_IT, 200)),
    "POST /cases/<code>/<action>": (ACTING, SEEING, {"leader": NOT_YOURS} | dict.fromkeys(WORKING_ON_IT, 302)),
    "GET /cases/files/<uuid:id>": (WORKING, SEEING, 200),
    "GET /api/v1/openapi.json": (EVERYBODY, None, 200),
    "GET /interface": (EVERYBODY, None, 200),
    "PUT /api/v1/devices/<uuid:id>": (EVERYBODY, None, 200),
    "GET /devices": (EVERYBODY, None, 200),
    "POST /devices/<uuid:id>/revoke": (EVERYBODY, frozenset(["grid", "admin"]), 302),
    "GET /api/v1/me": (EVERYBODY, None, 200),
    "GET /api/v1/cases": (WORKING, None, 200),
    "PUT /api/v1/cases/<uuid:id>": (REPORTING, None, 201),
    "POST /api/v1/cases/<uuid:id>/operations/<uuid:item>": (
        ACTING,
        SEEING,
        {"leader": NOT_YOURS} | dict.fromkeys(WORKING_ON_IT, 201),
    ),
    "PUT /api/v1/cases/<uuid:id>/attachments/<uuid:item>": (REPORTING, SEEING, 201),
    "GET /api/v1/cases/<uuid:id>/attachments/<uuid:item>/received": (REPORTING, SEEING, 200),
    "GET /groups": (KEEPING_LINKS, None, 200),
    "POST /groups/<int(max=2147483647):area_id>/link": (KEEPING_LINKS, WORKING_ON_IT, 200),
    "POST /groups/<int(max=2147483647):area_id>/revoke": (KEEPING_LINKS, WORKING_ON_IT, 302),
    "GET /admin/areas": (ADMIN, None, 200),
    "GET /admin/feedback": (ADMIN, None, 200),
    "GET /admin/limits": (ADMIN, None, 200),
    "POST /admin/limits": (ADMIN, None, 302),
    "GET /admin/people": (ADMIN, None, 200),
    "GET /admin/units": (ADMIN, None, 200),
}
NEEDS_NO_ACCOUNT = {
    "GET /healthz": 200, "GET /sign-in": 200, "POST /sign-in": 302, "POST /language": 302, "POST /sign-out": 302,
    "GET /m/": 302, "GET /m/<any(zh,en):language>": 200, "GET /sw.js": 200, "GET /manifest.webmanifest": 200,
    "GET /r/<secret>": 200, "POST /r/<secret>": 200,
}  # fmt: skip
ABOUT_AN_OBJECT = [route for route, (_may, sees, _answer) in TABLE.items() if sees is not None]


def expected(route, who, inside=True):
    """What the table says."""
    may, sees, answer = TABLE[route]
    if who not in may:
        return 403
    if sees is not None and not (inside and who in sees):
        return 404
    return answer[who] if isinstance(answer, dict) else answer


def an_object(case, group, owner="grid"):
    """What object routes can be about: a case with a file, and a household group."""
    file = Attachment(case_id=case.id, digest=kept_bytes(), name="照片.jpg", media_type="image/jpeg", size=4, at=NOON)
    db.session.add(file)
    db.session.flush()
    phone = Device(id=new_id(), person_id=person(owner).id, name="手机", version="1", seen_at=NOON)
    db.session.add(phone)
    db.session.flush()
    return SimpleNamespace(code=case.code, id=case.id, file=file.id, group=group, device=phone.id)


def kept_bytes() -> str:
    """The digest of a file in the store."""
    upload = files.Upload(b"\xff\xd8\xff\xd9", "image/jpeg", "照片.jpg")
    files.keep(upload)
    return upload.digest


def a_group_in(area) -> int:
    """The first household group of an area."""
    inside = select(HouseholdGroup.area_id).join(Area, Area.id == HouseholdGroup.area_id)
    return db.session.scalars(inside.where(Area.path.startswith(area.path)).order_by(Area.id)).first()


@pytest.fixture
def inside(app):
    """The village's own."""
    return an_object(accepted(), a_group_in(grid_of()))


@pytest.fixture
def outside(app):
    """Another township's, restricted, so that not even the county sees it."""
    case = accepted_there()
    return an_object(case, a_group_in(grid_of("grid2")), "grid2")


def accepted_there():
    """A restricted case of the other township."""
    case = a_case(by="grid2", confidentiality="restricted")
    act(case, "accept", "village2")
    return case


NOWHERE = SimpleNamespace(
    code="2222-2222-2222", id=UUID(int=9), device=UUID(int=8), file=UUID(int=7), group=2_000_000_000
)


def request(client, route, object, who="grid"):
    """Send what a person would send there."""
    method, rule = route.split(" ", 1)
    if rule.startswith("/api/"):
        return ask(client, method, rule, object, who)
    if "/devices/" in rule:
        rule = rule.replace("<uuid:id>", str(object.device))
    address = (
        rule.replace("<code>", object.code).replace("<action>", "feedback").replace("<uuid:id>", str(object.file))
        .replace("<int(max=2147483647):area_id>", str(object.group))
    )  # fmt: skip
    assert "<" not in address
    form = fields(rule, object, who) if method == "POST" else None
    db.session.rollback()  # reading opened a transaction, and on SQLite that keeps all others waiting
    return client.open(address, method=method, data=form)


def ask(client, method, rule, object, who):
    """The same for a program: JSON, or the bytes of a file, under an id of its own."""
    id = new_id() if method == "PUT" and rule.endswith("<uuid:id>") else object.id
    address = rule.replace("<uuid:id>", str(id)).replace("<uuid:item>", str(new_id()))
    assert "<" not in address
    if "attachments" in rule:
        db.session.rollback()
        return client.open(address, method=method, data=A_PICTURE if method == "PUT" else None)
    said = a_body(rule, object, who)
    db.session.rollback()
    return client.open(address, method=method, json=said if method != "GET" else None)


def a_body(rule, object, who) -> dict:
    """What is said: a report, or that somebody had a look."""
    if "devices" in rule:
        return {"waiting": 0}
    device_time = {"device_time": "2026-11-24T10:00:00+08:00"}
    if "operations" in rule:
        version = db.session.scalar(select(Case.version).where(Case.id == object.id))
        return device_time | {"action": "feedback", "version": version, "facts": {"note": "看过了"}}
    code = person(who).posts[0].area.codes[0].code
    return device_time | {"kind": "incident", "category": "fire", "area": code, "summary": "桥"}


def fields(rule, object, who):
    """A form filled in as it should be."""
    if rule == "/cases/new":
        area = str(person(who).posts[0].area_id)
        return {
            "id": str(new_id()),
            "kind": "other",
            "area": area,
            "description": "桥",
            "risk": "blue",
            "source": "patrol",
        }
    if rule == "/admin/limits":
        return {"name": "accept_within", "amount": "2", "unit": "working days"}
    version = db.session.scalar(select(Case.version).where(Case.code == object.code))
    return {"note": "看过了", "text": "字太小", "version": str(version), "key": str(uuid4())}


def test_every_route_stands_in_the_table(app):
    rules = {f"{method} {rule.rule}" for rule in app.url_map.iter_rules() if rule.endpoint != "static"
             for method in rule.methods - {"HEAD", "OPTIONS"}}  # fmt: skip
    assert rules == set(TABLE) | set(NEEDS_NO_ACCOUNT)


@pytest.mark.parametrize("who", sorted(EVERYBODY))
def test_everybody_is_answered_what_the_table_says(sign_in, inside, who):
    client = sign_in(who)
    answers = {route: request(client, route, inside, who).status_code for route in TABLE}
    assert answers == {route: expected(route, who) for route in TABLE}


@pytest.mark.parametrize("who", sorted(EVERYBODY - {"grid2", "village2"}))
def test_what_is_out_of_sight_is_answered_as_what_does_not_exist(sign_in, outside, who):
    client = sign_in(who)
    sees_all = {"county": "/groups/", "admin": "/devices/"}.get(who, "nothing")
    for route in ABOUT_AN_OBJECT:
        answer, unknown = request(client, route, outside, who), request(client, route, NOWHERE, who)
        assert unknown.status_code == expected(route, who, inside=False), route
        if sees_all not in route:
            assert answer.status_code == unknown.status_code, route
            assert without_address(answer, outside) == without_address(unknown, NOWHERE), "the page gives it away"


def without_address(answer, object):
    """A page without what was asked for and its tokens, to compare two."""
    text = re.sub(r'name="csrf_token" value="[^"]*"', "", answer.text)
    for part in (object.code, str(object.id), str(object.device), str(object.file), str(object.group)):
        text = text.replace(part, "…")
    return text


def test_strangers_are_sent_to_sign_in_and_keep_what_they_typed(app, inside):
    db.session.commit()
    client = app.test_client()
    for route in TABLE:
        answer = request(client, route, inside)
        if "/api/" in route:
            assert (answer.status_code, answer.json["error"]) == (401, "sign_in"), route
        elif route.startswith("GET"):
            assert answer.status_code == 302, route
            assert answer.location.startswith("/sign-in?next=/"), route
        else:
            assert answer.status_code == 401, route
            typed = {"/cases/new": "桥", "/admin/limits": "accept_within"}.get(route.removeprefix("POST "), "看过了")
            assert typed in answer.text, route
    db.session.rollback()
    assert db.session.scalar(select(Case.entries)) == 2


def test_some_routes_need_no_account_and_say_nothing_of_cases(app, inside):
    secret = db.session.get(HouseholdGroup, inside.group).make_link(NOON)
    db.session.commit()
    for route, code in NEEDS_NO_ACCOUNT.items():
        method, rule = route.split(" ", 1)
        form = {"username": "grid", "password": "lianhu-demo", "language": "en", "kind": "danger", "words": "路塌了"}
        address = rule.replace("<secret>", secret).replace("<any(zh,en):language>", "zh")
        answer = app.test_client().open(address, method=method, data=form if method == "POST" else None)
        assert answer.status_code == code, route
        assert inside.code not in answer.text


def test_a_leaders_link_that_is_wrong_or_revoked_leads_nowhere(app, sign_in, inside):
    secret = db.session.get(HouseholdGroup, inside.group).make_link(NOON)
    assert app.test_client().get("/r/wrong").status_code == 404
    sign_in("grid").post(f"/groups/{inside.group}/revoke")
    for method in ("GET", "POST"):
        answer = app.test_client().open(f"/r/{secret}", method=method)
        assert answer.status_code == 404


def test_an_account_that_was_closed_is_out_at_once(sign_in, inside):
    client = sign_in("village")
    assert client.get("/cases/").status_code == 200
    person("village").active = False
    db.session.commit()
    assert client.get("/cases/").status_code == 302


def test_a_post_that_ended_gives_nothing_any_more(sign_in, inside):
    client = sign_in("village")
    assert client.get(f"/cases/{inside.code}").status_code == 200
    person("village").posts[0].to_on = NOON.date()
    db.session.commit()
    assert client.get(f"/cases/{inside.code}").status_code == 403
