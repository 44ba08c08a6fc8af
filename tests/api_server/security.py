"""Pod Security "restricted": what it reads of a pod, piece by piece."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from api_server.objects import CONTAINER_SECURITY, POD_SECURITY, whole
from api_server.subject import Subject, distinct
from api_server.volume_sources import PLAIN

NAME = "pod security"
NOT_READ_OF_PODS = {
    *("containers", "initContainers", "volumes", "automountServiceAccountToken", "serviceAccountName", "restartPolicy"),
    *("terminationGracePeriodSeconds", "imagePullSecrets", "enableServiceLinks", "nodeSelector", "tolerations"),
    *("affinity", "topologySpreadConstraints", "priorityClassName", "dnsConfig", "dnsPolicy", "hostAliases"),
    *("schedulerName", "runtimeClassName"),
}
NOT_READ_OF_CONTAINERS = {
    *("name", "image", "imagePullPolicy", "command", "args", "env", "resources", "volumeMounts"),
    *("terminationMessagePolicy", "terminationMessagePath", "envFrom", "workingDir", "restartPolicy"),
}
HANDLERS = ("startupProbe", "readinessProbe", "livenessProbe", "lifecycle")


def pieces(pod: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The pod with each container, and each volume, without the fields that Pod Security doesn't read."""
    own = {name: item for name, item in pod.items() if name not in NOT_READ_OF_PODS}
    for container in (*pod.get("initContainers", ()), *pod["containers"]):
        yield {"pod": own, "container": dict(_read_of(container))}
    for volume in pod.get("volumes", ()):
        for kind in sorted(set(volume) - {"name"}):
            yield {"volume": kind}


