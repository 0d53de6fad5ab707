"""A server of its own with the demonstration, and browser pages of two sizes."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PHONE, DESKTOP = {"width": 360, "height": 740}, {"width": 1366, "height": 768}
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--lang=zh-CN"]  # fmt: skip


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The address of a running Lianhu with its demonstration."""
    folder, port = tmp_path_factory.mktemp("site"), _free_port()
    settings = os.environ | {
        "LIANHU_ENV": "development", "DATABASE_URL": f"sqlite:///{folder / 'lianhu.db'}", "SECRET_KEY": "browser tests",
        "LIANHU_FILES": str(folder / "files"),
    }  # fmt: skip
    subprocess.run([sys.executable, "-m", "flask", "--app", "wsgi", "prepare"], cwd=ROOT, env=settings, check=True,
                   capture_output=True)  # fmt: skip
    command = [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "wsgi",
        "--factory",
        "wsgi:create_app",
        "--port",
        str(port),
    ]
    server = subprocess.Popen(command, cwd=ROOT, env=settings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield _when_it_answers(f"http://127.0.0.1:{port}")
    finally:
        server.terminate()
        server.wait(20)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _when_it_answers(address: str) -> str:
    for _ in range(200):
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=2):  # noqa: S310 -- our own server
                return address
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("The server did not start.")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    """The browser that `make test` found."""
    found = os.environ.get("LIANHU_CHROMIUM", "/usr/bin/chromium")
    return browser_type_launch_args | {"executable_path": found, "args": FLAGS}


@pytest.fixture
def open_as(browser, site):
    """``open_as("village")`` gives a page signed in; what its console complains about fails the test."""
    contexts, complaints = [], []

    def open_page(username, size=DESKTOP):
        context = browser.new_context(viewport=size, locale="zh-CN", timezone_id="Asia/Shanghai")
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(8000)
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{site}/sign-in")
        page.fill("[name=username]", username)
        page.fill("[name=password]", "lianhu-demo")
        page.click("main button")
        page.wait_for_url(f"{site}/")
        return page

    yield open_page
    for context in contexts:
        context.close()
    allowed = ("404", "409", "401", "422", "403")  # the browser tells of every refused request
    assert [c for c in complaints if not any(code in c for code in allowed)] == []


class Phone:
    """One phone: a profile that outlives the browser."""

    def __init__(self, site, folder, playwright, executable):
        self.site, self.folder, self.playwright, self.executable = site, folder, playwright, executable
        self.context = None

    def open(self, path="/m/zh"):
        """Start the browser and open a page of the site."""
        self.context = self.playwright.chromium.launch_persistent_context(
            self.folder, executable_path=self.executable, args=FLAGS, viewport=PHONE, locale="zh-CN",
            timezone_id="Asia/Shanghai",
        )  # fmt: skip
        page = self.context.pages[0]
        page.set_default_timeout(10000)
        page.on("dialog", lambda dialog: dialog.accept())
        page.goto(f"{self.site}{path}")
        return page

    def close(self):
        """Close the browser; what it keeps stays on the disk."""
        if self.context is not None:
            self.context.close()
            self.context = None


@pytest.fixture
def phone(site, tmp_path, playwright, browser_type_launch_args):
    """A phone that nobody has used yet."""
    found = Phone(site, tmp_path / "profile", playwright, browser_type_launch_args["executable_path"])
    yield found
    found.close()
