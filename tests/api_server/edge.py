"""Services, Ingresses and claims."""

from __future__ import annotations

from typing import Any

from api_server.containers import NAMES, NUMBERS, QUANTITIES
from api_server.names import SEGMENTS, WORDS
from api_server.objects import claim, ingress, ingress_path, service
from api_server.subject import Subject, distinct, spelt

HOSTS = [
    *(
        "a.example.com",
        "*.example.com",
        "*",
        "*.",
        "*.a",
        "*a.example.com",
        "a.*.com",
        "a*.com",
        "*.*.com",
        "**.com",
        ".example.com",
    ),
    *(
        "example.com.",
        "A.example.com",
        "Example.com",
        "a_b.com",
        "a-.com",
        "-a.com",
        "localhost",
        "10.0.0.1",
        "1.2.3.4",
        "1.2.3",
    ),
    *(
        "256.1.1.1",
        "01.2.3.4",
        "1.2.3.4.5",
        "1",
        "123",
        "2001:db8::1",
        "::1",
        "[::1]",
        "::ffff:1.2.3.4",
        "a.com:80",
        "http://a.com",
    ),
    *(
        "a.com/",
        "a b.com",
        "bücher.example",
        "xn--bcher-kva.example",
        "1a.com",
        "a.1",
        "*.1.2.3.4",
        "*.10.0.0.1",
        "0.0.0.0",
        "1.2.3.4a",
    ),
    *(
        f"*.{'.'.join(['a' * 62] * 3)}.{'b' * 60}",
        f"*.{'.'.join(['a' * 63] * 3)}.{'b' * 59}",
        f"*.{'.'.join(['a' * 63] * 3)}.{'b' * 60}",
    ),
    *(
        f"*.{'.'.join(['a' * 63] * 3)}.{'b' * 61}",
        f"*.{'.'.join(['a' * 63] * 3)}.{'b' * 62}",
        f"{'a' * 64}.com",
        f"*.{'a' * 64}.com",
    ),
]
PATHS = [
    *(
        "/",
        "/a",
        "/a/",
        "/a/b",
        "//",
        "/a//b",
        "/./",
        "/.",
        "/a/.",
        "/a/./b",
        "/..",
        "/../",
        "/a/..",
        "/a/../b",
        "/a/...",
        "/.a",
        "/..a",
    ),
    *(
        "a",
        "",
        " /",
        "/ ",
        "/a b",
        "/%2f",
        "/%2F",
        "/a%2Fb",
        "/%2e%2e/",
        "/a?b",
        "/a#b",
        "/*",
        "/a*",
        "/(a|b)",
        "/[",
        "/a$",
        "/é",
        "/\n",
    ),
    *(
        "/a\tb",
        "\\",
        "/\\",
        "/a;b",
        "/a:b",
        "/~a",
        "/%zz",
        "/%",
        "/{a}",
        "/^a",
        "/a//",
        "/a/%2f/b",
        "/\0",
        "http://a/",
        "*",
        ".",
        "/" + "a" * 2000,
    ),
]
PATH_TYPES = ["Prefix", "Exact", "ImplementationSpecific", "prefix", "", "Regex"]
FAMILIES = [
    *(
        [],
        ["IPv4"],
        ["IPv6"],
        ["IPv4", "IPv6"],
        ["IPv6", "IPv4"],
        ["IPv4", "IPv4"],
        ["IPv6", "IPv6"],
        ["ipv4"],
        [""],
        ["IPv5"],
    ),
    ["IPv4", "IPv6", "IPv4"],
]
POLICIES = [None, "SingleStack", "PreferDualStack", "RequireDualStack", "singlestack", "", "DualStack"]
MODES = ["ReadWriteOnce", "ReadWriteOncePod", "ReadWriteMany", "ReadOnlyMany", "readwriteonce", "RWO", "", "ReadOnce"]


def _families(value: dict[str, Any]) -> dict[str, Any]:
    policy = {} if value["policy"] is None else {"ipFamilyPolicy": value["policy"]}
    return service(ipFamilies=value["families"], **policy)


def _tls(**fields: Any) -> dict[str, Any]:
    return ingress(tls=[fields])


SUBJECTS = [
    Subject("ingress host", lambda value: ingress(host=value), spelt(*HOSTS, *WORDS, *SEGMENTS)),
    Subject("tls host", lambda value: _tls(hosts=[value]), distinct([*HOSTS, *WORDS])),
    Subject("tls secret", lambda value: _tls(secretName=value), NAMES),
    Subject("ingress class", lambda value: ingress(ingressClassName=value), NAMES),
    Subject(
        "ingress path",
        lambda value: ingress(paths=[ingress_path(value["path"], value["type"])]),
        [{"path": path, "type": kind} for path in PATHS for kind in PATH_TYPES[:3]]
        + [{"path": "/", "type": kind} for kind in PATH_TYPES[3:]],
    ),
    Subject("ingress without a path", lambda value: ingress(paths=[ingress_path()] * value), [0, 1, 2]),
    Subject("service port", lambda value: service(ports=[{"port": value}]), NUMBERS),
    Subject(
        "service type",
        lambda value: service(type=value),
        ["ClusterIP", "NodePort", "LoadBalancer", "", "clusterip", "Headless", "None"],
    ),
    Subject(
        "address families",
        _families,
        [{"families": families, "policy": policy} for families in FAMILIES for policy in POLICIES],
    ),
    Subject("claim's size", lambda value: claim(resources={"requests": {"storage": value}}), QUANTITIES),
    Subject("claim's class", lambda value: claim(storageClassName=value), NAMES),
    Subject("claim's access mode", lambda value: claim(accessModes=[value]), MODES),
]