def _read_of(container: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, item in container.items():
        if name == "ports":
            if any(set(port) & {"hostPort", "hostIP"} for port in item):
                yield name, item
        elif name in HANDLERS:
            if "'host'" in str(item):
                yield name, item
        elif name not in NOT_READ_OF_CONTAINERS:
            yield name, item


def _pod(piece: dict[str, Any]) -> dict[str, Any]:
    container: dict[str, Any] = {"name": "main", "image": "docker.io/library/probe:1"}
    if "volume" in piece:
        kind = piece["volume"]
        volumes = [{"name": "further", kind: PLAIN[kind]}]
        container |= {"securityContext": CONTAINER_SECURITY}
        return whole("Pod", "v1", spec={"securityContext": POD_SECURITY, "containers": [container], "volumes": volumes})
    return whole("Pod", "v1", spec={**piece["pod"], "containers": [{**container, **piece["container"]}]})


FLOWISE = {
    "fsGroup": 1000,
    "fsGroupChangePolicy": "OnRootMismatch",
    "runAsGroup": 1000,
    "runAsNonRoot": True,
    "runAsUser": 1000,
    "seccompProfile": {"type": "RuntimeDefault"},
}
SERVER = {**FLOWISE, "fsGroup": 999, "runAsGroup": 999, "runAsUser": 999}
ASSIGNED = {name: item for name, item in FLOWISE.items() if name not in ("fsGroup", "runAsGroup", "runAsUser")}
ROOT = {name: item for name, item in {**FLOWISE, "runAsGroup": 0, "runAsUser": 0}.items() if name != "runAsNonRoot"}
CONTAINER = {**CONTAINER_SECURITY, "readOnlyRootFilesystem": True}
PODS: list[dict[str, Any]] = [
    *(
        {"hostNetwork": True},
        {"hostPID": True},
        {"hostIPC": True},
        {"hostUsers": False},
        {"shareProcessNamespace": True},
    ),
    *({"hostname": "a"}, {"runtimeClassName": "a"}, {"dnsPolicy": "ClusterFirst"}),
]
SELINUX: list[dict[str, str]] = [
    {},
    {"type": "container_t"},
    {"type": "spc_t"},
    {"user": "a"},
    {"role": "a"},
    {"level": "s0"},
]
SYSCTLS = ("net.ipv4.tcp_syncookies", "net.ipv4.ip_unprivileged_port_start", "kernel.msgmax")
SECCOMP = (None, {"type": "Unconfined"}, {"type": "Localhost", "localhostProfile": "a"})
CAPABILITIES: list[Any] = [
    None,
    {},
    {"drop": []},
    {"drop": ["NET_RAW"]},
    {"drop": ["all"]},
    {"drop": ["ALL", "NET_RAW"]},
]
ADDED = ("NET_BIND_SERVICE", "CHOWN", "SYS_ADMIN", "net_bind_service")
POD_CONTEXTS: list[dict[str, Any]] = [
    *({"runAsUser": user} for user in (0, None)),
    *({"runAsNonRoot": holds} for holds in (False, None)),
    *({"runAsGroup": 0}, {"fsGroup": 0}, {"supplementalGroups": [0]}, {"supplementalGroups": [1000]}),
    *({"seccompProfile": profile} for profile in SECCOMP),
    *({"appArmorProfile": {"type": kind}} for kind in ("RuntimeDefault", "Unconfined")),
    *({"seLinuxOptions": options} for options in SELINUX),
    *({"sysctls": [{"name": name, "value": "1"}]} for name in SYSCTLS),
    {"windowsOptions": {"hostProcess": True}},
]
CONTAINER_CONTEXTS: list[dict[str, Any]] = [
    *({"allowPrivilegeEscalation": holds} for holds in (True, None)),
    {"privileged": True, "allowPrivilegeEscalation": None},
    *({"capabilities": capabilities} for capabilities in CAPABILITIES),
    *({"capabilities": {"drop": ["ALL"], "add": [name]}} for name in ADDED),
    *({"readOnlyRootFilesystem": holds} for holds in (False, None)),
    *({"procMount": kind} for kind in ("Unmasked", "Default")),
    *({"runAsUser": 0}, {"runAsUser": 999}, {"runAsNonRoot": False}, {"runAsNonRoot": True}, {"runAsGroup": 0}),
    *({"seccompProfile": {"type": kind}} for kind in ("Unconfined", "RuntimeDefault")),
    {"appArmorProfile": {"type": "Unconfined"}},
    {"seLinuxOptions": {"type": "spc_t"}},
    {"windowsOptions": {"hostProcess": True}},
]
CONTAINERS: list[dict[str, Any]] = [
    *({"ports": [{"containerPort": 80, "hostPort": port}]} for port in (80, 0)),
    {"livenessProbe": {"httpGet": {"port": 80, "host": "127.0.0.1"}}},
    {"readinessProbe": {"tcpSocket": {"port": 80, "host": "10.0.0.1"}}},
    {"lifecycle": {"preStop": {"httpGet": {"port": 80, "host": "10.0.0.1"}}}},
    *(
        {"stdin": True},
        {"tty": True},
        {"workingDir": "/a"},
        {"terminationMessagePath": "/a"},
        {"restartPolicy": "Always"},
    ),
]


def _values() -> Iterator[dict[str, Any]]:
    for context in (FLOWISE, SERVER, ASSIGNED, ROOT):
        yield {"pod": {"securityContext": context}, "container": {"securityContext": CONTAINER}}
        for own in (True, False):
            yield {"pod": {"securityContext": context, "hostUsers": own}, "container": {"securityContext": CONTAINER}}
    for change in PODS:
        yield {"pod": {"securityContext": FLOWISE, **change}, "container": {"securityContext": CONTAINER}}
    for change in POD_CONTEXTS:
        yield {"pod": {"securityContext": _merged(FLOWISE, change)}, "container": {"securityContext": CONTAINER}}
    for change in CONTAINER_CONTEXTS:
        yield {"pod": {"securityContext": FLOWISE}, "container": {"securityContext": _merged(CONTAINER, change)}}
    for change in CONTAINERS:
        yield {"pod": {"securityContext": FLOWISE}, "container": {"securityContext": CONTAINER, **change}}
    yield {"pod": {}, "container": {"securityContext": CONTAINER}}
    yield {"pod": {"securityContext": FLOWISE}, "container": {}}
    yield {
        "pod": {},
        "container": {
            "securityContext": {**CONTAINER, "runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
        },
    }
    yield from ({"volume": kind} for kind in PLAIN)


def _merged(context: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    return {name: item for name, item in {**context, **change}.items() if item is not None}


SUBJECTS = [Subject(NAME, _pod, distinct(_values()))]
