"""Two doors into one installation: one for everybody's chats, one for administrators."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from flowise_constructs.core.findings import Finding, warn
from flowise_constructs.core.value import Value
from flowise_constructs.edge.paths import CHAT_PATHS, OpenPath
from flowise_constructs.edge.routes import HttpRoute, RouteRule
from flowise_constructs.edge.values import Ingress, IngressHost, IngressPath

_API = "/api/v1"
_FORWARDS_WHAT_IT_MATCHED = ("nginx", "haproxy", "contour", "traefik")


@dataclass(frozen=True, kw_only=True)
class Doors(Value):
    """Two ways in, on different hosts, and where you want it of different classes or gateways: `public` with the paths
    of chats and embedded widgets alone, `admin` with all. In front of `admin` belongs a private network or a login.

    A public door is a list of what is allowed. Flowise decodes a path and takes HTML tags out of it before it looks for
    the handler, so that no list of what is denied holds. For the same reason a proxy must forward the path that it
    matched: nginx matches a path without its `..` and forwards the one with them, and so
    `/api/v1/account/register%3Cx/../../prediction/%3E` would register an owner. So the public route of the Gateway API
    rewrites each prefix to itself, and so does the Ingress of ingress-nginx, by `rewrite-target`; HAProxy matches what
    it forwards; Contour and Traefik (3.3.6, 2.11.24 or newer) forward the cleaned path. F5's NGINX is refused.

    Main takes no whole URL where a path belongs (`origin-form.js`, status 400): HAProxy matches the path in it and
    forwards all of it, and `http://a%3Cx@chat.example.com/api/v1/prediction/%3E/api/v1/auth/login` would log in."""

    admin: Ingress | HttpRoute | None
    """For administrators, with the UI. It gives the public URL, which is for links in mails and for cookies. None:
    their way in is made elsewhere, such as through oauth2-proxy: then give `Settings.app_url`."""
    public: Ingress | HttpRoute
    """For everybody: hosts, class or gateway, TLS; leave its paths out. Its object is called `{name}-public`."""
    paths: Sequence[OpenPath] = CHAT_PATHS
    """The prefixes that `public` serves. Default: those of chats and embedded widgets. For webhooks and MCP servers add
    `"/api/v1/webhook"`, `"/api/v1/mcp"`. `GET /api/v1/leads/{flow}` shows the contacts that a chat collected to whoever
    knows the flow's id: leave `"/api/v1/leads"` out where no chat collects any."""

    def contradictions(self) -> Iterable[Finding]:
        if not self.paths:
            yield self.finding("paths", "is empty: leave the field out for the paths of chats, or give no Doors")
        for path in sorted({path for path in self.paths if self.paths.count(path) > 1}):
            yield self.finding("paths", f"{path!r} is listed twice")
        shared = sorted(set(_hosts(self.admin)) & set(_hosts(self.public))) if self.admin is not None else []
        if shared:
            yield self.finding("public", f"serves {shared[0]!r}, as 'admin' does: the doors need hosts of their own")
        if not _is_whole(self.public):
            yield self.finding("public", "has paths of its own: leave them out, and give Doors.paths")
        if isinstance(self.public, HttpRoute):
            yield from self._of_route(self.public)
        else:
            yield from self._of_controller(self.public)

    def _of_route(self, public: HttpRoute) -> Iterator[Finding]:
        if len(self.paths) > 16:
            yield self.finding("paths", f"has {len(self.paths)} entries: an HTTPRoute takes 16 rules, one each")
        if any(entry.get("type") == "URLRewrite" for rule in public.rules for entry in rule.filters):
            yield self.finding("public", "has a filter 'URLRewrite', which the door needs for itself: leave it out")

    def _of_controller(self, public: Ingress) -> Iterator[Finding]:
        if public.controller == "f5-nginx":
            problem = "F5's NGINX forwards another path than the one that it matched, which opens all of Flowise"
            yield self.finding("public", f"{problem}: take another controller, or a HttpRoute")
        elif public.controller not in _FORWARDS_WHAT_IT_MATCHED:
            which = f"controller {public.controller!r}" if public.controller else "an Ingress without 'controller'"
            warn(
                f"Doors.public: {which} may forward another path than the one that it matched, see help(Doors): try it"
            )

    @cached_property
    def public_door(self) -> Ingress | HttpRoute:
        """`public` with its paths."""
        if isinstance(self.public, HttpRoute):
            [rule] = self.public.rules
            rules = [replace(rule, paths=[path], filters=[*rule.filters, _to_itself(path)]) for path in self.paths]
            return replace(self.public, rules=rules)
        fields: dict[str, Any] = {"hosts": self._ingress_hosts(self.public)}
        if self.public.controller == "nginx":
            prefix = "nginx.ingress.kubernetes.io"
            fields["annotations"] = {
                **self.public.annotations,
                f"{prefix}/rewrite-target": f"{_API}/$1",
                f"{prefix}/use-regex": "true",
            }
        return _quietly(self.public, fields)

    def _ingress_hosts(self, public: Ingress) -> list[IngressHost]:
        paths = [IngressPath(path=path) for path in self.paths]
        if public.controller == "nginx":
            words = "|".join(re.escape(path.removeprefix(f"{_API}/")).replace("\\-", "-") for path in self.paths)
            paths = [IngressPath(path=f"{_API}/(({words})(/.*)?)$", path_type="ImplementationSpecific")]
        return [IngressHost(host=entry.host, paths=paths) for entry in public.hosts]


def _quietly(ingress: Ingress, fields: dict[str, Any]) -> Ingress:
    """A copy; its warnings were issued when the first was made."""
    made = object.__new__(Ingress)
    for name, value in {**ingress.__dict__, **fields}.items():
        object.__setattr__(made, name, value)
    return made


def _hosts(door: Ingress | HttpRoute) -> list[str]:
    return list(door.hosts) if isinstance(door, HttpRoute) else [entry.host for entry in door.hosts]


def _is_whole(door: Ingress | HttpRoute) -> bool:
    """Whether its paths are left out."""
    if isinstance(door, HttpRoute):
        return len(door.rules) == 1 and tuple(door.rules[0].paths) == tuple(RouteRule().paths)
    return all(tuple(entry.paths) == (IngressPath(),) for entry in door.hosts)


def _to_itself(path: str) -> dict[str, Any]:
    """A filter after which the gateway forwards the path that it matched."""
    return {
        "type": "URLRewrite",
        "urlRewrite": {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": path}},
    }
