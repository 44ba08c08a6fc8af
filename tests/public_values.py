"""Which public values put a subject's value into the manifest: what the library takes, in the API server's words."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Mapping
from typing import Any

import deployments
from cdk8s import App, Chart
from deployments import AUTH, BACKUP, POSTGRES

from flowise_constructs import (
    ApiKeys,
    AzureContainer,
    Backup,
    BundledPostgres,
    BundledRedis,
    ClusterDns,
    ConfigMapKey,
    CpuScaling,
    DataClaim,
    Destination,
    DisruptionBudget,
    Drill,
    ExistingClaim,
    ExternalMetric,
    ExtraClaim,
    Flowise,
    FlowiseMain,
    GcsBucket,
    Image,
    Ingress,
    IngressHost,
    IngressPath,
    IngressTls,
    KeyRotation,
    LogClaim,
    Main,
    Names,
    OutsideServers,
    Owner,
    PodField,
    PodOptions,
    PodPeer,
    ProbeNumbers,
    QueueScaling,
    Registry,
    Resources,
    Restore,
    S3Bucket,
    Scrape,
    SecretKey,
    ServerImage,
    Service,
    ServiceAccount,
    Settings,
    SqliteDatabase,
    Volume,
    Worker,
    WritableSizes,
)

Way = Callable[[Any], object]


def field(cls: Callable[..., object], name: str, /, **others: Any) -> dict[str, Way]:
    """The value as a field."""
    return {f"{cls.__name__}.{name}": lambda value: cls(**others, **{name: value})}


def key_of(cls: Callable[..., object], name: str, item: Any = "x", /, **others: Any) -> dict[str, Way]:
    """The value as a key of a mapping."""
    return {f"{cls.__name__}.{name}": lambda value: cls(**others, **{name: {value: item}})}


def value_of(cls: Callable[..., object], name: str, key: str = "a", /, **others: Any) -> dict[str, Way]:
    """The value in a mapping."""
    return {f"{cls.__name__}.{name}": lambda value: cls(**others, **{name: {key: value}})}


def item_of(cls: Callable[..., object], name: str, /, **others: Any) -> dict[str, Way]:
    """The value in a list."""
    return {f"{cls.__name__}.{name}": lambda value: cls(**others, **{name: [value]})}


APP = App()
FLOWISE = Flowise(auth=AUTH, database=SqliteDatabase())
_numbers = itertools.count()


def pod(**options: Any) -> FlowiseMain:
    """A main with these options of its pod."""
    main = Main(awaits_owner=False, pod=PodOptions(**options))
    return FlowiseMain(Chart(APP, f"chart-{next(_numbers)}"), "Main", flowise=FLOWISE, main=main)


def _volume(source: Any) -> FlowiseMain:
    return pod(volumes=[Volume(name="further", source=source, mount_path="/further")])


def _resources(asked: str, limit: str) -> Way:
    return lambda pair: Resources(**{asked: pair[0], limit: pair[1]})


def _at_least(asked: str, limit: str) -> Way:
    """A limit that nothing asks more of."""
    return lambda value: Resources(**{asked: value, limit: value})


def _named(suffix: str, of: str, **given: Any) -> Way:
    """A deployment that calls an object by the value."""
    return lambda value: deployments.synthesized(
        deployments.standalone(names=Names(**{of: value.removesuffix(suffix)}), **given)
    )


LARGEST = 2**31 - 1
INGRESS: dict[str, Any] = {"hosts": [IngressHost(host="a.example.com")]}
OWNED: dict[str, Any] = {"email": "a@example.com", "password": SecretKey(secret="a", key="k")}
ANNOTATED: list[tuple[Callable[..., object], str, dict[str, Any]]] = [
    (PodOptions, "annotations", {}),
    (ServiceAccount, "annotations", {}),
    (Service, "annotations", {}),
    (Ingress, "annotations", INGRESS),
    (DataClaim, "annotations", {}),
    (LogClaim, "annotations", {}),
    (ExtraClaim, "annotations", {"name": "further", "mount_path": "/further"}),
    (S3Bucket, "service_account_annotations", {"bucket": "files"}),
    (GcsBucket, "service_account_annotations", {"bucket": "files", "project": "acme-prod"}),
    (AzureContainer, "service_account_annotations", {"container": "files", "account": "acme"}),
    (Owner, "annotations", OWNED),
]
VOLUME: dict[str, Any] = {"name": "further", "source": {"emptyDir": {}}, "mount_path": "/further"}
CLAIM: dict[str, Any] = {"name": "further", "mount_path": "/further"}
SHARED = Volume(name="shared", source={"emptyDir": {}}, mount_path="/shared")
IMAGE: dict[str, Any] = {"repository": "a", "tag": "1"}
BACKED_UP: dict[str, Any] = {"target": S3Bucket(bucket="files")}


def _without(given: dict[str, Any], name: str) -> dict[str, Any]:
    return {other: value for other, value in given.items() if other != name}


WAYS: Mapping[str, Mapping[str, Way]] = {
    "name of a Service": field(Names, "name"),
    "name of a Deployment": field(Names, "name"),
    "name of an Ingress": field(Names, "name"),
    "name of main's claim": {"Names.name": _named("-data", "name")},
    "name of a backup's CronJob": {"Names.name": _named("-backup", "name", database=POSTGRES, backup=BACKUP)},
    "name of a server's StatefulSet": {"Names.instance": _named("-postgresql", "instance", database=BundledPostgres())},
    "name of a ServiceAccount": field(ServiceAccount, "name"),
    "name of a namespace": field(Names, "namespace") | field(PodPeer, "namespace"),
    "label key": key_of(PodOptions, "labels")
    | key_of(Backup, "labels", **BACKED_UP)
    | key_of(ExternalMetric, "labels")
    | key_of(Scrape, "labels")
    | key_of(PodPeer, "pods")
    | key_of(PodPeer, "namespace_labels"),
    "label value": value_of(PodOptions, "labels")
    | value_of(Backup, "labels", **BACKED_UP)
    | value_of(ExternalMetric, "labels")
    | value_of(Scrape, "labels")
    | value_of(PodPeer, "pods")
    | value_of(PodPeer, "namespace_labels"),
    "network of a policy": {
        name: way
        for each in (
            item_of(Destination, "to"),
            item_of(ClusterDns, "networks"),
            *(item_of(OutsideServers, server.name) for server in dataclasses.fields(OutsideServers)),
        )
        for name, way in each.items()
    },
    "selector label value": field(Names, "app") | field(Names, "main_component") | field(Names, "instance"),
    "annotation key": {name: way for cls, of, others in ANNOTATED for name, way in key_of(cls, of, **others).items()},
    "annotation value": {
        name: way for cls, of, others in ANNOTATED for name, way in value_of(cls, of, **others).items()
    }
    | field(PodOptions, "rollout_token"),
    "annotations together": {
        name: way for cls, of, others in ANNOTATED for name, way in field(cls, of, **others).items()
    },
    "variable name": key_of(Settings, "extra_env") | key_of(Main, "extra_env") | key_of(Worker, "extra_env"),
    "variable value": value_of(Settings, "extra_env", "A") | value_of(Main, "extra_env", "A"),
    "secretKeyRef name": field(SecretKey, "secret", key="k") | field(ApiKeys, "secret", keys={"k": ["tools:view"]}),
    "secretKeyRef key": field(SecretKey, "key", secret="a")
    | {"ApiKeys.keys": lambda value: ApiKeys(secret="a", keys={value: ["tools:view"]})},
    "configMapKeyRef name": field(ConfigMapKey, "config_map", key="k"),
    "configMapKeyRef key": field(ConfigMapKey, "key", config_map="a"),
    "fieldRef path": field(PodField, "path"),
    "cpu request": field(Resources, "cpu_request"),
    "memory request": {"Resources.memory_request": _at_least("memory_request", "memory_limit")},
    "cpu limit": {"Resources.cpu_limit": _at_least("cpu_request", "cpu_limit")},
    "memory limit": {"Resources.memory_limit": _at_least("memory_request", "memory_limit")},
    "cpu request and limit": {"Resources.cpu_request": _resources("cpu_request", "cpu_limit")},
    "memory request and limit": {"Resources.memory_request": _resources("memory_request", "memory_limit")},
    "image pull policy": field(Image, "pull_policy") | field(ServerImage, "pull_policy", **IMAGE),
    "image pull secret": item_of(Image, "pull_secrets")
    | item_of(ServerImage, "pull_secrets", **IMAGE)
    | item_of(Registry, "pull_secrets", address="registry.example.com"),
    "name of the pod's account": field(ServiceAccount, "name", create=False),
    "probe's period": field(ProbeNumbers, "period_seconds"),
    "probe's time-out": field(ProbeNumbers, "timeout_seconds"),
    "probe's failures": field(ProbeNumbers, "failure_threshold"),
    "replicas": field(Main, "replicas") | field(Worker, "replicas"),
    "most pods away": field(DisruptionBudget, "max_unavailable"),
    "least pods there": field(DisruptionBudget, "min_available"),
    "least replicas": field(QueueScaling, "minimum", maximum=LARGEST) | field(CpuScaling, "minimum", maximum=LARGEST),
    "most replicas": field(QueueScaling, "maximum", minimum=1) | field(CpuScaling, "maximum", minimum=1),
    "cpu target": field(CpuScaling, "target_percent"),
    "stabilization window": field(QueueScaling, "stabilization_seconds", scale_down_seconds=31)
    | field(CpuScaling, "stabilization_seconds", scale_down_seconds=31),
    "policy's period": field(QueueScaling, "scale_down_seconds", stabilization_seconds=3600)
    | field(CpuScaling, "scale_down_seconds", stabilization_seconds=3600),
    "external metric's name": field(ExternalMetric, "name"),
    "grace period": field(Worker, "grace_seconds")
    | field(PodOptions, "termination_grace_seconds")
    | {"Main.pre_stop_seconds": lambda value: Main(pre_stop_seconds=value - 15)},
    "strategy": field(Main, "strategy"),
    "volume name": field(Volume, "name", **_without(VOLUME, "name"))
    | field(ExtraClaim, "name", **_without(CLAIM, "name")),
    "volume source": {"Volume.source": _volume},
    "size limit": {
        name: way
        for each in (
            *(field(WritableSizes, size) for size in ("home", "logs", "tmp", "shm")),
            field(Backup, "scratch_size", **BACKED_UP),
            field(Drill, "database_size"),
        )
        for name, way in each.items()
    },
    "mount path": field(Volume, "mount_path", **_without(VOLUME, "mount_path"))
    | field(ExtraClaim, "mount_path", **_without(CLAIM, "mount_path")),
    "sub path": field(Volume, "sub_path", **VOLUME) | field(ExtraClaim, "sub_path", **CLAIM),
    "node selector key": key_of(PodOptions, "node_selector"),
    "node selector value": value_of(PodOptions, "node_selector"),
    "priority class": field(PodOptions, "priority_class_name"),
    "toleration": {"PodOptions.tolerations": lambda value: pod(tolerations=[value])},
    "spread constraint": {
        "PodOptions.topology_spread_constraints": lambda value: pod(topology_spread_constraints=[value])
    },
    "spread constraints together": {
        "PodOptions.topology_spread_constraints": lambda value: pod(topology_spread_constraints=value)
    },
    "affinity": {"PodOptions.affinity": lambda value: pod(affinity=value)},
    "ingress host": field(IngressHost, "host"),
    "tls host": item_of(IngressTls, "hosts"),
    "tls secret": field(IngressTls, "secret_name", hosts=["a.example.com"]),
    "ingress class": field(Ingress, "class_name", **INGRESS),
    "ingress path": {"IngressPath.path": lambda value: IngressPath(path=value["path"], path_type=value["type"])},
    "ingress without a path": {
        "IngressHost.paths": lambda value: IngressHost(host="a.example.com", paths=[IngressPath()] * value)
    },
    "service port": field(Service, "port")
    | item_of(Destination, "ports", to=["10.0.0.0/8"])
    | item_of(ClusterDns, "ports"),
    "service type": field(Service, "type"),
    "address families": {
        "Service.ip_families": lambda value: Service(ip_families=value["families"], ip_family_policy=value["policy"])
    },
    "claim's size": field(DataClaim, "size")
    | field(LogClaim, "size")
    | field(ExtraClaim, "size", **CLAIM)
    | field(BundledPostgres, "size")
    | field(BundledRedis, "size"),
    "claim's class": field(DataClaim, "storage_class")
    | field(LogClaim, "storage_class")
    | field(ExtraClaim, "storage_class", **CLAIM)
    | field(BundledPostgres, "storage_class")
    | field(BundledRedis, "storage_class"),
    "claim's access mode": field(DataClaim, "access_mode")
    | field(LogClaim, "access_mode")
    | field(ExtraClaim, "access_mode", **CLAIM)
    | field(ExistingClaim, "access_mode", name="a"),
    "init container": {
        "PodOptions.init_containers": lambda value: pod(volumes=[SHARED], init_containers=[value]),
        "PodOptions.init_containers_after_gate": lambda value: pod(
            volumes=[SHARED], init_containers_after_gate=[value]
        ),
    },
    "sidecar": {"PodOptions.sidecars": lambda value: pod(volumes=[SHARED], sidecars=[value])},
    "further port": {"PodOptions.ports": lambda value: pod(ports=[value])},
    "variables from elsewhere": {"PodOptions.env_from": lambda value: pod(env_from=[value])},
    "host alias": {"PodOptions.host_aliases": lambda value: pod(host_aliases=[value])},
    "dns config": {"PodOptions.dns_config": lambda value: pod(dns_config=value)},
    "dns policy": {
        "PodOptions.dns_policy": lambda value: pod(dns_policy=value["dnsPolicy"], dns_config=value.get("dnsConfig"))
    },
    "runtime class": field(PodOptions, "runtime_class_name"),
    "scheduler": field(PodOptions, "scheduler_name"),
    "service of a type": {
        f"Service.{name}": lambda value: Service(**value)
        for name in (
            *("type", "node_port", "external_traffic_policy", "internal_traffic_policy", "load_balancer_class"),
            *("load_balancer_source_ranges", "session_affinity"),
        )
    },
    "claim's name": field(ExistingClaim, "name"),
    "schedule": field(Backup, "schedule", **BACKED_UP) | field(Drill, "schedule"),
    "time zone": field(Backup, "time_zone", **BACKED_UP),
    "concurrency policy": field(Backup, "concurrency_policy", **BACKED_UP),
    "starting deadline": field(Backup, "starting_deadline_seconds", **BACKED_UP),
    "successful history": field(Backup, "successful_history", **BACKED_UP),
    "failed history": field(Backup, "failed_history", **BACKED_UP),
    "job's deadline": field(Backup, "deadline_seconds", **BACKED_UP)
    | field(Drill, "deadline_seconds")
    | field(Restore, "deadline_seconds")
    | field(KeyRotation, "deadline_seconds", new_key=deployments.NEW_KEY, wait_seconds=1),
    "back-off limit": field(Backup, "backoff_limit", **BACKED_UP)
    # ttlSecondsAfterFinished has the same rule.
    | field(Owner, "ttl_seconds", **OWNED),
}
"""Subject -> field -> what makes the value, or the manifest where more than a value is needed to be refused."""
