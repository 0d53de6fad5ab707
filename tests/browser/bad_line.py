"""A bad line: a proxy that loses requests, loses answers, answers nonsense and dawdles, by turns that a seed gives."""

import http.client
import threading
import time
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random

SENDING = ("PUT", "POST")
HOP = ("connection", "keep-alive", "transfer-encoding", "content-length")


class Handler(BaseHTTPRequestHandler):
    """One request on its way."""

    line: "BadLine"
    protocol_version = "HTTP/1.1"

    def handle_one(self):
        """Pass one request on, or do with it what the line does."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.line.fault(self.command)
        if fault == "lost":
            return self.hang_up()
        if fault == "broken":
            return self.answer(500, {"Content-Type": "text/html"}, b"oops")
        if fault == "portal":
            return self.answer(200, {"Content-Type": "text/html"}, b"<h1>Wi-Fi</h1>")
        if fault == "slow":
            time.sleep(0.3)
        return self.pass_on(body, fault)

    def pass_on(self, body, fault):
        """Ask the server; its answer may be lost on the way back."""
        try:
            with closing(http.client.HTTPConnection("127.0.0.1", self.line.port, timeout=20)) as asked:
                asked.request(self.command, self.path, body, dict(self.headers))
                found = asked.getresponse()
                content = found.read()
        except OSError:
            return self.hang_up()
        if fault == "unanswered":
            return self.hang_up()
        if self.line.on_answer and self.line.on_answer(self.command, self.path):
            return self.hang_up()
        return self.answer(found.status, found.getheaders(), content)

    def answer(self, status, headers, content):
        """Answer the browser."""
        self.send_response(status)
        for name, value in headers.items() if isinstance(headers, dict) else headers:
            if name.lower() not in HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def hang_up(self):
        """Cut the connection in the middle."""
        self.close_connection = True
        self.connection.close()

    do_GET = do_PUT = do_POST = do_HEAD = handle_one  # noqa: N815 -- named by http.server

    def log_message(self, *_):
        """Say nothing."""


class BadLine:
    """Stands in front of a server; ``faults`` are what it does to what is sent, ``done`` counts what it did."""

    def __init__(self, port: int, faults=("lost", "unanswered", "broken", "slow", "portal"), seed=7):
        self.port, self.faults, self.random = port, faults, Random(seed)  # noqa: S311 -- the same faults each time
        self.done: dict[str, int] = {}
        self.share, self.lock, self.on_answer = 0.5, threading.Lock(), None
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("OnThisLine", (Handler,), {"line": self}))
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        """Hang up."""
        self.server.shutdown()
        self.server.server_close()

    def fault(self, method: str) -> str:
        """What happens to this request."""
        with self.lock:
            bad = method in SENDING and self.random.random() < self.share
            chosen = self.random.choice(self.faults) if bad and self.faults else "none"
            self.done[chosen] = self.done.get(chosen, 0) + 1
        return chosen
