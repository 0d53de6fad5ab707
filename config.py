"""Every setting, its type, and whether the application can start without it. The only reader of the environment."""

import os
import secrets
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent
INSTANCE = ROOT / "instance"
PRODUCTION, DEVELOPMENT = "production", "development"
MEGABYTE = 1024 * 1024


class SettingMissing(Exception):
    """The application cannot start: the message names the setting and what it must be."""


@dataclass(frozen=True)
class Config:
    """The settings. Names in capitals, because Flask and its extensions read them from the same object."""

    SECRET_KEY: str
    SQLALCHEMY_DATABASE_URI: str
    FILES: str
    """Where attachments lie: a folder, later a bucket."""
    PARTS: str = str(INSTANCE / "parts")
    """Where files lie of which only a part has arrived."""
    SEAL_KEYS: str = str(INSTANCE / "seal")
    """Where the keys lie that open what phones sealed; the folder belongs in the backup."""
    ENVIRONMENT: str = PRODUCTION
    SESSION_COOKIE_NAME: str = "lianhu"
    SESSION_COOKIE_SECURE: bool = True
    SESSION_COOKIE_HTTPONLY: bool = True
    SESSION_COOKIE_SAMESITE: str = "Lax"
    PERMANENT_SESSION_LIFETIME: timedelta = timedelta(hours=12)
    MAX_CONTENT_LENGTH: int = 40 * MEGABYTE
    MAX_FORM_MEMORY_SIZE: int = MEGABYTE
    UPLOAD_LIMIT: int = 10 * MEGABYTE
    """Bytes one attachment may have."""
    PROXIES: int = 0
    """How many proxies of ours stand in front; what they say about address and scheme is believed."""
    TESTING: bool = False
    WTF_CSRF_TIME_LIMIT: int | None = None
    TRANSLATIONS: str = str(INSTANCE / "translations")
    """Where compiled catalogues are kept."""
    CENTRE_NAME: str = "综治中心"
    CENTRE_ALIAS: str = "（矛盾纠纷调处中心）"
    """What stands behind a centre's name where it is shown in full; counties use either name."""
    GRID_SERIAL_WIDTH: int = 3
    GROUP_SIZE_WARN: tuple[int, int] = (5, 15)

    def __post_init__(self) -> None:
        if self.ENVIRONMENT == PRODUCTION and len(self.SECRET_KEY) < 32:
            raise SettingMissing("SECRET_KEY must have at least 32 characters in production.")

    @property
    def is_production(self) -> bool:
        """Whether demonstration accounts are forbidden."""
        return self.ENVIRONMENT == PRODUCTION


def from_env() -> Config:
    """The settings the environment gives. Without any it is production, and what is missing is named."""
    environment = os.environ.get("LIANHU_ENV", PRODUCTION)
    if environment not in (PRODUCTION, DEVELOPMENT):
        raise SettingMissing(f"LIANHU_ENV is {environment!r}; it must be {PRODUCTION} or {DEVELOPMENT}.")
    return _development() if environment == DEVELOPMENT else _production()


def _production() -> Config:
    missing = [name for name in ("SECRET_KEY", "DATABASE_URL") if not os.environ.get(name)]
    if missing:
        raise SettingMissing(f"{' and '.join(missing)} must be set. To try Lianhu out, set LIANHU_ENV=development.")
    return Config(
        SECRET_KEY=os.environ["SECRET_KEY"],
        SQLALCHEMY_DATABASE_URI=_driver(os.environ["DATABASE_URL"]),
        FILES=os.environ.get("LIANHU_FILES", str(INSTANCE / "files")),
        PARTS=os.environ.get("LIANHU_PARTS", str(INSTANCE / "parts")),
        SEAL_KEYS=os.environ.get("LIANHU_SEAL_KEYS", str(INSTANCE / "seal")),
        PROXIES=int(os.environ.get("LIANHU_PROXIES", "0")),
    )


def _development() -> Config:
    INSTANCE.mkdir(exist_ok=True)
    return Config(
        SECRET_KEY=os.environ.get("SECRET_KEY") or _kept_secret(INSTANCE / "secret_key"),
        SQLALCHEMY_DATABASE_URI=_driver(os.environ.get("DATABASE_URL", f"sqlite:///{INSTANCE / 'lianhu.db'}")),
        FILES=os.environ.get("LIANHU_FILES", str(INSTANCE / "files")),
        PARTS=os.environ.get("LIANHU_PARTS", str(INSTANCE / "parts")),
        SEAL_KEYS=os.environ.get("LIANHU_SEAL_KEYS", str(INSTANCE / "seal")),
        ENVIRONMENT=DEVELOPMENT,
        SESSION_COOKIE_SECURE=False,
    )


def _driver(url: str) -> str:
    """Name the PostgreSQL driver, so that the usual ``postgresql://`` works."""
    for scheme in ("postgres://", "postgresql://"):
        if url.startswith(scheme):
            return "postgresql+psycopg://" + url.removeprefix(scheme)
    return url


def _kept_secret(file: Path) -> str:
    """A random secret, made once and readable by its owner only."""
    if not file.exists():
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
            new.write(secrets.token_hex(32))
    return file.read_text().strip()


def for_tests(folder: Path, database: str, **changes: object) -> Config:
    """Settings for a test whose files lie in ``folder`` and whose database is at the URL ``database``."""
    settings = {
        "SECRET_KEY": "tests",
        "SQLALCHEMY_DATABASE_URI": _driver(database),
        "FILES": str(folder / "files"),
        "PARTS": str(folder / "parts"),
        "SEAL_KEYS": str(folder / "seal"),
        "ENVIRONMENT": DEVELOPMENT,
        "SESSION_COOKIE_SECURE": False,
        "TESTING": True,
        "WTF_CSRF_ENABLED": False,
        "TRANSLATIONS": str(folder / "translations"),
    }
    return TestConfig(**(settings | changes))


@dataclass(frozen=True)
class TestConfig(Config):
    """Settings that only tests may have."""

    __test__ = False
    WTF_CSRF_ENABLED: bool = True
