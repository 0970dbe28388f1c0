"""A local server with scripted answers, to simulate network errors."""

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple


class Answer(NamedTuple):
    """The answer to one request."""

    content: bytes = b""
    status: int = 200
    location: str = ""  # where it redirects
    extra_length: int = 0  # added to Content-Length
    stalls: bool = False  # sends nothing
    authorization: str = ""  # header without which the status is 401


Script = dict[str, list[Answer]]
"""The answers of each path, of which the last is repeated."""
Serve = Callable[[Script], str]


class Server(ThreadingHTTPServer):
    """Gives each path its answers in order."""

    def __init__(self, script: Script) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script = dict(script)
        self.finished = threading.Event()
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: clients that disconnect are expected."""

    def stop(self) -> None:
        self.finished.set()
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        first, *others = self.server.script[self.path]
        self.server.script[self.path] = others or [first]
        if first.stalls:
            self.server.finished.wait()
        permitted = first.authorization in ("", self.headers["Authorization"])
        self.send_response(first.status if permitted else 401)
        if first.location:
            self.send_header("Location", first.location)
        self.send_header("Content-Length", str(len(first.content) + first.extra_length))
        self.end_headers()
        self.wfile.write(first.content)

    def log_message(self, *arguments: Any) -> None:
        pass
