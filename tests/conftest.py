"""What every test can ask for. ``app`` runs a test twice: on SQLite and on PostgreSQL."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

import config
import wsgi
from core import migrating
from core.db import db
from grid import divisions
from grid.access import EVERYWHERE, set_scope
from tests.factories import load_people
from tests.inspector import inspect
from tests.servers import SqliteFiles, postgres


class InspectingClient(FlaskClient):
    """A client that gives each request a context of its own, as outside the tests, and looks at every page it reads."""

    def open(self, *args, **kwargs):
        """Send one request; a page that breaks the rules of pages fails the test."""
        with self.application.app_context():
            response = super().open(*args, **kwargs)
        if response.mimetype == "text/html" and response.status_code not in (301, 302, 303, 308):
            inspect(response.text)
        return response


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def server(request, tmp_path_factory):
    """A database server with the county's areas and people in its template."""
    if request.param == "sqlite":
        yield SqliteFiles(tmp_path_factory.mktemp("sqlite"))
        return
    with postgres() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def county_app(server, tmp_path_factory):
    """The application on that server, made once; its database is reset before each test."""
    folder = tmp_path_factory.mktemp("app")
    app = wsgi.create_app(config.for_tests(folder, server.url))
    app.test_client_class = InspectingClient
    with app.app_context():
        migrating.upgrade()
        set_scope(EVERYWHERE)
        divisions.import_file(divisions.COUNTY_FILE, scheme="NBS", version="2023")
        divisions.found_centres()
        load_people()
        db.session.commit()
        db.session.remove()
        db.engine.dispose()
    server.keep_as_template()
    return app


@pytest.fixture
def app(county_app, server):
    """The application on a fresh county: areas, units and people, and no case."""
    server.reset()
    with county_app.app_context():
        set_scope(EVERYWHERE)
        yield county_app
        db.session.remove()
        db.session.info.clear()
        db.engine.dispose()


@pytest.fixture
def sign_in(app):
    """``sign_in("village")`` gives a client signed in with that account."""

    def client_for(username):
        db.session.commit()
        client = app.test_client()
        client.post("/sign-in", data={"username": username, "password": "lianhu-demo"})
        return client

    return client_for


@pytest.fixture
def statements(app):
    """The SQL statements sent while the test runs."""
    sent = []

    def note(_connection, _cursor, statement, *_rest):
        sent.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield sent
    event.remove(db.engine, "before_cursor_execute", note)
