"""Bodies that come in parts: what a bad line could send stays, and the next try goes on from there."""

import re
from dataclasses import dataclass

from flask import Flask, current_app
from obstore.store import LocalStore

from core.errors import Refused

RANGE = re.compile(r"bytes (\d{1,9})-(\d{1,9})/(\d{1,9})")


@dataclass(frozen=True)
class Part:
    """The place of some bytes in a body: from ``start``, before ``end``, of ``total``."""

    start: int
    end: int
    total: int

    @property
    def is_last(self) -> bool:
        """Whether the body ends here."""
        return self.end == self.total


def part_of(header: str, length: int) -> Part:
    """The place that a ``Content-Range`` header (RFC 9110, 14.4) gives ``length`` bytes. Raises ``Refused`` if it lies."""
    found = RANGE.fullmatch(header)
    start, last, total = map(int, found.groups()) if found else (0, -1, 0)
    if not found or last + 1 - start != length or not start <= last < total:
        raise Refused("The parts of this file do not fit together. Send it again from the beginning.")
    return Part(start, last + 1, total)


def open_parts(app: Flask) -> None:
    """Open the folder that holds what has not arrived in full."""
    app.extensions["parts"] = LocalStore(app.config["PARTS"], mkdir=True)


def keep_part(of: str, part: Part, content: bytes) -> int:
    """Keep one part of the body named ``of``; gives how many bytes have arrived without a gap."""
    _store().put(f"{of}/{part.start:012d}", content)
    return received(of)


def received(of: str) -> int:
    """How many bytes of a body have arrived, from its beginning without a gap."""
    end = 0
    for start, size in _kept(of):
        if start > end:
            break
        end = max(end, start + size)
    return end


def joined(of: str, last: Part, content: bytes) -> bytes:
    """The whole body, with its last part. Raises ``Refused`` if something before it is missing."""
    body = bytearray()
    for start, _size in _kept(of):
        if start <= len(body) and start < last.start:
            body[start:] = bytes(_store().get(f"{of}/{start:012d}").bytes())
    if len(body) < last.start:
        raise Refused("The parts of this file do not fit together. Send it again from the beginning.")
    return bytes(body[: last.start]) + content


def forget(of: str) -> None:
    """Drop the parts of a body that has arrived."""
    for start, _size in _kept(of):
        _store().delete(f"{of}/{start:012d}")


def _kept(of: str) -> list[tuple[int, int]]:
    found = _store().list(prefix=of).collect()
    return sorted((int(one["path"].rpartition("/")[2]), one["size"]) for one in found)


def _store() -> LocalStore:
    return current_app.extensions["parts"]
