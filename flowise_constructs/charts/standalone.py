"""`StandaloneChart`: one main that does everything."""

from __future__ import annotations

from collections.abc import Mapping

from constructs import Construct

from flowise_constructs.backup.values import Backup
from flowise_constructs.charts.base import FlowiseChart
from flowise_constructs.charts.everywhere import everywhere_in
from flowise_constructs.charts.whole import NONE, ChartId, in_namespace, labels_of_all
from flowise_constructs.core.checking import checked
from flowise_constructs.core.findings import Findings
from flowise_constructs.core.rules import naming
from flowise_constructs.database.values import BundledPostgres, Database, SqliteDatabase
from flowise_constructs.edge.doors import Doors
from flowise_constructs.edge.entrances import Routes
from flowise_constructs.edge.values import Ingress
from flowise_constructs.flowise.auth import Auth
from flowise_constructs.flowise.image import Image
from flowise_constructs.flowise.roles import Main
from flowise_constructs.flowise.settings import Settings
from flowise_constructs.kubernetes.names import Names
from flowise_constructs.kubernetes.registry import Registry
from flowise_constructs.kubernetes.security import Security
from flowise_constructs.owner.values import Owner
from flowise_constructs.storage.values import Claim, DataClaim, LocalStorage, Storage


class StandaloneChart(FlowiseChart):
    """One main that does everything: `FlowiseMain` with a data claim; optionally `PostgresServer`, `BackupJob` and
    `OwnerJob`.

    Must exist already: the Secret of the five keys, and the Secrets that the database and the storage refer to.
    Attributes: `.auth`, `.postgres`, `.storage`, `.main`, `.backup`, `.owner`, `.deployment`.

    Raises ConfigError with every finding.
    """

    @checked
    def __init__(
        self,
        scope: Construct,
        id: ChartId,
        *,
        auth: Auth,
        database: Database | BundledPostgres = SqliteDatabase(),
        storage: Storage = LocalStorage(),
        data: Claim | None = DataClaim(),
        image: Image = Image(),
        settings: Settings = Settings(),
        ingress: Ingress | None = None,
        route: Routes | None = None,
        doors: Doors | None = None,
        main: Main = Main(),
        backup: Backup | None = None,
        owner: Owner | None = None,
        names: Names = Names(),
        namespace: naming.DnsLabel | None = None,
        registry: Registry | None = None,
        security: Security | None = None,
        labels: Mapping[naming.LabelKey, naming.LabelValue] = NONE,
        annotations: naming.Annotations = NONE,
        on_pods: bool = False,
        scripts_apart: bool = False,
    ) -> None:
        """Arguments:

        - `scope`: the `App`.
        - `id`: the name of the file, `{id}.k8s.yaml`. The objects are called as `names` says.
        - `auth`: the Secret of Flowise's five keys.
        - `database`: SQLite on the data volume, a server that exists, or `BundledPostgres()`, which the chart deploys.
        - `storage`: where files are kept: `LocalStorage` on the data volume, `S3Bucket`, `GcsBucket`, `AzureContainer`.
        - `data`: the claim for the data directory: a new `DataClaim`, or an `ExistingClaim`. None: a directory that is
          deleted with the pod.
        - `image`: the Flowise image and its release.
        - `settings`: what Flowise reads from variables: URL, cookies, proxies, limits, mail, metrics, `extra_env`.
        - `ingress`: the way in, and with it the public URL; or one of the next two. None of the three: main's Service
          alone.
        - `route`: in its place an `HttpRoute` of the Gateway API, or several.
        - `doors`: in its place two, one for chats that everybody reaches, one for administrators.
        - `main`: the pods of main: how many, resources, probes, Service, `extra_env`, everything about the pod.
        - `backup`: a scheduled backup of database and files. None: there is none.
        - `owner`: the first account, which a Job makes; main is Ready only once it exists. None: register in the
          browser.
        - `names`: of the objects, where they must be others, such as those of a Helm release.
        - `namespace`: of every object, as `Names.namespace`; objects that are added to the chart get it too.
        - `registry`: a mirror from which every image is pulled. None: the images' own.
        - `security`: which user all pods run as. None: what the bundled servers say, and the default.
        - `labels`: put on every object, beside its own, also of those of this library's constructs that join the chart.
        - `annotations`: likewise.
        - `on_pods`: whether labels and annotations are put on the pods too, which a change of one then replaces.
        - `scripts_apart`: whether the ConfigMaps of scripts are written to a file of their own,
          `{id}-scripts.k8s.yaml`, which a review of the deployment needn't show.
        """
        names = in_namespace(names, namespace)
        super().__init__(scope, id, labels=labels_of_all(labels), namespace=namespace)
        everywhere = everywhere_in(registry, security, (labels, annotations) if on_pods else None)
        self._start(scope, id, labels, everywhere, apart=scripts_apart)
        findings = Findings()
        way_in = {"ingress": ingress, "route": route, "doors": doors}
        flowise = findings.require(
            lambda: self._flowise(names, auth, database, storage, None, image=image, settings=settings, **way_in)
        )
        findings.attempt(lambda: self._main(flowise, main, data, names, owner))
        findings.attempt(lambda: self._backup(flowise, backup, data, names))
        findings.attempt(lambda: self._owner(owner))
        self._finish(findings, annotations)
