"""The keys of the chart's two subcharts, and those they share with the chart itself."""

from __future__ import annotations

from typing import Any

from flowise_constructs.importers.tables import ANY_SCALAR, Section


def probe(delay: int, period: int, timeout: int, failures: int, **more: Any) -> Section:
    numbers = {
        "initialDelaySeconds": delay,
        "periodSeconds": period,
        "timeoutSeconds": timeout,
        "failureThreshold": failures,
    }
    return {**more, **numbers}


def names(*names: str) -> Section:
    return dict.fromkeys(names, ANY_SCALAR)


def external_secret(*parts: str) -> Section:
    return {
        "enabled": False,
        "apiVersion": "external-secrets.io/v1",
        "refreshInterval": "0",
        "secretStoreRef": {"name": "", "kind": "SecretStore"},
        "target": {"creationPolicy": "Owner"},
        **{part: {} for part in parts},
    }


IMAGE: Section = {"repository": "", "tag": "", "pullPolicy": "IfNotPresent"}
METRICS: Section = {
    "enabled": False,
    "image": IMAGE,
    "resources": {},
    "serviceMonitor": {"enabled": False, "interval": "30s", "labels": {}},
}

SCHEDULING: Section = {"nodeSelector": {}, "tolerations": [], "affinity": {}, "priorityClassName": ""}

SERVER_POD: Section = {
    **SCHEDULING,
    "nameOverride": "",
    "fullnameOverride": "",
    "commonLabels": {},
    "clusterDomain": "cluster.local",
    "imagePullSecrets": [],
    "podSecurityContext": {},
    "securityContext": {},
    "podLabels": {},
    "podAnnotations": {},
    "annotations": {},
    "topologySpreadConstraints": [],
    "extraEnv": [],
    "extraVolumes": [],
    "extraVolumeMounts": [],
    "global": {},
}


def claim(size: str) -> Section:
    return {"enabled": True, "storageClass": "", "accessModes": ["ReadWriteOnce"], "size": size}


def backup(**more: Any) -> Section:
    return {
        "enabled": False,
        "schedule": "0 3 * * *",
        "suspend": False,
        "concurrencyPolicy": "Forbid",
        "successfulJobsHistoryLimit": 3,
        "failedJobsHistoryLimit": 3,
        "backoffLimit": 1,
        "archivePrefix": "flowise",
        "resources": {},
        "s3": {
            "endpoint": "",
            "bucket": "",
            "prefix": "flowise",
            "createBucketIfNotExists": True,
            "existingSecret": "",
            "existingSecretAccessKeyKey": "access-key",
            "existingSecretSecretKeyKey": "secret-key",
            "accessKey": "",
            "secretKey": "",
        },
        **more,
    }


POSTGRESQL: Section = {
    **SERVER_POD,
    "enabled": False,
    "architecture": "standalone",
    "image": {**IMAGE, "repository": "docker.io/library/postgres", "tag": ""},
    "auth": {
        "postgresPassword": "",
        "database": "flowise",
        "username": "flowise",
        "password": "",
        "replicationUsername": "replicator",
        "replicationPassword": "",
        "allowPasswordGenerationWithExistingData": False,
        "existingSecret": "",
        "existingSecretPostgresPasswordKey": "postgres-password",
        "existingSecretUserPasswordKey": "user-password",
        "existingSecretReplicationPasswordKey": "replication-password",
    },
    "config": {
        "localAuthMethod": "scram-sha-256",
        "allowedClientCIDRs": ["0.0.0.0/0", "::/0"],
        "allowedReplicationCIDRs": ["0.0.0.0/0", "::/0"],
        "preset": "none",
        "postgresql": "",
        "pgHbaEntries": [],
        "pgHba": "",
    },
    "tls": {
        "enabled": False,
        **names("existingSecret", "certFilename", "keyFilename", "caFilename", "sslMode", "minProtocolVersion"),
        "volumePermissions": {},
    },
    "externalSecrets": external_secret("auth", "tls", "backup"),
    "initdb": {"runDefaultScript": True, "scripts": {}, "existingConfigMap": ""},
    "standalone": {"resourcesPreset": "small", "persistence": claim("8Gi"), "resources": {}},
    "replication": {name: {} for name in ("primary", "readReplicas", "wal", "slots", "pdb", "scheduling")},
    "service": {
        "type": "ClusterIP",
        "annotations": {},
        "primaryAnnotations": {},
        "replicasAnnotations": {},
        "port": 5432,
        "metricsPort": 9187,
        "ipFamilyPolicy": "",
        "ipFamilies": [],
    },
    "metrics": {**METRICS, "resourcesPreset": "small", "service": {"annotations": {}}},
    "backup": backup(
        archivePrefix="postgresql",
        images={"uploader": IMAGE, "postgresql": IMAGE},
        database={"pgDumpAllArgs": "--clean --if-exists"},
    ),
    "networkPolicy": {"enabled": False, "ingress": {}, "egress": {}},
    "pdb": {"enabled": False, **names("minAvailable", "maxUnavailable")},
    "serviceAccount": {"create": False, "name": "", "annotations": {}, "automountServiceAccountToken": False},
    "livenessProbe": probe(60, 20, 5, 6, enabled=True),
    "readinessProbe": probe(20, 10, 5, 6, enabled=True),
    "startupProbe": probe(10, 10, 5, 60, enabled=True),
    "terminationGracePeriodSeconds": 120,
}

REDIS: Section = {
    **SERVER_POD,
    "enabled": False,
    "architecture": "standalone",
    "image": {**IMAGE, "repository": "docker.io/library/redis", "tag": ""},
    "auth": {
        "enabled": True,
        "password": "",
        "existingSecret": "",
        "existingSecretPasswordKey": "redis-password",
        "sentinel": False,
    },
    "tls": {"enabled": False, **names("existingSecret", "certFilename", "keyFilename", "caFilename")},
    "standalone": {"persistence": claim("1Gi"), "resources": {}},
    "replication": {**names("replicaCount"), "primary": {}, "replica": {}},
    "node": {**names("replicaCount"), "persistence": {}, "resources": {}},
    "sentinel": {
        **names("replicaCount", "masterSet", "quorum", "downAfterMilliseconds", "failoverTimeout", "parallelSyncs"),
        "gracefulFailover": {},
        "startupFailoverGuard": {},
        "persistence": {},
        "resources": {},
    },
    "cluster": {**names("nodes", "replicasPerMaster"), "initJob": {}, "persistence": {}, "resources": {}},
    "config": {"redis": "", "sentinel": ""},
    "service": {
        "type": "ClusterIP",
        "annotations": {},
        **{f"{name}Annotations": {} for name in ("client", "primary", "replica", "sentinel", "cluster")},
        "ports": {"redis": 6379, "sentinel": 26379, "metrics": 9121},
        "ipFamilyPolicy": "",
        "ipFamilies": [],
    },
    "serviceAccount": {"create": False, "name": "", "annotations": {}},
    "livenessProbe": probe(20, 15, 5, 6),
    "readinessProbe": probe(10, 10, 5, 3),
    "startupProbe": probe(5, 10, 5, 30),
    "metrics": METRICS,
    "terminationGracePeriodSeconds": 60,
    "pdb": {"enabled": False},
    "extraManifests": [],
    "externalSecrets": {**external_secret(), "data": []},
    "external": {
        "host": "",
        "port": ANY_SCALAR,
        "username": "",
        "password": "",
        "existingSecret": "",
        "existingSecretPasswordKey": "redis-password",
    },
}
