"""Any values file gives YAML or listed refusals, and never anything else."""

from __future__ import annotations

import copy
import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from flowise_constructs.cli import main
from flowise_constructs.importers.helm.known import KEYS
from flowise_constructs.manifests.yaml_files import load_documents

Tree = dict[str, Any]
Way = tuple[str, ...]


def ways(tree: Tree, way: Way = ()) -> list[Way]:
    found: list[Way] = []
    for key, value in tree.items():
        found.append((*way, key))
        if isinstance(value, dict):
            found += ways(value, (*way, key))
    return found


WAYS = ways(KEYS)
WORDS = [
    "standalone",
    "queue",
    "auto",
    "sqlite",
    "external",
    "postgresql",
    "postgres",
    "mysql",
    "mariadb",
    "local",
    "s3",
    "*",
    "'self'",
    "latest",
    "3.1.1",
    "3.1.3",
    "3.1.4@sha256:x",
    "https://a.example.org",
    "http://b",
    "https://",
    "info",
    "debug",
    "50mb",
    "10Gi",
    "500m",
    "1e3",
    "flowise",
    "flowise-auth",
    "a.example.org",
    "/root/.flowise",
    "/root/.flowise/x",
    "/tmp",
    "/",
    "..",
    "ReadWriteOnce",
    "ReadWriteMany",
    "NodePort",
    "medium",
    "small",
    "none",
    "true",
    "false",
    "0",
    "-1",
    "$(A)",
    "{{.Values.x}}",
    "app.kubernetes.io/name",
    "PreferDualStack",
    "IPv4",
    "TRUST_PROXY",
    "MODE",
    "SMTP_HOST",
    "REDIS_TLS",
    "REDIS_CA",
    "NODE_OPTIONS",
]
TEXTS = st.one_of(
    st.sampled_from(WORDS),
    st.text(max_size=20),
    st.text(alphabet="ab\n\t é\u2028\x85😀'\"\\{}[]:#&*!|>%@`", max_size=12),
)
NUMBERS = st.one_of(st.integers(-3, 70_000), st.integers(), st.floats(), st.integers(10**18, 10**40))
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS)
KEYS_INSIDE = st.one_of(
    st.sampled_from(
        [
            "name",
            "value",
            "valueFrom",
            "secretKeyRef",
            "configMapKeyRef",
            "fieldRef",
            "key",
            "fieldPath",
            "host",
            "hosts",
            "paths",
            "path",
            "pathType",
            "secretName",
            "mountPath",
            "subPath",
            "readOnly",
            "emptyDir",
            "secret",
            "configMap",
            "requests",
            "limits",
            "cpu",
            "memory",
            "apiVersion",
            "kind",
            "metadata",
            "spec",
            "data",
            "labels",
            "annotations",
            "namespace",
            "$jsii.byref",
            "tolerationSeconds",
            "operator",
            "matchLabels",
            "nodeAffinity",
        ]
    ),
    TEXTS,
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS_INSIDE, inner, max_size=4)),
    max_leaves=8,
)
BASES: tuple[Tree, ...] = (
    {},
    {"ingress": {"enabled": True, "hosts": [{"host": "a.example.org"}]}, "postgresql": {"enabled": True}},
    {
        "architecture": {"mode": "queue"},
        "persistence": {"enabled": False},
        "storage": {"type": "s3", "s3": {"bucketName": "files", "existingSecret": "keys"}},
        "postgresql": {"enabled": True},
        "redis": {"enabled": True},
        "backup": {"enabled": True, "s3": {"endpoint": "http://m", "bucket": "dumps", "existingSecret": "keys"}},
    },
    {
        "auth": {"existingSecret": "keys"},
        "database": {"external": {"host": "pg", "password": "p", "ssl": True}},
        "externalSecrets": {"enabled": True, "data": [{"secretKey": "a"}], "secretStoreRef": {"name": "v"}},
        "gateway": {"enabled": True, "parentRefs": [{"name": "g"}]},
    },
)


def of_its_kind(way: Way) -> st.SearchStrategy[Any]:
    """Values of the kind that the key takes, so that more than the first check is tried."""
    section: Any = KEYS
    for key in way:
        section = section[key]
    if isinstance(section, bool):
        return st.booleans()
    if isinstance(section, int):
        return st.integers(-1, 10**7)
    if isinstance(section, str):
        return TEXTS
    if isinstance(section, list):
        return st.lists(st.dictionaries(KEYS_INSIDE, VALUES, max_size=4), max_size=3)
    return st.dictionaries(KEYS_INSIDE, VALUES, max_size=3)


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    tree = copy.deepcopy(draw(st.sampled_from(BASES)))
    for way in draw(st.lists(st.sampled_from(WAYS), max_size=draw(st.sampled_from([1, 2, 8])))):
        put(tree, way, draw(st.one_of(of_its_kind(way), of_its_kind(way), VALUES)))
    if draw(st.integers(0, 9)) == 0:
        tree[draw(TEXTS)] = draw(VALUES)
    return tree


def put(tree: Tree, way: Way, value: Any) -> None:
    section = tree
    for key in way[:-1]:
        if not isinstance(section.get(key), dict):
            section[key] = {}
        section = section[key]
    section[way[-1]] = value


def check(raw: bytes, *options: str) -> None:
    out, err = io.StringIO(), io.StringIO()
    stdin, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(raw))
    try:
        with redirect_stdout(out), redirect_stderr(err):
            code = main(["from-helm", "-", *options])
    finally:
        sys.stdin = stdin
    lines = err.getvalue().splitlines()
    if code == 0:
        assert all(item["kind"] for item in load_documents(out.getvalue(), "made"))
    else:
        assert out.getvalue() == ""
        assert lines
        assert {line.partition(":")[0] for line in lines} == {"refused" if code == 1 else "error"}


@given(trees(), st.sampled_from(["flowise", "prod", "my-flowise", "Not a name", "x" * 60, "redis-1"]))
def test_any_tree_of_values(tree: Tree, release: str) -> None:
    text = yaml.safe_dump(tree, allow_unicode=True, sort_keys=False)
    check(text.encode("utf-8", "surrogatepass"), "--release", release)


@given(
    st.one_of(st.binary(max_size=200), st.text(alphabet="a:-{}[]&*!|>'\"#%@`?, \n\t<=~.0", max_size=60).map(str.encode))
)
def test_any_bytes(raw: bytes) -> None:
    check(raw)


@given(st.lists(st.sampled_from(WAYS), min_size=1, max_size=6), st.data())
def test_any_lines_with_keys_twice_and_anchors(chosen: list[Way], data: st.DataObject) -> None:
    lines: list[str] = []
    for number, way in enumerate(chosen):
        alias = data.draw(st.sampled_from([f"&a{number} ", f"*a{max(0, number - 1)} # ", "", "!!str ", "!!map "]))
        lines += [f"{'  ' * depth}{key}:" for depth, key in enumerate(way[:-1])]
        lines.append(f"{'  ' * (len(way) - 1)}{way[-1]}: {alias}{data.draw(st.sampled_from(WORDS))}")
    check("\n".join(lines).encode())


def test_a_megabyte_of_values() -> None:
    check(b"podAnnotations:\n" + b"".join(b"  a%d: '%s'\n" % (number, b"x" * 100) for number in range(9000)))
    check(b"extraManifests:\n" + b"".join(b"  - a: %d\n" % number for number in range(20_000)))
    check(b"a: " + b"x" * 10**6)
    check(b"[" * 10**6)
    check(b"- " * 10**6)
    check(b"{a: " * 10**5)
