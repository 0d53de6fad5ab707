"""Where the measured databases live: SQLite files that are kept, or a PostgreSQL cluster of this run's own."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from config import INSTANCE

FOLDER = INSTANCE / "bench"
# A server's usual settings; fsync and synchronous_commit stay on, because a measured commit must be a real one.
POSTGRES = "-c shared_buffers=512MB -c max_wal_size=4GB -c listen_addresses=''"


class SqliteFolder:
    """Database files, kept for the next run."""

    name = "sqlite"
    pids: tuple[int, ...] = ()

    def __init__(self) -> None:
        FOLDER.mkdir(parents=True, exist_ok=True)

    def clock(self) -> float:
        """Processor seconds used so far: SQLite works inside this process."""
        return time.process_time()

    def url(self, name: str) -> str:
        """The address of a database."""
        return f"sqlite:///{self._file(name)}"

    def has(self, name: str) -> bool:
        """Whether there is this database."""
        return self._file(name).exists()

    def create(self, name: str) -> None:
        """SQLite makes a database when it is opened; what an interrupted run left must go first."""
        for ending in ("", "-wal", "-shm"):
            Path(f"{self._file(name)}{ending}").unlink(missing_ok=True)

    def drop(self, name: str) -> None:
        """Remove a database and what SQLite keeps beside it."""
        self.create(name)

    def copy(self, source: str, target: str) -> None:
        """Make ``target`` a copy of ``source``, which nobody has open."""
        self.create(target)
        shutil.copyfile(self._file(source), self._file(target))

    def forget(self, keep: str) -> None:
        """Remove the databases whose names do not begin like this."""
        for file in FOLDER.glob("*.db*"):
            if not (keep and file.name.startswith(keep)):
                file.unlink()

    def rename(self, source: str, target: str) -> None:
        """Give a database the name under which it counts as filled."""
        self._file(source).rename(self._file(target))

    def _file(self, name: str) -> Path:
        return FOLDER / f"{name}.db"


class PostgresCluster:
    """A cluster of its own, reached through a socket in its folder."""

    name = "postgres"

    def __init__(self, home: Path) -> None:
        self.home = home
        self.used: dict[str, int] = {}
        """What each of the cluster's processes has used; those that ended are kept, so that the sum only grows."""
        self.pids = (int((home / "data" / "postmaster.pid").read_text().split()[0]),)

    def clock(self) -> float:
        """Processor seconds used so far by this process and the cluster's; elsewhere than on Linux, the time of day."""
        if not Path("/proc/self/schedstat").exists():
            return time.perf_counter()
        own = self.pids[0]
        backends = Path(f"/proc/{own}/task/{own}/children").read_text().split()
        self.used.update({pid: _nanoseconds(pid) or self.used.get(pid, 0) for pid in backends})
        return time.process_time() + sum(self.used.values()) / 1e9

    def url(self, name: str) -> str:
        """The address of a database."""
        return f"postgresql+psycopg://postgres@/{name}?host={self.home}"

    def has(self, name: str) -> bool:
        """Whether there is this database."""
        return bool(self._sql("SELECT 1 FROM pg_database WHERE datname = %s", [name]))

    def create(self, name: str) -> None:
        """A new, empty database."""
        self._sql(f'CREATE DATABASE "{name}"')

    def drop(self, name: str) -> None:
        """Remove a database."""
        self._sql(f'DROP DATABASE "{name}" WITH (FORCE)')

    def copy(self, source: str, target: str) -> None:
        """Make ``target`` a copy of ``source``, which nobody has open."""
        self._sql(f'CREATE DATABASE "{target}" TEMPLATE "{source}"')

    def forget(self, keep: str) -> None:
        """Nothing is left of another run."""

    def rename(self, source: str, target: str) -> None:
        """Give a database the name under which it counts as filled."""
        self._sql(f'ALTER DATABASE "{source}" RENAME TO "{target}"')

    def _sql(self, statement: str, values=None) -> list:
        with psycopg.connect(f"host={self.home} user=postgres dbname=postgres", autocommit=True) as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []


def _nanoseconds(pid: str) -> int:
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])
    except OSError:  # it has just ended
        return 0


@contextmanager
def place_for(kind: str) -> Iterator[SqliteFolder | PostgresCluster]:
    """A place for databases of this kind, for as long as the block runs."""
    if kind == "sqlite":
        yield SqliteFolder()
        return
    home = Path(tempfile.mkdtemp(prefix="lianhu-bench-", dir="/tmp"))  # socket paths must be short
    run = _runner(home)
    try:
        run("initdb", "-D", home / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
        options = f"{POSTGRES} -c unix_socket_directories='{home}'"
        run("pg_ctl", "-D", home / "data", "-w", "-l", home / "log", "-o", options, "start")
        yield PostgresCluster(home)
        run("pg_ctl", "-D", home / "data", "-m", "fast", "stop")
    finally:
        _stop_what_runs(home, run)
        shutil.rmtree(home)


def _stop_what_runs(home: Path, run) -> None:
    if (home / "data" / "postmaster.pid").exists():
        run("pg_ctl", "-D", home / "data", "-m", "immediate", "stop")


def _runner(home: Path):
    """A function that runs PostgreSQL's programs, which refuse to run as root, as somebody else."""
    who = {}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(home, nobody.pw_uid, nobody.pw_gid)
        who = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}

    def run(program, *arguments) -> None:
        subprocess.run([_folder() / program, *arguments], check=True, cwd=home, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, **who)  # fmt: skip

    return run


def _folder() -> Path:
    """Where PostgreSQL's programs lie."""
    if given := os.environ.get("LIANHU_PG_BIN"):
        return Path(given)
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda file: float(file.parts[-3]))
    initdb = found[-1] if found else shutil.which("initdb")
    if not initdb:
        raise SystemExit("PostgreSQL is needed: `make test` installs it, or say where with LIANHU_PG_BIN.")
    return Path(initdb).parent
