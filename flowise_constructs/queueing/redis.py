"""`RedisServer`: the bundled Redis."""

from __future__ import annotations

from constructs import Construct

from flowise_constructs.core.checking import checked
from flowise_constructs.core.rules import quantities
from flowise_constructs.kubernetes import volumes
from flowise_constructs.kubernetes.identity import server_identity
from flowise_constructs.kubernetes.mounted_files import config_map
from flowise_constructs.kubernetes.names import Names
from flowise_constructs.kubernetes.references import SecretKey
from flowise_constructs.kubernetes.scripts import SCRIPTS_DIRECTORY, script
from flowise_constructs.kubernetes.stateful_server import (
    ServerProcess,
    server_workload,
    service,
    service_host,
    stateful_set,
)
from flowise_constructs.queueing.values import BundledRedis, Redis

PORT = 6379
MEMORY_SHARE = 60


class RedisServer(Construct):
    """Redis: StatefulSet `{instance}-redis`, Services `-redis-client` (Flowise's) and `-redis-headless`, ConfigMap
    `-redis-config`, service account; claim `data-{instance}-redis-0`. Exposes `.redis`.

    Must exist already: Secret `{instance}-redis-auth` with key `redis-password`, unless `BundledRedis` names another.

    Every write goes to an append-only file, and nothing is evicted, because BullMQ would lose jobs. When `maxmemory` is
    reached, Redis refuses new jobs instead of being killed. Names, selectors and paths are the Helm chart's.
    """

    redis: Redis
    """The server, for `Queue.redis`."""

    @checked
    def __init__(
        self, scope: Construct, id: str, *, server: BundledRedis = BundledRedis(), names: Names = Names()
    ) -> None:
        super().__init__(scope, id)
        self._server = server
        self._identity = identity = server_identity(names, "redis", server.image.tag)
        default = SecretKey(secret=f"{identity.name}-auth", key="redis-password")
        self._password = (server.password or default) if server.auth else None
        self._config = config_map(self, "Config", identity, "-config", self._files())
        self.headless_service = service(
            self, "HeadlessService", identity, ("redis", PORT), suffix="-headless", headless=True
        )
        self.service = service(self, "Service", identity, ("redis", PORT), suffix="-client", headless=False)
        process = self._process()
        self.workload = server_workload(self, identity, process)
        self.stateful_set = stateful_set(self, self.workload, process, service_host(identity, "-headless"))
        self.redis = Redis(host=service_host(identity, "-client"), port=PORT, password=self._password)

    def _process(self) -> ServerProcess:
        server, secured = self._server, self._password is not None
        config = f"{SCRIPTS_DIRECTORY}/redis.conf"
        return ServerProcess(
            container="redis",
            image=server.image,
            port_name="redis",
            port=PORT,
            command=["sh", f"{SCRIPTS_DIRECTORY}/redis-start.sh"] if secured else ["redis-server", config],
            # redis-cli reads its password from this variable, so that it is on no command line.
            environment={"REDISCLI_AUTH": self._password} if self._password else {},
            probe=("sh", "-c", "redis-cli ping | grep -q PONG"),
            resources=server.resources,
            options=server.pod,
            volumes=[self._config.volume("config"), volumes.empty_dir("run", "1Mi", medium="Memory")],
            mounts=[
                volumes.mount("config", SCRIPTS_DIRECTORY, read_only=True),
                volumes.mount("run", "/run/redis"),
            ],
            data_path="/data",
            size=server.size,
            storage_class=server.storage_class,
            grace_seconds=60,
            security=server.security,
            checksums=self._config.checksum,
        )

    def _files(self) -> dict[str, str]:
        memory = quantities.mebibytes(self._server.resources.memory_limit) * MEMORY_SHARE // 100
        lines = [
            "bind * -::*",
            f"port {PORT}",
            "protected-mode no",
            "dir /data",
            "appendonly yes",
            'save ""',
            f"maxmemory {memory}mb",
            "maxmemory-policy noeviction",
            *(f"{name} {value}" for name, value in self._server.config.items()),
            *(["include /run/redis/auth.conf"] if self._password else []),
        ]
        files = {"redis.conf": "\n".join(lines) + "\n"}
        return {**files, "redis-start.sh": script("redis-start.sh")} if self._password else files
