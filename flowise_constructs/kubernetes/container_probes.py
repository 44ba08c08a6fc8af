"""Rules of the API server for probes and hooks of a container."""

from __future__ import annotations

from collections.abc import Iterator

from flowise_constructs.core.findings import shown
from flowise_constructs.core.rules import naming
from flowise_constructs.kubernetes.selectors import Fields, wrong

_HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc")
_HOOKS = ("exec", "httpGet", "tcpSocket", "sleep")
_NUMBERS = ("initialDelaySeconds", "periodSeconds", "timeoutSeconds", "successThreshold", "failureThreshold")


def probes(container: Fields) -> Iterator[str]:
    """The three probes."""
    for word in ("startupProbe", "readinessProbe", "livenessProbe"):
        if word in container:
            yield from _probe(word, container[word])


def lifecycle(container: Fields) -> Iterator[str]:
    """`lifecycle`."""
    hooks = container.get("lifecycle", {})
    if "stopSignal" in hooks:
        yield "has lifecycle.stopSignal, which is not taken here: add it, and the pod's os.name, with JSON patches"
    for word in ("postStart", "preStop"):
        if word in hooks:
            yield from _handler(f"lifecycle.{word}", hooks[word], _HOOKS)


def _probe(word: str, probe: Fields) -> Iterator[str]:
    yield from _handler(word, probe, _HANDLERS)
    for number in _NUMBERS:
        if not probe.get(number, 1) >= 0:
            yield f"has {word}.{number} {probe[number]}: at least 1"
    if word != "readinessProbe" and probe.get("successThreshold", 1) > 1:
        yield f"has {word}.successThreshold {probe['successThreshold']}: 1, or leave it out"
    if "terminationGracePeriodSeconds" in probe:
        seconds = probe["terminationGracePeriodSeconds"]
        if word == "readinessProbe" or seconds < 1:
            yield f"has {word}.terminationGracePeriodSeconds {seconds}: at least 1, and not in a readiness probe"


def _handler(word: str, of: Fields, known: tuple[str, ...]) -> Iterator[str]:
    kinds = [kind for kind in known if kind in of]
    if len(kinds) != 1:
        yield f"has {word}, which needs exactly one of {', '.join(known)}"
        return
    [kind] = kinds
    action = of[kind]
    if kind == "exec" and not action.get("command"):
        yield f"has {word}.exec without command"
    if kind == "sleep" and action["seconds"] < 1:
        yield f"has {word}.sleep.seconds {action['seconds']}: at least 1"
    if action.get("host"):
        yield f"has {word}.{kind}.host, which Pod Security 'restricted' refuses: the pod's own address is used"
    if kind in ("httpGet", "tcpSocket", "grpc"):
        yield from _port(f"{word}.{kind}.port", action["port"])
    if kind == "httpGet":
        yield from _http(f"{word}.httpGet", action)


def _port(word: str, port: int | str) -> Iterator[str]:
    if isinstance(port, str):
        yield from wrong(word, port, naming.port_name)
    elif not 1 <= port <= 65535:
        yield f"has {word} {port}: 1 to 65535"


def _http(word: str, action: Fields) -> Iterator[str]:
    if action.get("scheme", "HTTP") not in ("HTTP", "HTTPS"):
        yield f"has {word}.scheme {shown(action['scheme'])}: HTTP or HTTPS"
    for header in action.get("httpHeaders", ()):
        yield from wrong(f"{word}.httpHeaders name", header["name"], naming.header_name)
