"""A server on a loopback address that answers well and badly."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

CERTIFICATE = Path(__file__).parent / "tls" / "localhost.pem"

PIECES = 1000  # of a large body, 4 KiB each


class Answers(BaseHTTPRequestHandler):
    """What each path answers; the last part of a path is its argument."""

    protocol_version = "HTTP/1.1"
    server: "Server"

    def answer(self) -> None:
        """Answer a request."""
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        self.server.asked.append((self.command, self.path, dict(self.headers), body))
        word, _, rest = urlsplit(self.path).path.lstrip("/").partition("/")
        getattr(self, f"_{word}", self._echo)(rest)

    do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = answer  # http.server's names

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def _send(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _echo(self, rest: str) -> None:
        self._send(200, f"{self.command} {self.path}".encode(), Content_Type="text/plain")

    def _status(self, rest: str) -> None:
        self._send(int(rest), b"this is what went wrong\n")

    def _to(self, rest: str) -> None:
        """Redirect to a whole URL."""
        status, _, url = rest.partition("/")
        self._send(int(status), Location=url)

    def _round(self, rest: str) -> None:
        left = int(rest)
        self._send(302, Location=f"/round/{left - 1}" if left else "/end")

    def _large(self, rest: str) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(PIECES * 4096))
        self.end_headers()
        for _ in range(PIECES):
            self.wfile.write(b"x" * 4095 + b"\n")

    def _broken(self, rest: str) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"half")
        self.close_connection = True

    def _silent(self, rest: str) -> None:
        """Answer nothing, until the server is closed."""
        self.server.is_closed.wait(20)

    def _drip(self, rest: str) -> None:
        self.send_response(200)
        self.end_headers()
        while not self.server.is_closed.wait(0.02):
            self.wfile.write(b".")
            self.wfile.flush()

    def _rubbish(self, rest: str) -> None:
        self.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        self.close_connection = True


class Server(ThreadingHTTPServer):
    """Remembers what it was asked: (method, path, headers, body)."""

    daemon_threads = True

    def __init__(self, address: str) -> None:
        super().__init__((address, 0), Answers)
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        self.is_closed = threading.Event()
        self.scheme = "http"

    def handle_error(self, request: object, client_address: object) -> None:
        """Pass over clients that leave: they are what is tested."""

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        """Return the URL of a path."""
        return f"{self.scheme}://{host}:{self.server_port}{path}"


@contextmanager
def serving(address: str = "127.0.0.1", *, has_tls: bool = False) -> Iterator[Server]:
    """Give a server, and close it."""
    server = Server(address)
    if has_tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.scheme = "https"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.is_closed.set()
        server.shutdown()
        thread.join()
        server.server_close()
