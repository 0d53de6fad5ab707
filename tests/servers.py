"""Real databases for tests: an SQLite file, and a PostgreSQL server that the tests start and stop."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

FAST = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"


class SqliteFiles:
    """A database file; ``reset`` makes it a copy of the template."""

    def __init__(self, folder: Path) -> None:
        self.file, self.template = folder / "lianhu.db", folder / "template.db"
        self.url = f"sqlite:///{self.file}"

    def keep_as_template(self) -> None:
        """Remember the database as it is now."""
        shutil.copy(self.file, self.template)

    def reset(self) -> None:
        """Make the database what the template is."""
        for ending in ("-wal", "-shm"):
            Path(f"{self.file}{ending}").unlink(missing_ok=True)
        shutil.copy(self.template, self.file)

    def empty(self) -> str:
        """The URL of a new database without tables."""
        other = self.file.with_name("empty.db")
        other.unlink(missing_ok=True)
        return f"sqlite:///{other}"


class PostgresServer:
    """A cluster of its own, reached through a socket in its folder."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.url = f"postgresql://postgres@/lianhu?host={home}"
        self._sql("CREATE DATABASE lianhu")

    def keep_as_template(self) -> None:
        """Remember the database as it is now."""
        self._sql("DROP DATABASE IF EXISTS template_lianhu", "CREATE DATABASE template_lianhu TEMPLATE lianhu")

    def reset(self) -> None:
        """Make the database what the template is."""
        self._sql("DROP DATABASE IF EXISTS lianhu WITH (FORCE)", "CREATE DATABASE lianhu TEMPLATE template_lianhu")

    def empty(self) -> str:
        """The URL of a new database without tables."""
        self._sql("DROP DATABASE IF EXISTS empty WITH (FORCE)", "CREATE DATABASE empty")
        return f"postgresql+psycopg://postgres@/empty?host={self.home}"

    def _sql(self, *statements: str) -> None:
        with psycopg.connect(f"host={self.home} user=postgres dbname=postgres", autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)


@contextmanager
def postgres() -> Iterator[PostgresServer]:
    """Start a cluster, stop and remove it afterwards."""
    # Not pytest's folder: a server run as another user could not enter it, and socket paths must be short.
    home = Path(tempfile.mkdtemp(prefix="lianhu-pg-", dir="/tmp"))
    run = _runner(home)
    run("initdb", "-D", home / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
    options = f"-c listen_addresses='' -c unix_socket_directories='{home}' {FAST}"
    run("pg_ctl", "-D", home / "data", "-w", "-l", home / "log", "-o", options, "start")
    try:
        yield PostgresServer(home)
    finally:
        run("pg_ctl", "-D", home / "data", "-m", "immediate", "stop")
        shutil.rmtree(home)


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
    """Where PostgreSQL's programs lie; ``make test`` says so, and installs them if need be."""
    if given := os.environ.get("LIANHU_PG_BIN"):
        return Path(given)
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    if on_path := shutil.which("initdb"):
        return Path(on_path).parent
    raise RuntimeError("PostgreSQL is needed: run `make test`, which installs it.")
