"""A real API server, with no node: what it admits, in a namespace that enforces Pod Security "restricted"."""

from __future__ import annotations

import base64
import copy
import http.client
import json
import os
import ssl
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backup.servers import free_port

ASSETS = os.environ.get("KUBEBUILDER_ASSETS")
"""The directory of `etcd` and `kube-apiserver`, as the tools of controller developers name it."""
TOKEN = "of-the-test"
NAMESPACE = "restricted"
LEVELS = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")}


@dataclass(frozen=True)
class Verdict:
    """What the server says of an object: an error or None, and warnings."""

    error: str | None
    warnings: list[str]


class ApiServer:
    """etcd and the API server, on loopback unless told otherwise, until `stop`."""

    def __init__(self, directory: Path, *, address: str = "127.0.0.1") -> None:
        assert ASSETS is not None
        self._directory, self._address, self.port = directory, address, free_port()
        self._places: dict[tuple[str, str], str] = {}
        # The server makes its certificate itself, at each start.
        insecure = ssl._create_unverified_context()
        self._connection = http.client.HTTPSConnection(address, self.port, context=insecure, timeout=30)
        store, peer = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
        clients = [f"--listen-client-urls={store}", f"--advertise-client-urls={store}"]
        self._processes = [
            self._start("etcd", f"--data-dir={directory}/etcd", *clients, f"--listen-peer-urls={peer}"),
            self._start("kube-apiserver", f"--etcd-servers={store}", *self._flags()),
        ]
        try:
            self._wait_until_ready(180)
            self._request("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE, "labels": LEVELS}})
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Ends both."""
        self._connection.close()
        for process in reversed(self._processes):
            process.kill()
            process.wait()

    def admit(self, document: dict[str, Any]) -> Verdict:
        """What would be said if the object were created there now."""
        return self.tried(document)[0]

    def define(self, definition: dict[str, Any]) -> None:
        """Adds a custom resource, and waits until it is served."""
        verdict, _ = self._request("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition)
        assert verdict.error is None, verdict.error
        spec = definition["spec"]
        group = f"/apis/{spec['group']}/{spec['versions'][0]['name']}"
        deadline = time.monotonic() + 60
        while spec["names"]["kind"] not in json.dumps(self._request("GET", group)[1]):
            assert time.monotonic() < deadline
            time.sleep(0.2)

    def tried(self, document: dict[str, Any]) -> tuple[Verdict, Any]:
        """What would be said, and what would be stored."""
        item = copy.deepcopy(document)
        item["metadata"].pop("namespace", None)
        group = "/api/v1" if item["apiVersion"] == "v1" else f"/apis/{item['apiVersion']}"
        path = f"{group}/{self._place_of(group, item['kind'])}?dryRun=All&fieldValidation=Strict"
        return self._request("POST", path, item)

    def create(self, document: dict[str, Any]) -> None:
        """Creates the object there."""
        group = "/api/v1" if document["apiVersion"] == "v1" else f"/apis/{document['apiVersion']}"
        self._want("POST", f"{group}/{self._place_of(group, document['kind'])}", document)

    def token(self, account: str) -> str:
        """A token of a service account."""
        path = f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts/{account}/token"
        request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 600}}
        return str(self._want("POST", path, request)["status"]["token"])

    def secret(self, name: str) -> dict[str, str]:
        """The data of a Secret."""
        data = self._want("GET", f"/api/v1/namespaces/{NAMESPACE}/secrets/{name}")["data"]
        return {key: base64.b64decode(value).decode() for key, value in data.items()}

    def delete(self, resource: str, name: str) -> None:
        """Deletes an object of the core group."""
        self._want("DELETE", f"/api/v1/namespaces/{NAMESPACE}/{resource}/{name}")

    def patch(self, resource: str, name: str, body: Any) -> None:
        """Changes an object of the core group."""
        path = f"/api/v1/namespaces/{NAMESPACE}/{resource}/{name}"
        self._want("PATCH", path, body, type="application/strategic-merge-patch+json")

    def error_of(self, method: str, path: str, body: Any, token: str) -> str | None:
        """What is said to whoever has that token."""
        self._connection.close()
        return self._request(method, path, body, token=token)[0].error

    @property
    def certificate(self) -> str:
        """What clients trust it by."""
        return (self._directory / "certificates" / "apiserver.crt").read_text()

    def _want(self, method: str, path: str, body: Any = None, type: str = "application/json") -> Any:
        # The server closes a connection that was idle for long.
        self._connection.close()
        verdict, told = self._request(method, path, body, type=type)
        assert verdict.error is None, verdict.error
        return told

    def version(self) -> str:
        """The server's version."""
        return str(self._request("GET", "/version")[1]["gitVersion"])

    def _place_of(self, group: str, kind: str) -> str:
        """Where objects of a kind are created."""
        if (group, kind) not in self._places:
            for resource in self._request("GET", group)[1]["resources"]:
                if "/" not in resource["name"]:
                    inside = f"namespaces/{NAMESPACE}/" if resource["namespaced"] else ""
                    self._places[group, resource["kind"]] = f"{inside}{resource['name']}"
        return self._places[group, kind]

    def _flags(self) -> list[str]:
        key, tokens = self._directory / "key.pem", self._directory / "tokens.csv"
        subprocess.run(["openssl", "genrsa", "-out", str(key), "2048"], check=True, capture_output=True)
        tokens.write_text(f"{TOKEN},test,test,system:masters\n")
        return [
            f"--bind-address={self._address}",
            f"--secure-port={self.port}",
            f"--cert-dir={self._directory}/certificates",
            f"--token-auth-file={tokens}",
            f"--service-account-key-file={key}",
            f"--service-account-signing-key-file={key}",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--service-cluster-ip-range=10.96.0.0/16,fd00:10:96::/112",
            "--authorization-mode=RBAC",
            # Nobody makes the default service account: there are no controllers.
            "--disable-admission-plugins=ServiceAccount",
        ]

    def _start(self, program: str, *flags: str) -> subprocess.Popen[bytes]:
        with (self._directory / f"{program}.log").open("wb") as log:
            return subprocess.Popen([f"{ASSETS}/{program}", *flags], stdout=log, stderr=log)

    def _wait_until_ready(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while True:
            try:
                if self._request("GET", "/readyz")[0].error is None:
                    return
            except (OSError, http.client.HTTPException):
                pass
            if time.monotonic() > deadline:
                raise TimeoutError((self._directory / "kube-apiserver.log").read_text()[-2000:])
            time.sleep(0.2)

    def _request(
        self, method: str, path: str, body: Any = None, *, type: str = "application/json", token: str = TOKEN
    ) -> tuple[Verdict, Any]:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": type}
        try:
            self._connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = self._connection.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            raise
        told = json.loads(text) if text.startswith("{") else text
        error = None if answer.status < 300 else str(told["message"] if isinstance(told, dict) else told)
        return Verdict(error, answer.headers.get_all("Warning") or []), told
