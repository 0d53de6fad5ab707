"""The interface for phones: taken once, answered the same, refused with a reason, and never a page."""

import hashlib
import io
import json
from pathlib import Path
from uuid import uuid4

import pytest
from PIL import Image
from sqlalchemy import func, select

from cases.models import Attachment, Case, CaseEntry
from cases.verify import differences
from core import files, seal
from core.db import db
from grid.receipts import Receipt
from tests.factories import a_case, grid_of, person

SMALLEST = {
    "kind": "dispute",
    "category": "neighbour",
    "summary": "田埂排水沟又堵了",
    "device_time": "2026-11-24T10:00:00+08:00",
}


def body(**changes) -> dict:
    """The smallest body that is accepted, but for the changes."""
    made = SMALLEST | {"area": grid_of().codes[0].code} | changes
    db.session.commit()
    return made


def put(client, id, said, **more):
    """Report a case."""
    return client.put(f"/api/v1/cases/{id}", json=said, **more)


def how_many(model=Case) -> int:
    """How many rows there are."""
    count = db.session.scalar(select(func.count()).select_from(model))
    db.session.commit()
    return count


def a_photo(side=800) -> bytes:
    """A picture as a phone has drawn it."""
    drawn = io.BytesIO()
    Image.effect_noise((side, side), 60).convert("RGB").save(drawn, "JPEG", quality=70)
    return drawn.getvalue()


@pytest.fixture
def grid(sign_in):
    """A client of the grid worker."""
    return sign_in("grid")


def test_me_tells_what_a_phone_needs(grid):
    me = grid.get("/api/v1/me").json
    assert me["user"]["name"] == person("grid").name
    assert me["areas"][0] == {"code": grid_of().codes[0].code, "label": grid_of().label, "kind": "grid"}
    assert len(me["areas"]) == 6
    assert [len(leader["phone"]) for leader in me["leaders"]] == [11] * 5
    assert len(me["duty"]) == 3
    assert me["csrf_token"]
    assert len(me["seal"]["id"]) == 16


def test_the_smallest_body_is_accepted_once(grid):
    id, said = uuid4(), body()
    first, again = put(grid, id, said), put(grid, id, said)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json == again.json
    assert first.json["uuid"] == str(id)
    assert (how_many(), how_many(Receipt)) == (1, 1)
    case = db.session.scalars(select(Case)).one()
    assert (case.code, case.dispute_type, case.area_id) == (first.json["code"], "0299", grid_of().id)
    assert list(differences()) == []


def test_the_same_id_with_other_words_is_refused(grid):
    id = uuid4()
    put(grid, id, body())
    answer = put(grid, id, body(summary="别的话"))
    assert (answer.status_code, answer.json["error"]) == (409, "other_body")
    assert how_many() == 1


