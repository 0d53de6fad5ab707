"""What pages cost inside the process: how many statements they make, and whether they grow with the number of cases."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from sqlalchemy import event

import config
import wsgi
from bench.client import Unexpected
from bench.fill import RARE
from cases.queues import TABS
from core.db import db
from grid.demo import PASSWORD

STAFF = ("village", "township", "county", "mediator", "department", "supervisor", "leader")
CODE = re.compile(r"/cases/((?:[2-9A-Z]{4}-){2}[2-9A-Z]{4})\"")
OPERATION = re.compile(r"/cases/[2-9A-Z-]{14}/[a-z_]+")
SEARCHES = {"common word": "纠纷", "rare word": RARE}
SUSPECT = 1.2
GROWING = {
    "home": "/",
    **{tab: f"/cases/?tab={tab}" for tab in TABS},
    **{f"search, {name}": f"/search?q={word}" for name, word in SEARCHES.items()},
}


@contextmanager
def application(url: str) -> Iterator[Flask]:
    """The application in this process, on a database that is there."""
    with tempfile.TemporaryDirectory() as folder:
        app = wsgi.create_app(config.for_tests(Path(folder), url))
        yield app
        with app.app_context():
            db.engine.dispose()


def signed_in(app: Flask, account: str):
    """A client of this account."""
    client = app.test_client()
    answer = client.post("/sign-in", data={"username": account, "password": PASSWORD})
    if answer.status_code != 302:
        raise Unexpected(f"{account} cannot sign in: {answer.status_code}")
    return client


def read(client, path: str) -> str:
    """One page; anything but 200 is an error."""
    answer = client.get(path)
    if answer.status_code != 200:
        raise Unexpected(f"{path}: {answer.status_code}")
    return answer.text


# --- Statements -------------------------------------------------------------------------------------------


def statement_counts(app: Flask, accounts: tuple[str, ...]) -> list[tuple[str, str, int]]:
    """Account, page and number of statements, for every page that account works with."""
    sent: list[str] = []

    def note(_connection, _cursor, statement, *_rest) -> None:
        if not statement.startswith("BEGIN"):
            sent.append(statement)

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", note)
    return [(account, page, _counted(client, path, sent))
            for account in ("grid", *accounts)
            for client in [signed_in(app, account)]
            for page, path in _pages_of(account, client)]  # fmt: skip


def _counted(client, path: str, sent: list[str]) -> int:
    read(client, path)  # what is read only once a process does not count
    sent.clear()
    read(client, path)
    return len(sent)


def _pages_of(account: str, client) -> Iterator[tuple[str, str]]:
    yield from GROWING.items()
    if account in ("grid", "village", "township", "county", "mediator"):
        yield "new", "/cases/new"
    if account in ("grid", "village"):
        yield "groups", "/groups"
    yield from _pages_of_a_case(client)


def _pages_of_a_case(client) -> Iterator[tuple[str, str]]:
    """The pages of the first case that this account can do something with."""
    code = next((found for tab in TABS if (found := CODE.search(read(client, f"/cases/?tab={tab}")))), None)
    if code is None:
        return
    yield "case", f"/cases/{code[1]}"
    for path in dict.fromkeys(OPERATION.findall(read(client, f"/cases/{code[1]}"))):
        if client.get(path).status_code == 200:
            yield f"act: {path.rpartition('/')[2]}", path


# --- Growth -----------------------------------------------------------------------------------------------


def growth(few: Flask, many: Flask, accounts, rounds: int, clock) -> Iterator[tuple[str, str, list[float], list[int]]]:
    """Account, page, the milliseconds with few and with many cases measured by turns, and how many cases each lists."""
    for account in accounts:
        clients = [signed_in(app, account) for app in (few, many)]
        for page, path in GROWING.items():
            before, after = _best(clients, path, rounds, clock)
            if after > before * SUSPECT:  # a busy machine makes such a difference too: look longer
                before, after = map(min, (before, after), _best(clients, path, 4 * rounds, clock))
            yield account, page, [before, after], [len(set(CODE.findall(read(client, path)))) for client in clients]


def _best(clients: list, path: str, rounds: int, clock) -> list[float]:
    """The shortest of several times: what the page itself costs, without what else the machine did."""
    times: list[list[float]] = [[] for _ in clients]
    for turn in range(rounds + 2):
        for client, own in zip(clients, times, strict=True):
            before = clock()
            read(client, path)
            if turn > 1:  # the first two warm the caches
                own.append((clock() - before) * 1000)
    return list(map(min, times))
