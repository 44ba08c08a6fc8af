"""A deployment on the node: the synthesized YAML, the servers that it names, and its pods."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cdk8s import App

from boot.client import HOST
from boot.figures import Figures
from boot.install import Release
from boot.kubelet import JobPod, Node, Pod, wait_until
from boot.manifests import Manifests, Secrets
from boot.network import NODE
from boot.servers import S3, Mariadb, Postgres, Redis
from flowise_constructs import (
    Auth,
    BundledPostgres,
    BundledRedis,
    Image,
    Ingress,
    IngressHost,
    Main,
    MariadbDatabase,
    Queue,
    QueueChart,
    S3Bucket,
    S3Credentials,
    SecretKey,
    Security,
    StandaloneChart,
    Worker,
)

BUCKET = "flowise-storage"
S3_PORT = 9000
MARIADB_HOST = "mariadb.example"
EXTERNAL_HOSTS = ("s3.example", MARIADB_HOST, "postgresql.example", "redis.example", "flowise-db-rw")
# Five Flowise processes boot at once on two cores.
BOOT_SECONDS = 400
SECRETS: Secrets = {
    "flowise-auth-secrets": {
        "encryption-key": "a-key-to-encrypt-credentials",
        "jwt-auth-token-secret": "first-secret",
        "jwt-refresh-token-secret": "second-secret",
        "express-session-secret": "third-secret",
        "token-hash-secret": "fourth-secret",
    },
    "flowise-postgresql-auth": {"postgres-password": "the-admin's-password", "user-password": 'the user\'s "password"'},
    "mariadb": {"password": 'the password\'s \\ of "MariaDB"'},
    "flowise-redis-auth": {"redis-password": "the-password-of-redis"},
    "flowise-s3-credentials": {"access-key": "an-access-key", "secret-key": "a-secret-key"},
}
Build = Callable[[App, Image], Any]


def standalone_sqlite(app: App, image: Image) -> StandaloneChart:
    """One pod, its database a file on its volume."""
    return StandaloneChart(app, "standalone-sqlite", auth=Auth.from_secret("flowise-auth-secrets"), image=image)


def standalone_postgresql(app: App, image: Image) -> StandaloneChart:
    """One pod, with a PostgreSQL of its own."""
    auth = Auth.from_secret("flowise-auth-secrets")
    return StandaloneChart(app, "standalone-postgresql", auth=auth, database=BundledPostgres(), image=image)


def standalone_mariadb(app: App, image: Image) -> StandaloneChart:
    """One pod, with a MariaDB that exists."""
    return StandaloneChart(
        app, "standalone-mariadb", auth=Auth.from_secret("flowise-auth-secrets"), database=mariadb(), image=image
    )


def mariadb() -> MariadbDatabase:
    """A MariaDB that exists."""
    return MariadbDatabase(host=MARIADB_HOST, password=SecretKey(secret="mariadb", key="password"))


def bucket() -> S3Bucket:
    """A bucket that exists."""
    return S3Bucket(
        bucket=BUCKET,
        endpoint=f"http://s3.example:{S3_PORT}",
        path_style=True,
        credentials=S3Credentials.from_secret("flowise-s3-credentials"),
    )


def queue(
    app: App,
    image: Image,
    *,
    mains: int = 1,
    workers: int = 1,
    database: MariadbDatabase | None = None,
    security: Security | None = None,
) -> QueueChart:
    """Queue mode behind an Ingress, with a PostgreSQL, unless told, and a Redis of its own and a bucket that exists."""
    return QueueChart(
        app,
        "queue",
        auth=Auth.from_secret("flowise-auth-secrets"),
        database=database or BundledPostgres(),
        queue=Queue(redis=BundledRedis()),
        storage=bucket(),
        image=image,
        ingress=Ingress(hosts=[IngressHost(host=HOST)], class_name="traefik", tls_in_front=True),
        main=Main(replicas=mains, awaits_owner=False),
        worker=Worker(replicas=workers, concurrency=10),
        security=security,
    )


@dataclass(frozen=True)
class Access:
    """How a pod reaches an API server."""

    files: Mapping[str, str]
    variables: Mapping[str, str]


class Deployment:
    """What runs of one synthesized chart. The servers that the YAML names are started; pods are added by `scale`."""

    def __init__(
        self, release: Release, build: Build, figures: Figures, secrets: Secrets, hosts: Sequence[str] = ()
    ) -> None:
        self.release, self.figures, self._build, self._hosts = release, figures, build, hosts
        self._stack = ExitStack()
        self.folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="flowise-boot-")))
        # The servers and the containers have users of their own.
        self.folder.chmod(0o755)
        self.pods: list[Pod] = []
        self.manifests = self._synthesize(release, build, secrets)
        self._node = self._node_of(release, self.manifests)
        self.postgres = self._postgres() if self._has("flowise-postgresql") else None
        self.mariadb = self._mariadb() if MARIADB_HOST in str(self.manifests.template("flowise")) else None
        self.redis = self._redis() if self._has("flowise-redis-client") else None
        self.s3 = self._s3() if "s3.example" in str(self.manifests.template("flowise")) else None

    def upgrade(self, release: Release, build: Build) -> None:
        """Takes another release's YAML for the pods to come."""
        self.release, self._build = release, build
        self.take_over(self._synthesize(release, build, self.manifests.secrets))

    def take_over(self, manifests: Manifests) -> None:
        """Takes YAML of another origin for the pods to come, on the same servers and claims."""
        self.manifests = manifests
        self._node = self._node_of(self.release, manifests)

    def claim(self, name: str) -> Path:
        """What a claim holds."""
        return self._node.claim(name)

    def add(self, deployment: str, build: Build | None = None, secrets: Secrets | None = None) -> Pod:
        """One more pod; of another chart or with other Secrets where they are given."""
        node = self._node
        if build is not None or secrets is not None:
            node = replace(node, manifests=self._synthesize(self.release, build or self._build, secrets or SECRETS))
        pod = Pod(node, deployment, f"{deployment}-{len(self.pods)}")
        self.pods.append(pod)
        return pod

    def run(self, job: str, *, main: Pod | None = None, seconds: float = 120) -> JobPod:
        """The pod of a Job, after its end; main's Service leads to that main."""
        pod = self.add_job(job, main=main)
        pod.wait(seconds)
        return pod

    def add_job(self, job: str, *, main: Pod | None = None) -> JobPod:
        """The pod of a Job."""
        node = replace(self._node, hosts={**self._node.hosts, "flowise": main.address}) if main else self._node
        pod = JobPod(node, job, f"{job}-{len(self.pods)}")
        self.pods.append(pod)
        return pod

    def endpoints(self, service: str) -> list[str]:
        """The addresses that a Service leads to."""
        spec = self.manifests.get("Service", service)["spec"]
        return [pod.address for pod in self.pods if self._is_endpoint(pod, spec)]

    def _is_endpoint(self, pod: Pod, service: dict[str, Any]) -> bool:
        if pod.deleted is not None or not pod.has_started:
            return False
        chosen = service["selector"].items() <= self.manifests.labels(pod.deployment, pod.kind).items()
        return chosen and (pod.ready or service.get("publishNotReadyAddresses", False))

    def run_job(self, *, seconds: float = 120, access: Access | None = None, **secrets: Mapping[str, str]) -> JobPod:
        """One attempt of the Job, to its end; with other Secrets, or with access to an API server, where they are
        given. A headless Service is its first endpoint."""
        manifests = self.manifests
        headless = [entry for entry in manifests.objects if entry.get("spec", {}).get("clusterIP") == "None"]
        found = {name: self.endpoints(name) for name in (entry["metadata"]["name"] for entry in headless)}
        hosts = {name: addresses[0] for name, addresses in found.items() if addresses}
        given = {**manifests.secrets, **{name.replace("_", "-"): content for name, content in secrets.items()}}
        node = replace(
            self._node,
            manifests=replace(manifests, secrets=given, access=access.files if access else {}),
            hosts={**self._node.hosts, **hosts},
            variables=access.variables if access else {},
        )
        [job] = (entry["metadata"]["name"] for entry in manifests.objects if entry["kind"] == "Job")
        pod = JobPod(node, job, f"job-{len(self.pods)}")
        self.pods.append(pod)
        pod.wait(seconds)
        return pod

    def start(self, *deployments: str) -> list[Pod]:
        """As many pods as each Deployment wants, all at once; returns when all are ready."""
        pods = [self.add(name) for name in deployments for _ in range(self.manifests.replicas(name))]
        self.wait_ready(*pods)
        return pods

    def wait_ready(self, *pods: Pod) -> None:
        """Returns when every pod is ready; none may have failed on the way."""

        def settled() -> bool:
            return all(pod.ready for pod in pods) or any(pod.failures() for pod in pods)

        wait_until(settled, BOOT_SECONDS, "all pods ready", self.pods)
        failures = [f"{pod.name}: {event}" for pod in pods for event in pod.failures()]
        assert not failures, "\n".join([*failures, *(pod.story() for pod in pods)])

    def close(self) -> None:
        for pod in self.pods:
            pod.delete(wait=False, force=True)
        for pod in self.pods:
            pod.delete()
        self._stack.close()

    def _synthesize(self, release: Release, build: Build, secrets: Secrets) -> Manifests:
        folder = Path(tempfile.mkdtemp(prefix=f"yaml-{release.version}-", dir=self.folder))
        return Manifests.synthesize(
            lambda app: build(app, Image(repository="registry.example.com/flowise", tag=release.version)),
            secrets,
            folder,
        )

    def _node_of(self, release: Release, manifests: Manifests) -> Node:
        services = [entry["metadata"]["name"] for entry in manifests.objects if entry["kind"] == "Service"]
        hosts = dict.fromkeys([*services, *EXTERNAL_HOSTS, *self._hosts], NODE)
        return Node(manifests=manifests, release=release, hosts=hosts, folder=self.folder, figures=self.figures)

    def _has(self, service: str) -> bool:
        return any(
            entry["kind"] == "Service" and entry["metadata"]["name"] == service for entry in self.manifests.objects
        )

    def _port(self, service: str) -> int:
        port: int = self.manifests.get("Service", service)["spec"]["ports"][0]["port"]
        return port

    def _postgres(self) -> Postgres:
        passwords = self.manifests.secrets["flowise-postgresql-auth"]
        server = Postgres(
            self.folder / "postgresql",
            port=self._port("flowise-postgresql"),
            admin_password=passwords["postgres-password"],
        )
        server.start()
        self._stack.callback(server.stop)
        server.query("CREATE DATABASE flowise")
        self._bootstrap(server, passwords["user-password"])
        return server

    def _bootstrap(self, server: Postgres, password: str) -> None:
        folder = self.folder / "initdb"
        folder.mkdir()
        (folder / "password").write_text(password)
        environment = {
            "POSTGRES_USER": "postgres",
            "POSTGRES_DB": "flowise",
            "APPLICATION_ROLE": "flowise",
            "APPLICATION_PASSWORD_FILE": str(folder / "password"),
        }
        for name, content in sorted(self.manifests.get("ConfigMap", "flowise-postgresql-initdb")["data"].items()):
            (folder / name).write_text(content)
            server.run_script(folder / name, environment)

    def _mariadb(self) -> Mariadb:
        password = self.manifests.secrets["mariadb"]["password"]
        server = Mariadb(self.folder / "mariadb", port=3306, password=password)
        server.start()
        self._stack.callback(server.stop)
        server.make_database()
        return server

    def _redis(self) -> Redis:
        password = self.manifests.secrets["flowise-redis-auth"]["redis-password"]
        server = Redis(self.folder / "redis", port=self._port("flowise-redis-client"), password=password)
        server.start()
        self._stack.callback(server.stop)
        return server

    def _s3(self) -> S3:
        server = S3(self.folder / "s3", port=S3_PORT)
        server.start()
        self._stack.callback(server.stop)
        server.make_bucket(BUCKET)
        return server


@contextmanager
def deployed(
    release: Release, build: Build, figures: Figures, secrets: Secrets = SECRETS, hosts: Sequence[str] = ()
) -> Iterator[Deployment]:
    """A deployment that is gone afterwards, whatever happens. `hosts` are further names of the node."""
    deployment = Deployment(release, build, figures, secrets, hosts)
    try:
        yield deployment
    except BaseException:
        print("\n".join(pod.story() for pod in deployment.pods))
        raise
    finally:
        deployment.close()
