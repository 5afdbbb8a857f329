"""What takes messages on loopback: a web server and a mail server, both without rules."""

import json
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult


class Taken:
    """A request that came."""

    def __init__(self, path: str, headers: dict[str, str], body: bytes) -> None:
        self.path, self.headers, self.body = path, headers, body

    @property
    def json(self) -> Any:
        """Its body."""
        return json.loads(self.body)


class WebSink:
    """Takes requests; answers with `status`."""

    def __init__(self, port: int = 0) -> None:
        self.taken: list[Taken] = []
        self.status = 200
        self.location = ""
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        sink = self

        class Request(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                sink.taken.append(Taken(self.path, dict(self.headers), body))
                self.send_response(sink.status)
                if sink.location:
                    self.send_header("Location", sink.location)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_PUT = do_POST

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Request

    def serve(self) -> None:
        """Serve until closed."""
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        """End it; the port is free then."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@contextmanager
def web_sink(port: int = 0) -> Iterator[WebSink]:
    """Serve while the block runs."""
    sink = WebSink(port)
    sink.serve()
    try:
        yield sink
    finally:
        sink.close()


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


class MailSink:
    """Takes mails; `login` is the (user, password) that came last."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.login: tuple[str, str] | None = None
        self.was_tls = False
        self.port = 0

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Take a mail."""
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.was_tls = session.ssl is not None
        return "250 OK"

    def authenticate(
        self, server: Any, session: Any, envelope: Any, mechanism: str, given: Any
    ) -> AuthResult:
        """Let those in whose password is right."""
        self.login = given.login.decode(), given.password.decode()
        return AuthResult(success=self.login[1] == "open sesame", handled=False)


@contextmanager
def mail_sink(
    port: int = 0, *, context: ssl.SSLContext | None = None, has_logins: bool = False
) -> Iterator[MailSink]:
    """Serve SMTP while the block runs, with STARTTLS where there is a context."""
    sink = MailSink()
    sink.port = port or free_port()
    logins: dict[str, Any] = {}
    if has_logins:
        logins = {"authenticator": sink.authenticate, "auth_require_tls": False}
    controller = Controller(
        sink, hostname="127.0.0.1", port=sink.port, tls_context=context, **logins
    )
    controller.start()
    try:
        yield sink
    finally:
        controller.stop()


def certificate(directory: Path) -> tuple[ssl.SSLContext, Path]:
    """Return the context of a server at 127.0.0.1, and the file by which it is known."""
    key, cert = directory / "key.pem", directory / "cert.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-keyout", str(key), "-out", str(cert), "-days", "2"),
            *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert, key)
    return context, cert
