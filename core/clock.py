"""The only module that reads the current time."""

from datetime import UTC, datetime


def now() -> datetime:
    """The present moment, in UTC, to the second."""
    return datetime.now(UTC).replace(microsecond=0)
