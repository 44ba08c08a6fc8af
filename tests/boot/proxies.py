"""Real proxies of this machine, configured with what an Ingress or an HTTPRoute of the YAML says, as its controller does."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from boot.network import NODE
from boot.servers import _Server

Object = Mapping[str, Any]


class Proxy(_Server):
    """In front of one main, for one object of the YAML."""

    def __init__(self, folder: Path, route: Object, main: str, port: int) -> None:
        super().__init__(folder)
        self.port, self.main = port, f"{main}:3000"
        self._file = folder / "configuration"
        self._file.write_text("\n".join(self.lines(route)) + "\n")

    def lines(self, route: Object) -> Iterator[str]:
        """The configuration."""
        raise NotImplementedError

    def answers(self) -> bool:
        try:
            socket.create_connection((NODE, self.port), 1).close()
        except OSError:
            return False
        return True


class Nginx(Proxy):
    """As ingress-nginx translates its annotations (rootfs/etc/nginx/template/nginx.tmpl of its sources)."""

    def command(self) -> Sequence[str]:
        return ["nginx", "-p", str(self.folder), "-c", str(self._file), "-e", str(self.folder / "errors")]

    def lines(self, route: Object) -> Iterator[str]:
        own = _annotations(route, "nginx.ingress.kubernetes.io")
        yield "daemon off; master_process off; pid pid; events {}"
        yield "http { access_log off; client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f;"
        yield "uwsgi_temp_path u; scgi_temp_path s;"
        yield f"upstream main {{ server {self.main}; }}"
        # Other hosts are the default backend's.
        yield f"server {{ listen {NODE}:{self.port} default_server; return 404; }}"
        yield f"server {{ listen {NODE}:{self.port}; server_name {_host(route)};"
        yield f"client_max_body_size {own['proxy-body-size']};"
        yield f"proxy_buffering {own['proxy-buffering']}; proxy_http_version 1.1; proxy_set_header Host $host;"
        yield f"proxy_read_timeout {own['proxy-read-timeout']}s; proxy_send_timeout {own['proxy-send-timeout']}s;"
        yield "proxy_set_header X-Forwarded-Proto https; proxy_set_header X-Forwarded-For $remote_addr;"
        for path in _ingress_paths(route):
            if own.get("use-regex") == "true":
                rewrite = f'rewrite "(?i){path}" {own["rewrite-target"]} break;'
                yield f'location ~* "^{path}" {{ {rewrite} proxy_pass http://main; }}'
            else:
                yield f"location {path.rstrip('/')}/ {{ proxy_pass http://main; }}"
                if path != "/":
                    yield f"location = {path} {{ proxy_pass http://main; }}"
        # What no rule has is the default backend's.
        if "/" not in _ingress_paths(route):
            yield "location / { return 404; }"
        yield "} }"


class Haproxy(Proxy):
    """As the community's HAProxy Ingress translates its annotations, and with HAProxy Technologies' defaults."""

    def command(self) -> Sequence[str]:
        return ["haproxy", "-db", "-f", str(self._file)]

    def lines(self, route: Object) -> Iterator[str]:
        own = _annotations(route, "haproxy-ingress.github.io")
        assert own["timeout-server"] == _annotations(route, "haproxy.org")["timeout-server"]
        assert own["health-check-uri"] == _annotations(route, "haproxy.org")["check-http"]
        size = re.fullmatch(r"(\d+)m", own["proxy-body-size"])
        assert size is not None
        yield "defaults"
        # Those of both controllers, which no annotation changes.
        yield from ("  mode http", "  timeout connect 5s", "  timeout client 50s", "  timeout http-request 5s")
        yield from ("frontend edge", f"  bind {NODE}:{self.port}")
        paths = _ingress_paths(route)
        yield f"  acl host hdr(host),field(1,:) -i {_host(route)}"
        for path in paths:
            yield f"  acl ours path {path}"
            yield f"  acl ours path_beg {path.rstrip('/')}/"
        yield "  use_backend main if host ours"
        yield from ("backend main", f"  timeout server {own['timeout-server']}")
        yield f"  http-request deny deny_status 413 if {{ req.body_size gt {int(size[1]) * 2**20} }}"
        yield "  option httpchk"
        yield f"  http-check send meth GET uri {own['health-check-uri']}"
        yield from ("  http-request set-header X-Forwarded-Proto https", "  option forwardfor")
        yield f"  server main {self.main} check inter 2s"


class Caddy(Proxy):
    """As a gateway reads an HTTPRoute: prefixes of whole segments, URLRewrite, timeouts."""

    def command(self) -> Sequence[str]:
        home = [f"{name}={self.folder}" for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")]
        return ["env", *home, "caddy", "run", "--adapter", "caddyfile", "--config", str(self._file)]

    def lines(self, route: Object) -> Iterator[str]:
        yield "{\n  admin off\n  auto_https off\n}"
        yield f"http://{_host(route)}:{self.port} {{\n  bind {NODE}"
        for number, rule in enumerate(route["spec"]["rules"]):
            timeout = rule["timeouts"]["request"]
            assert timeout == "0s"
            for match in rule["matches"]:
                path = match["path"]["value"].rstrip("/")
                yield f"  @rule{number} path {path}/*" + (f" {path}" if path else "")
                yield f"  handle @rule{number} {{"
                if replaced := _rewritten(rule):
                    yield f"    route {{\n      uri strip_prefix {path}\n      rewrite * {replaced}{{path}}\n    }}"
                yield f"    reverse_proxy {self.main} {{\n      header_up X-Forwarded-Proto https"
                yield f"      transport http {{\n        response_header_timeout {timeout}\n      }}\n    }}\n  }}"
        yield "  respond 404\n}"


def _annotations(route: Object, prefix: str) -> dict[str, str]:
    found = route["metadata"].get("annotations", {})
    return {name.partition("/")[2]: value for name, value in found.items() if name.startswith(f"{prefix}/")}


def _host(route: Object) -> str:
    spec = route["spec"]
    [host] = spec.get("hostnames") or [rule["host"] for rule in spec["rules"]]
    return str(host)


def _ingress_paths(route: Object) -> list[str]:
    return [entry["path"] for rule in route["spec"]["rules"] for entry in rule["http"]["paths"]]


def _rewritten(rule: Object) -> str | None:
    for entry in rule.get("filters", ()):
        if entry["type"] == "URLRewrite":
            return str(entry["urlRewrite"]["path"]["replacePrefixMatch"])
    return None
