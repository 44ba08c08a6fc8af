"""Google Cloud Storage on this machine: the emulator of PyPI behind what Google's clients ask before it.

    python google.py HOST PORT [CERTIFICATE KEY]

Nobody gets in without a token. `/token` gives one to whoever signs as a service account, as oauth2.googleapis.com does;
`/computeMetadata` gives one to whoever asks as a pod's client does, as the node's metadata server. The grants are counted
at `/grants`.
"""

from __future__ import annotations

import base64
import json
import ssl
import sys
from functools import partial
from http.server import ThreadingHTTPServer
from threading import Lock
from urllib.parse import parse_qs, urlsplit

from gcp_storage_emulator import server
from gcp_storage_emulator.storage import Storage

ACCOUNT = "flowise@boot-project.iam.gserviceaccount.com"
PROJECT = "boot-project"
METADATA = "/computeMetadata/v1"
TOKENS = {"key": "a-token-for-a-key", "identity": "a-token-for-an-identity"}
GRANTS = dict.fromkeys(TOKENS, 0)
_ONE_AT_A_TIME = Lock()


def token(kind: str) -> bytes:
    GRANTS[kind] += 1
    return json.dumps({"access_token": TOKENS[kind], "expires_in": 3600, "token_type": "Bearer"}).encode()


def issuer(form: bytes) -> str:
    """Who signed the request for a token."""
    (assertion,) = parse_qs(form.decode())["assertion"]
    claims = assertion.split(".")[1]
    return str(json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["iss"])


class Handler(server.RequestHandler):
    """The emulator's requests, and those that come before them."""

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == "/grants":
            self.answer(200, json.dumps(GRANTS).encode())
        elif path.startswith("/computeMetadata") or (path == "/" and self.headers.get("Metadata-Flavor")):
            self.metadata(path.removeprefix(METADATA))
        else:
            self.pass_on(super().do_GET)

    def do_POST(self) -> None:
        if urlsplit(self.path).path not in ("/token", "/oauth2/v4/token"):
            self.pass_on(super().do_POST)
        elif issuer(self.rfile.read(int(self.headers["Content-Length"]))) == ACCOUNT:
            self.answer(200, token("key"))
        else:
            self.answer(401, b'{"error": "invalid_grant"}')

    def do_PUT(self) -> None:
        self.pass_on(super().do_PUT)

    def do_DELETE(self) -> None:
        self.pass_on(super().do_DELETE)

    def do_PATCH(self) -> None:
        self.pass_on(super().do_PATCH)

    def metadata(self, path: str) -> None:
        if self.headers.get("Metadata-Flavor") != "Google":
            self.answer(403, b"")
        elif path.endswith("/token"):
            self.answer(200, token("identity"))
        elif path.endswith("/project-id"):
            self.answer(200, PROJECT.encode(), "text/plain")
        elif "service-accounts/default" in path:
            self.answer(200, json.dumps({"email": ACCOUNT, "scopes": [], "aliases": ["default"]}).encode())
        else:
            self.answer(200 if path in ("", "/", "/instance") else 404, b"{}")

    def pass_on(self, handle: object) -> None:
        granted = self.headers.get("Authorization", "").removeprefix("Bearer ") in TOKENS.values()
        if not granted:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.answer(401, b'{"error": {"code": 401, "message": "no token"}}')
            return
        with _ONE_AT_A_TIME:
            handle()  # type: ignore[operator]

    def answer(self, status: int, content: bytes, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Metadata-Flavor", "Google")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


class SecureRequest(server.Request):
    """The emulator takes every request for http, and sends up- and downloads there, to the name that the upload was for:
    not every client can look it up."""

    def __init__(self, handler: Handler, method: str) -> None:
        super().__init__(handler, method)
        host, port = handler.server.server_address[:2]
        self._base_url = f"https://{host!s}:{port}"
        self._full_url = self._full_url.replace("http:", "https:")


def main(host: str, port: str, *files: str) -> None:
    listener = ThreadingHTTPServer((host, int(port)), partial(Handler, Storage(use_memory_fs=True)))
    if files:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*files)
        listener.socket = context.wrap_socket(listener.socket, server_side=True)
        server.Request = SecureRequest
    listener.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
