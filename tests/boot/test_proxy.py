"""A real proxy sees the real clients of a Flowise pod, and nothing that is for the cluster."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from cdk8s import App, Chart

from boot.conftest import installed
from flowise_constructs import (
    Auth,
    Flowise,
    FlowiseMain,
    Image,
    OutboundProxy,
    PostgresDatabase,
    S3Bucket,
    SecretKey,
    Settings,
)

SERVER = "flowise-db.internal.example"
# As Flowise's server does it, before anything else (packages/server/src/index.ts).
CLIENTS = """
require('global-agent/bootstrap')
const OpenAI = require('openai').default || require('openai')
const { S3Client, ListObjectsV2Command } = require('@aws-sdk/client-s3')
const key = { accessKeyId: 'a', secretAccessKey: 'b' }
const ask = (scheme, host) => [
    () => fetch(`${scheme}://fetch.${host}/`),
    () => new OpenAI({ apiKey: 'k', baseURL: `${scheme}://openai.${host}/v1`, maxRetries: 0 }).models.list(),
    () => new S3Client({ region: 'us-east-1', endpoint: `${scheme}://s3.${host}`, forcePathStyle: true, credentials: key, maxAttempts: 1 })
        .send(new ListObjectsV2Command({ Bucket: 'files' })),
    () => new Promise((done, failed) => require(scheme).get(`${scheme}://get.${host}/`, done).on('error', failed)),
]
const every = [...ask('http', 'outside.example'), ...ask('https', 'outside.example'), ...ask('http', 'minio.svc'),
    () => fetch('http://localhost:9/'), () => fetch(`http://%s:9/`), () => fetch('http://minio.files.svc.cluster.local:9/')]
Promise.allSettled(every.map((one) => one())).then(() => process.exit(0))
setTimeout(() => process.exit(0), 20000)
""".replace("%s", SERVER)


class Proxy(ThreadingHTTPServer):
    """Answers whatever it is asked for, and notes for which host."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Asked)
        self.hosts: set[str] = set()
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Asked(BaseHTTPRequestHandler):
    server: Proxy

    def do_GET(self) -> None:
        self.server.hosts.add(self.path.split("/")[2])
        body = json.dumps({"data": []}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_CONNECT(self) -> None:
        # The host suffices: nobody here could speak TLS for it.
        self.server.hosts.add(self.path)
        self.send_error(502)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on standard error."""


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    running = Proxy()
    yield running
    running.shutdown()


def variables(proxy: Proxy) -> dict[str, str]:
    """What main's container has of the proxy."""
    chart = Chart(App(), "chart")
    flowise = Flowise(
        auth=Auth.from_secret("auth"),
        database=PostgresDatabase(host=SERVER, password=SecretKey(secret="db", key="password")),
        storage=S3Bucket(bucket="files", endpoint="http://s3.minio.svc"),
        image=Image(tag="3.1.4"),
        settings=Settings(proxy=OutboundProxy(http=f"http://127.0.0.1:{proxy.server_port}")),
    )
    main = FlowiseMain(chart, "Main", flowise=flowise)
    return {name: value for name, value in main.environment.items() if "PROXY" in name and isinstance(value, str)}


def test_every_client_takes_the_proxy_and_none_for_the_cluster(proxy: Proxy) -> None:
    release = installed("3.1.4")
    environment = {"PATH": os.environ["PATH"], "NODE_PATH": str(release.modules), **variables(proxy)}
    subprocess.run([release.node, "-e", CLIENTS], env=environment, cwd=release.folder, timeout=60, check=True)
    names = {"fetch", "openai", "s3", "get"}
    outside = {f"{name}.outside.example" for name in names} | {f"{name}.outside.example:443" for name in names}
    assert {host.replace("outside.example:80", "outside.example") for host in proxy.hosts} == outside
