"""Hosts, ports, URLs, origins."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated
from urllib.parse import urlsplit

from flowise_constructs.core.rules import naming, texts

_HOST = re.compile(r"[A-Za-z0-9]([-_.A-Za-z0-9]*[A-Za-z0-9])?\.?")


def host(value: str) -> str | None:
    """A DNS name or an IP address, without scheme or port."""
    if ":" in value:
        try:
            ipaddress.IPv6Address(value)
        except ValueError:
            return "must be only a host name or an IP address: the port and the scheme have their own fields"
        return None
    if len(value) > 253 or not _HOST.fullmatch(value) or ".." in value:
        return "must be a host name or an IP address, without scheme, path or spaces"
    return None


def server_host(value: str) -> str | None:
    """A host of a server that Flowise connects to."""
    if value.startswith(("/", "@", "unix:")):
        return (
            "is the path of a socket, which is in another container: let the proxy listen on a TCP port, as a sidecar "
            "of each pod that connects (PodOptions.sidecars), and give '127.0.0.1' with that port"
        )
    return host(value)


def is_loopback(name: str) -> bool:
    """Whether a host is the pod itself."""
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name.rstrip(".").lower() == "localhost"


def is_address(name: str) -> bool:
    """Whether a host is given as an IP address."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_private(name: str) -> bool:
    """Whether a host is in the cluster or in a private network, as far as its name tells."""
    try:
        return ipaddress.ip_address(name).is_private
    except ValueError:
        last = name.rstrip(".").rpartition(".")[2].lower()
        return "." not in name.rstrip(".") or last in ("svc", "local", "internal", "lan", "home", "localhost")


def ingress_host(value: str) -> str | None:
    """A host of an Ingress rule: a DNS name, with `*.` in front for a wildcard; Kubernetes refuses IP addresses."""
    if len(value) > 253 or naming.dns_subdomain(value.removeprefix("*.")) or re.fullmatch(r"[0-9.]+", value):
        return "must be a lower-case DNS name, not an IP address; it may start with '*.'"
    return None


def port(value: int) -> str | None:
    return None if 1 <= value <= 65535 else "must be a port from 1 to 65535"


def network(value: str) -> str | None:
    """A network in CIDR notation, as it is written today."""
    try:
        address, _, length = value.partition("/")
        known = ipaddress.ip_network(value)
    except ValueError:
        return "must be a network such as '10.0.0.0/8', with no bits set behind the length"
    if str(known) != value or not length or getattr(known.network_address, "ipv4_mapped", None) is not None:
        return f"must be written as an address and a length, such as {str(known)!r}"
    return None if address else "must be a network"


def url(value: str) -> str | None:
    """An absolute http or https URL."""
    if not value.isprintable() or " " in value:
        return "must be a URL without spaces"
    try:
        parts = urlsplit(value)
        problem = host(parts.hostname or "") or (port(parts.port) if parts.port is not None else None)
    except ValueError:
        return "must be a URL such as 'https://flowise.example.com'"
    if not value.startswith(("http://", "https://")) or parts.netloc.endswith(":") or problem:
        return "must be an http:// or https:// URL with a host"
    if parts.username is not None or parts.password is not None:
        return "must not contain credentials: they belong in a Secret"
    return None


def origin(value: str) -> str | None:
    """A URL without a path: Flowise serves its UI only from the root of a host."""
    if (problem := url(value)) is not None:
        return problem
    parts = urlsplit(value)
    if parts.path not in ("", "/") or "?" in value or "#" in value:
        return "must have no path, query or fragment: Flowise can't be served below a base path"
    return None


def cors_origin(value: str) -> str | None:
    return None if value == "*" else texts.unlisted(value) or origin(value)


def frame_source(value: str) -> str | None:
    """A source in the CSP directive frame-ancestors."""
    if value in ("*", "'self'", "'none'"):
        return None
    if re.fullmatch(r"[a-zA-Z][-+.a-zA-Z0-9]*:", value):
        return None
    bare = re.sub(r"^(https?://)?(\*\.)?", "", value)
    if re.fullmatch(r"[-A-Za-z0-9.]+(:([0-9]+|\*))?", bare):
        return None
    return (
        "must be \"'self'\", \"'none'\", '*', a scheme such as 'https:' or an origin such as 'https://app.example.com'"
    )


Host = Annotated[str, host]
ServerHost = Annotated[str, server_host]
IngressHostName = Annotated[str, ingress_host]
Network = Annotated[str, network]
Port = Annotated[int, port]
Url = Annotated[str, url]
Origin = Annotated[str, origin]
CorsOrigin = Annotated[str, cors_origin]
FrameSource = Annotated[str, frame_source]
