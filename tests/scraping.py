"""A scrape configuration out of ServiceMonitors and PodMonitors, as the Prometheus Operator makes it, with the targets
written out in the place of Kubernetes' discovery; what a scrape holds; a Prometheus of this machine."""

from __future__ import annotations

import http.client
import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

Object = Mapping[str, Any]
Pods = Mapping[str, Sequence[tuple[str, str]]]
"""Name and address of each pod, by its Deployment."""
DISCOVERED = {
    "ServiceMonitor": ("namespace", "service", "pod", "container", "endpoint", "job"),
    "PodMonitor": ("namespace", "pod", "container", "endpoint", "job"),
}
"""The labels that the operator gives to what a monitor finds."""
_RENAMED = {"targetLabel": "target_label", "sourceLabels": "source_labels"}
_SAMPLE = re.compile(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? \S+", re.MULTILINE)
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')


def scrape_configs(
    objects: Iterable[Object], pods: Pods, secrets: Mapping[str, Mapping[str, str]], *, namespace: str = "default"
) -> list[dict[str, Any]]:
    """One entry an endpoint of a monitor."""
    found = list(objects)
    monitors = [item for item in found if item["kind"] in DISCOVERED]
    return [
        _scrape_config(found, monitor, endpoint, pods, secrets, namespace)
        for monitor in monitors
        for endpoint in monitor["spec"].get("endpoints") or monitor["spec"]["podMetricsEndpoints"]
    ]


def _scrape_config(
    objects: list[Object],
    monitor: Object,
    endpoint: Object,
    pods: Pods,
    secrets: Mapping[str, Mapping[str, str]],
    namespace: str,
) -> dict[str, Any]:
    name = monitor["metadata"]["name"]
    targets = list(_targets(objects, monitor, str(endpoint["port"]), pods))
    assert targets, f"{monitor['kind']} {name} finds nothing"
    own = {"namespace": namespace, "endpoint": endpoint["port"], "job": f"{namespace}/{name}"}
    result: dict[str, Any] = {
        "job_name": f"{monitor['kind']}/{namespace}/{name}",
        "scrape_interval": endpoint["interval"],
        "scrape_timeout": endpoint["scrapeTimeout"],
        "metrics_path": endpoint["path"],
        "static_configs": [
            {
                "targets": [address],
                "labels": {word: {**own, **labels}[word] for word in DISCOVERED[monitor["kind"]]},
            }
            for address, labels in targets
        ],
        "relabel_configs": [
            {_RENAMED.get(word, word): value for word, value in rule.items()}
            for rule in endpoint.get("relabelings", ())
        ],
    }
    if "authorization" in endpoint:
        kept = endpoint["authorization"]["credentials"]
        credentials = secrets[kept["name"]][kept["key"]]
        result["authorization"] = {"type": endpoint["authorization"]["type"], "credentials": credentials}
    return result


def _targets(objects: list[Object], monitor: Object, port: str, pods: Pods) -> Iterator[tuple[str, dict[str, str]]]:
    wanted = monitor["spec"]["selector"]["matchLabels"]
    if monitor["kind"] == "PodMonitor":
        yield from _of_pods(objects, wanted, port, pods)
        return
    for service in objects:
        if service["kind"] == "Service" and wanted.items() <= service["metadata"]["labels"].items():
            for entry in service["spec"]["ports"]:
                if entry["name"] == port:
                    named = {"service": service["metadata"]["name"], "job": service["metadata"]["name"]}
                    for address, labels in _of_pods(objects, service["spec"]["selector"], entry["targetPort"], pods):
                        yield address, {**labels, **named}


def _of_pods(
    objects: list[Object], selector: Mapping[str, str], port: str, pods: Pods
) -> Iterator[tuple[str, dict[str, str]]]:
    for item in objects:
        if item["kind"] != "Deployment":
            continue
        template = item["spec"]["template"]
        if not selector.items() <= template["metadata"]["labels"].items():
            continue
        for container in template["spec"]["containers"]:
            for entry in container.get("ports", ()):
                if entry["name"] == port:
                    for name, address in pods.get(item["metadata"]["name"], ()):
                        target = f"{address}:{entry['containerPort']}"
                        yield target, {"pod": name, "container": container["name"]}


def samples(text: str) -> dict[str, list[dict[str, str]]]:
    """The samples of an answer: their labels, by the name of the metric."""
    found: dict[str, list[dict[str, str]]] = {}
    for match in _SAMPLE.finditer(text):
        found.setdefault(match[1], []).append(dict(_LABEL.findall(match[2] or "")))
    return found


def declared(text: str) -> list[str]:
    """The names of an answer's families, those too that have no sample yet."""
    return re.findall(r"^# TYPE (\S+) ", text, re.MULTILINE)


def checked_by_promtool(text: str) -> str:
    """What promtool says of an answer; nothing where all is well."""
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    return f"{done.stdout}{done.stderr}" if done.returncode else ""


class Prometheus:
    """A server of this machine."""

    def __init__(self, address: str) -> None:
        host, _, port = address.partition(":")
        self._host, self._port = host, int(port)

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The instant vector of an expression: labels and value of each element."""
        answer = self._get(f"/api/v1/query?query={quote(expression)}")
        return [{**item["metric"], "value": float(item["value"][1])} for item in answer["data"]["result"]]

    def targets(self) -> list[dict[str, Any]]:
        """What is scraped: labels, health and the last error."""
        found: list[dict[str, Any]] = self._get("/api/v1/targets?state=active")["data"]["activeTargets"]
        return found

    def ready(self) -> bool:
        """Whether it answers."""
        try:
            self._get("/api/v1/status/runtimeinfo")
        except (OSError, ValueError):
            return False
        return True

    def _get(self, path: str) -> Any:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=10)
        try:
            connection.request("GET", path)
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()


@contextmanager
def prometheus(folder: Path, address: str, configuration: Mapping[str, Any]) -> Iterator[Prometheus]:
    """A running Prometheus with that configuration, which promtool has found right."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "prometheus.yml"
    file.write_text(yaml.safe_dump(dict(configuration), sort_keys=False))
    subprocess.run(["promtool", "check", "config", "--syntax-only", str(file)], check=True, capture_output=True)
    program = shutil.which("prometheus")
    assert program is not None
    options = [f"--config.file={file}", f"--storage.tsdb.path={folder / 'data'}", f"--web.listen-address={address}"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([program, *options], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        server, deadline = Prometheus(address), time.monotonic() + 30
        while not server.ready():
            assert time.monotonic() < deadline, (folder / "log").read_text()[-2000:]
            assert process.poll() is None, (folder / "log").read_text()[-2000:]
            time.sleep(0.2)
        yield server
    finally:
        process.terminate()
        process.wait(20)
