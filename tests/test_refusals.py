"""What is refused, and in which words: the argument, the value, the mend."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cdk8s import App, Chart
from deployments import (
    API_KEYS,
    AUTH,
    AZURE,
    AZURE_BY_IDENTITY,
    AZURE_CONNECTION,
    BACKUP,
    BUCKET,
    CHAT_ROUTE,
    CNPG,
    GATEWAY,
    GOOGLE,
    HOST,
    INGRESS,
    OWNER,
    PASSWORD,
    POSTGRES,
    REDIS,
    REMOVED_HEADER,
    ROUTE,
    SHARED,
    queue,
    standalone,
)

from flowise_constructs import (
    ApiKeys,
    Auth,
    AuthSecret,
    AzureContainer,
    Backup,
    BucketEncryption,
    BundledPostgres,
    BundledRedis,
    ConfigError,
    ConfigWarning,
    DatabaseTls,
    DataClaim,
    Doors,
    EnvValue,
    ExistingClaim,
    Flowise,
    FlowiseMain,
    FlowiseWorker,
    GcsBucket,
    Image,
    Ingress,
    IngressHost,
    IngressPath,
    IngressTls,
    LocalStorage,
    Main,
    Metrics,
    MysqlDatabase,
    Names,
    OutboundProxy,
    Owner,
    PodField,
    PodOptions,
    PostgresDatabase,
    Queue,
    Redis,
    RedisTls,
    Resources,
    RouteRule,
    S3Bucket,
    S3Storage,
    SecretKey,
    ServerImage,
    Service,
    ServiceAccount,
    Settings,
    SharedVolume,
    Smtp,
    SqliteDatabase,
    StandaloneChart,
    Volume,
    Worker,
    WritableSizes,
)

ROOT = Path(__file__).resolve().parent.parent
Make = Callable[[], Any]


def refusals(make: Make) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        make()
    return [str(finding) for finding in caught.value.findings]


def host(name: str, **given: Any) -> IngressHost:
    return IngressHost(host=name, **given)


REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


def labelled(expression: Any) -> Any:
    return {"podAffinity": {REQUIRED: [{"topologyKey": "a", "labelSelector": {"matchExpressions": [expression]}}]}}


FIELDS: tuple[tuple[Make, str], ...] = (
    (lambda: SecretKey(secret="Upper", key="k"), r"SecretKey.secret: 'Upper' must be a Kubernetes object name"),
    (lambda: SecretKey(secret="a", key="a b"), r"SecretKey.key: 'a b' must be a key of a Secret or ConfigMap"),
    (lambda: PodField(path="spec.nothing"), r"PodField.path: 'spec.nothing' must be a field that Kubernetes offers"),
    (lambda: Names(name="1abc"), r"Names.name: '1abc' must be at most 63 lower-case letters, digits and hyphens, start with a letter"),
    (lambda: Names(namespace="A"), r"Names.namespace: 'A' must be at most 63 lower-case letters, digits and hyphens"),
    (lambda: Names(app="a b"), r"Names.app: 'a b' must be a label value"),
    (lambda: Image(repository="Flowise"), r"Image.repository: 'Flowise' must be an image name without tag or digest"),
    (lambda: Image(tag="latest"), r"Image.tag: 'latest' is a floating tag: give a version or a digest"),
    (lambda: Image(tag="3.1 3"), r"Image.tag: '3.1 3' must be an image tag"),
    (lambda: Image(digest="sha256:1"), r"Image.digest: 'sha256:1' must be 'sha256:' and 64 hexadecimal digits"),
    (lambda: Image(pull_policy="Sometimes"), r"Image.pull_policy: 'Sometimes' must be one of|must be 'Always'"),  # type: ignore[arg-type]
    (lambda: PostgresDatabase(host="db:5432", password=PASSWORD), r"PostgresDatabase.host: 'db:5432' must be only a host name or an IP address"),
    (lambda: PostgresDatabase(host="http//db", password=PASSWORD), r"PostgresDatabase.host: .* without scheme, path or spaces"),
    (lambda: PostgresDatabase(host="db", port=0, password=PASSWORD), r"PostgresDatabase.port: 0 must be a port from 1 to 65535"),
    (lambda: PostgresDatabase(host="db", name=" ", password=PASSWORD), r"PostgresDatabase.name: ' ' must not be empty"),
    (lambda: PostgresDatabase(host="db", user="a\nb", password=PASSWORD), r"PostgresDatabase.user: 'a\\nb' must be one line"),
    (lambda: PostgresDatabase(host="/cloudsql/a:b:c", password=PASSWORD), r"PostgresDatabase.host: '/cloudsql/a:b:c' is the path of a socket.*PodOptions.sidecars.*'127.0.0.1'"),
    (lambda: MysqlDatabase(host="/run/mysqld.sock", password=PASSWORD), r"MysqlDatabase.host: .* is the path of a socket"),
    (lambda: Redis(host="unix:///run/redis.sock"), r"Redis.host: .* is the path of a socket"),
    (lambda: PostgresDatabase(host="db", port="5432", password=PASSWORD), r"PostgresDatabase.port: '5432' must be int or SecretKey\(secret=..., key=...\) or ConfigMapKey"),  # type: ignore[arg-type]
    (lambda: PostgresDatabase.cnpg("A b"), r"PostgresDatabase.cluster: 'A b' must be a Kubernetes object name"),
    (lambda: PostgresDatabase.zalando("acid", tls=DatabaseTls(), user="A"), r"PostgresDatabase.user: 'A' must be at most 63"),
    (lambda: DatabaseTls(ca="not a certificate"), r"DatabaseTls.ca: .* must be PEM text with a BEGIN CERTIFICATE block"),
    (lambda: SqliteDatabase(directory="data"), r"SqliteDatabase.directory: 'data' must be an absolute path"),
    (lambda: SqliteDatabase(directory="/"), r"SqliteDatabase.directory: '/' must not be the root directory"),
    (lambda: BundledPostgres(user="a'b"), r"BundledPostgres.user: .* must be at most 63 lower-case letters"),
    (lambda: BundledPostgres(size="10"), r"BundledPostgres.size: '10' is not a plausible size in bytes"),
    (lambda: DataClaim(size="a lot"), r"DataClaim.size: 'a lot' must be a Kubernetes quantity"),
    (lambda: DataClaim(size="0Gi"), r"DataClaim.size: '0Gi' must be above zero"),
    (lambda: S3Bucket(bucket="Bucket"), r"S3Bucket.bucket: 'Bucket' must be a bucket name"),
    (lambda: S3Bucket(bucket="files", region="a b"), r"S3Bucket.region: 'a b' must be a region"),
    (lambda: S3Bucket(bucket="files", endpoint="minio:9000"), r"S3Bucket.endpoint: 'minio:9000' must be an http:// or https:// URL|must be a URL"),
    (lambda: S3Bucket(bucket="files", endpoint="https://a:b@minio"), r"S3Bucket.endpoint: .* must not contain credentials"),
    (lambda: Queue(redis=REDIS, name="a:b"), r"Queue.name: 'a:b' must be letters.*BullMQ refuses a colon"),
    (lambda: Queue(redis=REDIS, remove_on_age_seconds=0), r"Queue.remove_on_age_seconds: 0 must be from 1 to"),
    (lambda: Settings(app_url="https://a.b/chat"), r"Settings.app_url: .* can't be served below a base path"),
    (lambda: Settings(log_level="loud"), r"Settings.log_level: 'loud' must be one of 'error', 'warn'"),  # type: ignore[arg-type]
    (lambda: Settings(file_size_limit="50 megs"), r"Settings.file_size_limit: .* must be a number followed by b, kb, mb or gb"),
    (lambda: Settings(cors_origins=["https://a,b"]), r"Settings.cors_origins: \[0\] .* must not contain a comma"),
    (lambda: Settings(iframe_origins=["a b"]), r"Settings.iframe_origins: \[0\] 'a b' must be"),
    (lambda: Settings(trusted_proxies=-1), r"Settings.trusted_proxies: -1 must be a number of hops"),
    (lambda: Settings(trusted_proxies="true"), r"Settings.trusted_proxies: 'true' must be a number of hops or a list of networks"),
    (lambda: Settings(extra_env={"A-B": "c"}), r"Settings.extra_env: key 'A-B' must be the name of an environment variable"),
    (lambda: Settings(extra_env={"A": ""}), r"Settings.extra_env: \['A'\] '' must not be empty"),
    (lambda: Settings(extra_env={"A": "\0"}), r"Settings.extra_env: \['A'\] '\\x00' must not contain lone surrogates, or control characters"),
    (lambda: Main(replicas=-1), r"Main.replicas: -1 must be from 0 to"),
    (lambda: Worker(concurrency=0), r"Worker.concurrency: 0 must be from 1 to"),
    (lambda: Owner(email="admin@localhost", password=PASSWORD), r"Owner.email: 'admin@localhost' must be an e-mail address that Flowise takes"),
    (lambda: Owner(email="a@b.org", password="Passw0rd!"), r"Owner.password: .*not shown.* SecretKey"),  # type: ignore[arg-type]
    (lambda: Owner(email="a@b.org", password=PASSWORD, name="n" * 101), r"Owner.name: 'n+\.\.\. must be at most 100 characters"),
    (lambda: Owner(email="a@b.org", password=PASSWORD, deadline_seconds=0), r"Owner.deadline_seconds: 0 must be from 1 to"),
    (lambda: ApiKeys(secret="keys", keys={}), r"ApiKeys.keys: is empty: name a key with its permissions, or leave 'api_keys' out"),
    (lambda: ApiKeys(secret="keys", keys={"ci": []}), r"ApiKeys.keys: 'ci' has no permission, and Flowise makes no such key"),
    (lambda: ApiKeys(secret="keys", keys={"ci": ["tools:view", "tools:view"]}), r"ApiKeys.keys: 'ci' names a permission twice"),
    (lambda: ApiKeys(secret="keys", keys={"ci": ["workspace:view"]}), r"'workspace:view' is refused by Flowise: API keys can't manage workspaces"),
    (lambda: ApiKeys(secret="keys", keys={"ci": ["everything"]}), r"'everything' must be a permission of Flowise, such as 'chatflows:view'"),
    (lambda: ApiKeys(secret="keys", keys={"a b": ["tools:view"]}), r"ApiKeys.keys: key 'a b' must be a key of a Secret"),
    (lambda: Resources(memory_limit="2.1Gi"), r"Resources.memory_limit: '2.1Gi' is no whole number of bytes: write it as '2151Mi'"),
    (lambda: DataClaim(size="9Pi"), r"DataClaim.size: '9Pi' is not a plausible size in bytes"),
    (lambda: Backup(target=BUCKET, time_zone="Europe/zurich"), r"Backup.time_zone: 'Europe/zurich' must be a name from the tz database"),
    (lambda: Resources(cpu_request="fast"), r"Resources.cpu_request: 'fast' must be a Kubernetes quantity"),
    (lambda: PodOptions(labels={"a/b/c": "d"}), r"PodOptions.labels: key 'a/b/c' must be a Kubernetes key"),
    (lambda: PodOptions(annotations={"a": "\0"}), r"PodOptions.annotations: \['a'\] .* must be text"),
    (lambda: PodOptions(tolerations=["x"]), r"PodOptions.tolerations: \[0\] 'x' must be a mapping"),  # type: ignore[list-item]
    (lambda: PodOptions(affinity={"podAffinity": object()}), r"PodOptions.affinity: .*: podAffinity is <object .* must be a mapping"),
    (lambda: host("10.0.0.1"), r"IngressHost.host: '10.0.0.1' must be a lower-case DNS name, not an IP address"),
    (lambda: IngressPath(path="api"), r"IngressPath.path: 'api' must start with '/'"),
    (lambda: Service(port=70000), r"Service.port: 70000 must be a port"),
    (lambda: Service(type="ExternalName"), r"Service.type: 'ExternalName' must be one of"),  # type: ignore[arg-type]
    (lambda: WritableSizes(tmp="1"), r"WritableSizes.tmp: '1' is not a plausible size"),
)  # fmt: skip

CONTRADICTIONS: tuple[tuple[Make, str], ...] = (
    (lambda: Image(tag=None), r"Image.tag: None, and no digest"),
    (lambda: Image(tag="2.2.8"), r"Image.tag: '2.2.8' is not a supported release \(3.1.1, 3.1.2, 3.1.3, 3.1.4\)"),
    (lambda: ServerImage(repository="redis"), r"ServerImage.tag: None, and no digest"),
    (lambda: DatabaseTls(verify=False), r"DatabaseTls.verify: False has no effect without 'ca'"),
    (lambda: MysqlDatabase(host="db", password=PASSWORD, tls=DatabaseTls()), r"MysqlDatabase.tls: has no CA"),
    (lambda: BundledPostgres(user="postgres"), r"BundledPostgres.user: 'postgres' is the superuser"),
    (lambda: BundledPostgres(database="template1"), r"BundledPostgres.database: 'template1' is PostgreSQL's own"),
    (lambda: BundledPostgres(config={"port": "1"}), r"BundledPostgres.config: 'port' is set by the construct"),
    (lambda: BundledRedis(auth=False, password=PASSWORD), r"BundledRedis.auth: False contradicts 'password'"),
    (lambda: BundledRedis(config={"requirepass": "x"}), r"BundledRedis.config: 'requirepass' is set by the construct"),
    (lambda: Redis(host="r", username="u"), r"Redis.username: 'u' has no password"),
    (lambda: Redis(host="r", username=PASSWORD), r"Redis.username: SecretKey\(.*\) has no password"),
    (lambda: PostgresDatabase(host="10.1.2.3", user="flowise@acme.iam", password=PASSWORD), r"PostgresDatabase.user: 'flowise@acme.iam' logs in with a token of Google's IAM, which ends.*reads its password once"),
    (lambda: PostgresDatabase(host="a.postgres.database.azure.com", user="a@acme.onmicrosoft.com", password=PASSWORD), r"PostgresDatabase.user: .* a token of Microsoft Entra"),
    (lambda: MysqlDatabase(host="a.sql.goog", user="a@b.iam.gserviceaccount.com", password=PASSWORD), r"MysqlDatabase.user: .* a token of Google's IAM"),
    (lambda: Redis(host="r", keep_alive_seconds=60000), r"Redis.keep_alive_seconds: 60000 is over an hour"),
    (lambda: RedisTls(certificate=PASSWORD), r"RedisTls.private_key: None: a client certificate and its key go together"),
    (lambda: Metrics(provider="open_telemetry"), r"Metrics.endpoint: None: with OpenTelemetry and no collector Flowise doesn't start"),
    (lambda: Metrics(endpoint="http://c:1"), r"Metrics.endpoint: has no effect with prometheus"),
    (OutboundProxy, r"OutboundProxy.http: None, and https None too"),
    (lambda: Settings(app_url="http://a.b", secure_cookies=True), r"Settings.secure_cookies: True with 'http://a.b'"),
    (lambda: Settings(app_url="https://a.b", trusted_proxies=0), r"Settings.trusted_proxies: 0 with secure cookies"),
    (lambda: Settings(cors_origins=["*", "https://a.b"]), r"Settings.cors_origins: .* has '\*' and others"),
    (lambda: Resources(memory_request="3Gi"), r"Resources.memory_request: '3Gi' is above memory_limit '2Gi'"),
    (lambda: Resources(cpu_limit="100m"), r"Resources.cpu_request: '500m' is above cpu_limit '100m'"),
    (lambda: ServiceAccount(create=False), r"ServiceAccount.name: None, and create=False"),
    (lambda: ServiceAccount(create=False, name="a", annotations={"a": "b"}), r"ServiceAccount.annotations: can't be set"),
    (lambda: Volume(name="a", source={}, mount_path="/a"), r"Volume.source: .* must hold exactly one kind of volume"),
    (lambda: Volume(name="a", source={"emptyDir": {}}, mount_path="/a", sub_path="../b"), r"Volume.sub_path: .* relative"),
    (lambda: PodOptions(labels={"app.kubernetes.io/name": "a"}), r"PodOptions.labels: .* belongs to the selector"),
    (lambda: PodOptions(tolerations=[{"operator": "Equal"}]), r"PodOptions.tolerations: \[0\] .* has no key"),
    (lambda: PodOptions(tolerations=[{"operator": "Is"}]), r"has operator 'Is': Equal or Exists"),
    (lambda: PodOptions(tolerations=[{"key": "a", "operator": "Exists", "value": "b"}]), r"has a value, which Exists doesn't take"),
    (lambda: PodOptions(tolerations=[{"key": "a", "effect": "Never"}]), r"has effect 'Never'"),
    (lambda: PodOptions(tolerations=[{"key": "a", "tolerationSeconds": 1}]), r"has tolerationSeconds"),
    (lambda: PodOptions(affinity={"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": []}}}), r"PodOptions.affinity: .* has empty nodeSelectorTerms"),
    (lambda: PodOptions(affinity=labelled({"key": "a", "operator": "In"})), r"has operator In without values"),
    (lambda: PodOptions(affinity={"nodeAffinity": {PREFERRED: [{"weight": 0, "preference": {}}]}}), r"has weight 0: 1 to 100"),
    (lambda: PodOptions(topology_spread_constraints=[{"topologyKey": "a", "maxSkew": 1, "whenUnsatisfiable": "No"}]), r"has whenUnsatisfiable 'No'"),
    (lambda: PodOptions(topology_spread_constraints=[{"maxSkew": 1}]), r"it lacks topologyKey, whenUnsatisfiable"),
    (lambda: Ingress(hosts=[]), r"Ingress.hosts: is empty"),
    (lambda: Ingress(hosts=[host(HOST), host(HOST)]), r"Ingress.hosts: .* is listed twice"),
    (lambda: Ingress(hosts=[host(HOST)], tls=[IngressTls(hosts=["a.b"])]), r"Ingress.tls: 'a.b' is not a host of this Ingress"),
    (lambda: host(HOST, paths=[]), r"IngressHost.paths: is empty"),
    (lambda: RouteRule(paths=[]), r"RouteRule.paths: has 0 entries: 1 to 64 are needed"),
    (lambda: RouteRule(paths=["/", "/"]), r"RouteRule.paths: '/' is listed twice"),
    (lambda: RouteRule(paths=["api"]), r"RouteRule.paths: .*'api' must start with '/'"),
    (lambda: RouteRule(paths=["/a#b"]), r"RouteRule.paths: .*'/a#b' must be a path of a URL"),
    (lambda: RouteRule(request_timeout="1 hour"), r"RouteRule.request_timeout: '1 hour' must be a duration of the Gateway API"),
    (lambda: RouteRule(request_timeout="1m", backend_request_timeout="61s"), r"RouteRule.backend_request_timeout: '61s' is longer than request_timeout '1m'"),
    (lambda: RouteRule(filters=[{"type": "RequestRedirect", "requestRedirect": {}}]), r"RouteRule.filters: type 'RequestRedirect' must be one of CORS"),
    (lambda: RouteRule(filters=[{"type": "CORS"}]), r"RouteRule.filters: a filter of type 'CORS' has 'type' and 'cors' alone"),
    (lambda: RouteRule(filters=[REMOVED_HEADER] * 2), r"RouteRule.filters: 'ResponseHeaderModifier' stands there twice"),
    (lambda: RouteRule(filters=[{"type": "RequestMirror", "requestMirror": {}}] * 17), r"RouteRule.filters: has 17 entries: 16 at most"),
    (lambda: replace(ROUTE, parents=[]), r"HttpRoute.parents: has 0 entries: 1 to 32 are needed"),
    (lambda: replace(ROUTE, parents=[GATEWAY] * 2), r"HttpRoute.parents: has an entry twice"),
    (lambda: replace(ROUTE, parents=[GATEWAY, replace(GATEWAY, section_name=None)]), r"HttpRoute.parents: 'public' is named twice: give each a section_name"),
    (lambda: replace(ROUTE, hosts=[]), r"HttpRoute.hosts: has 0 entries: 1 to 16 are needed"),
    (lambda: replace(ROUTE, hosts=["10.0.0.1"]), r"HttpRoute.hosts: .* must be a lower-case DNS name, not an IP address"),
    (lambda: replace(ROUTE, rules=[]), r"HttpRoute.rules: has 0 entries: 1 to 16 are needed"),
    (lambda: replace(ROUTE, rules=[RouteRule(paths=["/flowise"])]), r"HttpRoute.rules: lacks '/', which the UI needs"),
    (lambda: replace(ROUTE, rules=[RouteRule(paths=[f"/api/{n}-{m}" for m in range(50)]) for n in range(3)]), r"HttpRoute.rules: have 150 paths: 128 at most"),
    (lambda: Doors(admin=ROUTE, public=ROUTE), r"Doors.public: serves 'flowise.example.com', as 'admin' does"),
    (lambda: Doors(admin=ROUTE, public=replace(CHAT_ROUTE, rules=[RouteRule(paths=["/api/v1"])])), r"Doors.public: has paths of its own"),
    (lambda: Doors(admin=ROUTE, public=Ingress(hosts=[host("a.b", paths=[IngressPath(path="/api")])], controller="haproxy")), r"Doors.public: has paths of its own"),
    (lambda: Doors(admin=ROUTE, public=CHAT_ROUTE, paths=[]), r"Doors.paths: is empty"),
    (lambda: Doors(admin=ROUTE, public=CHAT_ROUTE, paths=["/api/v1/mcp"] * 2), r"Doors.paths: '/api/v1/mcp' is listed twice"),
    (lambda: Doors(admin=ROUTE, public=CHAT_ROUTE, paths=["/api/v1"]), r"Doors.paths: .*'/api/v1' is not among the paths that need no login"),
    (lambda: Doors(admin=ROUTE, public=CHAT_ROUTE, paths=["/api/v1/predictions"]), r"'/api/v1/predictions' is not among the paths"),
    (lambda: Doors(admin=ROUTE, public=CHAT_ROUTE, paths=["/api/v1/mcp/../x"]), r"'/api/v1/mcp/../x' must start with '/' and not contain"),
    (lambda: Doors(admin=ROUTE, public=CHAT_ROUTE, paths=["/api/v1/mcp/%2e"]), r"'/api/v1/mcp/%2e' must start with '/' and not contain"),
    (lambda: Doors(admin=ROUTE, public=CHAT_ROUTE, paths=[f"/api/v1/webhook/{n}" for n in range(17)]), r"Doors.paths: has 17 entries"),
    (lambda: Doors(admin=ROUTE, public=replace(CHAT_ROUTE, rules=[RouteRule(filters=[{"type": "URLRewrite", "urlRewrite": {}}])])), r"Doors.public: has a filter 'URLRewrite'"),
    (lambda: Doors(admin=ROUTE, public=Ingress.f5_nginx(hosts=[host("a.b")])), r"Doors.public: F5's NGINX forwards another path than the one that it matched"),
    (lambda: Flowise(auth=AUTH, doors=Doors(admin=None, public=CHAT_ROUTE)), r"Flowise.doors: Doors.admin gives no public URL .* give Settings.app_url"),
    (lambda: Flowise(auth=AUTH, ingress=Ingress(hosts=[host(HOST)]), route=ROUTE), r"Flowise.route: stands beside 'ingress': give one of ingress, route and doors"),
    (lambda: Flowise(auth=AUTH, route=ROUTE, doors=Doors(admin=ROUTE, public=CHAT_ROUTE)), r"Flowise.doors: stands beside 'route'"),
    (lambda: Flowise(auth=AUTH, route=[ROUTE, CHAT_ROUTE]), r"Flowise.route: two routes have no name"),
    (lambda: Flowise(auth=AUTH, route=[replace(ROUTE, name="a"), replace(CHAT_ROUTE, name="a")]), r"Flowise.route: two routes are called 'a'"),
    (
        lambda: Flowise(auth=AUTH, settings=Settings(secure_cookies=True), route=replace(ROUTE, tls=False)),
        r"Flowise.settings: secure_cookies=True, but the HttpRoute makes 'http://flowise.example.com': give it 'tls'$",
    ),
    (lambda: Service(ip_families=["IPv4", "IPv4"]), r"Service.ip_families: .* names a family twice"),
    (lambda: Service(ip_families=["IPv4", "IPv6"]), r"Service.ip_family_policy: None with two families"),
    (lambda: Worker(grace_seconds=10), r"Worker.grace_seconds: 10 is not above the 30 seconds"),
    (lambda: Names(main_component="worker"), r"Names.main_component: 'worker' is the component of other pods, .*: use another"),
    (lambda: Names(name="a-redis", instance="a"), r"Names.name: 'a-redis' is a name of the bundled server's objects"),
    (lambda: Flowise(auth=AUTH, queue=Queue(redis=REDIS), storage=BUCKET), r"Flowise.database: SqliteDatabase can't be shared"),
    (lambda: Flowise(auth=AUTH, queue=Queue(redis=REDIS), database=POSTGRES), r"Flowise.storage: LocalStorage is one main's own: queue mode needs a bucket, or SharedVolume"),
    (lambda: Flowise(auth=AUTH, storage=SHARED), r"Flowise.storage: SharedVolume is for queue mode: outside it use LocalStorage"),
    (lambda: Flowise(auth=AUTH, storage=AZURE_BY_IDENTITY), r"Flowise.storage: Flowise knows no managed identity for Azure Blob Storage: give"),
    (lambda: SharedVolume(claim=DataClaim()), r"SharedVolume.claim: 'ReadWriteOnce' can't be mounted by pods on several nodes: use a claim with access_mode='ReadWriteMany'"),
    (lambda: SharedVolume(claim=ExistingClaim(name="a", access_mode="ReadWriteOncePod")), r"SharedVolume.claim: 'ReadWriteOncePod' can't"),
    (lambda: GcsBucket(bucket="Bucket", project="acme-prod"), r"GcsBucket.bucket: 'Bucket' must be a bucket name"),
    (lambda: GcsBucket(bucket="a" * 64, project="acme-prod"), r"GcsBucket.bucket: .* must be a bucket name"),
    (lambda: GcsBucket(bucket="files", project="123"), r"GcsBucket.project: '123' must be the id of a project"),
    (lambda: GcsBucket(bucket="files", project="acme-prod", credentials='{"type": "service_account"}'), r"GcsBucket.credentials: .*not shown"),  # type: ignore[arg-type]
    (lambda: AzureContainer(container="a--b", account="acme"), r"AzureContainer.container: 'a--b' must be a container name"),
    (lambda: AzureContainer(container="files", account="acme.blob"), r"AzureContainer.account: 'acme.blob' must be the name of a storage account"),
    (lambda: AzureContainer(container="files"), r"AzureContainer.account: None without connection_string"),
    (lambda: replace(AZURE_CONNECTION, account="acme"), r"AzureContainer.account: is in the connection string already"),
    (lambda: replace(AZURE_CONNECTION, account_key=PASSWORD), r"AzureContainer.account_key: is in the connection string already"),
    (lambda: replace(AZURE, service_account_annotations={"a": "b"}), r"AzureContainer.service_account_annotations: an identity has no effect beside keys"),
    (lambda: Backup(target=GOOGLE, encryption=BucketEncryption()), r"Backup.encryption: has no effect with GcsBucket: leave it out"),
    (lambda: Backup(target=SHARED), r"Backup.target: .* must be S3Bucket or GcsBucket or AzureContainer"),  # type: ignore[arg-type]
    (lambda: Flowise(auth=AUTH, queue=Queue(redis=BundledRedis()), database=POSTGRES, storage=BUCKET), r"BundledRedis is not an address"),
    (
        lambda: Flowise(auth=AUTH, settings=Settings(secure_cookies=True), ingress=Ingress(hosts=[host(HOST)])),
        r"Flowise.settings: secure_cookies=True, but the Ingress makes 'http://flowise.example.com'",
    ),
    (
        lambda: Flowise(auth=AUTH, settings=Settings(trusted_proxies=0), ingress=Ingress(hosts=[host(HOST)], tls_in_front=True)),
        r"Flowise.settings: trusted_proxies=0 behind an Ingress with TLS",
    ),
    (lambda: Auth.from_secret(None), r"Auth.encryption_key: a key name without a Secret"),
    (lambda: Auth.from_secret("a", **{"nothing": "b"}), r"Auth.nothing: is none of the five keys"),
)  # fmt: skip


def built(build: Callable[[App], object]) -> Make:
    return lambda: build(App())


def main_of(**given: Any) -> Make:
    return lambda: FlowiseMain(Chart(App(), "c"), "Main", **given)


class EmptyVariable(FlowiseMain):
    def env(self) -> dict[str, EnvValue]:
        return {**super().env(), "LANGUAGE": ""}


STANDALONE = Flowise(auth=AUTH)
CONSTRUCTS: tuple[tuple[Make, str], ...] = (
    (built(standalone(main=Main(replicas=2))), r"Main.replicas: 2 outside queue mode"),
    (built(standalone(main=Main(strategy="RollingUpdate"))), r"Main.strategy: 'RollingUpdate' with SQLite"),
    (
        built(standalone(database=POSTGRES, data=ExistingClaim(name="a"), main=Main(strategy="RollingUpdate"))),
        r"Main.strategy: 'RollingUpdate' with a claim that one node holds",
    ),
    (
        main_of(flowise=Flowise(auth=AUTH, queue=Queue(redis=REDIS), database=POSTGRES, storage=BUCKET), data=DataClaim()),
        r"FlowiseMain.data: would be main's alone, and in queue mode workers need the files too",
    ),
    (lambda: FlowiseWorker(Chart(App(), "c"), "W", flowise=STANDALONE), r"FlowiseWorker.flowise: has no queue"),
    (main_of(flowise="flowise"), r"FlowiseMain.flowise: 'flowise' must be Flowise"),
    (built(standalone(auth="flowise-auth-secrets")), r"StandaloneChart.auth: .* must be Auth"),
    (built(queue(database=SqliteDatabase())), r"QueueChart.database: .* must be PostgresDatabase"),
    (built(queue(storage=LocalStorage())), r"QueueChart.storage: .* must be S3Bucket"),
    (built(queue(queue=None)), r"QueueChart.queue: None must be Queue"),
    (built(standalone(names=Names(name="a" * 60))), r"Names: give .*, longer than 63 characters: use a name or instance that is 5 shorter"),
    (built(standalone(settings=Settings(extra_env={"PORT": "1"}))), r"Settings.extra_env: 'PORT' can't be given: the container's port is 3000"),
    (built(queue(worker=Worker(extra_env={"REDIS_HOST": "x"}))), r"Worker.extra_env: 'REDIS_HOST' is set by Redis.host"),
    (lambda: PodOptions(tolerations=[{"operator": "Exists", "nothing": 1}]), r"PodOptions.tolerations: .* no field 'nothing'"),
    (
        built(standalone(main=Main(pod=PodOptions(volumes=[Volume(name="data", source={"emptyDir": {}}, mount_path="/x")])))),
        r"PodOptions.volumes: 'data' is a volume of the construct",
    ),
    (
        built(standalone(main=Main(pod=PodOptions(volumes=[Volume(name="x", source={"emptyDir": {}}, mount_path="/tmp")])))),
        r"PodOptions.volumes: '/tmp' is where 'tmp' is mounted",
    ),
    (lambda: EmptyVariable(Chart(App(), "c"), "M", flowise=STANDALONE), r"env\['LANGUAGE'\]: '' must not be empty"),
    (lambda: AuthSecret(Chart(App(), "c"), "A"), r"Auth.encryption_key: .* without a Secret"),
    (lambda: S3Storage(Chart(App(), "c"), "S", bucket="A"), r"S3Bucket.bucket: 'A' must be a bucket name"),
    (built(standalone(backup=BACKUP, data=None)), r"[Bb]ackup"),
    (
        built(standalone(owner=OWNER, main=Main(awaits_owner=False))),
        r"OwnerJob.deployment: has a main that is Ready before there is an owner, so that anybody may come first: give Main\(awaits_owner=True\)",
    ),
    (
        built(standalone(owner=OWNER, ingress=Ingress(hosts=[IngressHost(host="a.example.com")], annotations={"appgw.ingress.kubernetes.io/health-probe-path": "/"}))),
        r"Ingress.annotations: 'appgw.*/health-probe-path' is '/', which a main without an owner answers: .* leave it out, or use '/api/v1/owned'",
    ),
    (
        built(standalone(owner=replace(OWNER, api_keys=API_KEYS))),
        r"Owner.api_keys: with no namespace: a RoleBinding must name the namespace of its service account; give Names\(namespace=",
    ),
    (built(standalone(owner=OWNER, names=Names(name="n" * 49))), r"Names: give 'n+-owner-[0-9a-f]{8}', longer than 63 characters"),
)  # fmt: skip


@pytest.mark.filterwarnings("ignore::flowise_constructs.ConfigWarning")
@pytest.mark.parametrize(
    ("make", "message"),
    [*FIELDS, *CONTRADICTIONS, *CONSTRUCTS],
    ids=lambda part: part[:60] if isinstance(part, str) else "",
)
def test_refused_in_these_words(make: Make, message: str) -> None:
    assert any(re.search(message, finding) for finding in refusals(make)), refusals(make)


SECRET_FIELDS: tuple[Make, ...] = (
    lambda: PostgresDatabase(host="db", password="hunter2"),  # type: ignore[arg-type]
    lambda: Redis(host="db", password="hunter2"),  # type: ignore[arg-type]
    lambda: Smtp(host="mail", user="a", password="hunter2", sender="a@b.c"),  # type: ignore[arg-type]
    lambda: BundledPostgres(admin_password="hunter2"),  # type: ignore[arg-type]
    lambda: BundledRedis(password="hunter2"),  # type: ignore[arg-type]
)


@pytest.mark.parametrize("make", SECRET_FIELDS)
def test_a_bare_secret_is_refused_and_not_shown(make: Make) -> None:
    [finding] = refusals(make)
    assert "a plain str where a secret belongs (not shown): give SecretKey(secret=..., key=...)" in finding
    assert "hunter2" not in finding


def test_a_value_tells_all_its_findings() -> None:
    found = refusals(lambda: Redis(host="redis://r", port=70000, username="u", keep_alive_seconds=0))
    assert [finding.split(":")[0] for finding in found] == [
        "Redis.host",
        "Redis.port",
        "Redis.keep_alive_seconds",
        "Redis.username",
    ]


def test_a_chart_tells_the_findings_of_all_its_constructs() -> None:
    build = queue(
        main=Main(extra_env={"PORT": "1"}),
        worker=Worker(extra_env={"MODE": "main"}),
        settings=Settings(disabled_nodes=["a"]),
    )
    found = refusals(built(build))
    assert len(found) == 2
    assert "Main.extra_env" in found[0]
    assert "Worker.extra_env" in found[1]


def test_several_findings_are_a_list() -> None:
    with pytest.raises(ConfigError) as caught:
        Image(repository="A", tag="latest")
    assert str(caught.value).splitlines()[0] == "2 findings:"


def trusting(source: Any) -> Volume:
    return Volume(name="a", source=source, mount_path="/a")


def open_to_all(**given: Any) -> Callable[[App], Chart]:
    return lambda app: StandaloneChart(app, "open", auth=AUTH, **given)


WARNED: tuple[tuple[Make, str], ...] = (
    (lambda: trusting({"hostPath": {"path": "/a"}}), r"Volume.source: 'hostPath' is refused in a namespace that enforces"),
    (
        lambda: trusting({"projected": {"sources": [{"clusterTrustBundle": {"name": "a", "path": "p"}}]}}),
        r"Volume.source: 'clusterTrustBundle' is left out of the volume by a cluster whose feature gate",
    ),
    (lambda: Image(tag="3.1.1"), r"Image.tag: Flowise 3.1.1 has CVE-2026-56274: use 3.1.3"),
    (lambda: Settings(app_url="https://a.b", secure_cookies=False), r"Settings.secure_cookies: False with an https URL"),
    (lambda: Worker(concurrency=1), r"Worker.concurrency: 1 lets a flow that calls another flow wait"),
    (lambda: Worker(concurrency=100000), r"Worker.concurrency: 100000 lets one worker take the whole queue"),
    (
        lambda: Flowise(auth=AUTH, settings=Settings(app_url=f"https://{HOST}"), ingress=Ingress(hosts=[host(HOST)])),
        r"Flowise.ingress: .* is https, but the Ingress has no TLS",
    ),
    (
        lambda: Flowise(auth=AUTH, image=Image(tag="3.1.4"), database=POSTGRES, settings=Settings(mcp_protocol="stdio")),
        r"Settings.mcp_protocol: in 3.1.4 'stdio' starts only what CUSTOM_MCP_ALLOWED_COMMANDS lists",
    ),
    (
        lambda: Flowise(auth=AUTH, database=CNPG, settings=Settings(proxy=OutboundProxy(http="http://proxy:3128"))),
        r"OutboundProxy.no_proxy: the host of the database is in key 'host' of Secret 'flowise-db-app', .*: name it there",
    ),
    (
        built(standalone(database=PostgresDatabase(host="127.0.0.1", password=PASSWORD), backup=BACKUP)),
        r"PodOptions.sidecars: the database is at '127.0.0.1', the pod itself, .*: give them main's sidecar",
    ),
    (built(open_to_all(ingress=INGRESS)), r"Flowise.ingress: whoever opens a new installation first becomes its owner: give the chart an Owner"),
    (built(open_to_all(main=Main(service=Service(type="LoadBalancer")))), r"Service.type: whoever opens a new installation first"),
    (built(standalone(main=Main(extra_env={"NUMBER_OF_PROXIES": "1"}))), r"Main.extra_env: .*TRUST_PROXY"),
    (built(standalone(main=Main(extra_env={"DISABLE_FLOWISE_TELEMETRY": "true"}))), r"DISABLE_FLOWISE_TELEMETRY"),
)  # fmt: skip


@pytest.mark.parametrize(("make", "message"), WARNED, ids=lambda part: part[:60] if isinstance(part, str) else "")
def test_warned_of_in_these_words(make: Make, message: str) -> None:
    with pytest.warns(ConfigWarning, match=message):
        make()


def test_a_warning_points_to_the_line_that_made_the_value() -> None:
    with pytest.warns(ConfigWarning) as caught:
        Worker(concurrency=1)
    assert caught[0].filename == __file__


def test_so_does_one_that_a_construct_issues() -> None:
    with pytest.warns(ConfigWarning) as caught:
        StandaloneChart(App(), "chart", auth=AUTH, ingress=INGRESS)
    assert caught[0].filename == __file__


def test_reference_app_ends_with_1_and_writes_nothing(tmp_path: Path) -> None:
    code = (
        "import main, sys\n"
        "from flowise_constructs import Image\n"
        "main.external_postgresql = lambda app: Image(repository='A', tag='latest')\n"
        "sys.exit(main.main())\n"
    )
    environment = {**os.environ, "CDK8S_OUTDIR": str(tmp_path / "dist"), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("2 findings:\n- Image.repository: 'A' must be")
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "dist").exists()
