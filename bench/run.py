"""Measures how fast the usual pages answer, against a floor measured in the same run. ``make bench`` calls it.

Prints four parts: rates under load, statements, growth, and what the aims did not reach.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import fill, floor, pages
from bench.client import Connection, Measured, Operation, Unexpected, drive
from bench.places import place_for
from config import ROOT
from grid.demo import PASSWORD

SERVER = "--interface wsgi --factory --workers 2 --blocking-threads 4 --no-ws --log-level warning"
"""As ``make run`` starts it."""
AIM, MOST_STATEMENTS, MOST_GROWTH = 0.4, 12, 1.3
WORDS = "两家为排水沟争执，水流进了院子，双方都说沟是自己的，请来看看。"
LEFT_EMPTY = ("device_at", "result", "place", "told_by", "applicant", "applicant_phone", "respondent", "people_count",
              "occurred_on")  # fmt: skip
CODE = re.compile(rb"/cases/((?:[2-9A-Z]{4}-){2}[2-9A-Z]{4})\"")
ROW = re.compile(rb'/rows/([0-9a-f-]{36})"')
OPTION = re.compile(rb'<option value="(\d+)"')


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    cases: int
    few: int
    many: int
    rounds: int
    seconds: float
    users: tuple[int, ...] = (1, 16)
    repeats: int = 15
    accounts: tuple[str, ...] = pages.STAFF


FULL = Plan(cases=100_000, few=10_000, many=300_000, rounds=3, seconds=3)
QUICK = Plan(cases=2_000, few=2_000, many=6_000, rounds=1, seconds=0.6, repeats=3,
             accounts=("village", "county"))  # fmt: skip


def main() -> None:
    """Fill what is missing, measure, print."""
    asked = _arguments()
    plan = QUICK if asked.quick else FULL
    os.environ.setdefault("LIANHU_ENV", "development")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # whoever ends it early leaves no server behind
    misses: list[str] = []
    with place_for(asked.database) as place:
        if asked.fresh:
            place.forget(keep="")
        names = fill.filled(place, [plan.few, plan.cases, plan.many])
        for part in asked.only:
            PARTS[part](place, names, plan, misses)
    print("\nAims not reached:\n  " + "\n  ".join(misses) if misses else "\nEvery aim is reached.")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--quick", action="store_true", help="few cases and short rounds: only whether it works")
    parser.add_argument("--fresh", action="store_true", help="throw the kept databases away first")
    parser.add_argument("--only", nargs="+", choices=tuple(PARTS), default=tuple(PARTS), help="parts to measure")
    return parser.parse_args()


# --- Servers ----------------------------------------------------------------------------------------------


@dataclass
class Server:
    """A running server: its port, and the processes whose work is counted."""

    port: int
    pids: tuple[int, ...]

    def cpu_seconds(self) -> float:
        """What its processes and their children have used so far; 0 where the system does not say."""
        parents, used = _processes()
        own = set(self.pids)
        while more := {pid for pid, parent in parents.items() if parent in own} - own:
            own |= more
        return sum(used.get(pid, 0) for pid in own)


def _processes() -> tuple[dict[int, int], dict[int, float]]:
    """The parent and the processor time of every process, as Linux tells it."""
    parents, used, tick = {}, {}, os.sysconf("SC_CLK_TCK")
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            parents[int(stat.parent.name)] = int(fields[1])
            used[int(stat.parent.name)] = sum(map(int, fields[11:15])) / tick
    return parents, used


@contextmanager
def serving(target: str, url: str, more: tuple[int, ...]) -> Iterator[Server]:
    """A server for this application on this database; ``more`` are the database's own processes."""
    port = _free_port()
    command = [Path(sys.executable).with_name("granian"), *SERVER.split(), "--port", str(port), target]
    process = subprocess.Popen(command, cwd=ROOT, env=fill.environment(url))
    try:
        _wait_for(port, process)
        yield Server(port, (process.pid, *more))
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=20)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for(port: int, process: subprocess.Popen) -> None:
    for _ in range(200):
        if process.poll() is not None:
            raise SystemExit("The server did not start.")
        with suppress(OSError):
            Connection(port).close()
            return
        time.sleep(0.1)
    raise SystemExit("The server does not answer.")


