"""Stands between a client and a server and breaks what is told."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class CuttingProxy:
    """Passes TCP on, and resets a connection after so many bytes of the server's."""

    def __init__(self, port: int, *, after: int) -> None:
        self.target, self.after = port, after
        self.cut = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
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
            threading.Thread(target=self._pass, args=(client, server, None), daemon=True).start()
            threading.Thread(target=self._pass, args=(server, client, self.after), daemon=True).start()

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
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


Verdict = Callable[[str, str], str | None]
"""Method and path -> "refuse", "cut", "corrupt", or None to pass it on."""


class FaultyStore:
    """Passes HTTP on to the object store, but for what the verdict says. `calls` are the requests that came."""

    def __init__(self, port: int) -> None:
        self.target = port
        self.verdict: Verdict = lambda method, path: None
        self.calls: list[tuple[str, str]] = []
        store = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: object) -> None:
                """Says nothing."""

            def handle_one(self) -> None:
                """One request."""
                store.handle(self)

            do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = handle_one

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """What clients are told."""
        return f"http://127.0.0.1:{self.port}"

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
        kept = {key: value for key, value in response.getheaders() if key.lower() not in ("transfer-encoding", "connection", "server", "date")}
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
