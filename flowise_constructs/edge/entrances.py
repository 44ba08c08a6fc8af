"""The ways into one installation: an Ingress, routes, or two doors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flowise_constructs.core.findings import Finding
from flowise_constructs.edge.doors import Doors
from flowise_constructs.edge.routes import HttpRoute
from flowise_constructs.edge.values import Ingress

Routes = HttpRoute | Sequence[HttpRoute]


@dataclass(frozen=True, kw_only=True)
class Entrances:
    """What stands in front of main's Service. The first one gives the public URL."""

    ingress: Ingress | None
    route: Routes | None
    doors: Doors | None

    @property
    def routes(self) -> tuple[HttpRoute, ...]:
        """`route`, whichever way it was given."""
        if self.route is None:
            return ()
        return (self.route,) if isinstance(self.route, HttpRoute) else tuple(self.route)

    @property
    def all(self) -> tuple[Ingress | HttpRoute, ...]:
        """Each of them, without the public door."""
        admin = self.doors.admin if self.doors is not None else None
        return (*(way for way in (self.ingress, admin) if way is not None), *self.routes)

    @property
    def public(self) -> Ingress | HttpRoute | None:
        """The public door, with its paths."""
        return self.doors.public_door if self.doors is not None else None

    @property
    def first(self) -> Ingress | HttpRoute | None:
        """The one that gives the public URL."""
        return next(iter(self.all), None)

    @property
    def name(self) -> str:
        """How messages call the first one."""
        return "HttpRoute" if isinstance(self.first or self.public, HttpRoute) else "Ingress"

    def findings(self, where: str) -> Iterator[Finding]:
        """Ways that can't stand beside each other."""
        given = [name for name in ("ingress", "route", "doors") if getattr(self, name) not in (None, ())]
        if len(given) > 1:
            yield Finding(f"{where}.{given[1]}", f"stands beside {given[0]!r}: give one of ingress, route and doors")
        names = [route.name for route in self.routes]
        for name in sorted({name or "" for name in names if names.count(name) > 1}):
            problem = f"two routes are called {name!r}" if name else "two routes have no name, and so main's"
            yield Finding(f"{where}.route", f"{problem}: give each but one a HttpRoute.name of its own")
