"""Rules of the API server for a pod's names: `hostAliases` and `dnsConfig`."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from flowise_constructs.core.findings import shown
from flowise_constructs.core.rules import naming
from flowise_constructs.kubernetes.selectors import Fields, wrong

_NAMESERVERS, _SEARCHES, _SEARCH_CHARACTERS = 3, 32, 2048


def host_alias(value: Fields) -> str | None:
    """One entry of `hostAliases`."""
    return next(_host_alias(value), None)


def dns_config(value: Fields) -> str | None:
    """`dnsConfig`."""
    return next(_dns_config(value), None)


def _host_alias(value: Fields) -> Iterator[str]:
    yield from wrong("ip", value["ip"], _address)
    if not value.get("hostnames"):
        yield "has no hostnames: name at least one"
    for name in value.get("hostnames", ()):
        yield from wrong("hostname", name, naming.dns_subdomain)


def _dns_config(value: Fields) -> Iterator[str]:
    servers, searches = value.get("nameservers", ()), value.get("searches", ())
    if not any(value.values()):
        yield "is empty: give nameservers, searches or options"
    if len(servers) > _NAMESERVERS:
        yield f"has {len(servers)} nameservers: at most {_NAMESERVERS}"
    for server in servers:
        yield from wrong("nameserver", server, _address)
    if len(searches) > _SEARCHES or len(" ".join(searches)) > _SEARCH_CHARACTERS:
        yield f"has too many searches: at most {_SEARCHES}, with {_SEARCH_CHARACTERS} characters"
    for search in searches:
        # A domain may end with a dot, which alone ends the search, and have underscores.
        if search != "." and naming.dns_subdomain(search.removesuffix(".").replace("_", "a")):
            yield f"has search {shown(search)}: a lower-case domain, such as 'svc.cluster.local'"
    for option in value.get("options", ()):
        if not option.get("name"):
            yield "has an option without name"


def _address(value: str) -> str | None:
    """An IP address as it is written today: no leading zeros, no IPv4 inside IPv6."""
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return "must be an IP address"
    if "%" in value or getattr(address, "ipv4_mapped", None) is not None:
        return "must be an IP address without a zone, and IPv4 written as such"
    return None if str(address) == value else f"is to be written {str(address)!r}"
