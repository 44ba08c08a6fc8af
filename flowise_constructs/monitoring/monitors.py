"""The objects that the Prometheus Operator makes a scrape configuration of, and what stands in their place."""

from __future__ import annotations

from collections.abc import Mapping

from cdk8s import ApiObject
from constructs import Construct

from flowise_constructs.kubernetes.identity import Identity
from flowise_constructs.kubernetes.objects import Manifest, api_object, object_meta
from flowise_constructs.kubernetes.references import SecretKey
from flowise_constructs.monitoring.values import Scrape

API_VERSION = "monitoring.coreos.com/v1"
MAIN_PATH = "/api/v1/metrics"
EXPORTER_PATH = "/metrics"
PORT_NAME = "metrics"


def service_monitor(scope: Construct, main: Identity, scrape: Scrape, api_key: SecretKey) -> ApiObject:
    """Main, by its Service. Prometheus' label `job` is the Service's name."""
    endpoint = {
        "port": "http",
        "path": MAIN_PATH,
        **_times(scrape),
        "authorization": {"type": "Bearer", "credentials": {"name": api_key.secret, "key": api_key.key}},
    }
    spec = {"selector": {"matchLabels": dict(main.selector)}, "endpoints": [endpoint]}
    return _monitor(scope, "Resource", "ServiceMonitor", main, scrape, spec)


def pod_monitor(scope: Construct, exporter: Identity, scrape: Scrape) -> ApiObject:
    """An exporter, which nobody but Prometheus asks, and so has no Service. Its `job` is its own name, which the
    operator would put the namespace in front of."""
    endpoint = {
        "port": PORT_NAME,
        "path": EXPORTER_PATH,
        **_times(scrape),
        # The action is the default of the operator's definition: written out, Argo CD sees no difference.
        "relabelings": [{"action": "replace", "targetLabel": "job", "replacement": exporter.name}],
    }
    spec = {"selector": {"matchLabels": dict(exporter.selector)}, "podMetricsEndpoints": [endpoint]}
    return _monitor(scope, "Monitor", "PodMonitor", exporter, scrape, spec)


def scrape_annotations(scrape: Scrape, port: int) -> Mapping[str, str]:
    """What a Prometheus without the operator looks for at an exporter's pod."""
    if scrape.by != "annotations":
        return {}
    return {"prometheus.io/scrape": "true", "prometheus.io/port": str(port), "prometheus.io/path": EXPORTER_PATH}


def _times(scrape: Scrape) -> Manifest:
    return {"interval": f"{scrape.interval_seconds}s", "scrapeTimeout": f"{scrape.timeout_seconds}s"}


def _monitor(scope: Construct, id: str, kind: str, identity: Identity, scrape: Scrape, spec: Manifest) -> ApiObject:
    metadata = object_meta(identity)
    metadata = {**metadata, "labels": {**metadata["labels"], **scrape.labels}}
    return api_object(scope, id, api_version=API_VERSION, kind=kind, metadata=metadata, spec=spec)
