"""What people say of their cluster, cloud and servers, each as a change of a queue deployment's values: any two of them
together must give a manifest that a real API server admits, or a ConfigError."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

from cdk8s import App, Chart
from deployments import (
    API_KEYS,
    AUTH,
    AZURE,
    AZURE_BY_IDENTITY,
    AZURE_CONNECTION,
    BACKUP,
    BUCKET,
    CERTIFICATE,
    CHAT_ROUTE,
    CNPG,
    FIRST,
    FURTHER_ABOUT_PODS,
    GOOGLE,
    GOOGLE_BY_IDENTITY,
    HOST,
    INGRESS,
    OWNER,
    PASSWORD,
    PLACED,
    POSTGRES,
    REDIS,
    REDIS_BY_REFERENCE,
    ROUTE,
    SHARED,
    from_store,
    quietly,
    with_policies,
    with_rotation,
)

from flowise_constructs import (
    BundledPostgres,
    BundledRedis,
    ConfigMapKey,
    DatabaseTls,
    Doors,
    Drill,
    Image,
    Istio,
    Linkerd,
    LogClaim,
    Main,
    MariadbDatabase,
    Names,
    OutboundProxy,
    OutsideServers,
    PodOptions,
    PostgresDatabase,
    Queue,
    QueueChart,
    RedisTls,
    Registry,
    SecretKey,
    Security,
    Service,
    Settings,
    SharedVolume,
    Worker,
    WritableSizes,
)

Arguments = dict[str, Any]
Build = Callable[[App], Chart]


@dataclass(frozen=True)
class Saying:
    """One thing that is said of a deployment."""

    values: Mapping[str, Any]
    """Arguments of the chart; those of one `Main`, `Worker`, `Settings`, `PodOptions` or `Service` come together."""
    around: Callable[[Build, OutsideServers], Build] | None = None
    """What joins the chart, and may ask where its servers are."""


def pods(**given: Any) -> Saying:
    """The same for the pods of mains and workers."""
    return Saying({"main": Main(pod=PodOptions(**given)), "worker": Worker(pod=PodOptions(**given))})


def service(**given: Any) -> Saying:
    return Saying({"main": Main(service=Service(**given))})


def backup(**given: Any) -> Saying:
    return Saying({"backup": replace(BACKUP, drill=Drill(), **given)})


def settings(**given: Any) -> Saying:
    return Saying({"settings": Settings(**given)})


JOINED = {"main", "worker", "settings"}
"""The arguments of which several sayings can change something."""
FURTHER = FURTHER_ABOUT_PODS
BY_REFERENCE: Arguments = {
    name: SecretKey(secret="database", key=name) for name in ("host", "port", "name", "user", "password")
}
SAYINGS: Mapping[str, Saying] = {
    "PostgreSQL by reference": Saying({"database": PostgresDatabase(**BY_REFERENCE)}),
    "CloudNativePG": Saying({"database": CNPG}),
    "Crunchy": Saying({"database": PostgresDatabase.crunchy("flowise-db")}),
    "Zalando": Saying({"database": PostgresDatabase.zalando("acid-flowise", tls=DatabaseTls(ca=PASSWORD))}),
    "MariaDB's operator": Saying({"database": MariadbDatabase.mariadb_operator("flowise", server="mariadb")}),
    "bundled PostgreSQL": Saying({"database": BundledPostgres()}),
    "Redis by reference": Saying({"queue": Queue(redis=REDIS_BY_REFERENCE)}),
    "Redis over TLS": Saying({"queue": Queue(redis=replace(REDIS, tls=RedisTls(ca=CERTIFICATE)))}),
    "bundled Redis": Saying({"queue": Queue(redis=BundledRedis())}),
    "Google": Saying({"storage": GOOGLE}),
    "Google by identity": Saying({"storage": GOOGLE_BY_IDENTITY}),
    "Azure": Saying({"storage": AZURE}),
    "Azure by a connection string": Saying({"storage": AZURE_CONNECTION}),
    "shared volume": Saying({"storage": SHARED}),
    "backup to S3": backup(),
    "backup to Google": backup(target=replace(GOOGLE, bucket="backups")),
    "backup to Google by identity": backup(target=replace(GOOGLE_BY_IDENTITY, bucket="backups")),
    "backup to Azure by identity": backup(target=AZURE_BY_IDENTITY),
    "OpenShift": Saying({"security": Security.openshift()}),
    "mirror": Saying({"registry": Registry(address="registry.example.com/mirror")}),
    "namespace": Saying({"namespace": "ai"}),
    "names": Saying({"names": Names(name="acme-flowise", instance="acme", app="chat")}),
    "labels on everything": Saying({"labels": {"team": "a"}, "annotations": {"example.com/a": "b"}, "on_pods": True}),
    "scripts apart": Saying({"scripts_apart": True}),
    "pull Secret": Saying({"image": Image(repository="registry.example.com/f", tag="3.1.4", pull_secrets=["r"])}),
    "claims": pods(claims=FURTHER.claims),
    "sidecars": pods(sidecars=FURTHER.sidecars, volumes=FURTHER.volumes),
    "init containers": pods(init_containers=FURTHER.init_containers, claims=FURTHER.claims),
    "init containers after the gate": pods(
        init_containers_after_gate=[{**FIRST, "name": "seed"}], claims=FURTHER.claims
    ),
    "variables from elsewhere": pods(env_from=FURTHER.env_from),
    "further port": pods(ports=FURTHER.ports),
    "host aliases": pods(host_aliases=FURTHER.host_aliases),
    "DNS": pods(dns_policy=FURTHER.dns_policy, dns_config=FURTHER.dns_config),
    "scheduler": pods(scheduler_name="packing"),
    "user namespaces": pods(host_users=False),
    "grace": Saying({"main": Main(pod=PodOptions(termination_grace_seconds=90)), "worker": Worker(grace_seconds=90)}),
    "Istio": pods(mesh=Istio(exclude_outbound_ports=[5432])),
    "Istio without native sidecars": pods(mesh=Istio(native_sidecar=False, exclude_outbound_ports=[5432, 6379])),
    "Linkerd": pods(mesh=Linkerd(exclude_outbound_ports=[4222])),
    "kept logs": Saying({"storage": SHARED, "main": Main(sizes=WritableSizes(logs=LogClaim()))}),
    "node port": service(type="NodePort", node_port=30080),
    "local traffic": service(type="LoadBalancer", external_traffic_policy="Local"),
    "class of load balancer": service(type="LoadBalancer", load_balancer_class="service.k8s.aws/nlb"),
    "source ranges": service(type="LoadBalancer", load_balancer_source_ranges=["10.0.0.0/8", "fd00::/8"]),
    "sessions": service(session_affinity="ClientIP"),
    "traffic inside": service(internal_traffic_policy="Local"),
    "IPv6": service(ip_family_policy="SingleStack", ip_families=["IPv6"]),
    "proxy": settings(proxy=OutboundProxy(http="http://proxy.example.com:3128", https=PASSWORD)),
    "authorities": settings(authorities=ConfigMapKey(config_map="corporate", key="ca.crt")),
    "model list": settings(model_list=ConfigMapKey(config_map="models", key="models.json")),
    "owner": Saying({"owner": OWNER}),
    "owner with API keys": Saying({"owner": replace(OWNER, api_keys=API_KEYS), "names": Names(namespace="ai")}),
    "Ingress": Saying({"ingress": INGRESS}),
    "route": Saying({"route": ROUTE}),
    "doors": Saying({"doors": Doors(admin=replace(ROUTE, hosts=[HOST]), public=CHAT_ROUTE)}),
    "policies": Saying({}, lambda build, placed: with_policies(build, servers=placed)),
    "nowhere but here": Saying({}, lambda build, placed: with_policies(build, servers=placed, internet="none")),
    "Secrets of a store": Saying({}, lambda build, _: from_store(build)),
    "a new key": Saying({}, lambda build, _: with_rotation(build)),
}


def together(*sayings: Saying) -> Build:
    """A queue deployment of which all of them are said."""
    values: Arguments = {"auth": AUTH, "database": POSTGRES, "queue": Queue(redis=REDIS), "storage": BUCKET}
    for saying in sayings:
        for name, value in saying.values.items():
            values[name] = joined(values[name], value) if name in JOINED & values.keys() else value

    def chart(app: App) -> Chart:
        return QueueChart(app, "queue", **values)

    build: Build = chart
    for saying in sayings:
        build = saying.around(build, placed(values)) if saying.around else build
    return quietly(build)


def placed(values: Arguments) -> OutsideServers:
    """Where the servers are that aren't bundled."""
    outside = {
        "database": not isinstance(values["database"], BundledPostgres),
        "redis": not isinstance(values["queue"].redis, BundledRedis),
        "store": not isinstance(values["storage"], SharedVolume) or "backup" in values,
        "proxy": values.get("settings", Settings()).proxy is not None,
    }
    return OutsideServers(**{name: getattr(PLACED, name) for name, named in outside.items() if named})


def joined(one: Any, other: Any) -> Any:
    """Both, where the second changes what it says and nothing else."""
    default = type(other)()
    changes = {name: getattr(other, name) for name in vars(other) if getattr(other, name) != getattr(default, name)}
    nested = {
        name: joined(getattr(one, name), value)
        for name, value in changes.items()
        if isinstance(value, (PodOptions, Service, WritableSizes))
    }
    return replace(one, **(changes | nested))


PAIRS = [
    (one, other)
    for one, other in combinations(SAYINGS, 2)
    if SAYINGS[one].values.keys() & SAYINGS[other].values.keys() <= JOINED
]
"""Any two that can be said together: there is one database, one storage."""
