"""Requests to the doors of an installation, written as a test says and not as a client would."""

from __future__ import annotations

import http.client
import socket
from contextlib import suppress
from typing import NamedTuple

from boot.network import NODE

CHATS = "chat.example.com"
"""The host of the public door."""
ANSWER_SECONDS = 120


class Way(NamedTuple):
    """An address that serves a host."""

    name: str
    host: str
    port: int
    address: str = NODE


def ask(way: Way, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
    """One request, the path as it is written here; a status of 0 where there is no answer that can be read."""
    head = {"Host": way.host, "Connection": "close", **headers}
    if body is not None:
        head |= {"Content-Length": str(len(body)), "Content-Type": "application/json"}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items()), "", ""]
    with socket.create_connection((way.address, way.port), ANSWER_SECONDS) as connection:
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall("\r\n".join(lines).encode("latin-1") + (body or b""))
        response = http.client.HTTPResponse(connection, method=method)
        try:
            response.begin()
            return response.status, response.read()
        except (http.client.HTTPException, ConnectionResetError):
            return 0, b""
