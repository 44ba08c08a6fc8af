"""One deployment as Prometheus sees it: which series are its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from cdk8s import Chart
from constructs import Construct

from flowise_constructs.core.findings import ConfigError, Finding
from flowise_constructs.edge.routes import HttpRoute
from flowise_constructs.edge.values import Ingress
from flowise_constructs.flowise.deployment import Deployment
from flowise_constructs.kubernetes.identity import flowise_identity
from flowise_constructs.kubernetes.workload import Workload
from flowise_constructs.monitoring.thresholds import ScrapeJobs

_RANDOM = "[bcdfghjklmnpqrstvwxz2456789]"
"""The letters that Kubernetes makes names of pods with: no vowels, so that `flowise-owner-x7k2p` is no pod of main."""


@dataclass(frozen=True, kw_only=True)
class Watched:
    """A deployment, its namespace, and the targets that have its figures."""

    deployment: Deployment
    namespace: str
    jobs: ScrapeJobs

    @property
    def name(self) -> str:
        """`Names.name`."""
        return self.deployment.names.name

    @property
    def labels(self) -> dict[str, str]:
        """Labels of the objects that are made for it."""
        return flowise_identity(self.deployment.names, "monitoring").labels

    @property
    def main(self) -> str:
        """Name of main's Deployment."""
        return self._named("main").name

    @property
    def worker(self) -> str | None:
        """Name of the workers' Deployment."""
        worker = self.deployment.workload("worker")
        return worker.name if worker else None

    @property
    def deployments(self) -> tuple[str, ...]:
        """Names of main's and of the workers' Deployment."""
        return (self.main, *([self.worker] if self.worker else []))

    def cron_job(self, component: str) -> str | None:
        """Name of the CronJob of backups or drills."""
        found = self.deployment.workload(component)
        return found.name if found and found.kind == "CronJob" else None

    @property
    def cron_jobs(self) -> tuple[str, ...]:
        """Names of the CronJobs of backups and drills."""
        return tuple(name for name in map(self.cron_job, ("backup", "drill")) if name)

    @property
    def single_jobs(self) -> tuple[str, ...]:
        """Names of the Jobs that run once, such as a restore."""
        return tuple(item.name for item in self.deployment.workloads if item.kind == "Job")

    def series(self, metric: str, *matchers: str, **labels: str | None) -> str:
        """The series of a metric in the deployment's namespace: with labels of these values, and whatever matches."""
        equal = [f'{name}="{value}"' for name, value in {"namespace": self.namespace, **labels}.items()]
        return f"{metric}{{{','.join([*equal, *matchers])}}}"

    def of_deployment(self, metric: str, name: str) -> str:
        """A figure of kube-state-metrics on a Deployment, once, however many of its pods are scraped."""
        return f"max by (namespace, deployment) ({self.series(metric, deployment=name)})"

    def pods(self, *kinds: str) -> str:
        """A matcher of the label `pod`: the pods of its Deployments and StatefulSets."""
        found = [_pods(item) for item in self.deployment.workloads if item.kind in kinds]
        return matching("pod", found)

    def pods_of(self, name: str) -> str:
        """The same, of one of them."""
        return matching("pod", [_pods(item) for item in self.deployment.workloads if item.name == name])

    @property
    def claims(self) -> str | None:
        """A matcher of the label `persistentvolumeclaim`: the claims of its pods. None if there are none."""
        found = dict.fromkeys(claim for item in self.deployment.workloads for claim in _claims(item))
        return matching("persistentvolumeclaim", map(literal, found)) if found else None

    @property
    def certificates(self) -> tuple[str, ...]:
        """Names of the Secrets with the certificates of its ways in."""
        ingresses = [way for way in self._ways if isinstance(way, Ingress)]
        names = (entry.secret_name for way in ingresses for entry in way.tls if entry.secret_name)
        return tuple(dict.fromkeys(names))

    @property
    def https_hosts(self) -> tuple[str, ...]:
        """The hosts that browsers reach over https, without wildcards."""
        hosts = (host for way in self._ways for host in _hosts(way) if way.serves_tls(host))
        return tuple(dict.fromkeys(host for host in hosts if not host.startswith("*.")))

    @property
    def _ways(self) -> Iterator[Ingress | HttpRoute]:
        entrances = self.deployment.flowise.entrances
        yield from entrances.all
        if entrances.public is not None:
            yield entrances.public

    def _named(self, component: str) -> Workload:
        found = self.deployment.workload(component)
        assert found is not None
        return found


def watched(
    scope: Construct, owner: str, deployment: Deployment, namespace: str | None, jobs: ScrapeJobs | None
) -> Watched:
    """What an argument says, or else the deployment. ConfigError if nobody says the namespace."""
    known = namespace or deployment.names.namespace or Chart.of(scope).namespace
    if known is None:
        problem = "is not known: without it the alerts and panels of two deployments would see each other's figures"
        mend = f"give {owner}(namespace='ai'), or Names.namespace"
        raise ConfigError([Finding(f"{owner}.namespace", f"{problem}; {mend}")])
    if deployment.names.namespace not in (None, known):
        problem = f"{known!r} is not the deployment's {deployment.names.namespace!r}: leave it out"
        raise ConfigError([Finding(f"{owner}.namespace", problem)])
    return Watched(deployment=deployment, namespace=known, jobs=jobs or _usual(deployment))


def _usual(deployment: Deployment) -> ScrapeJobs:
    """Main, where it has metrics, and the exporters that belong to the deployment."""
    metrics = deployment.flowise.settings.metrics
    main = deployment.names.name if metrics is not None and metrics.provider == "prometheus" else None
    exporters = {server: deployment.workload(f"{server}-exporter") for server in ("queue", "postgresql", "redis")}
    return ScrapeJobs(main=main, **{server: found.name for server, found in exporters.items() if found})


def literal(name: str) -> str:
    """A name in a regular expression."""
    return name.replace(".", "[.]")


def matching(label: str, patterns: Iterable[str]) -> str:
    """A matcher: the label is one of these regular expressions."""
    return f'{label}=~"{"|".join(patterns)}"'


def _pods(workload: Workload) -> str:
    last = "[0-9]+" if workload.kind == "StatefulSet" else f"{_RANDOM}+-{_RANDOM}{{5}}"
    return f"{literal(workload.name)}-{last}"


def _claims(workload: Workload) -> Iterator[str]:
    spec = workload.template["spec"]
    volumes: Sequence[dict[str, dict[str, str]]] = spec.get("volumes") or ()
    yield from (item["persistentVolumeClaim"]["claimName"] for item in volumes if "persistentVolumeClaim" in item)
    if workload.kind == "StatefulSet":
        named = {str(item["name"]) for item in volumes}
        mounts = [str(mount["name"]) for container in spec["containers"] for mount in container["volumeMounts"]]
        yield from (f"{name}-{workload.name}-0" for name in dict.fromkeys(mounts) if name not in named)


def _hosts(way: Ingress | HttpRoute) -> Sequence[str]:
    return way.hosts if isinstance(way, HttpRoute) else [entry.host for entry in way.hosts]
