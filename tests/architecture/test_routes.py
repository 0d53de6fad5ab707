"""Every route says who may use it, and docs/routes.txt is what an auditor reads."""

from pathlib import Path

import pytest
from flask import Blueprint

import config
import wsgi
from core.routing import Routes, require_permissions, route_table
from grid.roles import PERMISSIONS

DOCUMENTED = Path(__file__).parents[2] / "docs" / "routes.txt"


@pytest.fixture
def plain_app(tmp_path):
    """The application without a database: enough to read its routes."""
    return wsgi.create_app(config.for_tests(tmp_path, "sqlite://"))


def test_the_route_table_is_up_to_date(plain_app):
    """To update it: make routes."""
    assert DOCUMENTED.read_text().splitlines() == route_table(plain_app)


def test_every_route_names_a_permission_that_exists(plain_app):
    named = {view.may for name, view in plain_app.view_functions.items() if name != "static"}
    assert named - {"anyone"} <= set(PERMISSIONS)


def test_only_these_routes_need_no_account(plain_app):
    open_to_all = {name for name, view in plain_app.view_functions.items() if getattr(view, "may", "") == "anyone"}
    assert open_to_all == {
        "phone.shell",
        "phone.choose",
        "phone.worker",
        "phone.manifest",
        "grid.healthz",
        "grid.sign_in",
        "grid.sign_out",
        "grid.set_language",
        "intake.leader_report",
    }


def test_a_route_without_a_permission_stops_the_start(plain_app):
    plain_app.view_functions["forgotten"] = lambda: "hello"
    with pytest.raises(RuntimeError, match="forgotten does not say who may use it"):
        require_permissions(plain_app)


def test_a_plain_blueprint_stops_the_start(monkeypatch, tmp_path):
    careless = Blueprint("careless", __name__)
    careless.get("/careless")(lambda: "hello")
    monkeypatch.setattr(wsgi, "BLUEPRINTS", (*wsgi.BLUEPRINTS, careless))
    with pytest.raises(RuntimeError, match="careless"):
        wsgi.create_app(config.for_tests(tmp_path, "sqlite://"))


def test_a_route_cannot_be_declared_without_a_permission():
    with pytest.raises(TypeError, match="may"):
        Routes("some", __name__).page("/some")
