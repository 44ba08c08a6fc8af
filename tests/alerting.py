"""A real Prometheus with the rules of the YAML, on shortened clocks, and a stand-in for kube-state-metrics."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import yaml
from scraping import Prometheus, prometheus

SHORTER = 60
"""By how much `for`, ranges and offsets are divided: an hour is a minute. Expressions are the YAML's otherwise."""
_DURATION = re.compile(r"(?<=\[)(\d+)([smhd])(?=\])|(?<=offset )(\d+)([smhd])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
Figures = Callable[[], Mapping[str, float]]


def shortened(rule: Mapping[str, Any]) -> dict[str, Any]:
    """The rule with shorter clocks."""
    waits = {"for": _shorter(rule["for"])} if "for" in rule else {}
    return {**rule, **waits, "expr": _DURATION.sub(lambda match: _shorter(match[0]), rule["expr"])}


def _shorter(duration: str) -> str:
    parts = re.findall(r"(\d+)([smhd])", duration)
    milliseconds = 1000 * sum(int(number) * _UNITS[unit] for number, unit in parts) // SHORTER
    return f"{max(milliseconds, 1000)}ms"


@contextmanager
def state_of_the_cluster(address: str, figures: Figures) -> Iterator[str]:
    """Serves figures as kube-state-metrics would: here is no cluster. Gives the address to scrape."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            text = "".join(f"{series} {value:f}\n" for series, value in figures().items())
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer((address, 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"{address}:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


class Watch:
    """Which alerts fire."""

    def __init__(self, server: Prometheus) -> None:
        self._server = server
        self._started = time.monotonic()

    def firing(self) -> set[str]:
        """Those that fire now."""
        return {item["alertname"] for item in self._server.query('ALERTS{alertstate="firing"}')}

    def fired(self, seconds: float) -> set[str]:
        """Those that fired at any moment of the last seconds."""
        query = f'count by (alertname) (count_over_time(ALERTS{{alertstate="firing"}}[{max(int(seconds), 1)}s]))'
        return {item["alertname"] for item in self._server.query(query)}

    def until(self, wanted: Callable[[set[str]], bool], what: str, seconds: float = 120) -> set[str]:
        """Waits for it."""
        deadline = time.monotonic() + seconds
        while not wanted(found := self.firing()):
            assert time.monotonic() < deadline, f"{what}: {sorted(found)} fire"
            time.sleep(0.5)
        return found

    def until_firing(self, *alerts: str) -> None:
        """Waits until they fire."""
        self.until(lambda found: set(alerts) <= found, f"no {', '.join(alerts)}")

    def until_silent(self) -> None:
        """Waits until none fires."""
        self.until(lambda found: not found, "not silent")


@contextmanager
def alerting(
    folder: Path, address: str, groups: Sequence[Mapping[str, Any]], targets: Sequence[Mapping[str, Any]], state: str
) -> Iterator[Watch]:
    """Prometheus with these rules, shortened, these scrape configurations, and the state of the cluster."""
    folder.mkdir(parents=True, exist_ok=True)
    short = [{**group, "interval": "1s", "rules": [shortened(rule) for rule in group["rules"]]} for group in groups]
    (folder / "rules.yml").write_text(yaml.safe_dump({"groups": short}))
    cluster = {"job_name": "kube-state-metrics", "static_configs": [{"targets": [state]}]}
    configuration = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(folder / "rules.yml")],
        "scrape_configs": [*targets, cluster],
    }
    with prometheus(folder / "prometheus", address, configuration) as server:
        yield Watch(server)
