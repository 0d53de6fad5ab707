"""How programs are answered: JSON, also when something is wrong, and never with a page or a redirect."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
from flask import Response, request

from core.errors import Refused

ROOT = "/api/"


class Invalid(Exception):
    """A body that says something wrong: a sentence for each field, in the reader's language."""

    def __init__(self, fields: Mapping[str, list[str]]) -> None:
        super().__init__(", ".join(fields))
        self.fields = fields


def moment(text: str) -> datetime:
    """A device's own time from its ISO 8601 text with zone, in UTC. Raises ``ValueError`` (or ``TypeError``) for anything else."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(text)
    return found.astimezone(UTC)


def is_asked() -> bool:
    """Whether a program asks, not a person's browser."""
    return request.path.startswith(ROOT)


def answer(body: Any, status: int = 200) -> Response:
    """A body as JSON."""
    return Response(orjson.dumps(body), status, mimetype="application/json")


def problem(status: int, error: str, message: str, **more: Any) -> Response:
    """What went wrong: a word for programs, a sentence for people, and what else helps."""
    return answer({"error": error, "message": message, **more}, status)


def parsed(body: bytes) -> dict[str, Any]:
    """The object that a body of JSON holds. Raises ``Refused`` for anything else."""
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        said = None
    if not isinstance(said, dict):
        raise Refused("This is not a JSON object.")
    return said