def test_another_persons_id_does_not_exist(grid, sign_in):
    id, said = uuid4(), body()
    put(grid, id, said)
    assert put(sign_in("grid2"), id, said).status_code == 404
    assert put(sign_in("village"), id, said).status_code == 404


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"kind": "quarrel"}, "category"), ({"category": "dispute"}, "category"), ({"category": ["neighbour"]}, "category"),
        ({"area": "999"}, "area"), ({"area": None}, "area"), ({"area": 7}, "area"), ({"summary": ""}, "summary"),
        ({"summary": "长" * 2001}, "summary"), ({"summary": {"a": 1}}, "summary"), ({"device_time": "yesterday"}, "device_time"),
        ({"device_time": "2026-11-24T10:00:00"}, "device_time"), ({"device_time": 5}, "device_time"),
        ({"device_time": "0001-01-01T00:00:00+14:00"}, "device_time"), ({"settled": True}, "result"),
        ({"people_count": "many"}, "people_count"), ({"position": {"latitude": 91, "longitude": 0, "accuracy": 5}}, "position"),
        ({"position": {"latitude": 1}}, "position"), ({"colour": "blue"}, "colour"), ({"risk": "purple"}, "risk"),
        ({"applicant_phone": "abc"}, "applicant_phone"), ({"occurred_on": "2999-01-01"}, "occurred_on"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_field_by_field(grid, wrong, field):
    answer = put(grid, uuid4(), body(**wrong))
    assert (answer.status_code, answer.json["error"]) == (422, "invalid")
    assert field in answer.json["fields"]
    assert (how_many(), how_many(Receipt)) == (0, 0)


def test_a_refused_body_may_be_corrected_under_the_same_id(grid):
    id = uuid4()
    assert put(grid, id, body(summary="")).status_code == 422
    assert put(grid, id, body()).status_code == 201


@pytest.mark.parametrize("sent", [b"", b"[]", b"\xff\xfe", b"null", b'{"a":' * 2000])
def test_what_is_no_object_is_refused(grid, sent):
    answer = grid.put(f"/api/v1/cases/{uuid4()}", data=sent, content_type="application/json")
    assert (answer.status_code, answer.json["error"]) == (409, "refused")


def test_all_that_a_report_may_say_arrives(grid):
    said = body(kind="incident", category="geohazard", settled=True, result="已清理", risk="yellow", place="老井旁",
                applicant="王某", applicant_phone="16000001234", people_count=3, private=True,
                position={"latitude": 27.07, "longitude": 107.47, "accuracy": 12.5})  # fmt: skip
    assert put(grid, uuid4(), said).status_code == 201
    case = db.session.scalars(select(Case)).one()
    assert (case.category, case.state, case.confidentiality) == ("geohazard", "closed", "sensitive")
    assert (case.latitude, case.longitude, case.accuracy) == (27.07, 107.47, 12.5)
    assert list(differences()) == []


def test_the_phones_own_time_is_kept_even_if_it_is_wrong_by_years(grid):
    put(grid, uuid4(), body(device_time="2009-01-01T00:00:00+08:00"))
    assert db.session.scalars(select(CaseEntry)).one().device_at.year == 2008


def test_a_sealed_body_is_opened_and_a_damaged_one_refused(grid, app):
    id, key = uuid4(), grid.get("/api/v1/me").json["seal"]
    sealed = seal.seal(json.dumps(body()).encode(), str(id), key)
    damaged = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for sent, about in [(damaged, id), (sealed[:40], id), (b"", id), (sealed, uuid4())]:
        answer = grid.put(f"/api/v1/cases/{about}", data=sent, content_type=seal.MEDIA_TYPE)
        assert (answer.status_code, answer.json["error"]) == (409, "refused")
    assert grid.put(f"/api/v1/cases/{id}", data=sealed, content_type=seal.MEDIA_TYPE).status_code == 201
    assert grid.put(f"/api/v1/cases/{id}", data=sealed, content_type=seal.MEDIA_TYPE).status_code == 200


def test_what_an_old_key_sealed_is_still_opened(grid, app, tmp_path):
    id, old = uuid4(), grid.get("/api/v1/me").json["seal"]
    sealed = seal.seal(json.dumps(body()).encode(), str(id), old)
    new = seal.new_key(Path(app.config["SEAL_KEYS"]))
    seal.open_keys(app)
    assert grid.get("/api/v1/me").json["seal"]["id"] == new != old["id"]
    assert grid.put(f"/api/v1/cases/{id}", data=sealed, content_type=seal.MEDIA_TYPE).status_code == 201


def reported(client) -> str:
    """A case reported by this client: its id."""
    id = uuid4()
    assert put(client, id, body()).status_code == 201
    return f"/api/v1/cases/{id}"


def test_a_photo_drawn_on_the_phone_is_kept_byte_for_byte(grid):
    address, photo = f"{reported(grid)}/attachments/{uuid4()}", a_photo()
    first = grid.put(address, data=photo, content_type="image/jpeg")
    again = grid.put(address, data=photo, content_type="image/jpeg")
    assert (first.status_code, again.status_code, first.json) == (201, 200, again.json)
    assert first.json["digest"] == hashlib.sha256(photo).hexdigest()
    assert files.read(first.json["digest"]) == photo
    assert how_many(Attachment) == 1


def test_a_photo_that_tells_too_much_is_drawn_anew(grid):
    drawn = io.BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "Camera"
    Image.new("RGB", (90, 60)).save(drawn, "JPEG", exif=exif)
    for sent in (drawn.getvalue(), a_photo(90) + b"hidden", a_photo(90)[:-2] + b"hidden\xff\xd9\xff\xd9"):
        answer = grid.put(f"{reported(grid)}/attachments/{uuid4()}", data=sent, content_type="image/jpeg")
        kept = files.read(answer.json["digest"])
        assert answer.status_code == 201
        assert b"Camera" not in kept
        assert b"hidden" not in kept


def test_a_photo_comes_in_parts_and_goes_on_where_it_stopped(grid):
    address, photo = f"{reported(grid)}/attachments/{uuid4()}", a_photo()
    half = len(photo) // 2

    def send(start, end):
        place = f"bytes {start}-{end - 1}/{len(photo)}"
        return grid.put(address, data=photo[start:end], headers={"Content-Range": place}, content_type="image/jpeg")

    assert grid.get(f"{address}/received").json["received"] == 0
    assert send(half, half + 10).status_code == 202
    assert grid.get(f"{address}/received").json["received"] == 0, "a gap is not skipped"
    assert send(half + 10, len(photo)).status_code == 409
    assert send(0, half).json["received"] == half + 10
    assert send(0, half).status_code == 202
    assert grid.get(f"{address}/received").json["received"] == half + 10
    last = send(half + 10, len(photo))
    assert (last.status_code, last.json["digest"]) == (201, hashlib.sha256(photo).hexdigest())
    assert grid.get(f"{address}/received").json["received"] == 0, "what has arrived is not kept twice"


@pytest.mark.parametrize(
    "place", ["bytes 0-9/5", "bytes 5-2/100", "0-9", "bytes 0-8/100", "bytes */100", "bytes -1-8/100"]
)
def test_parts_that_do_not_fit_are_refused(grid, place):
    answer = grid.put(f"{reported(grid)}/attachments/{uuid4()}", data=b"x" * 10, headers={"Content-Range": place})
    assert answer.status_code == 409


def test_what_is_no_photo_or_too_large_is_refused(grid):
    address = f"{reported(grid)}/attachments/{uuid4()}"
    assert grid.put(address, data=b"no picture").json["error"] == "refused"
    assert grid.put(address, data=b"\0" * (11 * 2**20)).status_code == 413
    assert grid.put(address, data=b"x", headers={"Content-Range": f"bytes 0-0/{11 * 2**20}"}).status_code == 413
    assert grid.put(address, data=b"\x1aE\xdf\xa3" + b"\0" * 3 * 2**20).status_code == 409, "a film"
    assert grid.put(address, data=b"\x1aE\xdf\xa3" + b"\0" * 3000).status_code == 201, "a voice note"


def test_a_file_for_a_case_out_of_sight_has_nowhere_to_go(grid, sign_in):
    address = f"{reported(grid)}/attachments/{uuid4()}"
    other = sign_in("grid2")
    assert other.put(address, data=a_photo(60)).status_code == 404
    assert other.put(address, data=b"x", headers={"Content-Range": "bytes 0-0/9"}).status_code == 404
    assert other.get(f"{address}/received").status_code == 404
    assert grid.put(f"/api/v1/cases/{uuid4()}/attachments/{uuid4()}", data=a_photo(60)).status_code == 404


def operate(client, address, id, **said):
    """Send one operation."""
    made = {"action": "feedback", "device_time": SMALLEST["device_time"], "facts": {"note": "去看过了"}} | said
    return client.post(f"{address}/operations/{id}", json=made)


def test_an_operation_is_carried_out_once_on_the_version_that_was_seen(grid):
    address, id = reported(grid), uuid4()
    first, again = (operate(grid, address, id, version=1) for _ in range(2))
    assert (first.status_code, again.status_code, first.json) == (201, 200, again.json)
    assert first.json["version"] == 2
    assert how_many(CaseEntry) == 2


def test_a_case_that_moved_is_shown_and_nothing_is_overwritten(grid, sign_in):
    address = reported(grid)
    code = db.session.scalar(select(Case.code))
    db.session.commit()
    sign_in("village").post(f"/cases/{code}/accept", data={"version": "1", "key": str(uuid4())})
    answer = operate(grid, address, uuid4(), version=1)
    assert (answer.status_code, answer.json["error"]) == (409, "moved")
    assert answer.json["case"]["state"] == "accepted"
    assert "受理" in answer.json["news"][0]
    assert how_many(CaseEntry) == 2
    assert operate(grid, address, uuid4(), version=answer.json["case"]["version"]).status_code == 201


@pytest.mark.parametrize(
    ("said", "status"),
    [({"action": "archive"}, 409), ({"action": "absorb"}, 409), ({"action": ["x"]}, 409), ({"action": "fly"}, 409),
     ({"facts": {}}, 422), ({"facts": {"note": 5, "x": "y"}}, 422), ({"facts": [1]}, 422), ({"version": "1"}, 409)],
)  # fmt: skip
def test_operations_the_table_does_not_allow_are_refused(grid, said, status):
    answer = operate(grid, reported(grid), uuid4(), **({"version": 1} | said))
    assert answer.status_code == status
    assert answer.json["message"]
    assert how_many(CaseEntry) == 1


def test_the_phone_keeps_open_cases_and_never_a_restricted_one(grid):
    a_case(title="水沟")
    a_case(title="秘密", confidentiality="restricted")
    a_case(title="家事", confidentiality="sensitive")
    a_case(by="grid2")
    db.session.commit()
    cases = grid.get("/api/v1/cases").json["cases"]
    assert [case["summary"] for case in cases] == ["涉及隐私的事项", "水沟"]
    assert {"version", "uuid", "area", "state_name"} <= set(cases[0])
    assert [field["name"] for field in cases[1]["operations"][0]["fields"]] == ["result"]


def test_programs_are_answered_in_json_also_when_something_is_wrong(app, grid):
    db.session.commit()
    stranger = app.test_client()
    for method, address in [("GET", "/api/v1/me"), ("GET", "/api/v1/cases"), ("PUT", f"/api/v1/cases/{uuid4()}")]:
        answer = stranger.open(address, method=method, json={})
        assert (answer.status_code, answer.json["error"]) == (401, "sign_in")
    assert grid.get("/api/v1/nothing").json["error"] == "not_found"
    assert grid.put("/api/v1/cases/5", json={}).json["error"] == "not_found"
    assert grid.delete(f"/api/v1/cases/{uuid4()}").json["error"] == "method_not_allowed"
