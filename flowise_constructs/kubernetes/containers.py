"""Rules of the API server and of Pod Security "restricted" for the containers that a user adds to a pod."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from flowise_constructs.core.findings import shown
from flowise_constructs.core.rules import images, naming, paths
from flowise_constructs.kubernetes.container_parts import environment, mounts, sources, wanted
from flowise_constructs.kubernetes.container_probes import lifecycle, probes
from flowise_constructs.kubernetes.container_security import restricted
from flowise_constructs.kubernetes.selectors import Fields, wrong

_NOT_TAKEN = ("resizePolicy", "restartPolicyRules", "stdin", "stdinOnce", "tty", "volumeDevices")
_WHILE_IT_RUNS = ("lifecycle", "livenessProbe", "readinessProbe", "startupProbe")
_WORDS = {
    "imagePullPolicy": ("Always", "IfNotPresent", "Never"),
    "terminationMessagePolicy": ("File", "FallbackToLogsOnError"),
}
_PROTOCOLS = ("TCP", "UDP", "SCTP")


def init_container(value: Fields) -> str | None:
    """One entry of `initContainers` that ends before the next one starts."""
    return next(chain(_ends(value), _container(value)), None)


def sidecar(value: Fields) -> str | None:
    """One entry of `initContainers` that runs as long as the pod does; its `restartPolicy` is filled in."""
    return next(chain(_stays(value), _container(value), probes(value), lifecycle(value)), None)


def port(value: Fields) -> str | None:
    """One entry of `ports`."""
    return next(_port(value), None)


def env_from(value: Fields) -> str | None:
    """One entry of `envFrom`."""
    return next(sources([value]), None)


def _ends(value: Fields) -> Iterator[str]:
    if value.get("restartPolicy") is not None:
        yield f"has restartPolicy {shown(value['restartPolicy'])}: what is to run on belongs into 'sidecars'"
    for word in _WHILE_IT_RUNS:
        if word in value:
            yield f"has {word}, which a container that ends doesn't take: leave it out"


def _stays(value: Fields) -> Iterator[str]:
    if value.get("restartPolicy", "Always") != "Always":
        yield f"has restartPolicy {shown(value['restartPolicy'])}: leave it out, it is filled in as 'Always'"


def _container(value: Fields) -> Iterator[str]:
    for word in _NOT_TAKEN:
        if word in value:
            yield f"has {word}, which is not taken here: add it with a JSON patch"
    yield from wrong("name", value["name"], naming.dns_label)
    yield from wrong("image", value.get("image", ""), _image)
    yield from _words(value)
    for word in ("workingDir", "terminationMessagePath"):
        if word in value:
            yield from wrong(word, value[word], paths.path)
    yield from _ports(value.get("ports", ()))
    yield from environment(value.get("env", ()))
    yield from sources(value.get("envFrom", ()))
    yield from mounts(value.get("volumeMounts", ()))
    yield from wanted(value.get("resources", {}))
    yield from restricted(value.get("securityContext", {}))


def _image(value: str) -> str | None:
    """A reference that says which build it is."""
    name, at, digest = value.partition("@")
    slash = name.rfind("/")
    repository, colon, tag = name[slash + 1 :].partition(":")
    if not at and not colon:
        return "names no build: give a tag with a version, or a digest"
    problems = (
        images.repository(name[: slash + 1] + repository),
        images.tag(tag) if colon else None,
        images.digest(digest) if at else None,
    )
    return next(filter(None, problems), None)


def _words(value: Fields) -> Iterator[str]:
    for word, known in _WORDS.items():
        if value.get(word, known[0]) not in known:
            yield f"has {word} {shown(value[word])}: one of {', '.join(known)}"


def _ports(values: list[Fields]) -> Iterator[str]:
    for each in values:
        yield from _port(each)
    names = [each["name"] for each in values if each.get("name")]
    for name in names:
        if names.count(name) > 1:
            yield f"has two ports that are called {shown(name)}"


def _port(value: Fields) -> Iterator[str]:
    if not 1 <= value["containerPort"] <= 65535:
        yield f"has containerPort {value['containerPort']}: 1 to 65535"
    if "name" in value:
        yield from wrong("port name", value["name"], naming.port_name)
    if value.get("protocol", "TCP") not in _PROTOCOLS:
        yield f"has protocol {shown(value['protocol'])}: one of {', '.join(_PROTOCOLS)}"
    for word in ("hostPort", "hostIP"):
        if word in value:
            yield f"has {word}, which Pod Security 'restricted' refuses: use a Service"
