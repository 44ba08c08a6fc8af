"""Values files of other charts: by the keys that give them away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from flowise_constructs.core.plain import is_map
from flowise_constructs.importers.helm.known import KEYS
from flowise_constructs.importers.told_apart import ChartName, chart_of

_OWN = frozenset(
    [
        "architecture",
        "flowise",
        "database",
        "queue",
        "storage",
        "backup",
        "externalSecrets",
        "extraManifests",
        "gateway",
    ]
)
"""Sections that hardly any other chart has."""

_BITNAMI = """
    externalDatabase externalRedis extraEnvVars extraEnvVarsCM extraEnvVarsSecret extraDeploy containerSecurityContext
    diagnosticMode global.imageRegistry global.storageClass global.defaultStorageClass image.registry image.digest
    podAffinityPreset podAntiAffinityPreset nodeAffinityPreset customLivenessProbe customReadinessProbe
    customStartupProbe ingress.hostname volumePermissions
"""
_MANY = """
    replicaCount revisionHistoryLimit autoscaling updateStrategy containerPorts commonAnnotations deploymentAnnotations
    extraArgs hostAliases service.ports service.nodePorts service.targetPort pdb.create kubeVersion namespaceOverride
    enableServiceLinks existingSecret initContainers sidecars command args lifecycleHooks postgresql.primary
    redis.master topologySpreadConstraints runtimeClassName ingress.pathType ingress.className env envFrom
    deploymentStrategy volumes volumeMounts podDisruptionBudget networkPolicy serviceMonitor configMap secrets
"""
_COMMON_LIBRARY = "workload controllers defaultPodOptions portal cnpg ixChartContext TZ"

_CHARTS: Mapping[str, tuple[str, int]] = {
    "a chart in Bitnami's manner": (_BITNAMI, 1),
    "a chart on a common library, such as TrueCharts'": (_COMMON_LIBRARY, 1),
    "another chart": (_MANY, 2),
}
"""Charts, with the keys of which so many tell them."""

_MISSPELT = 0.8

GUIDE = '''see 'flowise-constructs docs migrate-from-helm', "From another chart, Docker Compose or an .env file"'''
"""Where the steps are written down."""

_INSTEAD = (
    "describe the deployment in Python with StandaloneChart, or QueueChart if it has workers; keep the encryption key "
    "and move the data, because another chart's objects and claims have other names: "
    f"{GUIDE}"
)


def another_chart(tree: Mapping[str, Any], chart: ChartName | None = None) -> str | None:
    """Whose values these are, and what to do; None where they may be those of the chart, or of one that is read."""
    told = chart_of(tree)
    if told is not None and told != (chart or told):
        return f"is a values file of the chart {told}/flowise: give --chart {told}, or leave --chart out"
    if "cowboysysop" in (told, chart):
        return None
    if set(tree) & _OWN:
        return None
    for name, (keys, enough) in _CHARTS.items():
        found = [key for key in keys.split() if _has(tree, key)]
        if len(found) >= enough:
            return (
                f"is a values file of {name} ({_listed(found)}), and from-helm reads those of helmforge/flowise "
                f"and cowboysysop/flowise: {_INSTEAD}"
            )
    strange = list(_strange(tree))
    if len(strange) >= (2 if len(strange) == len(tree) else 3):
        return (
            f"is not a values file of the Helm chart helmforge/flowise: {_listed(strange)} are not keys of it. Give "
            f"the release's values (helm get values RELEASE -o yaml); if the release is of another chart: {_INSTEAD}"
        )
    return None


def _has(tree: Mapping[str, Any], key: str) -> bool:
    section, _, rest = key.partition(".")
    if section not in tree or (not rest and section in KEYS):
        return False
    inner = tree[section]
    return not rest or (is_map(inner) and rest in inner)


def _strange(tree: Mapping[str, Any]) -> Iterator[str]:
    return (key for key in tree if key not in KEYS and not get_close_matches(key[:100], list(KEYS), 1, _MISSPELT))


def _listed(keys: list[str]) -> str:
    more = f" and {len(keys) - 5} more" if len(keys) > 5 else ""
    return ", ".join(key[:60] for key in keys[:5]) + more
