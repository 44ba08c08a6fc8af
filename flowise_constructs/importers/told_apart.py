"""Which chart a values file is of, by the keys that only one of them has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from flowise_constructs.core.plain import is_list, is_map

ChartName = Literal["helmforge", "cowboysysop"]
"""The repository of a chart that is called flowise."""

_HELMFORGE = """
    architecture flowise database queue storage backup externalSecrets extraManifests gateway auth
    postgresql.standalone postgresql.config redis.standalone redis.external redis.config service.port imagePullSecrets
"""
_COWBOYSYSOP = """
    externalMariadb externalPostgresql mariadb existingSecretKeyEncryptionKey config.mode config.encryptionKey
    config.username config.password worker.enabled
"""
"""Keys that no other chart has."""
_BITNAMI = """
    externalRedis extraEnvVars extraEnvVarsCM extraEnvVarsSecret extraDeploy global.imageRegistry image.registry
    image.digest commonAnnotations deploymentAnnotations containerPorts wait.image
"""
"""Keys of charts in Bitnami's manner, of which it is one."""
_COMMON = """
    worker tests existingSecret extraArgs enableServiceLinks hostAliases kubeVersion namespaceOverride pdb replicaCount
    revisionHistoryLimit updateStrategy runtimeClassName topologySpreadConstraints ingress.pathType service.ports
    service.nodePorts service.clusterIP service.loadBalancerIP service.loadBalancerSourceRanges
    service.externalTrafficPolicy service.sessionAffinity postgresql.primary redis.master
    livenessProbe.successThreshold readinessProbe.successThreshold startupProbe.successThreshold
"""
"""Keys of many charts: two tell."""
_OTHERS = """
    externalDatabase containerSecurityContext diagnosticMode podAffinityPreset podAntiAffinityPreset nodeAffinityPreset
    customLivenessProbe customReadinessProbe customStartupProbe ingress.hostname ingress.className volumePermissions
    autoscaling initContainers sidecars command args lifecycleHooks env envFrom deploymentStrategy volumes volumeMounts
    podDisruptionBudget networkPolicy serviceMonitor configMap secrets workload controllers defaultPodOptions portal
    cnpg ixChartContext TZ service.targetPort
"""


def chart_of(tree: Mapping[str, Any]) -> ChartName | None:
    """The chart that the keys tell of; None where they are of both, or of neither."""
    if any(_found(tree, _HELMFORGE)):
        return "helmforge"
    if any(_found(tree, _COWBOYSYSOP)):
        return "cowboysysop"
    if any(_found(tree, _OTHERS)):
        return None
    common = sum(1 for _ in _found(tree, _COMMON)) + _has_paths_as_text(tree)
    return "cowboysysop" if any(_found(tree, _BITNAMI)) or common > 1 else None


def _found(tree: Mapping[str, Any], keys: str) -> Iterator[str]:
    return (key for key in keys.split() if _has(tree, key))


def _has(tree: Mapping[str, Any], path: str) -> bool:
    inner: Any = tree
    for key in path.split("."):
        if not is_map(inner) or key not in inner:
            return False
        inner = inner[key]
    return True


def _has_paths_as_text(tree: Mapping[str, Any]) -> bool:
    hosts = tree["ingress"].get("hosts") if is_map(tree.get("ingress")) else None
    paths = [item.get("paths") for item in hosts if is_map(item)] if is_list(hosts) else []
    return any(is_list(words) and any(isinstance(word, str) for word in words) for words in paths)
