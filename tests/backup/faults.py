"""Stands between a client and a server and breaks what is told."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from backup.servers import free_port


class CuttingProxy:
    """Passes TCP on, and cuts a connection after so many bytes of the server's, or of the client's. None: never."""

    def __init__(self, port: int, *, after: int | None, toward_server: bool = False, listen: int = 0) -> None:
        self.target = port
        self.limits = (after, None) if toward_server else (None, after)
        self.cut = 0
        self._listener = socket.create_server(("127.0.0.1", listen))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Takes no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.target))
            threading.Thread(target=self._pass, args=(client, server, self.limits[0]), daemon=True).start()
            threading.Thread(target=self._pass, args=(server, client, self.limits[1]), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket, limit: int | None) -> None:
        passed = 0
        try:
            while data := source.recv(65536):
                passed += len(data)
                if limit is not None and passed > limit:
                    self.cut += 1
                    break
                sink.sendall(data)
        except OSError:
            pass
        for one in (source, sink):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


def opened_later(port: int, seconds: float) -> int:
    """A port behind which the server will be, as while it starts."""
    later = free_port()
    opening = threading.Timer(seconds, CuttingProxy, (port,), {"after": None, "listen": later})
    opening.daemon = True
    opening.start()
    return later


Verdict = Callable[[str, str], str | None]
"""Method and path -> "refuse", "cut", "corrupt", or None to pass it on."""


class FaultyStore:
    """Passes HTTP on to the object store, but for what the verdict says. `calls` are the requests that came."""

    def __init__(self, port: int, certificate: str | None = None) -> None:
        """`certificate` is a file with certificate and key: the store then speaks TLS."""
        self.target, self.scheme = port, "https" if certificate else "http"
        self.verdict: Verdict = lambda method, path: None
        self.calls: list[tuple[str, str]] = []
        store = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: object) -> None:
                """Says nothing."""

        for method in ("GET", "PUT", "POST", "HEAD", "DELETE"):
            setattr(Handler, f"do_{method}", lambda request: store.handle(request))  # noqa: PLW0108 - a function binds
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """What clients are told."""
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def close(self) -> None:
        """Ends."""
        self._server.shutdown()
        self._server.server_close()

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        """Passes one request on, or breaks it."""
        self.calls.append((request.command, request.path))
        verdict = self.verdict(request.command, request.path)
        length = int(request.headers.get("Content-Length") or 0)
        if verdict == "cut":
            request.rfile.read(length // 2)
            request.connection.close()
            request.close_connection = True
            return
        body = request.rfile.read(length)
        if verdict == "refuse":
            self._answer(request, 403, {}, b"<Error><Code>AccessDenied</Code></Error>")
            return
        status, headers, answer = self._ask(request, body)
        if verdict == "corrupt" and answer:
            answer = answer[:-1] + bytes([answer[-1] ^ 1])
        self._answer(request, status, headers, answer)

    def _ask(self, request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.target, timeout=30)
        connection.request(request.command, request.path, body=body, headers=dict(request.headers.items()))
        response = connection.getresponse()
        answer = response.read()
        own = ("transfer-encoding", "connection", "server", "date")
        kept = {key: value for key, value in response.getheaders() if key.lower() not in own}
        connection.close()
        return response.status, kept, answer

    def _answer(self, request: BaseHTTPRequestHandler, status: int, headers: dict[str, str], body: bytes) -> None:
        request.send_response(status)
        for key, value in headers.items():
            if key.lower() != "content-length":
                request.send_header(key, value)
        told = headers.get("Content-Length") or headers.get("content-length")
        request.send_header("Content-Length", told if request.command == "HEAD" and told else str(len(body)))
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(body)
