"""Every field of every value changes the manifest: no option is dead."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any, NamedTuple

import pytest
from cdk8s import App, Chart
from deployments import (
    API_KEYS,
    AUTH,
    BACKUP,
    BUCKET,
    BUNDLED_QUEUE,
    BY_IDENTITY,
    CERTIFICATE,
    CHAT_ROUTE,
    CNPG,
    DIGEST,
    EXPORTED,
    GATEWAY,
    GOOGLE,
    HOST,
    INGRESS,
    MARIADB,
    MYSQL,
    OWNER,
    PASSWORD,
    PLACED,
    POSTGRES,
    REDIS,
    REDIS_BY_REFERENCE,
    REMOVED_HEADER,
    ROUTE,
    SOMEWHERE,
    STORE,
    WATCHED,
    from_store,
    queue,
    standalone,
    synthesized,
    with_alerts,
    with_monitoring,
    with_policies,
    with_rotation,
)

import flowise_constructs
from flowise_constructs import (
    AlertThresholds,
    AzureContainer,
    Backup,
    BundledPostgres,
    BundledRedis,
    Cilium,
    ClusterDns,
    ConfigMapKey,
    CpuScaling,
    DatabaseTls,
    DataClaim,
    Destination,
    DisruptionBudget,
    Doors,
    ExistingClaim,
    ExternalMetric,
    ExtraClaim,
    Flowise,
    FlowiseMain,
    FlowiseWorker,
    Image,
    Ingress,
    IngressHost,
    IngressPath,
    IngressTls,
    Istio,
    KeyRotation,
    Linkerd,
    LocalStorage,
    LogClaim,
    Main,
    MariadbDatabase,
    Metrics,
    Names,
    OutboundProxy,
    PodField,
    PodOptions,
    PodPeer,
    PostgresExporter,
    ProbeNumbers,
    Queue,
    QueueExporter,
    QueueScaling,
    RedisExporter,
    RedisTls,
    Registry,
    RemoteRef,
    Resources,
    RouteRule,
    S3Bucket,
    S3Credentials,
    Scrape,
    ScrapeJobs,
    SecretKey,
    Security,
    ServerImage,
    Service,
    ServiceAccount,
    Settings,
    SharedVolume,
    Smtp,
    SqliteDatabase,
    SyncPolicy,
    Volume,
    Worker,
    WritableSizes,
)
from flowise_constructs.backup.restore import RestoreJob
from flowise_constructs.backup.values import BucketEncryption, Drill, Restore, Retention
from flowise_constructs.core.value import Value

pytestmark = pytest.mark.filterwarnings("ignore::flowise_constructs.ConfigWarning")

Build = Callable[[App], Chart]
OTHER = SecretKey(secret="other", key="other")
TLS = RedisTls(ca=CERTIFICATE, certificate=PASSWORD, private_key=PASSWORD)
POD = PodOptions(labels={"changed": "yes"})
FEW = ProbeNumbers(period_seconds=7, failure_threshold=40)
SMALL = Resources(memory_limit="3Gi")


class Option(NamedTuple):
    """A value, where it goes, and another value for each of its fields."""

    value: Any
    place: Callable[[Any], Build]
    changes: Mapping[str, Any]
    together: Mapping[str, Mapping[str, Any]] = {}
    """Fields that must change with another one."""


def in_constructs(flowise: Flowise) -> Build:
    def build(app: App) -> Chart:
        chart = Chart(app, "chart")
        FlowiseMain(chart, "Main", flowise=flowise)
        if flowise.queue is not None:
            FlowiseWorker(chart, "Worker", flowise=flowise)
        return chart

    return build


def as_restore(restore: Restore) -> Build:
    def build(app: App) -> Chart:
        chart = Chart(app, "chart")
        flowise = Flowise(auth=AUTH, database=POSTGRES)
        RestoreJob(chart, "Restore", backup=BACKUP, flowise=flowise, restore=restore, data=DataClaim())
        return chart

    return build


def as_rotation(rotation: KeyRotation) -> Build:
    return with_rotation(standalone(), **rotation.__dict__)


IMAGE_CHANGES = {"repository": "registry.example.com/image", "tag": "17.2", "digest": DIGEST, "pull_policy": "Always"}
BY_REFERENCE = {
    "host": ConfigMapKey(config_map="other", key="host"),
    "port": OTHER,
    "name": OTHER,
    "user": ConfigMapKey(config_map="other", key="user"),
}
SERVER = {"host": "elsewhere", "password": OTHER, "name": "other", "user": "other", "port": 1234}

SMALLEST = {"name": "further", "image": "registry.example.com/further:1"}
CLAIM_CHANGES: dict[str, Any] = {
    "size": "77Gi",
    "storage_class": "fast",
    "access_mode": "ReadWriteMany",
    "annotations": {"a": "b"},
}

OPTIONS: tuple[Option, ...] = (
    Option(
        AUTH,
        lambda value: standalone(auth=value),
        {
            **{name: OTHER for name in AUTH.__dict__ if "jwt_i" not in name and "jwt_audience" not in name},
            "jwt_issuer": "a",
            "jwt_audience": "b",
        },
    ),
    Option(
        BACKUP,
        lambda value: standalone(database=BundledPostgres(), backup=value),
        {
            "target": S3Bucket(bucket="elsewhere"),
            "prefix": "other",
            "schedule": "@daily",
            "time_zone": "Europe/Zurich",
            "suspend": True,
            "concurrency_policy": "Allow",
            "starting_deadline_seconds": 60,
            "deadline_seconds": 60,
            "backoff_limit": 4,
            "successful_history": 9,
            "failed_history": 9,
            "retention": None,
            "encryption": BucketEncryption(),
            "ca": CERTIFICATE,
            "files": False,
            "without_rows_of": ["login_sessions"],
            "dump_arguments": ["--lock-wait-timeout=30s"],
            "dump_image": ServerImage(repository="docker.io/library/postgres", tag="17.5"),
            "upload_image": ServerImage(repository="docker.io/rclone/rclone", tag="1.70.0"),
            "scratch_size": "77Gi",
            "resources": SMALL,
            "labels": {"a": "b"},
            "pod": POD,
            "drill": Drill(),
        },
    ),
    Option(
        OWNER,
        lambda value: standalone(owner=value, names=Names(namespace="ai")),
        {
            "email": "other@example.com",
            "password": OTHER,
            "name": "Admin",
            "api_keys": API_KEYS,
            "deadline_seconds": 60,
            "ttl_seconds": 0,
            "annotations": {"a": "b"},
            "resources": SMALL,
            "pod": POD,
        },
    ),
    Option(
        API_KEYS,
        lambda value: standalone(owner=replace(OWNER, api_keys=value), names=Names(namespace="ai")),
        {"secret": "other", "keys": {"metrics": ["tools:view"]}},
    ),
    Option(
        Retention(),
        lambda value: standalone(database=BundledPostgres(), backup=replace(BACKUP, retention=value)),
        {"last": 99, "daily": 99, "weekly": 99, "monthly": 99},
    ),
    Option(
        BucketEncryption(method="aws:kms", kms_key="key"),
        lambda value: standalone(database=BundledPostgres(), backup=replace(BACKUP, encryption=value)),
        {"method": "AES256", "kms_key": "other"},
        {"method": {"kms_key": None}},
    ),
    Option(
        Drill(),
        lambda value: standalone(database=BundledPostgres(), backup=replace(BACKUP, drill=value)),
        {
            "schedule": "@monthly",
            "max_age_seconds": 60,
            "deadline_seconds": 60,
            "database_size": "77Gi",
            "resources": SMALL,
            "pod": POD,
        },
    ),
    Option(
        Restore(),
        as_restore,
        {
            "backup": "20260102T030000Z-x7k2p",
            "overwrite": True,
            "accept_lost_credentials": True,
            "files": False,
            "deadline_seconds": 60,
            "server_wait_seconds": 60,
            "resources": SMALL,
            "pod": POD,
        },
    ),
    Option(
        KeyRotation(new_key=OTHER),
        as_rotation,
        {
            "new_key": PASSWORD,
            "old_key": PASSWORD,
            "leave_unreadable": True,
            "wait_seconds": 7,
            "deadline_seconds": 777,
            "resources": SMALL,
            "pod": POD,
        },
    ),
    Option(
        AlertThresholds(),
        lambda value: with_alerts(WATCHED, namespace="ai", jobs=EXPORTED, thresholds=value),
        {field.name: getattr(AlertThresholds(), field.name) + 1 for field in fields(AlertThresholds)},
    ),
    Option(
        EXPORTED,
        lambda value: with_alerts(WATCHED, namespace="ai", jobs=value),
        dict.fromkeys((field.name for field in fields(ScrapeJobs)), None),
    ),
    Option(
        STORE,
        lambda value: from_store(standalone(), store=value),
        {"name": "other", "kind": "SecretStore"},
    ),
    Option(
        RemoteRef(key="a"),
        lambda value: from_store(standalone(), overrides={AUTH.encryption_key: value}),
        {"key": "b", "property": "b", "version": "2", "decoding": "Base64"},
    ),
    Option(
        SyncPolicy(),
        lambda value: from_store(standalone(), policy=value),
        {"refresh": "OnChange", "refresh_seconds": 90, "creation": "Orphan", "deletion": "Merge"},
    ),
    Option(
        Scrape(),
        lambda value: with_monitoring(
            BUNDLED_QUEUE, api_key=PASSWORD if value.by == "operator" else None, scrape=value
        ),
        {"by": "annotations", "interval_seconds": 60, "timeout_seconds": 5, "labels": {"release": "other"}},
    ),
    Option(
        QueueExporter(),
        lambda value: with_monitoring(BUNDLED_QUEUE, queue=value),
        {"resources": SMALL, "pod": POD},
    ),
    Option(
        RedisExporter(),
        lambda value: with_monitoring(BUNDLED_QUEUE, redis=value),
        {"image": ServerImage(repository="exporter", tag="1"), "resources": SMALL, "pod": POD},
    ),
    Option(
        PostgresExporter(),
        lambda value: with_monitoring(BUNDLED_QUEUE, postgres=value),
        {
            "password": OTHER,
            "role": "watcher",
            "image": ServerImage(repository="exporter", tag="1"),
            "resources": SMALL,
            "pod": POD,
        },
    ),
    Option(
        BundledPostgres(),
        lambda value: standalone(database=value),
        {
            "password": OTHER,
            "admin_password": OTHER,
            "database": "other",
            "user": "other",
            "size": "77Gi",
            "storage_class": "fast",
            "config": {"work_mem": "64MB"},
            "image": ServerImage(repository="postgres", tag="17.2"),
            "resources": SMALL,
            "security": Security.openshift(),
            "pod": POD,
        },
    ),
    Option(
        BundledRedis(),
        lambda value: queue(queue=Queue(redis=value)),
        {
            "password": OTHER,
            "auth": False,
            "size": "77Gi",
            "storage_class": "fast",
            "config": {"maxclients": "7"},
            "image": ServerImage(repository="redis", tag="7.4"),
            "resources": SMALL,
            "security": Security.openshift(),
            "pod": POD,
        },
    ),
    Option(
        ConfigMapKey(config_map="a", key="b"),
        lambda value: standalone(settings=Settings(extra_env={"LANGUAGE": value})),
        {"config_map": "c", "key": "d"},
    ),
    Option(
        PodField(path="metadata.name"),
        lambda value: standalone(main=Main(extra_env={"POD_NAME": value})),
        {"path": "status.podIP"},
    ),
    Option(
        SecretKey(secret="a", key="b"),
        lambda value: standalone(database=replace(POSTGRES, password=value)),
        {"secret": "c", "key": "d"},
    ),
    Option(
        DataClaim(),
        lambda value: standalone(data=value),
        {"size": "77Gi", "storage_class": "fast", "access_mode": "ReadWriteMany", "annotations": {"a": "b"}},
    ),
    Option(
        ExistingClaim(name="old"),
        lambda value: standalone(data=value, database=POSTGRES),
        {"name": "other", "access_mode": "ReadWriteMany"},
    ),
    Option(
        DatabaseTls(ca=CERTIFICATE),
        lambda value: standalone(database=replace(POSTGRES, tls=value)),
        {"ca": PASSWORD, "ca_base64": PASSWORD, "verify": False},
        {"ca_base64": {"ca": None}},
    ),
    Option(POSTGRES, lambda value: standalone(database=value), {**SERVER, "tls": DatabaseTls()}),
    Option(MYSQL, lambda value: standalone(database=value), {**SERVER, "tls": DatabaseTls(ca=CERTIFICATE)}),
    Option(MARIADB, lambda value: standalone(database=value), {**SERVER, "tls": DatabaseTls(ca=CERTIFICATE)}),
    Option(CNPG, lambda value: standalone(database=value, backup=BACKUP), {**BY_REFERENCE, "password": OTHER}),
    Option(
        MariadbDatabase.mariadb_operator("connection", server="mariadb"),
        lambda value: standalone(database=value, backup=BACKUP),
        BY_REFERENCE,
    ),
    Option(
        REDIS_BY_REFERENCE,
        lambda value: queue(queue=Queue(redis=value)),
        {"host": OTHER, "port": ConfigMapKey(config_map="other", key="port"), "username": OTHER},
    ),
    Option(
        SqliteDatabase(), lambda value: standalone(database=value), {"directory": "/home/node/.flowise/database.sqlite"}
    ),
    Option(
        Flowise(auth=AUTH, database=POSTGRES, storage=BUCKET),
        in_constructs,
        {
            "auth": replace(AUTH, jwt_issuer="other"),
            "database": MYSQL,
            "storage": LocalStorage(),
            "queue": Queue(redis=REDIS),
            "image": Image(tag="3.1.4"),
            "settings": Settings(log_level="debug"),
            "ingress": INGRESS,
            "route": ROUTE,
            "doors": Doors(admin=INGRESS, public=CHAT_ROUTE),
            "security": Security.openshift(),
        },
    ),
    Option(
        Image(),
        lambda value: standalone(image=value, database=POSTGRES),
        {
            "repository": "registry.example.com/flowise",
            "tag": "3.1.4",
            "digest": DIGEST,
            "release": "3.1.3",
            "pull_policy": "Always",
            "pull_secrets": ["registry"],
            "verify": True,
        },
    ),
    Option(
        ServerImage(repository="redis", tag="8"),
        lambda value: queue(queue=Queue(redis=BundledRedis(image=value))),
        {**IMAGE_CHANGES, "pull_secrets": ["registry"]},
    ),
    Option(
        INGRESS,
        lambda value: standalone(ingress=value),
        {
            "hosts": [IngressHost(host=HOST), IngressHost(host="other.example.com")],
            "class_name": "nginx",
            "annotations": {"a": "b"},
            "tls": [],
        },
    ),
    Option(
        Ingress(hosts=[IngressHost(host=HOST)]),
        lambda value: standalone(ingress=value),
        {
            "hosts": [IngressHost(host="a.b")],
            "class_name": "nginx",
            "annotations": {"a": "b"},
            "tls": INGRESS.tls,
            "tls_in_front": True,
            "controller": "haproxy",
        },
    ),
    Option(
        ROUTE,
        lambda value: standalone(route=value),
        {
            "parents": [replace(GATEWAY, name="other")],
            "hosts": [HOST, "*.example.com"],
            "rules": [RouteRule(request_timeout=None)],
            "tls": False,
            "name": "other",
            "annotations": {"a": "b"},
            "gke": True,
        },
    ),
    Option(
        GATEWAY,
        lambda value: standalone(route=replace(ROUTE, parents=[value])),
        {"name": "other", "namespace": None, "section_name": None, "port": 443},
    ),
    Option(
        RouteRule(),
        lambda value: standalone(route=replace(ROUTE, rules=[value])),
        {
            "paths": ["/", "/api/v1/prediction"],
            "filters": [REMOVED_HEADER],
            "request_timeout": "1h",
            "backend_request_timeout": "1m",
        },
    ),
    Option(
        Doors(admin=INGRESS, public=CHAT_ROUTE),
        lambda value: standalone(doors=value),
        {
            "admin": ROUTE,
            "public": Ingress(hosts=[IngressHost(host="other.example.com")], controller="haproxy"),
            "paths": ["/api/v1/prediction"],
        },
    ),
    Option(
        IngressHost(host=HOST),
        lambda value: standalone(ingress=Ingress(hosts=[value])),
        {"host": "other.example.com", "paths": [IngressPath(path="/api")]},
    ),
    Option(
        IngressPath(),
        lambda value: standalone(ingress=Ingress(hosts=[IngressHost(host=HOST, paths=[value])])),
        {"path": "/api", "path_type": "ImplementationSpecific"},
    ),
    Option(
        IngressTls(hosts=[HOST]),
        lambda value: standalone(ingress=Ingress(hosts=[IngressHost(host=HOST), IngressHost(host="a.b")], tls=[value])),
        {"hosts": ["a.b"], "secret_name": "tls"},
    ),
    Option(LocalStorage(), lambda value: standalone(storage=value), {"path": "/home/node/.flowise/files"}),
    Option(
        DisruptionBudget(),
        lambda value: queue(main=Main(replicas=3, disruption_budget=value)),
        {"max_unavailable": 2, "min_available": "50%", "unhealthy_pods": "IfHealthyBudget"},
    ),
    Option(
        Main(replicas=3),
        lambda value: queue(main=value),
        {
            "replicas": 2,
            "disruption_budget": None,
            "service": Service(port=80),
            "resources": SMALL,
            "startup": FEW,
            "readiness": FEW,
            "liveness": FEW,
            "pre_stop_seconds": 7,
            "awaits_owner": True,
            "strategy": "Recreate",
            "extra_env": {"LANGUAGE": "en"},
            "sizes": WritableSizes(tmp="7Gi"),
            "run_as_root": True,
            "pod": POD,
        },
    ),
    Option(
        Worker(replicas=3),
        lambda value: queue(worker=value),
        {
            "replicas": 2,
            "disruption_budget": None,
            "concurrency": 7,
            "resources": SMALL,
            "startup": FEW,
            "liveness": FEW,
            "grace_seconds": 77,
            "extra_env": {"LANGUAGE": "en"},
            "sizes": WritableSizes(tmp="7Gi"),
            "pod": POD,
        },
    ),
    Option(
        Metrics(provider="open_telemetry", endpoint="http://collector:4318"),
        lambda value: standalone(settings=Settings(metrics=value)),
        {
            "provider": "prometheus",
            "node_metrics": False,
            "service_name": "chat",
            "endpoint": "http://other:4318",
            "protocol": "grpc",
        },
        {"provider": {"endpoint": None}},
    ),
    Option(
        Names(),
        lambda value: standalone(names=value),
        {"name": "other", "instance": "other", "app": "chat", "main_component": "flowise", "namespace": "ai"},
    ),
    Option(
        OutboundProxy(http="http://proxy:3128"),
        lambda value: standalone(settings=Settings(proxy=value)),
        {"http": "http://other:3128", "https": "http://other:3128", "no_proxy": ["*.corp"]},
    ),
    Option(
        PodOptions(),
        lambda value: standalone(main=Main(pod=value)),
        {
            "labels": {"a": "b"},
            "annotations": {"a": "b"},
            "node_selector": {"a": "b"},
            "tolerations": [{"operator": "Exists"}],
            "affinity": {"podAntiAffinity": {}},
            "topology_spread_constraints": [
                {"topologyKey": "zone", "maxSkew": 1, "whenUnsatisfiable": "ScheduleAnyway"}
            ],
            "priority_class_name": "high",
            "safe_to_evict": True,
            "service_account": ServiceAccount(name="other"),
            "volumes": [Volume(name="a", source={"emptyDir": {}}, mount_path="/a")],
            "claims": [ExtraClaim(name="a", mount_path="/a")],
            "sidecars": [SMALLEST],
            "init_containers": [SMALLEST],
            "init_containers_after_gate": [SMALLEST],
            "env_from": [{"secretRef": {"name": "a"}}],
            "ports": [{"containerPort": 9229}],
            "host_aliases": [{"ip": "10.0.0.7", "hostnames": ["db"]}],
            "dns_policy": "Default",
            "dns_config": {"nameservers": ["10.0.0.10"]},
            "runtime_class_name": "gvisor",
            "scheduler_name": "packing",
            "host_users": False,
            "termination_grace_seconds": 77,
            "mesh": Istio(),
            "rollout_token": "2",
            "reloader": True,
        },
    ),
    Option(
        ProbeNumbers(),
        lambda value: standalone(main=Main(readiness=value)),
        {"period_seconds": 7, "timeout_seconds": 7, "failure_threshold": 7},
    ),
    Option(
        PodPeer(namespace="a"),
        lambda value: with_policies(standalone(), edge=[value]),
        {"namespace": "b", "namespace_labels": {"a": "b"}, "pods": {"a": "b"}},
    ),
    Option(
        Destination(to=["10.20.0.0/24"], ports=[443]),
        lambda value: with_policies(standalone(), allow=[value]),
        {"to": [PodPeer(namespace="a")], "ports": [8443], "protocol": "UDP", "components": ["worker"]},
    ),
    Option(
        ClusterDns(),
        lambda value: with_policies(standalone(), dns=value),
        {"servers": [PodPeer(namespace="dns")], "networks": ["172.20.0.10/32"], "ports": [53]},
    ),
    Option(
        PLACED,
        lambda value: with_policies(
            queue(storage=BY_IDENTITY, settings=SOMEWHERE, backup=BACKUP), servers=value, internet="none"
        ),
        {field.name: ["10.9.0.0/16"] for field in fields(PLACED)},
    ),
    Option(
        Cilium(),
        lambda value: with_policies(standalone(), internet="none", cilium=value),
        {"names": ["a.example.com"], "patterns": ["*.example.com"], "ports": [8443]},
        {"ports": {"names": ["a.example.com"]}},
    ),
    Option(
        Queue(redis=REDIS),
        lambda value: queue(queue=value),
        {
            "redis": BundledRedis(),
            "name": "other",
            "remove_on_age_seconds": 7,
            "remove_on_count": None,
            "event_stream_length": 7,
        },
    ),
    Option(
        REDIS,
        lambda value: queue(queue=Queue(redis=value)),
        {"host": "other", "port": 7, "username": "other", "password": OTHER, "tls": TLS, "keep_alive_seconds": 7},
    ),
    Option(
        TLS,
        lambda value: queue(queue=Queue(redis=replace(REDIS, tls=value))),
        {"ca": PASSWORD, "ca_base64": PASSWORD, "certificate": OTHER, "private_key": OTHER},
        {"ca_base64": {"ca": None}},
    ),
    Option(
        QueueScaling(),
        lambda value: queue(worker=Worker(replicas=value)),
        {
            "minimum": 3,
            "maximum": 20,
            "target_busy": 0.5,
            "stabilization_seconds": 600,
            "scale_down_seconds": 90,
            "authentication": "other",
            "metric": ExternalMetric(),
        },
    ),
    Option(
        ExternalMetric(),
        lambda value: queue(worker=Worker(replicas=QueueScaling(metric=value))),
        {"name": "flowise_jobs", "labels": {"namespace": "ai"}},
    ),
    Option(
        CpuScaling(),
        lambda value: queue(main=Main(replicas=value)),
        {"minimum": 3, "maximum": 9, "target_percent": 50, "stabilization_seconds": 600, "scale_down_seconds": 90},
    ),
    Option(
        Registry(address="registry.example.com"),
        lambda value: standalone(registry=value),
        {"address": "registry.example.com/mirror", "pull_secrets": ["mirror"]},
    ),
    Option(
        Resources(),
        lambda value: standalone(main=Main(resources=value)),
        {"cpu_request": "7m", "memory_request": "7Mi", "memory_limit": "7Gi", "cpu_limit": "7"},
    ),
    Option(
        BUCKET,
        lambda value: queue(storage=value),
        {
            "bucket": "other",
            "region": "eu-central-1",
            "endpoint": "http://minio:9000",
            "path_style": True,
            "credentials": None,
            "service_account_annotations": {"a": "b"},
        },
    ),
    Option(
        replace(GOOGLE, credentials=None),
        lambda value: queue(storage=value),
        {
            "bucket": "other",
            "project": "other-project",
            "credentials": OTHER,
            "uniform_access": False,
            "service_account_annotations": {"a": "b"},
        },
    ),
    Option(
        AzureContainer(container="files", account="acme"),
        lambda value: queue(backup=Backup(target=value)),
        {
            "container": "other",
            "account": "other",
            "account_key": OTHER,
            "connection_string": OTHER,
            "service_account_annotations": {"a": "b"},
        },
        {"connection_string": {"account": None}},
    ),
    Option(
        SharedVolume(claim=DataClaim(access_mode="ReadWriteMany")),
        lambda value: queue(storage=value),
        {"claim": ExistingClaim(name="other", access_mode="ReadWriteMany")},
    ),
    Option(
        S3Credentials.from_secret("s3"),
        lambda value: queue(storage=replace(BUCKET, credentials=value)),
        {"access_key_id": OTHER, "secret_access_key": OTHER},
    ),
    Option(
        Service(ip_family_policy="PreferDualStack"),
        lambda value: standalone(main=Main(service=value)),
        {
            "type": "NodePort",
            "port": 80,
            "annotations": {"a": "b"},
            "ip_family_policy": "RequireDualStack",
            "ip_families": ["IPv6", "IPv4"],
        },
    ),
    Option(
        Service(type="LoadBalancer"),
        lambda value: standalone(main=Main(service=value)),
        {
            "node_port": 30080,
            "external_traffic_policy": "Local",
            "internal_traffic_policy": "Local",
            "load_balancer_class": "a/b",
            "load_balancer_source_ranges": ["10.0.0.0/8"],
            "session_affinity": "ClientIP",
        },
    ),
    Option(
        ServiceAccount(name="a"),
        lambda value: standalone(main=Main(pod=PodOptions(service_account=value))),
        {"name": "b", "create": False, "annotations": {"a": "b"}},
    ),
    Option(
        Settings(),
        lambda value: standalone(settings=value),
        {
            "app_url": "https://flowise.example.com",
            "secure_cookies": True,
            "trusted_proxies": 2,
            "log_level": "error",
            "file_size_limit": "7mb",
            "cors_origins": ["*"],
            "iframe_origins": ["*"],
            "community_nodes": True,
            "disabled_nodes": ["a"],
            "telemetry_key": "key",
            "model_list": "image",
            "http_security_check": False,
            "http_deny_list": ["10.0.0.1"],
            "mcp_protocol": "stdio",
            "smtp": Smtp(host="mail", user="a", password=PASSWORD, sender="a@b.c"),
            "authorities": CERTIFICATE,
            "proxy": OutboundProxy(http="http://proxy:3128"),
            "metrics": Metrics(),
            "extra_env": {"LANGUAGE": "en"},
        },
        {"smtp": {"app_url": "https://flowise.example.com"}},
    ),
    Option(
        Smtp(host="mail", user="a", password=PASSWORD, sender="a@b.c"),
        lambda value: standalone(settings=Settings(smtp=value, app_url="https://flowise.example.com")),
        {"host": "other", "user": "b", "password": OTHER, "sender": "b@b.c", "port": 587, "secure": False},
    ),
    Option(
        Volume(name="a", source={"emptyDir": {}}, mount_path="/a"),
        lambda value: standalone(main=Main(pod=PodOptions(volumes=[value]))),
        {"name": "b", "source": {"configMap": {"name": "b"}}, "mount_path": "/b", "sub_path": "b", "read_only": False},
    ),
    Option(
        ExtraClaim(name="a", mount_path="/a"),
        lambda value: standalone(main=Main(pod=PodOptions(claims=[value]))),
        {
            "name": "b",
            "mount_path": "/b",
            **CLAIM_CHANGES,
            "sub_path": "b",
            "read_only": True,
        },
    ),
    Option(
        LogClaim(),
        lambda value: standalone(main=Main(sizes=WritableSizes(logs=value))),
        CLAIM_CHANGES,
    ),
    Option(
        Istio(exclude_outbound_ports=[5432]),
        lambda value: standalone(database=POSTGRES, main=Main(pod=PodOptions(mesh=value))),
        {"native_sidecar": False, "exclude_outbound_ports": [5432, 9000]},
    ),
    Option(
        Linkerd(exclude_outbound_ports=[5432]),
        lambda value: standalone(database=POSTGRES, main=Main(pod=PodOptions(mesh=value))),
        {"native_sidecar": False, "exclude_outbound_ports": [5432, 9000]},
    ),
    Option(Security(), lambda value: standalone(security=value), {"assigned_ids": True}),
    Option(
        WritableSizes(),
        lambda value: standalone(main=Main(sizes=value)),
        {"home": "7Gi", "logs": "7Gi", "tmp": "7Gi", "shm": "7Gi"},
    ),
)
FIELDS = [(option, name) for option in OPTIONS for name in option.changes]


@pytest.mark.parametrize(
    ("option", "name"), FIELDS, ids=lambda part: part if isinstance(part, str) else type(part.value).__name__
)
def test_field_changes_the_manifest(option: Option, name: str) -> None:
    changed = replace(option.value, **{name: option.changes[name], **option.together.get(name, {})})
    assert synthesized(option.place(changed)) != before(option)


_BEFORE: dict[int, str] = {}


def before(option: Option) -> str:
    """The manifest with the value as it is, which all of its fields are held against."""
    if id(option) not in _BEFORE:
        _BEFORE[id(option)] = synthesized(option.place(option.value))
    return _BEFORE[id(option)]


def test_every_field_is_tried() -> None:
    public = {name: getattr(flowise_constructs, name) for name in flowise_constructs.__all__}
    classes: set[Any] = {value for value in public.values() if isinstance(value, type) and issubclass(value, Value)}
    classes |= {BucketEncryption, Drill, Restore, Retention}
    there = {(cls.__name__, field.name) for cls in classes for field in fields(cls)}
    tried = {(type(option.value).__name__, name) for option, name in FIELDS}
    assert there - tried == set()