# --- What is measured -------------------------------------------------------------------------------------


def app_operations(port: int) -> list[Operation]:
    """Logging, the queue and a case, as the demonstration's people do it."""
    grid, village, county = (_cookie_of(port, account) for account in ("grid", "village", "county"))
    return [
        Operation("log a case", *_logging(port, grid), 302, b"/cases/"),
        Operation("work queue, village", village, lambda c: c.get("/cases/?tab=in_hand"), 200, b'class="row-link"'),
        Operation("work queue, county", county, lambda c: c.get("/cases/?tab=in_hand"), 200, b'class="row-link"'),
        Operation("case page", village, *_showing(port, village)),
    ]


def floor_operations(port: int) -> list[Operation]:
    """The same things at the floor, in the same order."""
    connection = Connection(port)
    connection.post("/sign-in", {"csrf_token": connection.token("/sign-in"), "title": "somebody"})
    cookie, token = connection.cookie, connection.token("/new")
    row = ROW.search(connection.get("/rows").body)[1].decode()
    fields = {"csrf_token": token, "centre": "3", "title": "Row", "description": WORDS}
    listing = Operation("list", cookie, lambda c: c.get("/rows"), 200, b'class="row"')
    return [
        Operation("insert", connection.cookie, lambda c: c.post("/new", fields), 302, b"/rows/"), listing, listing,
        Operation("show", cookie, lambda c: c.get(f"/rows/{row}"), 200, b"<h1>Row"),
    ]  # fmt: skip


def _cookie_of(port: int, account: str) -> str:
    connection = Connection(port)
    token = connection.token("/sign-in")
    answer = connection.post("/sign-in", {"csrf_token": token, "username": account, "password": PASSWORD})
    if answer.status != 302:
        raise Unexpected(f"{account} cannot sign in: {answer.status}")
    return connection.cookie


def _logging(port: int, cookie: str):
    """Sends the report form, fetched once, with an id of its own each time; the token belongs to the cookie."""
    connection = Connection(port, cookie)
    fields = {"csrf_token": connection.token("/cases/new"), "kind": "family", "description": WORDS, "risk": "blue",
              "area": OPTION.search(connection.get("/cases/new").body)[1].decode(), "source": "patrol",
              **dict.fromkeys(LEFT_EMPTY, "")}  # fmt: skip
    return connection.cookie, lambda c: c.post("/cases/new", fields | {"id": str(uuid4())})


def _showing(port: int, cookie: str):
    """Reads one case of the queue; its mark is its code."""
    code = CODE.search(Connection(port, cookie).get("/cases/?tab=in_hand").body)[1].decode()
    return lambda c: c.get(f"/cases/{code}"), 200, code.encode()


# --- Under load -------------------------------------------------------------------------------------------


@dataclass
class Total:
    """All rounds of one operation together."""

    seconds: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    cpu: float = 0

    def add(self, measured: Measured, cpu: float) -> None:
        """Take one round in."""
        self.seconds += measured.seconds
        self.rates.append(len(measured.seconds) / measured.lasted)
        self.cpu += cpu

    @property
    def rate(self) -> float:
        """Requests a second, in the median round."""
        return statistics.median(self.rates)

    @property
    def cpu_each(self) -> float:
        """Processor milliseconds of the server for one request."""
        return self.cpu / len(self.seconds) * 1000

    def milliseconds(self, share: float) -> float:
        """The time within which this share of the requests was answered."""
        return sorted(self.seconds)[int(share * (len(self.seconds) - 1))] * 1000


LOAD_HEAD = f"{'operation':<20} {'users':>5} | {'req/s':>7} {'median':>7} {'p95':>7} {'cpu':>6} | " \
            f"{'req/s':>7} {'median':>7} {'p95':>7} {'cpu':>6} | {'rate':>5} {'cpu':>5}"  # fmt: skip


