"""Phones: what they say of themselves, who sees it, and cutting one off."""

from uuid import uuid4

import pytest

from core.db import db
from grid.devices import Device


def tell(client, id, **said):
    """A phone tells of itself."""
    return client.put(f"/api/v1/devices/{id}", json={"name": "Android", "version": "1", "waiting": 2} | said)


def test_a_phone_that_was_cut_off_is_out_at_once_and_told_so(sign_in):
    client, id = sign_in("grid"), uuid4()
    assert tell(client, id).status_code == 200
    assert "停用" in client.get("/devices").text
    assert sign_in("admin").post(f"/devices/{id}/revoke").status_code == 302
    answer = client.get("/api/v1/me")
    assert (answer.status_code, answer.json["error"]) == (401, "device_revoked")
    assert client.get("/cases/").status_code == 302
    assert tell(client, id).status_code == 401
    client.post("/sign-in", data={"username": "grid", "password": "lianhu-demo"})
    assert client.get("/api/v1/me").status_code == 200


def test_village_staff_see_what_waits_and_others_do_not(sign_in):
    tell(sign_in("grid"), uuid4(), oldest="2026-11-20T08:00:00+08:00")
    assert "还有 2 项没有发出" in sign_in("village").get("/devices").text
    assert "还有 2 项没有发出" in sign_in("township").get("/devices").text
    for other in ("village2", "grid2", "mediator"):
        assert "没有发出" not in sign_in(other).get("/devices").text


def test_only_its_owner_and_the_administrator_cut_a_phone_off(sign_in):
    id = uuid4()
    tell(sign_in("grid"), id)
    for other in ("grid2", "village", "county", "leader"):
        assert sign_in(other).post(f"/devices/{id}/revoke").status_code == 404
    assert tell(sign_in("grid2"), id).status_code == 404
    assert sign_in("grid").post(f"/devices/{id}/revoke").status_code == 302
    db.session.expire_all()
    assert db.session.get(Device, id).revoked_at is not None


def test_a_session_stays_with_its_phone(sign_in):
    client = sign_in("grid")
    assert tell(client, uuid4()).status_code == 200
    assert tell(client, uuid4()).status_code == 404


@pytest.mark.parametrize("wrong", [{"waiting": -1}, {"waiting": "2"}, {"waiting": None}, {"name": 5}, {"where": "27,107"}, {"oldest": "?"},
                                   {"oldest": "2026-11-20T08:00:00"}])  # fmt: skip
def test_a_phone_says_no_more_than_is_asked(sign_in, wrong):
    assert tell(sign_in("grid"), uuid4(), **wrong).status_code == 422
