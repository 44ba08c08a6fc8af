"""Manifests as a cluster reads them, and what it says to a whole object: schema, Pod Security, parts that don't fit.

What it says to single values is recorded from a real API server: see `api_server`.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import kubernetes_validate
import yaml
from api_server import security
from api_server.verdicts import refusal, spelt_as_admitted
from jsonschema_rs import Draft202012Validator, Registry

Object = Mapping[str, Any]

OLDEST = (1, 27)
WORKLOADS = ("Deployment", "StatefulSet", "Job", "CronJob")
PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
RESTART = {"Deployment": (None, "Always"), "StatefulSet": (None, "Always"), "Job": ("Never", "OnFailure")}
MAP_BYTES = 1024 * 1024


class GoLoader(yaml.CSafeLoader):
    """Reads plain scalars as Kubernetes' reader does: 0o17 is a number there, = and << are text."""


def _text(loader: Any, node: Any) -> str:
    return str(loader.construct_scalar(node))


for tag in ("value", "merge"):
    GoLoader.add_constructor(f"tag:yaml.org,2002:{tag}", _text)
GoLoader.add_implicit_resolver(
    "!go-number",
    re.compile(
        r"([-+]?0[oO][0-7_]+|[-+]?0[bB][01_]+|[-+]?0X[0-9a-fA-F_]+|[-+]?[0-9_]*\.?[0-9_]*[eE][-+]?[0-9]*_[0-9_]*)\Z"
    ),
    list("-+0123456789."),
)
GoLoader.add_constructor("!go-number", lambda _, node: float(len(node.value)))


def documents(text: str) -> list[dict[str, Any]]:
    """The objects of a file, as Kubernetes reads it."""
    return [document for document in yaml.load_all(text, GoLoader) if document]


def pod_template(document: Object) -> dict[str, Any] | None:
    """The pod template of a workload."""
    if document["kind"] not in WORKLOADS:
        return None
    spec = document["spec"]["jobTemplate"]["spec"] if document["kind"] == "CronJob" else document["spec"]
    template: dict[str, Any] = spec["template"]
    return template


def containers(pod: Object) -> list[dict[str, Any]]:
    """All containers of a pod's spec."""
    return [*pod.get("initContainers", ()), *pod["containers"]]


# --- published schemas


def versions() -> list[str]:
    """The Kubernetes versions that are known, from the oldest that is supported."""
    known = {tuple(map(int, version.split(".")[:2])) for version in kubernetes_validate.utils.all_versions()}
    return [f"{major}.{minor}" for major, minor in sorted(known) if (major, minor) >= OLDEST]


@cache
def _definitions(version: str) -> Registry:
    return Registry([("json-schema:///_definitions.json", _schema(version, "_definitions"))])


def _schema(version: str, name: str) -> Any:
    folder = files("kubernetes_validate") / "kubernetes-json-schema" / f"v{version}.0-local-strict"
    return json.loads((folder / f"{name}.json").read_text())


@cache
def _validator(version: str, kind: str, api_version: str) -> Draft202012Validator:
    group = re.sub(r"^([^./]*)(?:\.[^/]*)?/", r"\1-", api_version)
    return Draft202012Validator(_schema(version, f"{kind.lower()}-{group}"), registry=_definitions(version))


def schema_problems(document: Object, version: str) -> list[str]:
    """What the published schema of a Kubernetes version says, unknown fields included; nothing of custom resources."""
    if is_custom(document):
        return []
    errors = _validator(version, document["kind"], document["apiVersion"]).iter_errors(document)
    return [f"{_called(document)}: {error.instance_path}: {error.message[:200]}" for error in errors]


def is_custom(document: Object) -> bool:
    """Whether it is of a custom resource definition, which a server may not have."""
    group = str(document["apiVersion"]).rpartition("/")[0]
    return "." in group and (not group.endswith(".k8s.io") or group == "gateway.networking.k8s.io")


def _called(document: Object) -> str:
    return f"{document['kind']} {document['metadata'].get('name')}"


# --- Pod Security


def restricted_violations(pod: Object) -> list[str]:
    """What the API server said to the pod's pieces in a namespace that enforces "restricted"."""
    return sorted({told for piece in security.pieces(pod) if (told := _of_piece(piece))})


def _of_piece(piece: Object) -> str | None:
    try:
        return refusal(security.NAME, piece)
    except LookupError:
        return f"the API server was never asked about {json.dumps(piece)}: add it to api_server/security.py"


# --- parts of an object that must fit each other


