"""What is accepted by Kubernetes and Flowise and can't work: refused, or warned of where it may be meant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cdk8s import App, Chart
from deployments import (
    AUTH,
    AZURE_BY_IDENTITY,
    BACKUP,
    BUCKET,
    CERTIFICATE,
    CHAT_ROUTE,
    GOOGLE_BY_IDENTITY,
    HOST,
    PASSWORD,
    POSTGRES,
    ROUTE,
    queue,
    standalone,
    synthesized,
)

from flowise_constructs import (
    Auth,
    Backup,
    BackupJob,
    BundledPostgres,
    ConfigError,
    ConfigWarning,
    DatabaseTls,
    Doors,
    ExtraClaim,
    Flowise,
    FlowiseMain,
    Image,
    Ingress,
    IngressHost,
    IngressPath,
    IngressTls,
    Istio,
    Linkerd,
    LogClaim,
    Main,
    MysqlDatabase,
    Names,
    OutboundProxy,
    PodOptions,
    PostgresDatabase,
    ProbeNumbers,
    Queue,
    Redis,
    RedisTls,
    Resources,
    S3Bucket,
    SecretKey,
    Security,
    Service,
    ServiceAccount,
    Settings,
    Smtp,
    StandaloneChart,
    Volume,
    Worker,
    WritableSizes,
)

Make = Callable[[], object]


def built(build: Callable[[App], object]) -> Make:
    return lambda: synthesized(build)


def further(**variables: Any) -> Make:
    return lambda: synthesized(standalone(settings=Settings(extra_env=variables)))


def with_annotation(name: str, value: str) -> Make:
    return lambda: Ingress(hosts=[IngressHost(host=HOST)], annotations={name: value})


def with_paths(*paths: IngressPath) -> Make:
    return lambda: IngressHost(host=HOST, paths=list(paths))


def mail(sender: str) -> Smtp:
    return Smtp(host="mail", user="a", password=PASSWORD, sender=sender)


def volume(kind: str, **source: Any) -> Make:
    return lambda: Volume(name="a", source={kind: source}, mount_path="/a")


IDENTITY = {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/flowise"}
NOT_MADE = PodOptions(service_account=ServiceAccount(name="x", create=False))
BY_IDENTITY = S3Bucket(bucket="flowise-files", service_account_annotations=IDENTITY)


def twice_in_one_chart(app: App) -> None:
    chart = Chart(app, "chart")
    FlowiseMain(chart, "A", flowise=Flowise(auth=AUTH, database=POSTGRES))
    FlowiseMain(chart, "B", flowise=Flowise(auth=AUTH, database=POSTGRES))


def twice_of_one_id(app: App) -> None:
    StandaloneChart(app, "flowise", auth=AUTH)
    StandaloneChart(app, "flowise", auth=AUTH, names=Names(name="other"))


def twice_of_one_construct(app: App) -> None:
    chart = Chart(app, "chart")
    FlowiseMain(chart, "Main", flowise=Flowise(auth=AUTH, database=POSTGRES))
    FlowiseMain(chart, "Main", flowise=Flowise(auth=AUTH, database=POSTGRES), names=Names(name="other"))


def called(id: str) -> Make:
    return built(lambda app: StandaloneChart(app, id, auth=AUTH))


def pods(**options: Any) -> Make:
    return lambda: synthesized(standalone(main=Main(pod=PodOptions(**options))))


def of_a_job(**options: Any) -> Make:
    return lambda: synthesized(standalone(backup=replace(BACKUP, pod=PodOptions(**options))))


def sidecar(**fields: Any) -> Make:
    return pods(sidecars=[{"name": "a", "image": "a:1", **fields}])


def served(**fields: Any) -> Make:
    return lambda: Service(**fields)


FURTHER = {"name": "a", "image": "a:1"}
ONE_POD = ExtraClaim(name="models", mount_path="/models")
SHARED = replace(ONE_POD, access_mode="ReadWriteMany")

REFUSED: dict[str, tuple[Make, str]] = {
    "a sidecar that is called like the gate": (
        sidecar(name="gate"),
        "PodOptions.sidecars: 'gate' is a container of ours",
    ),
    "two further containers of one name": (
        pods(sidecars=[FURTHER], init_containers=[FURTHER]),
        "two containers are called 'a'",
    ),
    "a sidecar on our port": (
        sidecar(ports=[{"containerPort": 3000}]),
        "PodOptions.sidecars: 3000/TCP is listened on already in the pod",
    ),
    "a sidecar's port that Services would find": (
        sidecar(ports=[{"name": "http", "containerPort": 1}]),
        "'http' is the name of another port",
    ),
    "a mount of no volume": (
        sidecar(volumeMounts=[{"name": "nothing", "mountPath": "/a"}]),
        "'a' mounts 'nothing', which is no volume of the pod; it has home, data, logs",
    ),
    "a capability": (
        sidecar(securityContext={"capabilities": {"add": ["NET_ADMIN"]}}),
        "has the capability 'NET_ADMIN', which Pod Security 'restricted' refuses",
    ),
    "capabilities that are kept": (
        sidecar(securityContext={"capabilities": {"drop": []}}),
        r"has capabilities.drop \[\]",
    ),
    "a privileged sidecar": (sidecar(securityContext={"privileged": True}), "has securityContext.privileged True"),
    "a sidecar that is root": (sidecar(securityContext={"runAsUser": 0}), "has securityContext.runAsUser 0"),
    "a sidecar with no seccomp": (
        sidecar(securityContext={"seccompProfile": {"type": "Unconfined"}}),
        "has securityContext.seccompProfile of type 'Unconfined'",
    ),
    "a sidecar on the host's port": (sidecar(ports=[{"containerPort": 1, "hostPort": 1}]), "has hostPort, which"),
    "a sidecar that ends": (sidecar(restartPolicy="Never"), "has restartPolicy 'Never': leave it out"),
    "a sidecar whose hook outlasts the pod": (
        sidecar(lifecycle={"preStop": {"sleep": {"seconds": 36}}}),
        "sleeps 36 s before it stops, longer than the 35 s",
    ),
    "a sidecar with a terminal": (sidecar(tty=True), "has tty, which is not taken here"),
    "an init container that runs on": (
        pods(init_containers=[{**FURTHER, "restartPolicy": "Always"}]),
        "belongs into 'sidecars'",
    ),
    "an init container with a probe": (
        pods(init_containers=[{**FURTHER, "readinessProbe": {}}]),
        "has readinessProbe, which a",
    ),
    "a floating image beside ours": (pods(init_containers=[{**FURTHER, "image": "a:latest"}]), "is a floating tag"),
    "after a gate that there isn't": (
        of_a_job(init_containers_after_gate=[FURTHER]),
        "PodOptions.init_containers_after_gate: are for mains and workers",
    ),
    "a volume that nobody mounts": (
        pods(volumes=[Volume(name="a", source={"emptyDir": {}})]),
        "PodOptions.volumes: 'a' has no mount_path, and no further container mounts it",
    ),
    "a part of a volume that isn't mounted": (
        lambda: Volume(name="a", source={"emptyDir": {}}, sub_path="b"),
        "Volume.sub_path: 'b' without mount_path",
    ),
    "a user beside the cluster's": (
        built(
            standalone(
                security=Security.openshift(),
                main=Main(pod=PodOptions(sidecars=[{**FURTHER, "securityContext": {"runAsUser": 7}}])),
            )
        ),
        "'a' says which user it runs as, which the cluster assigns",
    ),
    "no name server": (pods(dns_policy="None"), "PodOptions.dns_policy: 'None' without nameservers"),
    "four name servers": (pods(dns_config={"nameservers": ["10.0.0.1"] * 4}), "has 4 nameservers: at most 3"),
    "an alias without a name": (pods(host_aliases=[{"ip": "10.0.0.7"}]), "has no hostnames"),
    "an alias of no address": (
        pods(host_aliases=[{"ip": "db", "hostnames": ["a"]}]),
        "has ip 'db', which must be an IP",
    ),
    "less time than the hook": (
        pods(termination_grace_seconds=24),
        "Main.pod: termination_grace_seconds 24 is less than 5 s",
    ),
    "a worker's grace twice": (
        lambda: Worker(pod=PodOptions(termination_grace_seconds=60)),
        "Worker.pod: has termination_grace_seconds, which is grace_seconds here",
    ),
    "a worker's claim for one pod": (
        lambda: Worker(pod=PodOptions(claims=[ONE_POD])),
        "Worker.pod: 'models' is a claim for one pod",
    ),
    "a worker's logs for one pod": (
        lambda: Worker(sizes=WritableSizes(logs=LogClaim())),
        "Worker.sizes: 'logs' is a claim for",
    ),
    "mains on a claim for one pod": (
        built(queue(main=Main(replicas=2, pod=PodOptions(claims=[ONE_POD])))),
        "Main.replicas: 2 with the claim 'models', which one pod may use",
    ),
    "a rollout on a claim for one pod": (
        built(queue(main=Main(strategy="RollingUpdate", pod=PodOptions(claims=[ONE_POD])))),
        "Main.strategy: 'RollingUpdate' with a claim that one node holds",
    ),
    "logs on a claim that go to the bucket": (
        built(queue(main=Main(sizes=WritableSizes(logs=LogClaim(access_mode="ReadWriteMany"))))),
        "WritableSizes.logs: a LogClaim with S3Bucket: logs go there with the files",
    ),
    "a claim that is called like a volume of ours": (
        pods(claims=[replace(SHARED, name="logs")]),
        "PodOptions.claims: 'logs' is a volume of the construct",
    ),
    "a claim where something is mounted": (
        pods(claims=[replace(SHARED, mount_path="/tmp")]),
        "PodOptions.claims: '/tmp' is where",
    ),
    "a claim's wrong part": (
        lambda: replace(SHARED, sub_path="../a"),
        "ExtraClaim.sub_path: '../a' must be a relative path",
    ),
    "a job beside a proxy that stays": (
        of_a_job(mesh=Istio(native_sidecar=False)),
        "Istio.native_sidecar: False in a job",
    ),
    "a gate that the proxy cuts off": (
        built(queue(worker=Worker(pod=PodOptions(mesh=Linkerd(native_sidecar=False, exclude_outbound_ports=[6379]))))),
        "Linkerd.exclude_outbound_ports: lacks 5432: the gate needs it before the proxy is there",
    ),
    "a mesh's port twice": (
        lambda: Istio(exclude_outbound_ports=[1, 1]),
        r"Istio.exclude_outbound_ports: \[1, 1\] names",
    ),
    "a mesh's annotation twice": (
        pods(mesh=Istio(), annotations={"sidecar.istio.io/nativeSidecar": "false"}),
        "PodOptions.annotations: 'sidecar.istio.io/nativeSidecar' is set by 'mesh'",
    ),
    "a node's port inside": (served(node_port=30080), "Service.node_port: goes with type NodePort or LoadBalancer"),
    "a policy inside": (served(external_traffic_policy="Local"), "Service.external_traffic_policy: goes with type"),
    "a balancer's class elsewhere": (
        served(type="NodePort", load_balancer_class="a/b"),
        "Service.load_balancer_class: goes with type LoadBalancer, and this is NodePort",
    ),
    "ranges that are none": (
        served(type="LoadBalancer", load_balancer_source_ranges=["10.0.0.1/8"]),
        r"Service.load_balancer_source_ranges: \[0\] '10.0.0.1/8' must be a network",
    ),
    "a model list twice": (
        further(MODEL_LIST_CONFIG_JSON="https://a.b/models.json"),
        "'MODEL_LIST_CONFIG_JSON' is set by Settings.model_list",
    ),
    "a model list that is no URL": (
        lambda: Settings(model_list="models.json"),
        "Settings.model_list: 'models.json' must be",
    ),
    "two namespaces": (
        built(standalone(namespace="a", names=Names(namespace="b"))),
        "namespace: 'a', and Names.namespace 'b': give one",
    ),
    "a variable of 2 MB": (further(TEXT="x" * 2_000_000), r"Settings.extra_env: \['TEXT'\] .* longer than 127 KiB"),
    "a variable just over": (further(TEXT="é" * (64 * 1024)), "longer than 127 KiB"),
    "variables that make an object too large": (
        further(**{f"TEXT_{number}": "x" * 100_000 for number in range(3)}),
        "Deployment flowise: is larger than 250 KiB, which `kubectl apply` can't take",
    ),
    "a database's configuration that is too large": (
        built(standalone(database=BundledPostgres(config={f"a{number}": "x" * 1000 for number in range(400)}))),
        "ConfigMap flowise-postgresql-config: is larger than 250 KiB",
    ),
    "a worker of a sidecar's memory": (
        lambda: Worker(resources=Resources(memory_request="64Mi", memory_limit="128Mi")),
        "Worker.resources: memory_limit '128Mi' is too little",
    ),
    "a main just below": (lambda: Main(resources=Resources(memory_limit="1023Mi", memory_request="1Mi")), "too little"),
    "a startup of a second": (
        lambda: Main(startup=ProbeNumbers(period_seconds=1, failure_threshold=1)),
        "Main.startup: gives a boot 1 s",
    ),
    "a worker's startup of a minute": (
        lambda: Worker(startup=ProbeNumbers(period_seconds=10, failure_threshold=6)),
        "Worker.startup: gives a boot 60 s",
    ),
    "ALB with a certificate": (
        with_annotation("alb.ingress.kubernetes.io/certificate-arn", "arn:aws:acm:eu:1:certificate/a"),
        "Ingress.annotations: 'alb.ingress.kubernetes.io/certificate-arn' .* say tls_in_front=True",
    ),
    "ALB that listens": (
        with_annotation("alb.ingress.kubernetes.io/listen-ports", '[{"HTTPS":443}]'),
        "say tls_in_front=True",
    ),
    "Traefik's TLS": (with_annotation("traefik.ingress.kubernetes.io/router.tls", "true"), "say tls_in_front=True"),
    "Traefik's entry point": (
        with_annotation("traefik.ingress.kubernetes.io/router.entrypoints", "web,websecure"),
        "say tls_in_front=True",
    ),
    "Traefik's TLS for a domain": (
        with_annotation("traefik.ingress.kubernetes.io/router.tls.domains.0.main", HOST),
        "say tls_in_front=True",
    ),
    "a load balancer with a certificate": (
        built(
            standalone(
                main=Main(
                    service=Service(
                        type="LoadBalancer",
                        annotations={"service.beta.kubernetes.io/aws-load-balancer-ssl-cert": "arn:aws:acm:eu:1:a"},
                    )
                )
            )
        ),
        r"Service.annotations: 'service.beta.kubernetes.io/aws-load-balancer-ssl-cert' .* give Settings.app_url",
    ),
    "Google's certificates": (with_annotation("networking.gke.io/managed-certificates", "a"), "tls_in_front=True"),
    "an issuer": (
        with_annotation("cert-manager.io/cluster-issuer", "letsencrypt"),
        "names no Secret .* give IngressTls",
    ),
    "a certificate's name": (with_annotation("cert-manager.io/common-name", HOST), "give IngressTls"),
    "an issuer of the namespace": (with_annotation("cert-manager.io/issuer", "ca"), "give IngressTls"),
    "a base path": (with_paths(IngressPath(path="/flowise")), "IngressHost.paths: lacks '/', which the UI needs"),
    "a base path beside the API": (with_paths(IngressPath(path="/chat"), IngressPath(path="/api/v1")), "lacks '/'"),
    "the root alone": (with_paths(IngressPath(path_type="Exact")), "lacks '/'"),
    "BASE_PATH": (further(BASE_PATH="/flowise"), "Settings.extra_env: 'BASE_PATH' is read by nothing"),
    "NODE_PATH": (further(NODE_PATH="/opt/modules"), "Settings.extra_env: 'NODE_PATH' has no effect"),
    "Azure's storage": (further(AZURE_BLOB_STORAGE_CONTAINER_NAME="a"), "is set by AzureContainer.container"),
    "Google's storage": (
        built(queue(worker=Worker(extra_env={"GOOGLE_CLOUD_STORAGE_BUCKET_NAME": "a"}))),
        "Worker.extra_env: 'GOOGLE_CLOUD_STORAGE_BUCKET_NAME' is set by GcsBucket.bucket",
    ),
    "one key for all": (
        lambda: Auth.from_secret("auth", encryption_key=PASSWORD, token_hash_secret=PASSWORD),
        "Auth.token_hash_secret: is the very key of 'encryption_key'",
    ),
    "one name for two": (
        lambda: Auth.from_secret("auth", jwt_auth_token_secret="jwt-refresh-token-secret"),
        "is the very key",
    ),
    "mail without a public URL": (
        built(standalone(settings=Settings(smtp=mail("a@example.com")))),
        "Flowise.settings: smtp without a public URL",
    ),
    "mail of nobody": (lambda: mail("not an email"), "Smtp.sender: 'not an email' must be a mail address"),
    "mail of two": (lambda: mail("a@example.com, b@example.com"), "must be a mail address"),
    "mail without a name": (lambda: mail("@example.com"), "must be a mail address"),
    "SQLite on upstream's 3.1.4": (
        built(standalone(image=Image(tag="3.1.4"))),
        "Flowise.image: 'docker.io/flowiseai/flowise:3.1.4' doesn't start with SQLite",
    ),
    "SQLite on upstream's 3.1.4 without a host": (
        built(standalone(image=Image(repository="flowiseai/flowise", tag="3.1.4-debian"))),
        "doesn't start with SQLite",
    ),
    "authorities on no volume": (
        further(SSL_CERT_FILE="/etc/ca/ca.crt"),
        r"env\['SSL_CERT_FILE'\]: names '/etc/ca/ca.crt'",
    ),
    "authorities by variable": (
        further(NODE_EXTRA_CA_CERTS="/etc/ca/ca.crt"),
        "'NODE_EXTRA_CA_CERTS' is set by Settings.authorities",
    ),
    "Google's keys on no volume": (
        built(standalone(main=Main(extra_env={"GOOGLE_APPLICATION_CREDENTIALS": "/keys/key.json"}))),
        "on no volume of the pod",
    ),
    "a proxy by variable": (further(HTTPS_PROXY="http://proxy:3128"), "'HTTPS_PROXY' is set by Settings.proxy"),
    "a proxy in small letters": (further(http_proxy="http://proxy:3128"), "'http_proxy' is set by Settings.proxy"),
    "a proxy for all": (further(ALL_PROXY="socks5://proxy:1080"), "'ALL_PROXY' is set by Settings.proxy"),
    "a CA that is cut off": (
        lambda: DatabaseTls(ca=CERTIFICATE * 2 + CERTIFICATE[:50]),
        "DatabaseTls.ca: .*cut off: each needs its BEGIN and its END CERTIFICATE line",
    ),
    "a CA with a letter lost": (
        lambda: Settings(authorities=CERTIFICATE + CERTIFICATE.replace("MIIB", "MII")),
        "Settings.authorities: .*number 2, whose text is damaged",
    ),
    "text between the lines of a certificate": (
        lambda: RedisTls(ca="-----BEGIN CERTIFICATE-----\naGVsbG8gd29ybGQ=\n-----END CERTIFICATE-----\n"),
        "RedisTls.ca: .*number 1, whose text is damaged",
    ),
    "a Redis Cluster": (
        lambda: Redis(host="clustercfg.flowise.abc123.euc1.cache.amazonaws.com"),
        "Redis.host: 'clustercfg.*take a server without cluster mode",
    ),
    "a proxy with a login": (lambda: OutboundProxy(http="http://a:b@proxy:3128"), "belong in a Secret"),
    "an identity that is dropped": (
        built(standalone(database=POSTGRES, storage=BY_IDENTITY, main=Main(pod=NOT_MADE))),
        "S3Bucket.service_account_annotations: can't be put on the account 'x'",
    ),
    "Google's identity that is dropped": (
        built(standalone(database=POSTGRES, storage=GOOGLE_BY_IDENTITY, main=Main(pod=NOT_MADE))),
        "GcsBucket.service_account_annotations: can't be put on the account 'x'",
    ),
    "Azure's identity that is dropped": (
        built(standalone(database=POSTGRES, backup=replace(BACKUP, target=AZURE_BY_IDENTITY, pod=NOT_MADE))),
        "AzureContainer.service_account_annotations: can't be put on the account 'x'",
    ),
    "two identities of one name": (
        built(
            queue(
                storage=GOOGLE_BY_IDENTITY,
                backup=Backup(
                    target=replace(
                        GOOGLE_BY_IDENTITY, service_account_annotations={"iam.gke.io/gcp-service-account": "other@b"}
                    )
                ),
            )
        ),
        "GcsBucket.service_account_annotations: 'iam.gke.io/gcp-service-account' differs between",
    ),
    "Google's key on no volume": (
        built(queue(storage=BUCKET, worker=Worker(extra_env={"GOOGLE_CLOUD_STORAGE_CREDENTIAL": "/key.json"}))),
        "is set by GcsBucket.credentials",
    ),
    "a backup's identity that is dropped": (
        built(standalone(database=POSTGRES, backup=replace(BACKUP, target=BY_IDENTITY, pod=NOT_MADE))),
        "can't be put on the account 'x'",
    ),
    "two deployments of one chart": (built(twice_in_one_chart), "two deployments of one chart are called 'flowise'"),
    "two charts of one id": (built(twice_of_one_id), "StandaloneChart.id: 'flowise' stands there twice"),
    "two constructs of one id": (built(twice_of_one_construct), "FlowiseMain.id: 'Main' stands there twice"),
    "an id with a slash": (called("my chart/x"), "StandaloneChart.id: 'my chart/x' must be letters, digits"),
    "an empty id": (called(""), "StandaloneChart.id: '' must be"),
    "a CA in two forms": (
        lambda: DatabaseTls(ca=CERTIFICATE, ca_base64=PASSWORD),
        "DatabaseTls.ca_base64: is given beside",
    ),
    "Redis' CA in two forms": (
        lambda: RedisTls(ca=CERTIFICATE, ca_base64=PASSWORD),
        "RedisTls.ca_base64: is given beside",
    ),
    "a backup by word": (
        lambda: BackupJob(Chart(App(), "chart"), "B", backup="x", flowise=Flowise(auth=AUTH)),  # type: ignore[arg-type]
        "BackupJob.backup: 'x' must be Backup",
    ),
}

RDS = (
    r"^PostgresDatabase.tls: the certificate of 'db\.abc\..* is signed by Amazon RDS's own authorities, .* docs own-ca$"
)


def rds(host: str) -> PostgresDatabase:
    """A database on RDS, whose certificate nobody trusts."""
    return PostgresDatabase(host=host, password=PASSWORD, tls=DatabaseTls())


WARNED: dict[str, tuple[Make, str]] = {
    "SQLite that goes with the pod": (built(standalone(data=None)), "FlowiseMain.data: None with SQLite"),
    "a directory of the node": (
        volume("hostPath", path="/data"),
        "Volume.source: 'hostPath' is refused in a namespace",
    ),
    "a network share": (volume("nfs", server="nas", path="/data"), "Volume.source: 'nfs' is refused in a namespace"),
    "a model's key": (further(OPENAI_API_KEY="sk-proj-0123456789"), "OPENAI_API_KEY looks like a secret"),
    "a password": (
        built(standalone(main=Main(extra_env={"POSTGRES_VECTORSTORE_PASSWORD": "hunter22"}))),
        "Main.extra_env: POSTGRES_VECTORSTORE_PASSWORD looks like a secret",
    ),
    "a URL with a login": (further(UPSTASH_REDIS="mongodb://user:hunter22@mongo/db"), "looks like a secret"),
    "no check of certificates": (further(NODE_TLS_REJECT_UNAUTHORIZED="0"), "trusts whoever answers"),
    "RDS without its authority": (built(standalone(database=rds("db.abc.eu-west-1.rds.amazonaws.com"))), RDS),
    "RDS in China": (built(standalone(database=rds("db.abc.rds.cn-north-1.amazonaws.com.cn."))), RDS),
    "backups in Flowise's bucket": (
        built(queue(storage=BY_IDENTITY, backup=Backup(target=replace(BY_IDENTITY, region="eu-west-1")))),
        r"^Backup.target: 'flowise-files' is Flowise's own bucket: who loses it, or its keys, loses files and backups at once",
    ),
    "a Sentinel": (lambda: Redis(host="redis", port=26379), "Redis.port: 26379 is Sentinel's"),
    "an address of the reader's": (
        built(
            standalone(
                settings=Settings(app_url="http://localhost:3000"), ingress=Ingress(hosts=[IngressHost(host=HOST)])
            )
        ),
        "Settings.app_url: 'http://localhost:3000' is the address of whoever reads it",
    ),
    "http in front of https": (
        built(
            standalone(
                settings=Settings(app_url=f"http://{HOST}"),
                ingress=Ingress(hosts=[IngressHost(host=HOST)], tls=[IngressTls(hosts=[HOST])]),
            )
        ),
        "is http, but the Ingress serves 'flowise.example.com' over https",
    ),
    "Traefik's entry point's timeouts": (
        lambda: Ingress.traefik(hosts=[IngressHost(host=HOST)]),
        "Ingress.controller: Traefik's timeouts belong to its entry point.*readTimeout to 0",
    ),
    "a retired controller": (
        lambda: Ingress.nginx(hosts=[IngressHost(host=HOST)]),
        "Ingress.controller: ingress-nginx is retired since March 2026",
    ),
    "Contour's patience": (
        lambda: Ingress.contour(hosts=[IngressHost(host=HOST)]),
        "Ingress.controller: Contour cuts .*stream-idle-timeout",
    ),
    "a public door that may be open": (
        lambda: Doors(admin=ROUTE, public=Ingress(hosts=[IngressHost(host="a.example.com")])),
        "Doors.public: an Ingress without 'controller' may forward another path than the one that it matched",
    ),
    "a public door on ALB": (
        lambda: Doors(admin=ROUTE, public=Ingress.alb(hosts=[IngressHost(host="a.example.com")])),
        "Doors.public: controller 'alb' may forward another path",
    ),
    "a gateway with TLS that nobody said": (
        built(standalone(settings=Settings(app_url=f"https://{HOST}"), route=replace(ROUTE, tls=False))),
        "HttpRoute.tls: False, and 'https://flowise.example.com' is https",
    ),
    "http in front of a gateway": (
        built(standalone(settings=Settings(app_url=f"http://{HOST}"), route=ROUTE)),
        "is http, but the HttpRoute serves 'flowise.example.com' over https",
    ),
    "a liveness without patience": (
        lambda: Worker(liveness=ProbeNumbers(period_seconds=1, failure_threshold=1)),
        "Worker.liveness: restarts a pod after less than 15 s",
    ),
    "two charts in one namespace": (
        built(lambda app: [standalone(names=Names(namespace="ai"))(app), queue(names=Names(namespace="ai"))(app)]),
        "Names.name: two charts of this app deploy 'flowise' into the namespace 'ai'",
    ),
    "another file's name": (called("My.Flowise"), "StandaloneChart.id: 'My.Flowise' gives the file a hash in its name"),
}

TAKEN: dict[str, Make] = {
    "large authorities": built(standalone(settings=Settings(authorities=CERTIFICATE * 3000))),
    "a large variable": further(NODE_TEXT="x" * 100 * 1024),
    "the least memory": lambda: Main(resources=Resources(memory_limit="1Gi")),
    "the least startup": lambda: Main(startup=ProbeNumbers(period_seconds=3, failure_threshold=30)),
    "TLS in front": lambda: Ingress(
        hosts=[IngressHost(host=HOST)],
        annotations={"alb.ingress.kubernetes.io/certificate-arn": "arn"},
        tls_in_front=True,
    ),
    "a load balancer with a certificate and a URL": built(
        standalone(
            settings=Settings(app_url=f"https://{HOST}"),
            main=Main(
                service=Service(
                    type="LoadBalancer",
                    annotations={"service.beta.kubernetes.io/aws-load-balancer-ssl-cert": "arn:aws:acm:eu:1:a"},
                )
            ),
        )
    ),
    "certificates with words between": lambda: DatabaseTls(ca=f"# one\n{CERTIFICATE}# two\n{CERTIFICATE}"),
    "an issuer with its Secret": lambda: Ingress(
        hosts=[IngressHost(host=HOST)],
        annotations={"cert-manager.io/issuer": "ca"},
        tls=[IngressTls(hosts=[HOST], secret_name="flowise-tls")],
    ),
    "Traefik without TLS": with_annotation("traefik.ingress.kubernetes.io/router.entrypoints", "web"),
    "a host for the API": with_paths(IngressPath(path="/api/v1/prediction"), IngressPath(path="/api/v1/ping")),
    "two doors of a gateway": built(standalone(doors=Doors(admin=ROUTE, public=CHAT_ROUTE))),
    "a controller that can say all": lambda: Ingress.haproxy(hosts=[IngressHost(host=HOST)]),
    "a path beside the root": with_paths(IngressPath(), IngressPath(path="/flowise")),
    "3.1.4 by digest": built(standalone(image=Image(tag="3.1.4", digest="sha256:" + "0" * 64))),
    "3.1.4 on PostgreSQL": built(standalone(image=Image(tag="3.1.4"), database=POSTGRES)),
    "3.1.4 of one's own": built(standalone(image=Image(repository="registry.example.com/flowise", tag="3.1.4"))),
    "authorities of the image": further(SSL_CERT_FILE="/etc/ssl/certs/ca-certificates.crt"),
    "keys on a volume": built(
        standalone(
            main=Main(
                pod=PodOptions(
                    volumes=[Volume(name="keys", source={"secret": {"secretName": "gcp"}}, mount_path="/keys")]
                ),
                extra_env={"GOOGLE_APPLICATION_CREDENTIALS": "/keys/key.json"},
            )
        )
    ),
    "a secret by reference": further(OPENAI_API_KEY=PASSWORD),
    "a token's life": further(JWT_TOKEN_EXPIRY_IN_MINUTES="60"),
    "a mail's sender with a name": lambda: mail("Flowise <flowise@example.com>"),
    "a proxy with a login by reference": built(
        standalone(settings=Settings(proxy=OutboundProxy(https=SecretKey(secret="proxy", key="url"))))
    ),
    "two releases of two names": built(
        lambda app: [
            standalone(names=Names(namespace="ai"))(app),
            queue(names=Names(namespace="ai", name="other"))(app),
        ]
    ),
    "MySQL's CA in base64": lambda: MysqlDatabase(host="db", password=PASSWORD, tls=DatabaseTls(ca_base64=PASSWORD)),
    "a queue of Redis with PEM": built(
        queue(queue=Queue(redis=Redis(host="r", tls=RedisTls(ca=PASSWORD, certificate=PASSWORD, private_key=PASSWORD))))
    ),
    "RDS with its authority": built(
        standalone(
            database=replace(rds("db.abc.eu-west-1.rds.amazonaws.com"), tls=DatabaseTls(ca=PASSWORD)),
        )
    ),
    "RDS with authorities for everything": built(
        standalone(database=rds("db.abc.eu-west-1.rds.amazonaws.com"), settings=Settings(authorities=PASSWORD))
    ),
    "RDS Proxy": built(standalone(database=rds("flowise.proxy-abc123.eu-west-1.rds.amazonaws.com"))),
    "a server that only looks like RDS": built(standalone(database=rds("rds.amazonaws.com.example.com"))),
    "backups in Flowise's bucket, by a prefix": built(
        queue(storage=BY_IDENTITY, backup=Backup(target=BY_IDENTITY, prefix="backups"))
    ),
    "backups beside Flowise's bucket": built(
        queue(storage=BY_IDENTITY, backup=Backup(target=replace(BY_IDENTITY, bucket="other")))
    ),
    "buckets by identity": built(queue(storage=BY_IDENTITY)),
}


@pytest.mark.filterwarnings("ignore::flowise_constructs.ConfigWarning")
@pytest.mark.parametrize(("make", "message"), REFUSED.values(), ids=REFUSED)
def test_what_can_not_work_is_refused_with_its_mend(make: Make, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as refused:
        make()
    assert "hunter2" not in str(refused.value)
    assert len(str(refused.value)) < 1000


@pytest.mark.parametrize(("make", "message"), WARNED.values(), ids=WARNED)
def test_what_may_be_meant_is_warned_of(make: Make, message: str) -> None:
    with pytest.warns(ConfigWarning, match=message) as warned:
        make()
    assert "hunter2" not in str([str(warning.message) for warning in warned])


@pytest.mark.parametrize("make", TAKEN.values(), ids=TAKEN)
def test_its_neighbours_are_taken(make: Make) -> None:
    make()
