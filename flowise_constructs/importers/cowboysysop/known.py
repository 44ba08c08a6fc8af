"""The keys of the chart, with the defaults of its version 6.0.0."""

from __future__ import annotations

from flowise_constructs.importers.cowboysysop.known_servers import MARIADB, POSTGRESQL, REDIS
from flowise_constructs.importers.tables import ANY_SCALAR, ANYTHING, Section, Table

SECRET_KEYS = frozenset(
    [
        "password",
        "encryptionKey",
        "rootPassword",
        "postgresPassword",
        "replicationPassword",
    ]
)
"""Keys whose values are never shown in messages."""

DEFAULT_RELEASE = "3.0.3"
"""The Flowise that the chart's version 6.0.0 runs if the values say nothing."""


def _image(repository: str, tag: str, registry: str = "docker.io") -> Section:
    return {
        "registry": registry,
        "repository": repository,
        "tag": tag,
        "digest": "",
        "pullPolicy": "IfNotPresent",
        "pullSecrets": [],
    }


def _probe(*, enabled: bool) -> Section:
    return {
        "enabled": enabled,
        "initialDelaySeconds": 0,
        "periodSeconds": 10,
        "timeoutSeconds": 1,
        "failureThreshold": 3,
        "successThreshold": 1,
    }


def _role(image: str, port: str, number: int) -> Section:
    """What the values have for main, and below `worker` for workers."""
    return {
        "replicaCount": 1,
        "revisionHistoryLimit": 10,
        "image": _image(image, DEFAULT_RELEASE),
        "pdb": {"create": False, "minAvailable": ANY_SCALAR, "maxUnavailable": ANY_SCALAR},
        "serviceAccount": {"create": True, "annotations": {}, "name": ""},
        "enableServiceLinks": False,
        "hostAliases": [],
        "deploymentAnnotations": {},
        "podAnnotations": {},
        "podLabels": {},
        "podSecurityContext": {},
        "priorityClassName": "",
        "runtimeClassName": "",
        "topologySpreadConstraints": [],
        "securityContext": {},
        "containerPorts": {port: number},
        "livenessProbe": _probe(enabled=True),
        "readinessProbe": _probe(enabled=True),
        "startupProbe": _probe(enabled=False),
        "resources": {},
        "nodeSelector": {},
        "tolerations": [],
        "affinity": {},
        "extraArgs": {},
        "extraEnvVars": [],
        "extraEnvVarsCM": "",
        "extraEnvVarsSecret": "",
        "extraVolumes": [],
        "extraVolumeMounts": [],
    }


def _external(host: str, port: int, key: str, **more: str) -> Section:
    return {
        "enabled": False,
        "host": host,
        "port": port,
        "password": "flowise",
        "existingSecret": "",
        "existingSecretKeyPassword": key,
        **more,
    }


KEYS: Section = {
    **_role("flowiseai/flowise", "http", 3000),
    "global": {
        "imageRegistry": "",
        "imagePullSecrets": [],
        "storageClass": ANYTHING,
        "defaultStorageClass": ANYTHING,
        "security": ANYTHING,
        "compatibility": ANYTHING,
        "postgresql": ANYTHING,
        "redis": ANYTHING,
    },
    "kubeVersion": "",
    "nameOverride": "",
    "fullnameOverride": "",
    "namespaceOverride": "",
    "commonAnnotations": {},
    "commonLabels": {},
    "extraDeploy": [],
    "updateStrategy": {"type": "Recreate", "rollingUpdate": ANYTHING},
    "service": {
        "annotations": {},
        "type": "ClusterIP",
        "clusterIP": "",
        "ipFamilyPolicy": "",
        "ipFamilies": [],
        "sessionAffinity": "None",
        "sessionAffinityConfig": {},
        "loadBalancerIP": "",
        "loadBalancerSourceRanges": [],
        "externalTrafficPolicy": "Cluster",
        "ports": {"http": 3000},
        "nodePorts": {"http": ANY_SCALAR},
    },
    "ingress": {
        "enabled": False,
        "ingressClassName": "",
        "pathType": "ImplementationSpecific",
        "annotations": {},
        "hosts": [{"host": "flowise.local", "paths": ["/"]}],
        "tls": [],
    },
    "persistence": {
        "enabled": False,
        "existingClaim": "",
        "accessMode": "ReadWriteOnce",
        "annotations": {},
        "size": "1Gi",
        "storageClass": "",
    },
    "config": {"mode": "main", "encryptionKey": "", "username": "", "password": ""},
    "existingSecret": "",
    "existingSecretKeyEncryptionKey": "encryption-key",
    "worker": {"enabled": False, **_role("flowiseai/flowise-worker", "probes", 5566)},
    "mariadb": MARIADB,
    "externalMariadb": _external("mariadb", 3306, "mariadb-password", username="flowise", database="flowise"),
    "postgresql": POSTGRESQL,
    "externalPostgresql": _external("postgresql", 5432, "password", username="flowise", database="flowise"),
    "redis": REDIS,
    "externalRedis": _external("redis", 6379, "redis-password"),
    "wait": {
        "image": _image("wait4x/wait4x", "3.3.1"),
        "securityContext": {},
        "resources": {},
        "extraVolumeMounts": [],
    },
    "tests": {"image": _image("cowboysysop/pytest", "1.2.0", "ghcr.io")},
}

TABLE = Table(
    keys=KEYS,
    secret_keys=SECRET_KEYS,
    sections=("worker", "config", "persistence", "externalPostgresql", "externalMariadb", "externalRedis"),
)
