"""The exporter of the queues: a process of the Flowise image with BullMQ's own numbers."""

from __future__ import annotations

from constructs import Construct

from flowise_constructs.core.rules import quantities
from flowise_constructs.flowise.certificates import certificates_of
from flowise_constructs.flowise.deployment import Deployment
from flowise_constructs.flowise.pod import SCRIPTS_SUFFIX, UID
from flowise_constructs.flowise.variables import AUTHORITIES_FILE, CERTIFICATES_SCRIPT, HEAP_SHARE
from flowise_constructs.kubernetes import pods, volumes
from flowise_constructs.kubernetes.certificates import Certificates
from flowise_constructs.kubernetes.identity import flowise_identity
from flowise_constructs.kubernetes.mounted_files import config_map
from flowise_constructs.kubernetes.objects import Manifest
from flowise_constructs.kubernetes.scripts import SCRIPTS_DIRECTORY, scripts
from flowise_constructs.monitoring.exporter import Exporter, ExporterProcess
from flowise_constructs.monitoring.values import QueueExporter, Scrape
from flowise_constructs.queueing import variables as queueing
from flowise_constructs.queueing.variables import queue_files

COMPONENT = "queue-exporter"
SCRIPT = "queue-exporter.js"
PORT = 9464


def queue_exporter(
    scope: Construct, id: str, *, deployment: Deployment, values: QueueExporter, scrape: Scrape
) -> Exporter:
    """Deployment `{name}-queue-exporter`, its ConfigMap of scripts and its service account."""
    flowise, certificates = deployment.flowise, _certificates(deployment)
    identity = flowise_identity(deployment.names, COMPONENT, suffix=f"-{COMPONENT}", version=flowise.image.tag)
    preloaded = [CERTIFICATES_SCRIPT] if certificates else []
    files = config_map(scope, f"{id}Scripts", identity, SCRIPTS_SUFFIX, scripts(SCRIPT, *preloaded))
    process = ExporterProcess(
        image=flowise.image,
        port=PORT,
        probe_path="/healthz",
        uid=UID,
        command=["node", f"{SCRIPTS_DIRECTORY}/{SCRIPT}"],
        variables=[*_connection(deployment), *pods.variables(_own_variables(deployment, values, certificates))],
        resources=values.resources,
        options=values.pod,
        volumes=[files.volume("scripts"), *certificates.volume()],
        mounts=[volumes.mount("scripts", SCRIPTS_DIRECTORY, read_only=True), *certificates.mount()],
        checksums={**files.checksum, **certificates.checksum},
    )
    return Exporter(scope, id, identity=identity, process=process, security=flowise.security, scrape=scrape)


def _certificates(deployment: Deployment) -> Certificates:
    """Those that Redis needs, in main's ConfigMap where they are given as text."""
    queue = deployment.flowise.queue
    assert queue is not None
    return certificates_of(deployment.flowise, deployment.names).only(AUTHORITIES_FILE, *queue_files(queue))


def _connection(deployment: Deployment) -> list[Manifest]:
    """How main reaches Redis, as a hook may have changed it, and what the queues are called."""
    main = deployment.workloads[0].template["spec"]["containers"][0]
    wanted = (queueing.NAME, "NODE_EXTRA_CA_CERTS")
    return [entry for entry in main["env"] if entry["name"] in wanted or entry["name"].startswith(queueing.PREFIX)]


def _own_variables(deployment: Deployment, values: QueueExporter, certificates: Certificates) -> dict[str, str]:
    heap = quantities.mebibytes(values.resources.memory_limit) * HEAP_SHARE // 100
    preload = f" --require={SCRIPTS_DIRECTORY}/{CERTIFICATES_SCRIPT}" if certificates else ""
    return {
        "NODE_OPTIONS": f"--max-old-space-size={heap}{preload}",
        "EXPORTER_PORT": str(PORT),
        "EXPORTER_FLOWISE_RELEASE": deployment.flowise.image.flowise.tag,
    }
