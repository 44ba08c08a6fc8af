"""What stands in a container and in its pod, volumes and scheduling apart."""

from __future__ import annotations

from typing import Any

from api_server.names import SEGMENTS, WORDS
from api_server.objects import container, deployment, pod_spec, whole
from api_server.subject import Subject, distinct, lengths, spelt

NUMBERS = [-(2**31) - 1, -(2**31), -1000, -1, 0, 1, 2, 29, 30, 600, 3600, 65535, 65536, 2**31 - 1, 2**31, 2**63, 2**64]
VARIABLES = [
    *("PATH", "NODE_ENV", "a.b", "a-b", "1A", "A=B", "=", "A B", "_", "__", "_1", ".a", "-a", "..", "..a", "ÄÖ", "a/b"),
    *lengths(63, 64, 253, 254, 1000),
]
QUANTITIES = [
    *(
        "",
        "0",
        "-1",
        "+1",
        "1",
        "2",
        "0.5",
        ".5",
        "1.",
        "1.5Gi",
        "500m",
        "0.1m",
        "1n",
        "1u",
        "1k",
        "1K",
        "1M",
        "1G",
        "1T",
    ),
    *("1P", "1E", "1Ki", "1ki", "1KI", "1Mi", "1Gi", "1gi", "1Ti", "1Pi", "1Ei", "1Zi", "1e3", "1E3", "1e-3", "1e+3"),
    *(
        "1 Gi",
        " 1Gi",
        "1Gi ",
        "1GB",
        "1KB",
        "1,5",
        "Gi",
        "m",
        "1mi",
        "1mm",
        "1.2.3",
        "0x10",
        "٣Gi",
        "1_000",
        "1e",
        "1e3Ki",
    ),
    *(
        "512Mi",
        "8Gi",
        "1536Mi",
        "100Gi",
        "100M",
        "0Gi",
        "0.0",
        "00",
        "007",
        "-0",
        "-1Gi",
        "1e100",
        "9" * 30,
        "999999999Ei",
    ),
    *(
        "524288",
        "1048575",
        "1048576",
        "1024Ki",
        "1023Ki",
        "0.9Mi",
        "1000000000m",
        "1024Pi",
        "1023Pi",
        "1Ei",
        "1023.5Pi",
    ),
    *(
        "9223372036854775807",
        "9223372036854775808",
        "0.0001",
        "0.0000000001",
        "1.0000000001Gi",
        "1\n",
        "\n",
        "1m",
        "1.5m",
    ),
    *("inf", "nan", "1i", "i", "Ki", "..5", "5..", "1-", "1+", "--1", "1Gi1", "1G i", "²", "1²", "true", "null"),
]
PAIRED = [
    ("1", "1"), ("1", "1000m"), ("1000m", "1"), ("1001m", "1"), ("999m", "1"), ("1.5", "1500m"), ("1.501", "1500m"),
    (".5", "500m"), (".5", "499m"), ("0.5", "0.50"), ("2", "1"), ("1k", "1000"), ("1001", "1k"), ("1M", "1000k"),
    ("1G", "1000M"), ("1T", "1000G"), ("1P", "1000T"), ("1P", "999T"), ("100M", "100000k"), ("100M", "99999k"),
]  # fmt: skip
SIZES = [
    ("1Gi", "1Gi"), ("1Gi", "1024Mi"), ("1Gi", "1023Mi"), ("1024Mi", "1Gi"), ("1025Mi", "1Gi"), ("1Mi", "1024Ki"),
    ("1Mi", "1023Ki"), ("1Ti", "1024Gi"), ("1Ti", "1023Gi"), ("1Pi", "1024Ti"), ("1Pi", "1023Ti"), ("1.5Gi", "1536Mi"),
    ("1.5Gi", "1535Mi"), ("1G", "1Gi"), ("1Gi", "1G"), ("1G", "1000M"), ("1G", "999M"), ("1048576", "1Mi"),
    ("1048577", "1Mi"), ("8Gi", "8589934592"), ("8Gi", "8589934591"), ("100M", "95Mi"), ("100M", "96Mi"),
    ("2000000000m", "2M"), ("2000001000m", "2M"), ("0.5Gi", "512Mi"), ("0.5Gi", "511Mi"), ("3T", "2.7Ti"),
    ("3T", "2.8Ti"), ("2P", "1.8Pi"), ("2P", "1.7Pi"),
]  # fmt: skip
FIELDS = [
    *("metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName"),
    *(
        "status.hostIP",
        "status.hostIPs",
        "status.podIP",
        "status.podIPs",
        "metadata.labels",
        "metadata.annotations",
        "",
    ),
    *("metadata.labels['team']", "metadata.annotations['team']", "metadata.labels['a b']", "metadata.labels['']"),
    *("metadata.labels['example.com/a']", "metadata.annotations['example.com/A']", "metadata.annotations['a b']"),
    *("metadata.annotations['Example.com/a']", "metadata.labels['Example.com/a']", "metadata.annotations['']"),
    *('metadata.labels["team"]', "metadata.labels[team]", "metadata.labels['team'", "metadata.labels['a']['b']"),
    *("metadata.labels['a'] ", "metadata.labels['a\\'b']", "metadata.labels['a']b']", "metadata.uid['a']"),
    *(
        "metadata.generateName",
        "metadata.creationTimestamp",
        "spec.restartPolicy",
        "status.phase",
        "status.nominatedNodeName",
    ),
    *(
        "spec.hostname",
        "spec.containers",
        "Metadata.name",
        "metadata.Name",
        " metadata.name",
        "metadata.name ",
        ".metadata.name",
    ),
    *("{.metadata.name}", "metadata..name", "metadata", "a", "limits.cpu", "metadata.labels['é']"),
    *(f"metadata.labels['{'a' * 63}']", f"metadata.labels['{'a' * 64}']", f"metadata.annotations['{'A' * 64}']"),
]


