"""Deployments that the tests look at: the reference app's, and variants that turn every larger screw."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cluster
from cdk8s import App, Chart

import main
from flowise_constructs import (
    AlertRules,
    ApiKeys,
    Auth,
    AzureContainer,
    Backup,
    BundledPostgres,
    BundledRedis,
    Cilium,
    ConfigMapKey,
    ConfigWarning,
    CpuScaling,
    Dashboards,
    DatabaseTls,
    DataClaim,
    Deployment,
    Destination,
    DisruptionBudget,
    Doors,
    Drill,
    ExistingClaim,
    External,
    ExternalMetric,
    ExternalSecrets,
    ExtraClaim,
    GatewayRef,
    GcsBucket,
    HttpRoute,
    Image,
    Ingress,
    IngressHost,
    IngressPath,
    IngressTls,
    Istio,
    KeyRotation,
    KeyRotationJob,
    Linkerd,
    LocalStorage,
    LogClaim,
    Main,
    MariadbDatabase,
    Metrics,
    Monitoring,
    MysqlDatabase,
    Names,
    NetworkPolicies,
    OutboundProxy,
    OutsideServers,
    Owner,
    PodField,
    PodOptions,
    PodPeer,
    PostgresDatabase,
    PostgresExporter,
    Queue,
    QueueChart,
    QueueExporter,
    QueueScaling,
    Redis,
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
    StandaloneChart,
    StoreRef,
    SyncPolicy,
    Volume,
    Worker,
    WritableSizes,
)

AUTH = Auth.from_secret("flowise-auth-secrets")
PASSWORD = SecretKey(secret="credentials", key="password")
DIGEST = "sha256:" + "0123456789abcdef" * 4
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIU\n-----END CERTIFICATE-----\n"
POSTGRES = PostgresDatabase(host="db.example.com", password=PASSWORD)
MYSQL = MysqlDatabase(host="db.example.com", password=PASSWORD)
MARIADB = MariadbDatabase(host="db.example.com", password=PASSWORD)
BUCKET = S3Bucket(bucket="flowise-files", credentials=S3Credentials.from_secret("s3"))
GOOGLE = GcsBucket(bucket="flowise-files", project="acme-prod", credentials=SecretKey(secret="google", key="key.json"))
GOOGLE_BY_IDENTITY = GcsBucket(
    bucket="flowise-files",
    project="acme-prod",
    service_account_annotations={"iam.gke.io/gcp-service-account": "flowise@acme-prod.iam.gserviceaccount.com"},
)
AZURE = AzureContainer(
    container="flowise-files", account="acmeprod", account_key=SecretKey(secret="azure", key="account-key")
)
AZURE_CONNECTION = AzureContainer(
    container="flowise-files", connection_string=SecretKey(secret="azure", key="connection-string")
)
AZURE_BY_IDENTITY = AzureContainer(
    container="flowise-backups",
    account="acmeprod",
    service_account_annotations={"azure.workload.identity/client-id": "00000000-0000-0000-0000-000000000000"},
)
SHARED = SharedVolume(claim=DataClaim(access_mode="ReadWriteMany", storage_class="nfs"))
REDIS = Redis(host="redis.example.com", password=PASSWORD)
NEW_KEY = SecretKey(secret="flowise-encryption", key="of-2027")
STORE = StoreRef(name="vault", kind="ClusterSecretStore")
HOST = "flowise.example.com"
INGRESS = Ingress(hosts=[IngressHost(host=HOST)], tls=[IngressTls(hosts=[HOST], secret_name="flowise-tls")])
OWNER = Owner(email="admin@example.com", password=SecretKey(secret="flowise-owner", key="password"))
API_KEYS = ApiKeys(secret="flowise-api-keys", keys={"metrics": ["templates:marketplace"], "ci": ["chatflows:view"]})
GATEWAY = GatewayRef(name="public", namespace="gateways", section_name="https")
ROUTE = HttpRoute(parents=[GATEWAY], hosts=[HOST])
CHATS = "chat.example.com"
CHAT_ROUTE = HttpRoute(parents=[GATEWAY], hosts=[CHATS])
REMOVED_HEADER = {"type": "ResponseHeaderModifier", "responseHeaderModifier": {"remove": ["server"]}}
PRESETS: dict[str, Callable[..., Ingress]] = {
    "traefik": Ingress.traefik,
    "nginx": Ingress.nginx,
    "f5-nginx": Ingress.f5_nginx,
    "haproxy": Ingress.haproxy,
    "contour": Ingress.contour,
    "alb": Ingress.alb,
    "gke": Ingress.gke,
    "azure": Ingress.azure,
}
BACKUP = Backup(target=S3Bucket(bucket="flowise-backups", credentials=S3Credentials.from_secret("s3-backup")))

CNPG = PostgresDatabase.cnpg("flowise-db")
REDIS_BY_REFERENCE = Redis(
    host=ConfigMapKey(config_map="redis", key="host"),
    port=SecretKey(secret="redis", key="port"),
    username=SecretKey(secret="redis", key="username"),
    password=SecretKey(secret="redis", key="password"),
)

EVERYTHING_ABOUT_PODS = PodOptions(
    labels={"team": "platform"},
    annotations={"example.com/reason": "because"},
    node_selector={"kubernetes.io/os": "linux"},
    tolerations=[{"key": "dedicated", "operator": "Equal", "value": "flowise", "effect": "NoSchedule"}],
    affinity={
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {
                "nodeSelectorTerms": [{"matchExpressions": [{"key": "disk", "operator": "In", "values": ["ssd"]}]}]
            }
        },
        "podAntiAffinity": {
            "preferredDuringSchedulingIgnoredDuringExecution": [
                {
                    "weight": 10,
                    "podAffinityTerm": {
                        "topologyKey": "kubernetes.io/hostname",
                        "labelSelector": {"matchLabels": {"team": "platform"}},
                    },
                }
            ]
        },
    },
    topology_spread_constraints=[
        {"topologyKey": "topology.kubernetes.io/zone", "maxSkew": 1, "whenUnsatisfiable": "ScheduleAnyway"}
    ],
    priority_class_name="important",
    service_account=ServiceAccount(annotations={"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/flowise"}),
    volumes=[Volume(name="prompts", source={"configMap": {"name": "prompts"}}, mount_path="/prompts", sub_path="a")],
    rollout_token="2",
    reloader=True,
)

SIDECAR: dict[str, Any] = {
    "name": "sql-proxy",
    "image": "registry.example.com/sql-proxy:2.15.2",
    "args": ["--port=6432"],
    "ports": [{"name": "sql", "containerPort": 6432}],
    "startupProbe": {"tcpSocket": {"port": "sql"}, "periodSeconds": 1, "failureThreshold": 60},
    "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
    "volumeMounts": [{"name": "sql-proxy", "mountPath": "/etc/sql-proxy", "readOnly": True}],
}
FIRST: dict[str, Any] = {
    "name": "fetch",
    "image": "registry.example.com/tools:1.0",
    "command": ["cp", "-r", "/models/.", "/prompts"],
    "env": [{"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}],
    "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
    "volumeMounts": [{"name": "further", "mountPath": "/further"}],
}
FURTHER_ABOUT_PODS = PodOptions(
    volumes=[Volume(name="sql-proxy", source={"configMap": {"name": "prompts"}})],
    claims=[ExtraClaim(name="further", mount_path="/further", access_mode="ReadWriteMany", sub_path="a")],
    sidecars=[SIDECAR],
    init_containers=[FIRST],
    env_from=[{"secretRef": {"name": "r"}, "prefix": "FURTHER_"}, {"configMapRef": {"name": "prompts"}}],
    ports=[{"name": "debug", "containerPort": 9229}],
    host_aliases=[{"ip": "10.0.0.7", "hostnames": ["db.corp.example"]}, {"ip": "fd00::7", "hostnames": ["a", "b"]}],
    dns_policy="None",
    dns_config={
        "nameservers": ["10.0.0.10"],
        "searches": ["corp.example"],
        "options": [{"name": "ndots", "value": "2"}],
    },
    scheduler_name="packing",
    host_users=False,
)


def standalone(**given: Any) -> Callable[[App], Chart]:
    """A standalone deployment, SQLite and with an owner already unless told otherwise."""
    return lambda app: StandaloneChart(app, "standalone", **{"auth": AUTH, **owned(given)})


def queue(**given: Any) -> Callable[[App], Chart]:
    """A queue deployment on servers that exist unless told otherwise."""
    values = {"auth": AUTH, "database": POSTGRES, "queue": Queue(redis=REDIS), "storage": BUCKET, **owned(given)}
    return lambda app: QueueChart(app, "queue", **values)


def owned(given: Mapping[str, Any]) -> dict[str, Any]:
    """What says that the owner exists, where nothing is said of it."""
    main = given.get("main", Main())
    known = "owner" in given or not isinstance(main, Main) or main.awaits_owner is not None
    return dict(given) if known else {**given, "main": replace(main, awaits_owner=False)}


EDGE = PodPeer(namespace="traefik")
KEDA = PodPeer(namespace="keda", pods={"app": "keda-operator"})
DRILLED = Backup(target=BACKUP.target, drill=Drill())
SOMEWHERE = Settings(
    app_url=f"https://{HOST}",
    smtp=Smtp(host="mail.example.com", user="flowise", password=PASSWORD, sender="flowise@example.com"),
    proxy=OutboundProxy(http="http://proxy.example.com:3128", https=PASSWORD),
    metrics=Metrics(provider="open_telemetry", endpoint="http://otel.monitoring.svc:4318/v1/metrics"),
)
"""Settings that name servers."""
BY_IDENTITY = S3Bucket(
    bucket="flowise-files",
    endpoint="https://s3.example.com",
    service_account_annotations={"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/a"},
)
PLACED = OutsideServers(
    database=["10.20.0.0/24", "fd00:20::/64"],
    redis=[PodPeer(namespace="redis", pods={"app.kubernetes.io/name": "redis"})],
    store=[PodPeer(namespace_labels={"team": "storage"})],
    tokens=["10.20.4.0/24"],
    mail=["10.20.1.25/32"],
    proxy=[PodPeer(pods={"app": "proxy"})],
    telemetry=[PodPeer(namespace="monitoring")],
)


def with_policies(build: Callable[[App], Any], **given: Any) -> Callable[[App], Chart]:
    """A deployment with network policies."""

    def built(app: App) -> Chart:
        chart: Any = build(app)
        NetworkPolicies(chart, "NetworkPolicies", **{"deployment": chart.deployment, "edge": [EDGE], **given})
        return chart  # type: ignore[no-any-return]

    return built


def quietly(build: Callable[[App], Chart]) -> Callable[[App], Chart]:
    """A deployment that is warned of, and is tried all the same."""

    def quiet(app: App) -> Chart:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConfigWarning)
            return build(app)

    return quiet


def behind(preset: Callable[..., Ingress]) -> Callable[[App], Chart]:
    """A deployment behind a controller, some of which are warned of."""
    settings = Settings(file_size_limit="1.5gb")
    # The value itself is warned of.
    return quietly(lambda app: standalone(ingress=preset(hosts=[IngressHost(host=HOST)]), settings=settings)(app))  # noqa: PLW0108


def view(chart: Chart) -> Deployment:
    """What features get."""
    assert isinstance(chart, (StandaloneChart, QueueChart))
    return chart.deployment


def with_rotation(build: Callable[[App], Chart], **given: Any) -> Callable[[App], Chart]:
    """A deployment, with the Job that gives its data a new encryption key."""

    def rotated(app: App) -> Chart:
        chart = build(app)
        rotation = KeyRotation(**{"new_key": NEW_KEY, **given})
        KeyRotationJob(chart, "KeyRotation", deployment=view(chart), rotation=rotation)
        return chart

    return rotated


def from_store(build: Callable[[App], Chart], **given: Any) -> Callable[[App], Chart]:
    """A deployment, with its Secrets out of a store."""

    def stored(app: App) -> Chart:
        chart = build(app)
        values = {"store": STORE, "keys": "flowise/prod/{secret}/{key}", **given}
        ExternalSecrets(chart, "Secrets", deployment=view(chart), **values)
        return chart

    return stored


METRICS_KEY = SecretKey(secret="flowise-api-keys", key="metrics")


def with_monitoring(build: Callable[[App], Chart], policies: Mapping[str, Any] | None = None, **given: Any) -> Any:
    """A deployment whose metrics Prometheus scrapes; with network policies where arguments for them are given. Its view
    is that with the exporters."""

    def monitored(app: App) -> Chart:
        chart: Any = build(app)
        values = {"api_key": METRICS_KEY, **given}
        monitoring = Monitoring(chart, "Monitoring", deployment=view(chart), **values)
        if policies is not None:
            NetworkPolicies(chart, "NetworkPolicies", deployment=monitoring.deployment, edge=[EDGE], **policies)
        chart.deployment = monitoring.deployment
        return chart  # type: ignore[no-any-return]

    return monitored


SCRAPED = Settings(metrics=Metrics())
ANNOTATED = Scrape(by="annotations")
PROMETHEUS = PodPeer(namespace="monitoring", pods={"app.kubernetes.io/name": "prometheus"})
BUNDLED_QUEUE = queue(database=BundledPostgres(), queue=Queue(redis=BundledRedis()), settings=SCRAPED)
SERVERS_SCRAPED: dict[str, Any] = {"redis": RedisExporter(), "postgres": PostgresExporter()}

EXPORTED = ScrapeJobs(
    main="flowise",
    queue="flowise-queue-exporter",
    postgresql="flowise-postgresql-exporter",
    redis="flowise-redis-exporter",
)
"""The targets of a deployment all of whose parts are scraped."""


def with_alerts(build: Callable[[App], Chart], **given: Any) -> Callable[[App], Chart]:
    """A deployment with alerts."""

    def watched(app: App) -> Chart:
        chart = build(app)
        AlertRules(chart, "Alerts", **{"deployment": view(chart), **given})
        return chart

    return watched


def with_dashboards(build: Callable[[App], Chart], **given: Any) -> Callable[[App], Chart]:
    """A deployment with dashboards."""

    def watched(app: App) -> Chart:
        chart = build(app)
        Dashboards(chart, "Dashboards", **{"deployment": view(chart), **given})
        return chart

    return watched


WATCHED = queue(
    database=BundledPostgres(),
    queue=Queue(redis=BundledRedis()),
    backup=DRILLED,
    ingress=INGRESS,
    settings=SCRAPED,
)
"""A deployment with all parts that somebody looks at."""

VARIANTS: Mapping[str, Callable[[App], Chart]] = {
    "standalone": standalone(),
    "no-claim": standalone(database=POSTGRES, data=None),
    "sqlite-no-claim": quietly(standalone(data=None)),
    "existing-claim": standalone(data=ExistingClaim(name="old-data", access_mode="ReadWriteMany"), database=POSTGRES),
    "claim": standalone(data=DataClaim(storage_class="fast", access_mode="ReadWriteOncePod", annotations={"a": "b"})),
    "sqlite-elsewhere": standalone(
        database=SqliteDatabase(directory="/home/node/.flowise/database.sqlite"),
        storage=LocalStorage(path="/home/node/.flowise/files"),
    ),
    "postgres-tls": standalone(
        database=PostgresDatabase(
            host="db", password=PASSWORD, port=6432, tls=DatabaseTls(ca=CERTIFICATE, verify=False)
        )
    ),
    "postgres-tls-secret": standalone(
        database=PostgresDatabase(host="db", password=PASSWORD, tls=DatabaseTls(ca=PASSWORD))
    ),
    "postgres-tls-config-map": standalone(
        database=PostgresDatabase(
            host="2001:db8::1", password=PASSWORD, tls=DatabaseTls(ca=ConfigMapKey(config_map="ca", key="ca.crt"))
        )
    ),
    "mysql": standalone(database=MYSQL),
    "mysql-tls": standalone(database=MysqlDatabase(host="db", password=PASSWORD, tls=DatabaseTls(ca=CERTIFICATE))),
    "mariadb": standalone(database=MARIADB),
    "bundled-postgres": standalone(
        database=BundledPostgres(
            password=PASSWORD, admin_password=PASSWORD, config={"work_mem": "64MB", "log_line_prefix": "%m it's \\"}
        ),
        data=None,
    ),
    "run-as-root": standalone(main=Main(run_as_root=True)),
    "s3": standalone(storage=BUCKET, database=POSTGRES, data=None),
    "s3-by-identity": standalone(
        storage=S3Bucket(
            bucket="flowise-files", service_account_annotations={"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/a"}
        )
    ),
    "several": queue(
        main=Main(
            replicas=3, disruption_budget=DisruptionBudget(min_available="50%"), pod=PodOptions(safe_to_evict=True)
        ),
        worker=Worker(replicas=2, pod=PodOptions(safe_to_evict=False)),
    ),
    "several-as-told": queue(
        main=Main(replicas=2, disruption_budget=None, pod=EVERYTHING_ABOUT_PODS),
        worker=Worker(
            replicas=5,
            disruption_budget=DisruptionBudget(max_unavailable=2, unhealthy_pods="IfHealthyBudget"),
            pod=PodOptions(topology_spread_constraints=()),
        ),
    ),
    "stopped": standalone(main=Main(replicas=0, pre_stop_seconds=0)),
    "pods": standalone(
        database=BundledPostgres(pod=EVERYTHING_ABOUT_PODS),
        main=Main(
            pod=EVERYTHING_ABOUT_PODS,
            sizes=WritableSizes(shm="1Gi"),
            resources=Resources(cpu_limit="2"),
            extra_env={"POD_NAME": PodField(path="metadata.name"), "LANGUAGE": ConfigMapKey(config_map="a", key="b")},
        ),
        ingress=INGRESS,
    ),
    "existing-service-account": standalone(
        main=Main(pod=PodOptions(service_account=ServiceAccount(create=False, name="flowise-runner")))
    ),
    "settings": standalone(
        settings=Settings(
            app_url=f"https://{HOST}",
            trusted_proxies="loopback, 10.0.0.0/8",
            log_level="debug",
            file_size_limit="1gb",
            cors_origins=["https://a.example.com", "https://b.example.com"],
            iframe_origins=["'self'", "https://a.example.com"],
            community_nodes=True,
            disabled_nodes=["bufferMemory", "chatOpenAI"],
            telemetry_key=PASSWORD,
            http_security_check=False,
            http_deny_list=["10.0.0.0/8"],
            mcp_protocol="stdio",
            smtp=Smtp(host="mail", user="flowise", password=PASSWORD, sender="flowise@example.com"),
            proxy=OutboundProxy(http="http://proxy:3128", no_proxy=["*.svc"]),
            metrics=Metrics(),
            authorities=ConfigMapKey(config_map="corporate-ca", key="ca.crt"),
            extra_env={"OPENAI_API_KEY": PASSWORD},
        )
    ),
    "edge": standalone(
        ingress=Ingress(
            hosts=[
                IngressHost(host="*.example.com", paths=[IngressPath(path="/api", path_type="Exact")]),
                IngressHost(
                    host=HOST, paths=[IngressPath(), IngressPath(path="/x", path_type="ImplementationSpecific")]
                ),
            ],
            class_name="nginx",
            annotations={"nginx.ingress.kubernetes.io/proxy-read-timeout": "3600"},
            tls=[IngressTls(hosts=["*.example.com", HOST])],
        ),
        main=Main(
            service=Service(
                type="LoadBalancer",
                port=80,
                ip_family_policy="PreferDualStack",
                ip_families=["IPv6", "IPv4"],
                annotations={"a": "b"},
            )
        ),
    ),
    "route": standalone(route=ROUTE),
    "routes": queue(
        route=[
            HttpRoute(
                parents=[GATEWAY, GatewayRef(name="internal", port=8443)],
                hosts=[HOST, "*.example.com"],
                rules=[
                    RouteRule(paths=["/api/v1/prediction"], backend_request_timeout="5m"),
                    RouteRule(filters=[REMOVED_HEADER], request_timeout="1h"),
                ],
                annotations={"a": "b"},
            ),
            replace(ROUTE, name="flowise-gke", gke=True, tls=False),
        ],
    ),
    "doors-of-a-gateway": standalone(doors=Doors(admin=ROUTE, public=CHAT_ROUTE)),
    "doors-mixed": queue(
        doors=Doors(
            admin=INGRESS,
            public=replace(CHAT_ROUTE, gke=True, name="chats"),
            paths=["/api/v1/prediction", "/api/v1/webhook"],
        )
    ),
    # The values are warned of when they are made.
    "doors-of-nginx": quietly(
        lambda app: standalone(doors=Doors(admin=ROUTE, public=Ingress.nginx(hosts=[IngressHost(host=CHATS)])))(app)  # noqa: PLW0108
    ),
    **{f"ingress-{name}": behind(preset) for name, preset in PRESETS.items()},
    "names": standalone(
        database=BundledPostgres(),
        names=Names(name="acme-flowise", instance="acme", app="chat", namespace="ai"),
        ingress=INGRESS,
        backup=BACKUP,
    ),
    "image": standalone(
        image=Image(
            repository="registry.example.com:5000/flowise",
            tag=None,
            digest=DIGEST,
            release="3.1.4",
            pull_policy="Always",
            pull_secrets=["r"],
            verify=True,
        ),
    ),
    "backup": standalone(database=BundledPostgres(), backup=BACKUP),
    "backup-external": standalone(
        database=POSTGRES, backup=Backup(target=S3Bucket(bucket="flowise-backups"), pod=EVERYTHING_ABOUT_PODS)
    ),
    "assigned-ids": standalone(
        database=BundledPostgres(),
        backup=replace(BACKUP, drill=Drill()),
        security=Security.openshift(),
        labels={"team": "platform"},
        annotations={"example.com/owner": "platform"},
        on_pods=True,
    ),
    "further-containers": standalone(
        database=BundledPostgres(pod=FURTHER_ABOUT_PODS),
        backup=replace(BACKUP, pod=FURTHER_ABOUT_PODS, drill=Drill(pod=FURTHER_ABOUT_PODS)),
        main=Main(
            pod=replace(FURTHER_ABOUT_PODS, init_containers_after_gate=[{**FIRST, "name": "seed"}]),
            sizes=WritableSizes(logs=LogClaim(annotations={"a": "b"})),
            service=Service(
                type="LoadBalancer",
                node_port=30080,
                external_traffic_policy="Local",
                internal_traffic_policy="Cluster",
                load_balancer_class="service.k8s.aws/nlb",
                load_balancer_source_ranges=["10.0.0.0/8"],
                session_affinity="ClientIP",
            ),
        ),
        settings=Settings(model_list=ConfigMapKey(config_map="prompts", key="models.json")),
        registry=Registry(address="registry.example.com/mirror"),
    ),
    "owner": standalone(owner=OWNER, ingress=INGRESS),
    "owner-of-a-stopped-main": standalone(owner=OWNER, main=Main(replicas=0)),
    "awaiting-an-owner": standalone(main=Main(awaits_owner=True), ingress=INGRESS),
    "queue-owner": queue(
        owner=replace(OWNER, name="Admin", api_keys=API_KEYS, ttl_seconds=600, pod=EVERYTHING_ABOUT_PODS),
        names=Names(namespace="ai"),
        image=Image(repository="registry.example.com/flowise", tag="3.1.4", pull_secrets=["r"]),
        settings=Settings(metrics=Metrics(), authorities=CERTIFICATE),
        main=Main(replicas=2),
    ),
    "queue": queue(),
    "queue-further-containers": queue(
        database=BundledPostgres(),
        queue=Queue(redis=BundledRedis(pod=PodOptions(mesh=Linkerd(exclude_outbound_ports=[4222])))),
        main=Main(pod=PodOptions(mesh=Istio(native_sidecar=False, exclude_outbound_ports=[5432, 6379]))),
        worker=Worker(pod=FURTHER_ABOUT_PODS),
        security=Security.openshift(),
        settings=Settings(model_list="image"),
        namespace="ai",
    ),
    "queue-bundled": queue(
        database=BundledPostgres(), queue=Queue(redis=BundledRedis()), backup=BACKUP, ingress=INGRESS
    ),
    "queue-redis-without-password": queue(queue=Queue(redis=BundledRedis(auth=False))),
    "queue-redis-tls": queue(
        queue=Queue(
            redis=Redis(
                host="redis",
                port=6380,
                username="flowise",
                password=PASSWORD,
                tls=RedisTls(ca=CERTIFICATE, certificate=PASSWORD, private_key=PASSWORD),
            ),
            remove_on_age_seconds=None,
            event_stream_length=1000,
        )
    ),
    "queue-redis-open": queue(queue=Queue(redis=Redis(host="redis")), database=MARIADB),
    "queue-mysql": queue(database=MYSQL),
    "queue-by-reference": queue(
        database=CNPG, queue=Queue(redis=REDIS_BY_REFERENCE), backup=replace(BACKUP, drill=Drill())
    ),
    "crunchy": standalone(database=PostgresDatabase.crunchy("hippo", user="flowise"), backup=BACKUP),
    "zalando": standalone(
        database=PostgresDatabase.zalando("acid-flowise", tls=DatabaseTls(ca=PASSWORD), user="flow_ise")
    ),
    "mariadb-operator": standalone(
        database=MariadbDatabase.mariadb_operator("flowise-connection", server="mariadb"), backup=BACKUP
    ),
    "proxy-in-the-pod": standalone(database=PostgresDatabase(host="127.0.0.1", password=PASSWORD)),
    "queue-by-identity": queue(
        storage=S3Bucket(
            bucket="flowise-files",
            endpoint="http://minio:9000",
            path_style=True,
            service_account_annotations={"iam.gke.io/gcp-service-account": "a@b"},
        )
    ),
    "google": standalone(
        database=POSTGRES, data=None, storage=GOOGLE, backup=Backup(target=replace(GOOGLE, bucket="flowise-backups"))
    ),
    "google-by-identity": standalone(
        database=BundledPostgres(), storage=GOOGLE_BY_IDENTITY, backup=Backup(target=AZURE_BY_IDENTITY, drill=Drill())
    ),
    "azure": standalone(
        database=POSTGRES, data=None, storage=AZURE, backup=Backup(target=replace(AZURE, container="flowise-backups"))
    ),
    "queue-google": queue(storage=GOOGLE, backup=BACKUP),
    "queue-google-by-identity": queue(
        storage=GOOGLE_BY_IDENTITY, backup=Backup(target=replace(GOOGLE, bucket="flowise-backups"), drill=Drill())
    ),
    "queue-azure": queue(storage=AZURE, backup=Backup(target=AZURE_BY_IDENTITY, pod=EVERYTHING_ABOUT_PODS)),
    "queue-azure-connection": queue(
        storage=AZURE_CONNECTION, backup=Backup(target=AZURE_CONNECTION, prefix="backups", drill=Drill())
    ),
    "queue-shared-volume": queue(storage=SHARED, main=Main(replicas=2), backup=Backup(target=GOOGLE)),
    "queue-shared-existing-claim": queue(
        storage=SharedVolume(claim=ExistingClaim(name="flowise-files", access_mode="ReadWriteMany")), database=MYSQL
    ),
    "queue-pods": queue(
        database=BundledPostgres(
            pod=EVERYTHING_ABOUT_PODS,
            image=ServerImage(
                repository="docker.io/library/postgres", digest=DIGEST, pull_policy="IfNotPresent", pull_secrets=["r"]
            ),
        ),
        queue=Queue(redis=BundledRedis(pod=EVERYTHING_ABOUT_PODS, config={"maxclients": "2000"}, storage_class="fast")),
        main=Main(replicas=3, pod=EVERYTHING_ABOUT_PODS),
        worker=Worker(
            replicas=5,
            concurrency=5,
            pod=EVERYTHING_ABOUT_PODS,
            sizes=WritableSizes(shm="1Gi"),
            extra_env={"TZ": "UTC"},
        ),
        image=Image(pull_secrets=["r", "s"]),
        names=Names(namespace="ai"),
    ),
    "queue-scaled": with_policies(
        queue(
            queue=Queue(redis=BundledRedis(), name="jobs"),
            main=Main(replicas=CpuScaling(2, 5)),
            worker=Worker(replicas=QueueScaling(minimum=2, maximum=10), concurrency=5),
            names=Names(namespace="ai"),
        ),
        servers=OutsideServers(database="internet"),
        scalers=[KEDA],
    ),
    "queue-scaled-by-reference": queue(
        queue=Queue(redis=replace(REDIS_BY_REFERENCE, tls=RedisTls())),
        settings=Settings(authorities=CERTIFICATE),
        main=Main(replicas=External()),
        worker=Worker(replicas=QueueScaling(2, 20, stabilization_seconds=600, scale_down_seconds=90)),
    ),
    "queue-scaled-by-a-metric": queue(
        image=Image(tag="3.1.2"),
        worker=Worker(replicas=QueueScaling(1, 4, metric=ExternalMetric(labels={"namespace": "ai"})), concurrency=5),
    ),
    "queue-longest-names": queue(
        database=BundledPostgres(),
        queue=Queue(redis=BundledRedis()),
        names=Names(name="f" * 48, instance="i" * 35),
    ),
    "queue-longest-redis": queue(queue=Queue(redis=BundledRedis()), names=Names(instance="i" * 46)),
    "policies": with_policies(standalone()),
    "policies-bundled": with_policies(
        queue(database=BundledPostgres(), queue=Queue(redis=BundledRedis()), backup=DRILLED, ingress=INGRESS),
        monitoring=[PodPeer(namespace="monitoring", pods={"app.kubernetes.io/name": "prometheus"})],
        nodes=["10.0.0.0/24"],
    ),
    "policies-outside": with_policies(
        queue(storage=BY_IDENTITY, settings=SOMEWHERE, backup=BACKUP),
        servers=PLACED,
        internet="none",
        allow=[
            Destination(to=["203.0.113.0/24"], ports=[443]),
            Destination(to=[PodPeer(namespace="vectors")], ports=[6334], protocol="UDP", components=["worker"]),
        ],
    ),
    "policies-identity": with_policies(
        standalone(
            database=PostgresDatabase(host="10.20.0.5", password=PASSWORD),
            storage=S3Bucket(bucket="flowise-files"),
            backup=Backup(
                target=S3Bucket(bucket="backups", service_account_annotations={"iam.gke.io/gcp-service-account": "a@b"})
            ),
        ),
        private=["198.51.100.0/24"],
    ),
    "policies-cilium": with_policies(
        queue(backup=BACKUP),
        internet="none",
        cilium=Cilium(names=["api.openai.com"], patterns=["*.openai.azure.com"]),
        servers=OutsideServers(store="internet"),
    ),
    "key-rotation-sqlite": with_rotation(standalone(), pod=EVERYTHING_ABOUT_PODS, leave_unreadable=True),
    "key-rotation-postgres-tls": with_rotation(
        standalone(
            database=PostgresDatabase(host="db", password=PASSWORD, tls=DatabaseTls(ca=CERTIFICATE)),
            settings=Settings(authorities=ConfigMapKey(config_map="corporate-ca", key="ca.crt")),
            names=Names(namespace="ai"),
        ),
        old_key=SecretKey(secret="old", key="encryption.key"),
    ),
    "key-rotation-queue": with_rotation(queue(database=MARIADB)),
    "external-secrets": from_store(
        standalone(
            database=BundledPostgres(),
            backup=BACKUP,
            image=Image(pull_secrets=["registry"]),
            main=Main(
                pod=PodOptions(
                    volumes=[Volume(name="w", source={"secret": {"secretName": "whole"}}, mount_path="/whole")]
                )
            ),
            names=Names(namespace="ai"),
        ),
        overrides={SecretKey(secret="registry", key=".dockerconfigjson"): RemoteRef(key="registry", version="3")},
        whole={"whole": RemoteRef(key="flowise/whole", decoding="Base64")},
        exclude=["s3-backup"],
        policy=SyncPolicy(refresh="OnChange", creation="Orphan", deletion="Merge"),
    ),
    "external-secrets-generated": from_store(
        queue(database=BundledPostgres(), queue=Queue(redis=BundledRedis())),
        keys="flowise/{secret}",
        properties="{key}",
        generate_server_passwords=True,
    ),
    "monitoring-standalone": with_monitoring(standalone(settings=SCRAPED), scrape=Scrape(labels={"release": "kps"})),
    "monitoring-queue": with_monitoring(
        BUNDLED_QUEUE, policies={"monitoring": [PROMETHEUS], "nodes": ["10.0.0.0/24"]}, **SERVERS_SCRAPED
    ),
    "monitoring-annotations": with_monitoring(BUNDLED_QUEUE, api_key=None, scrape=ANNOTATED, **SERVERS_SCRAPED),
    "monitoring-queue-tls": with_monitoring(
        queue(
            queue=Queue(
                redis=Redis(
                    host=ConfigMapKey(config_map="redis", key="host"),
                    username="flowise",
                    password=PASSWORD,
                    tls=RedisTls(ca=CERTIFICATE, certificate=PASSWORD, private_key=PASSWORD),
                )
            ),
            settings=replace(SCRAPED, authorities=ConfigMapKey(config_map="corporate-ca", key="ca.crt")),
            names=Names(namespace="ai"),
            image=Image(tag="3.1.4", pull_secrets=["r"]),
            security=Security.openshift(),
        ),
        queue=QueueExporter(pod=EVERYTHING_ABOUT_PODS),
    ),
    "monitoring-further-containers": with_monitoring(
        queue(
            database=BundledPostgres(image=ServerImage(repository="postgres", tag="18", pull_secrets=["s"])),
            queue=Queue(redis=BundledRedis(auth=False)),
            settings=SCRAPED,
        ),
        queue=QueueExporter(pod=FURTHER_ABOUT_PODS),
        redis=RedisExporter(pod=replace(EVERYTHING_ABOUT_PODS, mesh=Istio(native_sidecar=False))),
        postgres=PostgresExporter(password=PASSWORD, role="watcher"),
        registry=Registry(address="registry.example.com/mirror", pull_secrets=["m"]),
    ),
    "alerts": with_alerts(WATCHED, namespace="ai", jobs=EXPORTED, runbooks="https://docs.example.com/alerts"),
    "dashboards": with_dashboards(WATCHED, namespace="ai", jobs=EXPORTED, annotations={"grafana_folder": "Flowise"}),
}
"""Charts of every kind, by name."""


@cache
def reference() -> Mapping[str, str]:
    """The YAML of the reference app, by topology."""
    with TemporaryDirectory() as directory:
        app = App(outdir=directory)
        main.build(app)
        app.synth()
        return {path.name.removesuffix(".k8s.yaml"): path.read_text() for path in sorted(Path(directory).iterdir())}


@cache
def variant(name: str) -> str:
    """The YAML of a variant."""
    return synthesized(VARIANTS[name])


def synthesized(build: Callable[[App], object]) -> str:
    """The YAML that an app with these charts writes."""
    app = App()
    build(app)
    return str(app.synth_yaml())


def objects(build: Callable[[App], object]) -> list[dict[str, Any]]:
    """What an app with these charts deploys, as Kubernetes reads it."""
    return cluster.documents(synthesized(build))


def pods(documents: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The pod specs among objects, by kind and name."""
    found = {
        f"{document['kind']} {document['metadata']['name']}": cluster.pod_template(document) for document in documents
    }
    return {name: template["spec"] for name, template in found.items() if template is not None}


def environment(documents: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """The variables of the first container of a workload: text, or where it comes from."""
    pod = next(pod for called, pod in pods(documents).items() if called.split()[1] == name)
    return {item["name"]: item.get("value", item.get("valueFrom")) for item in pod["containers"][0].get("env", ())}