def misfits(document: Object) -> list[str]:
    """What the API server refuses though each part is right: names that stand there twice, or that nothing has."""
    return [f"{_called(document)}: {problem}" for problem in _misfits(document)]


def _misfits(document: Object) -> Iterator[str]:
    spec = document.get("spec", {})
    if document["kind"] == "ConfigMap" and sum(len(text.encode()) for text in document["data"].values()) > MAP_BYTES:
        yield "is larger than 1 MiB"
    if document["kind"] == "Ingress" and not all(rule["http"]["paths"] for rule in spec["rules"]):
        yield "a rule without paths"
    if document["kind"] == "Service":
        yield from _twice("port names", (port.get("name", "") for port in spec["ports"]))
        yield from _twice("ports", (port["port"] for port in spec["ports"]))
    template = pod_template(document)
    if template is not None:
        claims = [claim["metadata"]["name"] for claim in spec.get("volumeClaimTemplates", ())]
        yield from _of_workload(document, template)
        yield from _of_pod(template["spec"], claims)


def _of_workload(document: Object, template: Object) -> Iterator[str]:
    kind = "Job" if document["kind"] == "CronJob" else document["kind"]
    if template["spec"].get("restartPolicy") not in RESTART[kind]:
        yield f"restartPolicy {template['spec'].get('restartPolicy')!r}"
    if kind != "Job":
        selector = document["spec"]["selector"]["matchLabels"]
        if not selector or not selector.items() <= template["metadata"]["labels"].items():
            yield "the selector doesn't match the template's labels"


def _of_pod(pod: Object, claims: list[str]) -> Iterator[str]:
    volumes = [volume["name"] for volume in pod.get("volumes", ())]
    yield from _twice("volumes", volumes)
    yield from _twice("containers", (container["name"] for container in containers(pod)))
    for container in containers(pod):
        mounts = container.get("volumeMounts", ())
        yield from _twice("variables", (variable["name"] for variable in container.get("env", ())))
        yield from _twice("mount paths", (mount["mountPath"] for mount in mounts))
        yield from _twice("port names", (port["name"] for port in container.get("ports", ()) if "name" in port))
        yield from (f"no volume {mount['name']!r}" for mount in mounts if mount["name"] not in {*volumes, *claims})
        for probe in (container[name] for name in PROBES if name in container):
            if len({"exec", "httpGet", "tcpSocket", "grpc"} & set(probe)) != 1:
                yield "a probe that has not exactly one handler"
    for container in pod.get("initContainers", ()):
        if container.get("restartPolicy") != "Always" and set(PROBES) & set(container):
            yield f"a probe of the init container {container['name']!r}"


def _twice(what: str, names: Iterable[Any]) -> Iterator[str]:
    repeated = sorted(str(name) for name, count in Counter(names).items() if count > 1)
    if repeated:
        yield f"{what} that stand there twice: {repeated}"


# --- words


def misspelt(document: Object) -> list[str]:
    """Names and keys with a character, or of a length, that the API server admitted nowhere at such a place."""
    words = [*_words(document), *_words_of_pod((pod_template(document) or {"spec": {}})["spec"])]
    return [
        f"{_called(document)}: {subject} {word!r}" for subject, word in words if not spelt_as_admitted(subject, word)
    ]


def _words(document: Object) -> Iterator[tuple[str, str]]:
    yield (
        "name of a Service" if document["kind"] == "Service" else "name of a ServiceAccount",
        document["metadata"]["name"],
    )
    for metadata in (document["metadata"], (pod_template(document) or {}).get("metadata", {})):
        for name, value in metadata.get("labels", {}).items():
            yield "label key", name.rpartition("/")[2]
            yield "label value", value
        for name in metadata.get("annotations", {}):
            yield "label key", name.rpartition("/")[2]
    yield from (("ConfigMap key", name) for name in document.get("data", ()))


def _words_of_pod(pod: Object) -> Iterator[tuple[str, str]]:
    yield from (("container name", volume["name"]) for volume in pod.get("volumes", ()))
    for container in containers(pod) if pod else ():
        yield "container name", container["name"]
        yield from (("port name", port["name"]) for port in container.get("ports", ()))
        for variable in container.get("env", ()):
            yield "variable name", variable["name"]
            for source in ("secretKeyRef", "configMapKeyRef"):
                if source in variable.get("valueFrom", ()):
                    yield "secretKeyRef key", variable["valueFrom"][source]["key"]
                    yield "name of a ServiceAccount", variable["valueFrom"][source]["name"]