def load(place, names, plan: Plan, misses: list[str]) -> None:
    """Rates of the application and of the floor, in alternating rounds."""
    place_floor = _floor_database(place, f"{names[plan.cases]}-floor", plan.cases)
    print(f"\nUnder load: {plan.cases:,} cases on {place.name}; milliseconds; the floor's after the first bar")
    print(LOAD_HEAD)
    with _scratch_copy(place, names[plan.cases]) as url:
        ours = serving("wsgi:create_app", url, place.pids)
        with ours as app, serving("bench.floor:create_app", place_floor, place.pids) as least:
            both = zip(app_operations(app.port), floor_operations(least.port), strict=True)
            for operation, counterpart in both:
                for users in plan.users:
                    _compare((app, operation), (least, counterpart), users, plan, misses)


@contextmanager
def _scratch_copy(place, name: str) -> Iterator[str]:
    """A copy that may be written to, so that the next run finds as many cases as this one."""
    if place.has("measured"):
        place.drop("measured")
    place.copy(name, "measured")
    yield place.url("measured")
    place.drop("measured")


def _floor_database(place, name: str, count: int) -> str:
    if not place.has(name):
        place.create(f"{name}-part")
        with fill.opened(place.url(f"{name}-part")) as engine:
            floor.fill(engine, count)
        place.rename(f"{name}-part", name)
    return place.url(name)


def _compare(ours, theirs, users: int, plan: Plan, misses: list[str]) -> None:
    totals = Total(), Total()
    for turn in range(plan.rounds + 1):
        for total, (server, operation) in zip(totals, (ours, theirs), strict=True):
            before = server.cpu_seconds()
            measured = drive(server.port, operation, users, plan.seconds if turn else plan.seconds / 3)
            if turn:  # the first, short one warms up
                total.add(measured, server.cpu_seconds() - before)
    _print_comparison(ours[1].name, users, *totals, misses)


def _print_comparison(name: str, users: int, ours: Total, least: Total, misses: list[str]) -> None:
    ratio, cpu = ours.rate / least.rate, least.cpu_each / ours.cpu_each if ours.cpu_each else 0
    mark = "" if ratio >= AIM else "  <"
    print(f"{name:<20} {users:>5} | {_figures(ours)} | {_figures(least)} | {ratio:5.2f} {cpu:5.2f}{mark}", flush=True)
    if mark:
        misses.append(f"{name}, {users} users: {ratio:.2f} of the floor's rate (aim {AIM})")


def _figures(total: Total) -> str:
    half, most = total.milliseconds(0.5), total.milliseconds(0.95)
    return f"{total.rate:7.1f} {half:7.2f} {most:7.2f} {total.cpu_each:6.2f}"


# --- In the process ---------------------------------------------------------------------------------------


def statements(place, names, plan: Plan, misses: list[str]) -> None:
    """How many statements each page makes."""
    print(f"\nStatements of each page: {plan.cases:,} cases on {place.name}")
    with pages.application(place.url(names[plan.cases])) as app:
        found: dict[str, list[str]] = {}
        for account, page, count in pages.statement_counts(app, plan.accounts):
            mark = " <" if count > MOST_STATEMENTS else ""
            found.setdefault(account, []).append(f"{page} {count}{mark}")
            if mark:
                misses.append(f"{page} of {account}: {count} statements (aim {MOST_STATEMENTS})")
    for account, counts in found.items():
        print(f"{account:<11} {'; '.join(counts)}")


def grown(place, names, plan: Plan, misses: list[str]) -> None:
    """Whether lists cost more with many cases than with few."""
    print(f"\nGrowth from {plan.few:,} to {plan.many:,} cases on {place.name}: the least processor milliseconds")
    small, large = (pages.application(place.url(names[count])) for count in (plan.few, plan.many))
    with small as few, large as many:
        for account, page, cost, listed in pages.growth(few, many, plan.accounts, plan.repeats, place.clock):
            ratio, more = cost[1] / cost[0], listed[1] > listed[0]
            mark = "" if ratio <= MOST_GROWTH else f"  lists {listed[1]}, not {listed[0]}" if more else "  <"
            print(f"{account:<11} {page:<20} {cost[0]:8.1f} {cost[1]:8.1f} {ratio:6.2f}{mark}", flush=True)
            if mark == "  <":
                misses.append(f"{page} of {account} grows {ratio:.2f} times (aim {MOST_GROWTH})")


PARTS = {"load": load, "statements": statements, "growth": grown}

if __name__ == "__main__":
    main()
