"""A local server that answers as it is told, so that a network has every fault at will."""

import datetime
import ipaddress
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

PIECES = 10


class Answer(NamedTuple):
    """What one request gets."""

    content: bytes = b""
    status: int = 200
    to: str | None = None
    """Where it redirects."""
    announced: int | str | None = "right"
    """Content-Length; None for none."""
    pause: float = 0
    """Seconds before each of the content's pieces."""
    stalls: bool = False
    """Nothing comes after the first piece."""


Script = dict[str, list[Answer]]
"""The answers of each path, of which the last is repeated."""
Serve = Callable[..., str]


class Scripted(ThreadingHTTPServer):
    """Gives each path its answers, in their order."""

    def __init__(self, script: Script, certificate: Path | None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = {path: list(answers) for path, answers in script.items()}
        self.over = threading.Event()  # so that no stalled answer outlives the test
        self.scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
            self.scheme = "https"

    @property
    def address(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away, or does not trust the certificate, is part of the play."""


class Handler(BaseHTTPRequestHandler):
    server: Scripted

    def do_GET(self) -> None:
        answers = self.server.answers[self.path]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        self.send_response(answer.status)
        if answer.to:
            self.send_header("Location", answer.to)
        if answer.announced is not None:
            length = len(answer.content) if answer.announced == "right" else answer.announced
            self.send_header("Content-Length", str(length))
        self.end_headers()
        size = len(answer.content) // PIECES + 1
        for start in range(0, len(answer.content), size):
            self.server.over.wait(answer.pause)
            self.wfile.write(answer.content[start : start + size])
            if answer.stalls:
                self.server.over.wait()

    def log_message(self, *arguments: Any) -> None:
        pass


def servers() -> Iterator[Serve]:
    """Starts servers and gives their addresses; all end with the test."""
    started: list[Scripted] = []

    def serve(script: Script, certificate: Path | None = None, running: bool = True) -> str:
        server = Scripted(script, certificate)
        if running:
            started.append(server)
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        else:
            server.server_close()
        return server.address

    yield serve
    for server in started:
        server.over.set()
        server.shutdown()
        with suppress(OSError):
            server.server_close()


def self_signed(directory: Path, valid_for_days: int) -> Path:
    """A certificate of 127.0.0.1, with its key, in one file; expired if valid for a negative time."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    until = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=valid_for_days)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(until - datetime.timedelta(days=30))
        .not_valid_after(until)
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = directory / "certificate.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path
