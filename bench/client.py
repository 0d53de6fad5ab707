"""A cheap HTTP client: keep-alive connections on plain sockets, so that the load costs the server's machine little."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

TOKEN = re.compile(rb'name="csrf_token"[^>]*value="([^"]+)"')
COOKIE = re.compile(rb"(?im)^set-cookie: *([^;\r\n]+)")


class Unexpected(Exception):
    """The server answered something else than the measured page."""


@dataclass(frozen=True)
class Answer:
    """Status, raw head and body."""

    status: int
    head: bytes
    body: bytes

    @property
    def location(self) -> str:
        """Where a redirect leads."""
        found = re.search(rb"(?im)^location: *(\S+)", self.head)
        return found.group(1).decode() if found else ""


class Connection:
    """One keep-alive connection with its cookie."""

    def __init__(self, port: int, cookie: str = "") -> None:
        self.cookie = cookie
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def get(self, path: str) -> Answer:
        """Read a page."""
        return self._send(f"GET {path} HTTP/1.1\r\n{self._head()}\r\n".encode())

    def post(self, path: str, fields: dict[str, str]) -> Answer:
        """Send a form."""
        body = urlencode(fields).encode()
        head = f"POST {path} HTTP/1.1\r\n{self._head()}Content-Length: {len(body)}\r\n"
        return self._send(f"{head}Content-Type: application/x-www-form-urlencoded\r\n\r\n".encode() + body)

    def token(self, path: str) -> str:
        """The token of a form."""
        answer = self.get(path)
        found = TOKEN.search(answer.body)
        if not found:
            raise Unexpected(f"{path}: {answer.status}, and no token")
        return found.group(1).decode()

    def close(self) -> None:
        """Hang up."""
        self.socket.close()

    def _head(self) -> str:
        return f"Host: 127.0.0.1\r\nCookie: {self.cookie}\r\n"

    def _send(self, request: bytes) -> Answer:
        self.socket.sendall(request)
        received = b""
        while (end := received.find(b"\r\n\r\n")) < 0:
            received += self._more()
        head = received[:end]
        length = int(re.search(rb"(?i)content-length: *(\d+)", head).group(1))
        while len(received) < end + 4 + length:
            received += self._more()
        if found := COOKIE.search(head):
            self.cookie = found.group(1).decode()
        return Answer(int(head[9:12]), head, received[end + 4 :])

    def _more(self) -> bytes:
        if not (data := self.socket.recv(65536)):
            raise Unexpected("The server hung up.")
        return data


@dataclass(frozen=True)
class Operation:
    """One measured thing: ``send`` does it on a connection; the answer must have this status and contain this mark."""

    name: str
    cookie: str
    send: Callable[[Connection], Answer]
    status: int
    mark: bytes

    def once(self, connection: Connection) -> None:
        """Do it, and check the answer. Raises ``Unexpected``."""
        answer = self.send(connection)
        if answer.status != self.status or self.mark not in answer.head + answer.body:
            raise Unexpected(f"{self.name}: {answer.status} {answer.body[:300]!r}")


@dataclass
class Measured:
    """The time each request took, and how long all of them took together."""

    seconds: list[float]
    lasted: float


def drive(port: int, operation: Operation, users: int, lasting: float) -> Measured:
    """Let so many users do one thing again and again for a time, each on a connection of their own."""
    connections = [Connection(port, operation.cookie) for _ in range(users)]
    times: list[list[float]] = [[] for _ in connections]
    faults: list[Exception] = []
    start = time.perf_counter()
    threads = [threading.Thread(target=_repeat, args=(operation, connection, start + lasting, own, faults))
               for connection, own in zip(connections, times, strict=True)]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lasted = time.perf_counter() - start
    for connection in connections:
        connection.close()
    if faults:
        raise faults[0]
    return Measured([taken for own in times for taken in own], lasted)


def _repeat(operation: Operation, connection: Connection, end: float, times: list[float], faults: list) -> None:
    try:
        while (before := time.perf_counter()) < end and not faults:
            operation.once(connection)
            times.append(time.perf_counter() - before)
    except (Unexpected, OSError) as fault:
        faults.append(fault)
