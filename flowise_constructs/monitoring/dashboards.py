"""`Dashboards`: what Grafana shows of a deployment."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from types import MappingProxyType

from cdk8s import ApiObject
from constructs import Construct

from flowise_constructs.core.checking import checked
from flowise_constructs.core.rules import naming
from flowise_constructs.flowise.deployment import Deployment
from flowise_constructs.kubernetes.identity import derived
from flowise_constructs.kubernetes.objects import api_object
from flowise_constructs.monitoring.boards.overview import overview
from flowise_constructs.monitoring.boards.panels import Board, dashboard
from flowise_constructs.monitoring.boards.queue import queue_board
from flowise_constructs.monitoring.boards.servers import servers_board
from flowise_constructs.monitoring.thresholds import ScrapeJobs
from flowise_constructs.monitoring.watched import Watched, watched

SIDECAR: Mapping[str, str] = MappingProxyType({"grafana_dashboard": "1"})
NONE: Mapping[str, str] = MappingProxyType({})


class Dashboards(Construct):
    """Dashboards of one deployment for Grafana, a ConfigMap each: `{name}-dashboard-overview`; `-queue` in queue mode;
    `-servers` for the servers that are scraped, volumes and backups. Rows and panels are those that the deployment has
    the parts for, and each query selects its own series by namespace and names of objects.

    Must exist already: a Grafana that loads ConfigMaps by a label, as the sidecar of its Helm chart does; in it a data
    source of type Prometheus, which whoever looks chooses.

    `.dashboards` are the objects by the last part of their names.

    Raises ConfigError where nobody says the namespace.
    """

    dashboards: Mapping[str, ApiObject]
    """The ConfigMaps: `overview`, `queue`, `servers`."""

    @checked
    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        deployment: Deployment,
        jobs: ScrapeJobs | None = None,
        namespace: naming.DnsLabel | None = None,
        labels: Mapping[naming.LabelKey, naming.LabelValue] = SIDECAR,
        annotations: naming.Annotations = NONE,
    ) -> None:
        """`deployment`, `jobs`, `namespace`: as for `AlertRules`. `labels`: what Grafana's sidecar looks for; by
        default `grafana_dashboard: "1"`, as in its Helm charts. `annotations`: of the ConfigMaps. Example:
        `annotations={"grafana_folder": "Flowise"}`.
        """
        super().__init__(scope, id)
        seen = watched(self, "Dashboards", deployment, namespace, jobs)
        boards = [overview(seen), queue_board(seen), servers_board(seen)]
        self.dashboards = {
            board.key: api_object(
                self,
                "Resource" if board.key == "overview" else board.key.title(),
                api_version="v1",
                kind="ConfigMap",
                metadata={
                    "name": derived(seen.name, f"-dashboard-{board.key}"),
                    "namespace": deployment.names.namespace,
                    "labels": {**seen.labels, **labels},
                    "annotations": dict(annotations) or None,
                },
                # The sidecar puts the files of all namespaces into one directory.
                data={f"{seen.namespace}-{seen.name}-{board.key}.json": _text(seen, board)},
            )
            for board in boards
            if board is not None
        }


def _text(seen: Watched, board: Board) -> str:
    whose = f"{seen.namespace}/{seen.name}"
    uid = hashlib.sha256(f"{whose}/{board.key}".encode()).hexdigest()[:16]
    content = dashboard(board, f"flowise-{uid}", f"Flowise {whose}: {board.title}")
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"