def contained(**fields: Any) -> dict[str, Any]:
    """A Deployment whose container has the fields."""
    return deployment(pod_spec(container(**fields)))


def variable(source: dict[str, Any]) -> dict[str, Any]:
    """A Deployment with a variable from a source."""
    return contained(env=[{"name": "A", "valueFrom": source}])


def resources(name: str, request: Any, limit: Any = None) -> dict[str, Any]:
    """A Deployment that asks for something."""
    limits = {} if limit is None else {"limits": {name: limit}}
    return contained(resources={"requests": {name: request}, **limits})


def _probe(**numbers: int) -> dict[str, Any]:
    return contained(livenessProbe={"exec": {"command": ["true"]}, **numbers})


NAMES = distinct([*WORDS, *SEGMENTS])
SUBJECTS = [
    Subject("container name", lambda value: deployment(pod_spec(container(name=value))), spelt(*NAMES)),
    Subject(
        "port name",
        lambda value: contained(ports=[{"containerPort": 80, "name": value}]),
        spelt("http", "a--b", "80", "1a", *lengths(14, 15, 16, 17)),
    ),
    Subject("ConfigMap key", lambda value: whole("ConfigMap", "v1", data={value: "x"}), spelt(*VARIABLES)),
    Subject("variable name", lambda value: contained(env=[{"name": value, "value": "x"}]), spelt(*VARIABLES)),
    Subject(
        "variable value",
        lambda value: contained(env=[{"name": "A", "value": value}]),
        spelt("a", "a\nb", "a\tb", "a\rb", "$(HOME)", "true", "1", "0o17", " a ", "x" * 100_000, inside=False),
    ),
    Subject("secretKeyRef name", lambda value: variable({"secretKeyRef": {"name": value, "key": "k"}}), NAMES),
    Subject(
        "secretKeyRef key",
        lambda value: variable({"secretKeyRef": {"name": "a", "key": value}}),
        spelt(*VARIABLES, *NAMES),
    ),
    Subject("configMapKeyRef name", lambda value: variable({"configMapKeyRef": {"name": value, "key": "k"}}), NAMES),
    Subject(
        "configMapKeyRef key",
        lambda value: variable({"configMapKeyRef": {"name": "a", "key": value}}),
        distinct([*VARIABLES, *NAMES]),
    ),
    Subject("fieldRef path", lambda value: variable({"fieldRef": {"fieldPath": value}}), FIELDS),
    Subject("cpu request", lambda value: resources("cpu", value), QUANTITIES),
    Subject("memory request", lambda value: resources("memory", value), QUANTITIES),
    Subject("cpu limit", lambda value: contained(resources={"limits": {"cpu": value}}), QUANTITIES),
    Subject("memory limit", lambda value: contained(resources={"limits": {"memory": value}}), QUANTITIES),
    Subject("cpu request and limit", lambda value: resources("cpu", *value), [list(pair) for pair in PAIRED]),
    Subject("memory request and limit", lambda value: resources("memory", *value), [list(pair) for pair in SIZES]),
    Subject(
        "image pull policy",
        lambda value: contained(imagePullPolicy=value),
        ["Always", "IfNotPresent", "Never", "", "always", "ALWAYS", "Sometimes", " Always", "é"],
    ),
    Subject(
        "image",
        lambda value: contained(image=value),
        [
            "a",
            "a:1",
            "a/b:1",
            "",
            " ",
            " a",
            "a ",
            "a b",
            "A",
            "a:",
            ":",
            "é",
            "a\n",
            "r:5000/a:1",
            "a:" + "x" * 128,
            "a:" + "x" * 129,
        ],
    ),
    Subject("image pull secret", lambda value: deployment(pod_spec(imagePullSecrets=[{"name": value}])), NAMES),
    Subject("name of the pod's account", lambda value: deployment(pod_spec(serviceAccountName=value)), NAMES),
    Subject("probe's period", lambda value: _probe(periodSeconds=value), NUMBERS),
    Subject("probe's time-out", lambda value: _probe(timeoutSeconds=value), NUMBERS),
    Subject("probe's failures", lambda value: _probe(failureThreshold=value), NUMBERS),
    Subject("replicas", lambda value: deployment(replicas=value), NUMBERS),
    Subject("grace period", lambda value: deployment(pod_spec(terminationGracePeriodSeconds=value)), NUMBERS),
    Subject(
        "strategy",
        lambda value: deployment(strategy={"type": value}),
        ["Recreate", "RollingUpdate", "", "recreate", "OnDelete", "rollingupdate", " Recreate"],
    ),
]
