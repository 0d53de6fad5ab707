"""Whatever the line or the server does, everything arrives, and nothing arrives twice."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from tests.browser.bad_line import BadLine
from tests.browser.conftest import ROOT, Phone, _free_port, _when_it_answers
from tests.browser.test_phone import a_photo, fill_in, items, save, sign_in

QUEUE_MANY = """async (count) => {
  const {item} = await import('/static/phone/form.js');
  const {kept, put, asBytes} = await import('/static/phone/store.js');
  const {newId} = await import('/static/phone/seal.js');
  const me = await kept('me');
  for (let n = 0; n < count; n++) {
    const uuid = newId();
    const body = {kind: 'incident', category: 'fire', area: me.areas[0].code, summary: `第${n}件`, device_time: new Date().toISOString()};
    await put('items', await item({uuid, caseUuid: uuid, owner: me.user.id, kind: 'case', method: 'PUT', url: `/api/v1/cases/${uuid}`, type: 'application/json'}, asBytes(body), me));
  }
}"""
SEND = """async () => { const q = await import('/static/phone/queue.js'); await q.hurry(); await q.flush(); }"""


class Server:
    """A server process of its own, which may be killed and started again."""

    def __init__(self, folder):
        self.port, self.database = _free_port(), folder / "lianhu.db"
        self.settings = os.environ | {
            "LIANHU_ENV": "development", "DATABASE_URL": f"sqlite:///{self.database}", "SECRET_KEY": "browser tests",
            "LIANHU_FILES": str(folder / "files"), "LIANHU_PARTS": str(folder / "parts"), "LIANHU_SEAL_KEYS": str(folder / "seal"),
        }  # fmt: skip
        subprocess.run([sys.executable, "-m", "flask", "--app", "wsgi", "prepare"], cwd=ROOT, env=self.settings,
                       check=True, capture_output=True)  # fmt: skip
        self.start()

    def start(self):
        """Start it and wait until it answers."""
        command = [
            sys.executable,
            "-m",
            "granian",
            "--interface",
            "wsgi",
            "--factory",
            "wsgi:create_app",
            "--port",
            str(self.port),
        ]
        self.process = subprocess.Popen(command, cwd=ROOT, env=self.settings, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, start_new_session=True)  # fmt: skip
        _when_it_answers(f"http://127.0.0.1:{self.port}")

    def kill(self):
        """Kill it, with its workers, in the middle of whatever it does."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(20)

    def rows(self, query):
        """Ask the database file."""
        with closing(sqlite3.connect(self.database)) as opened:
            return opened.execute(query).fetchall()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The server that the tests of this file share."""
    made = Server(tmp_path_factory.mktemp("killed"))
    yield made
    made.kill()


@pytest.fixture
def line(server):
    """A line to it that is good at first."""
    made = BadLine(server.port)
    made.share = 0
    yield made
    made.close()


@pytest.fixture
def phone(line, tmp_path, playwright, browser_type_launch_args):
    """A phone at the end of that line."""
    found = Phone(line.address, tmp_path / "profile", playwright, browser_type_launch_args["executable_path"])
    yield found
    found.close()


COUNTS = """SELECT (SELECT count(*) FROM cases), (SELECT count(*) FROM attachments), (SELECT count(*) FROM case_entries),
                   (SELECT count(*) FROM receipts)"""


def counts(server):
    """How many cases, attachments, operations and receipts there are."""
    return server.rows(COUNTS)[0]


def send_until_all_arrived(page, rounds=400):
    """Try again and again, as a phone does, only faster."""
    for _ in range(rounds):
        page.evaluate(SEND)
        found = items(page)
        if all(item["state"] == "sent" for item in found):
            return found
        page.wait_for_timeout(30)
    raise AssertionError([item for item in found if item["state"] != "sent"][:3])


def test_two_hundred_things_over_a_bad_line_arrive_once_each(phone, line, server, record_property):
    page = phone.open("/sign-in")
    sign_in(page, line.address)
    before = counts(server)
    page.evaluate(QUEUE_MANY, 200)
    line.share = 0.5
    sent = send_until_all_arrived(page)
    line.share = 0
    after = counts(server)
    faults = {name: count for name, count in line.done.items() if name != "none"}
    record_property("faults", str(faults))
    assert len(sent) == len({item["receipt"]["code"] for item in sent}) == 200
    assert [b - a for a, b in zip(before, after, strict=True)] == [200, 0, 200, 200]
    assert sum(faults.values()) > 100
    assert all(faults[name] > 5 for name in ("lost", "unanswered", "broken", "portal", "slow"))


@pytest.mark.parametrize("what", ["case", "attachment", "operation"])
def test_a_server_killed_after_it_kept_and_before_it_answered_doubles_nothing(phone, line, server, what):
    page = phone.open("/sign-in")
    sign_in(page, line.address)
    before = counts(server)
    part = {"case": "/cases/", "attachment": "/attachments/", "operation": "/operations/"}[what]
    killed = []

    def kill_once(method, path):
        if (
            method in ("PUT", "POST")
            and part in path
            and path.count("/") == (4 if what == "case" else 6)
            and not killed
        ):
            killed.append(path)
            server.kill()
            return True
        return False

    line.on_answer = kill_once
    if what == "operation":
        page.click("a[href='#cases']")
        page.locator("#case-list details summary").last.click()
        page.locator("#case-list details[open] textarea").fill("去看过了")
        page.locator("#case-list details[open] button").click()
    else:
        fill_in(page, "停电前的一件", [a_photo("a")])
        save(page)
    for _ in range(100):
        if killed:
            break
        page.wait_for_timeout(100)
    assert killed
    server.start()
    sent = send_until_all_arrived(page)
    grown = [b - a for a, b in zip(before, counts(server), strict=True)]
    assert grown == ([0, 0, 1, 1] if what == "operation" else [1, 1, 1, 2])
    assert {item["state"] for item in sent} == {"sent"}
