"""What a user adds to a pod beside its volumes: containers, ports, variables from elsewhere, names, and to a Service."""

from __future__ import annotations

from typing import Any

from api_server.containers import NAMES, NUMBERS
from api_server.names import SEGMENTS, WORDS
from api_server.objects import container, deployment, pod_spec, service
from api_server.subject import ABSENT, Subject, distinct, mappings, spelt

VOLUMES = [{"name": "shared", "emptyDir": {}}]
GET: dict[str, Any] = {"httpGet": {"port": 80}}
RUN: dict[str, Any] = {"exec": {"command": ["true"]}}
TCP: dict[str, Any] = {"tcpSocket": {"port": 80}}
PROBES: list[Any] = [
    *(GET, RUN, TCP, {"grpc": {"port": 80}}, {}, {**GET, **RUN}, {"exec": {}}, {"exec": {"command": []}}),
    *({"httpGet": {"port": port}} for port in (0, 65535, 65536, -1, "http", "", "a_b", "A", "1", "a" * 15, "a" * 16)),
    *({"httpGet": {"port": 80, "scheme": scheme}} for scheme in ("HTTP", "HTTPS", "http", "TCP")),
    *({"httpGet": {"port": 80, "path": path}} for path in ("/", "a", "/a b", "")),
    *({"httpGet": {"port": 80, "httpHeaders": [{"name": name, "value": "x"}]}} for name in ("X-A", "a_b", "a b", "")),
    {"httpGet": {}},
    {"httpGet": {"port": 80.5}},
    {"grpc": {"port": 80, "service": "a"}},
    {"grpc": {"port": 0}},
    *(
        {**GET, word: number}
        for word in ("periodSeconds", "timeoutSeconds", "failureThreshold")
        for number in (-1, 0, 1)
    ),
    *({**GET, "initialDelaySeconds": number} for number in (-1, 0, 5)),
    *({**GET, "successThreshold": number} for number in (-1, 0, 1, 2)),
    *({**GET, "terminationGracePeriodSeconds": number} for number in (-1, 0, 1, 60)),
]
MOUNTS: list[Any] = [
    *({"name": "shared", "mountPath": path} for path in ("/a", "a", "", "/", "/a:b", "/a/../b")),
    *({"name": "shared", "mountPath": "/a", "subPath": path} for path in ("a", "/a", "..", "a/..", "")),
    *({"name": "shared", "mountPath": "/a", "subPathExpr": path} for path in ("$(POD)", "/a", "..")),
    {"name": "shared", "mountPath": "/a", "subPath": "a", "subPathExpr": "b"},
    *({"name": "shared", "mountPath": "/a", "mountPropagation": word} for word in ("None", "HostToContainer", "none")),
    {"name": "other", "mountPath": "/a"},
    {"name": "shared"},
    {"mountPath": "/a"},
]
VARIABLES: list[Any] = [
    *({"name": name, "value": "x"} for name in ("A", "a.b", "1A", "", "A=B", "A B")),
    {"name": "A"},
    {"name": "A", "value": "x", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
    {"name": "A", "valueFrom": {}},
    *({"name": "A", "valueFrom": {"secretKeyRef": {"name": name, "key": "k"}}} for name in ("s", "", "S", "a_b")),
    *({"name": "A", "valueFrom": {"configMapKeyRef": {"name": "c", "key": key}}} for key in ("k", "", "..", "a b")),
    {
        "name": "A",
        "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}, "configMapKeyRef": {"name": "c", "key": "k"}},
    },
    *({"name": "A", "valueFrom": {"fieldRef": {"fieldPath": path}}} for path in ("metadata.name", "spec.x", "")),
    *({"name": "A", "valueFrom": {"resourceFieldRef": {"resource": of}}} for of in ("limits.cpu", "requests.memory")),
    *({"name": "A", "valueFrom": {"resourceFieldRef": {"resource": of}}} for of in ("limits.disk", "cpu", "")),
]
RESOURCES: list[Any] = [
    *({"requests": {name: "1"}} for name in ("cpu", "memory", "ephemeral-storage", "disk", "nvidia.com/gpu", "")),
    *({"limits": {name: "1"}} for name in ("cpu", "memory", "disk", "nvidia.com/gpu", "storage", "pods")),
    *({"limits": {"nvidia.com/gpu": number}} for number in ("1", "1.5", "0", "-1")),
    *(
        {"requests": {"nvidia.com/gpu": one}, "limits": {"nvidia.com/gpu": other}}
        for one, other in (("1", "2"), ("2", "2"))
    ),
    *({"requests": {"cpu": one}, "limits": {"cpu": other}} for one, other in (("1", "2"), ("2", "1"), ("500m", "0.5"))),
    *({"requests": {"memory": one}, "limits": {"memory": other}} for one, other in (("1Gi", "2Gi"), ("2Gi", "1Gi"))),
    {"claims": [{"name": "a"}]},
    {"limits": {"memory": "1 Gi"}},
]
HOOKS: list[Any] = [
    *({"preStop": RUN}, {"preStop": GET}, {"preStop": TCP}, {"preStop": {}}, {"preStop": {**RUN, **GET}}),
    {"preStop": {"exec": {"command": []}}},
    *({"preStop": {"sleep": {"seconds": seconds}}} for seconds in (-1, 1, 30, 3600)),
    {"postStart": RUN},
    {"postStart": {"httpGet": {"port": 0}}},
]
BASE = {"name": "further", "image": "docker.io/library/further:1"}
COMMON: dict[str, list[Any]] = {
    "name": [*WORDS, ""],
    "image": [ABSENT, "", " a:1", "a:1 ", "a:1", f"a@sha256:{'0' * 64}", "registry.example.com:5000/a/b:1.2", "a"],
    "command": [["a"], [], [""]],
    "workingDir": ["/a", "", "a"],
    "imagePullPolicy": ["Always", "IfNotPresent", "Never", "always", ""],
    "terminationMessagePolicy": ["File", "FallbackToLogsOnError", "file", ""],
    "terminationMessagePath": ["/a", "a"],
    "env": [[each] for each in VARIABLES] + [[{"name": "A", "value": "x"}, {"name": "A", "value": "y"}]],
    "volumeMounts": [[each] for each in MOUNTS] + [[MOUNTS[0], MOUNTS[0]]],
    "resources": RESOURCES,
    "ports": [[{"containerPort": 80, "name": "a"}, {"containerPort": 81, "name": "a"}]],
    "restartPolicy": [ABSENT, "Always", "Never", "OnFailure", "always", ""],
    "startupProbe": PROBES,
    "readinessProbe": PROBES,
    "livenessProbe": PROBES,
    "lifecycle": HOOKS,
    "volumeDevices": [[{"name": "shared", "devicePath": "/a"}]],
    "unknown": [1],
}
PORTS = [
    *({"containerPort": number} for number in NUMBERS),
    *({"containerPort": 8080, "name": name} for name in spelt(*WORDS, "a" * 15, "a" * 16, "a--b", "1", "1-2", "1-a")),
    *({"containerPort": 8080, "protocol": name} for name in ("TCP", "UDP", "SCTP", "tcp", "", "HTTP")),
    {"name": "a"},
]
SOURCES: list[dict[str, Any]] = [
    {},
    *({kind: {"name": name}} for kind in ("secretRef", "configMapRef") for name in [*WORDS, *SEGMENTS, ""]),
    *({kind: {}} for kind in ("secretRef", "configMapRef")),
    {"secretRef": {"name": "a"}, "configMapRef": {"name": "b"}},
    {"secretRef": {"name": "a", "optional": True}},
    *({"secretRef": {"name": "a"}, "prefix": prefix} for prefix in ("A_", "", "1", "a.b", "a-b", "A=", "A B", "_")),
    {"other": {"name": "a"}},
]
ADDRESSES = [
    *("10.0.0.7", "127.0.0.1", "0.0.0.0", "fd00::1", "::1", "::", "010.0.0.7", "10.0.0", "10.0.0.256", "", "a", "1"),
    *(
        "FD00::1",
        "fd00:0::1",
        "::ffff:10.0.0.7",
        "fe80::1%eth0",
        "10.0.0.7 ",
        "10.0.0.7/24",
        "[fd00::1]",
        "10.0.0.7:53",
    ),
]
ALIASES = [
    *({"ip": address, "hostnames": ["a"]} for address in ADDRESSES),
    *({"ip": "10.0.0.7", "hostnames": [name]} for name in [*WORDS, *SEGMENTS, "", "a_b", "*.a", "A.b", "a."]),
    *({"ip": "10.0.0.7", "hostnames": names} for names in ([], ["a", "a"], ["a", "b.example.com"])),
    {"ip": "10.0.0.7"},
    {"hostnames": ["a"]},
]
DNS: list[dict[str, Any]] = [
    *({"nameservers": [address]} for address in ADDRESSES),
    *({"nameservers": [f"10.0.0.{last}" for last in range(number)]} for number in (0, 1, 3, 4)),
    *({"searches": [name]} for name in [*WORDS, *SEGMENTS, "", ".", "a.", "a_b", "_a.b", "A.b", "*.a", "a..b"]),
    *({"searches": [f"a{number}.example" for number in range(count)]} for count in (0, 6, 32, 33)),
    {"searches": [f"{'a' * 60}.{number}" for number in range(32)]},
    {"searches": [f"{'a' * 63}.{'b' * 10}.{number}" for number in range(32)]},
    *({"options": [option]} for option in ({"name": "ndots", "value": "2"}, {"name": "edns0"}, {"name": ""}, {})),
    {"options": []},
    {},
]
OF_A_SERVICE: dict[str, list[Any]] = {
    "type": ["ClusterIP", "NodePort", "LoadBalancer"],
    "node_port": [ABSENT, 30000, 32767, 0, -1, 70000],
    "external_traffic_policy": [ABSENT, "Cluster", "Local", "local", ""],
    "internal_traffic_policy": [ABSENT, "Cluster", "Local", "local"],
    "load_balancer_class": [ABSENT, "service.k8s.aws/nlb", "a", "a b", "a/b/c", "A.b/c", ""],
    "load_balancer_source_ranges": [
        *(
            ABSENT,
            ["10.0.0.0/8"],
            ["10.0.0.1/8"],
            ["10.0.0.1/32"],
            ["10.0.0.1"],
            ["a"],
            [""],
            ["fd00::/8"],
            [" 10.0.0.0/8"],
        ),
        *(["10.0.0.0/33"], ["010.0.0.0/8"], ["::ffff:10.0.0.0/104"], ["0.0.0.0/0"], ["10.0.0.0/8", "10.0.0.0/8"]),
    ],
    "session_affinity": [ABSENT, "ClientIP", "None", "clientip"],
}
WORDS_OF_A_SERVICE = {
    "external_traffic_policy": "externalTrafficPolicy",
    "internal_traffic_policy": "internalTrafficPolicy",
    "load_balancer_class": "loadBalancerClass",
    "load_balancer_source_ranges": "loadBalancerSourceRanges",
    "session_affinity": "sessionAffinity",
}


def _first(value: dict[str, Any], **more: Any) -> dict[str, Any]:
    own = container()
    first = {"securityContext": own["securityContext"], **value, **more}
    return deployment(pod_spec(container(), initContainers=[first], volumes=VOLUMES))


def _sidecar(value: dict[str, Any]) -> dict[str, Any]:
    return _first(value, restartPolicy=value.get("restartPolicy", "Always"))


def _service(value: dict[str, Any]) -> dict[str, Any]:
    spec = {word: value[name] for name, word in WORDS_OF_A_SERVICE.items() if name in value}
    port = {"nodePort": value["node_port"]} if "node_port" in value else {}
    return service(type=value["type"], ports=[{"port": 80, **port}], **spec)


SUBJECTS = [
    Subject("init container", _first, mappings(BASE, COMMON)),
    Subject("sidecar", _sidecar, mappings(BASE, COMMON)),
    Subject("further port", lambda value: deployment(pod_spec(container(ports=[value]))), distinct(PORTS)),
    Subject(
        "variables from elsewhere", lambda value: deployment(pod_spec(container(envFrom=[value]))), distinct(SOURCES)
    ),
    Subject("host alias", lambda value: deployment(pod_spec(hostAliases=[value])), distinct(ALIASES)),
    Subject("dns config", lambda value: deployment(pod_spec(dnsConfig=value)), distinct(DNS)),
    Subject(
        "dns policy",
        lambda value: deployment(pod_spec(**value)),
        [
            *(
                {"dnsPolicy": word}
                for word in ("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None", "none", "")
            ),
            {"dnsPolicy": "None", "dnsConfig": {"nameservers": ["10.0.0.1"]}},
            {"dnsPolicy": "None", "dnsConfig": {"searches": ["a"]}},
        ],
    ),
    Subject("runtime class", lambda value: deployment(pod_spec(runtimeClassName=value)), NAMES),
    Subject("scheduler", lambda value: deployment(pod_spec(schedulerName=value)), NAMES),
    Subject(
        "service of a type",
        _service,
        mappings(
            {"type": "ClusterIP"},
            OF_A_SERVICE,
            *(("type", name) for name in OF_A_SERVICE if name != "type"),
        ),
    ),
]
