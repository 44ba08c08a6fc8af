"""The keys of the chart and of its two subcharts, with the defaults of the flowise chart.

A mapping with keys is a section, an empty one takes any keys; the kind of a default is the kind that its key takes.
"""

from __future__ import annotations

from typing import Any

Section = dict[str, Any]

SECRET_KEYS = frozenset(
    [
        "password",
        "postgresPassword",
        "replicationPassword",
        "encryptionKey",
        "jwtAuthTokenSecret",
        "jwtRefreshTokenSecret",
        "expressSessionSecret",
        "tokenHashSecret",
        "accessKeyId",
        "secretAccessKey",
        "accessKey",
        "secretKey",
        "sslKeyBase64",
    ]
)
"""Keys whose values no message shows."""

_ANY_SCALAR = object()
ANY_SCALAR: Any = _ANY_SCALAR
"""Stands for the default of a key that takes a number or text: empty."""


def _probe(delay: int, period: int, timeout: int, failures: int, **more: Any) -> Section:
    numbers = {
        "initialDelaySeconds": delay,
        "periodSeconds": period,
        "timeoutSeconds": timeout,
        "failureThreshold": failures,
    }
    return {**more, **numbers}


def _names(*names: str) -> Section:
    return dict.fromkeys(names, ANY_SCALAR)


def _external_secret(*parts: str) -> Section:
    return {
        "enabled": False,
        "apiVersion": "external-secrets.io/v1",
        "refreshInterval": "0",
        "secretStoreRef": {"name": "", "kind": "SecretStore"},
        "target": {"creationPolicy": "Owner"},
        **{part: {} for part in parts},
    }


_IMAGE: Section = {"repository": "", "tag": "", "pullPolicy": "IfNotPresent"}
_METRICS: Section = {
    "enabled": False,
    "image": _IMAGE,
    "resources": {},
    "serviceMonitor": {"enabled": False, "interval": "30s", "labels": {}},
}

_SCHEDULING: Section = {"nodeSelector": {}, "tolerations": [], "affinity": {}, "priorityClassName": ""}

_SERVER_POD: Section = {
    **_SCHEDULING,
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


def _claim(size: str) -> Section:
    return {"enabled": True, "storageClass": "", "accessModes": ["ReadWriteOnce"], "size": size}


def _backup(**more: Any) -> Section:
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


_POSTGRESQL: Section = {
    **_SERVER_POD,
    "enabled": False,
    "architecture": "standalone",
    "image": {**_IMAGE, "repository": "docker.io/library/postgres", "tag": ""},
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
        **_names("existingSecret", "certFilename", "keyFilename", "caFilename", "sslMode", "minProtocolVersion"),
        "volumePermissions": {},
    },
    "externalSecrets": _external_secret("auth", "tls", "backup"),
    "initdb": {"runDefaultScript": True, "scripts": {}, "existingConfigMap": ""},
    "standalone": {"resourcesPreset": "small", "persistence": _claim("8Gi"), "resources": {}},
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
    "metrics": {**_METRICS, "resourcesPreset": "small", "service": {"annotations": {}}},
    "backup": _backup(
        archivePrefix="postgresql",
        images={"uploader": _IMAGE, "postgresql": _IMAGE},
        database={"pgDumpAllArgs": "--clean --if-exists"},
    ),
    "networkPolicy": {"enabled": False, "ingress": {}, "egress": {}},
    "pdb": {"enabled": False, **_names("minAvailable", "maxUnavailable")},
    "serviceAccount": {"create": False, "name": "", "annotations": {}, "automountServiceAccountToken": False},
    "livenessProbe": _probe(60, 20, 5, 6, enabled=True),
    "readinessProbe": _probe(20, 10, 5, 6, enabled=True),
    "startupProbe": _probe(10, 10, 5, 60, enabled=True),
    "terminationGracePeriodSeconds": 120,
}

_REDIS: Section = {
    **_SERVER_POD,
    "enabled": False,
    "architecture": "standalone",
    "image": {**_IMAGE, "repository": "docker.io/library/redis", "tag": ""},
    "auth": {
        "enabled": True,
        "password": "",
        "existingSecret": "",
        "existingSecretPasswordKey": "redis-password",
        "sentinel": False,
    },
    "tls": {"enabled": False, **_names("existingSecret", "certFilename", "keyFilename", "caFilename")},
    "standalone": {"persistence": _claim("1Gi"), "resources": {}},
    "replication": {**_names("replicaCount"), "primary": {}, "replica": {}},
    "node": {**_names("replicaCount"), "persistence": {}, "resources": {}},
    "sentinel": {
        **_names("replicaCount", "masterSet", "quorum", "downAfterMilliseconds", "failoverTimeout", "parallelSyncs"),
        "gracefulFailover": {},
        "startupFailoverGuard": {},
        "persistence": {},
        "resources": {},
    },
    "cluster": {**_names("nodes", "replicasPerMaster"), "initJob": {}, "persistence": {}, "resources": {}},
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
    "livenessProbe": _probe(20, 15, 5, 6),
    "readinessProbe": _probe(10, 10, 5, 3),
    "startupProbe": _probe(5, 10, 5, 30),
    "metrics": _METRICS,
    "terminationGracePeriodSeconds": 60,
    "pdb": {"enabled": False},
    "extraManifests": [],
    "externalSecrets": {**_external_secret(), "data": []},
    "external": {
        "host": "",
        "port": ANY_SCALAR,
        "username": "",
        "password": "",
        "existingSecret": "",
        "existingSecretPasswordKey": "redis-password",
    },
}

KEYS: Section = {
    **_SCHEDULING,
    "nameOverride": "",
    "fullnameOverride": "",
    "commonLabels": {},
    "global": {},
    "image": {**_IMAGE, "repository": "docker.io/flowiseai/flowise", "tag": ""},
    "imagePullSecrets": [],
    "architecture": {"mode": "standalone"},
    "flowise": {
        "replicaCount": 1,
        "startupDelaySeconds": 3,
        "appUrl": "",
        "logLevel": "info",
        "numberOfProxies": 1,
        "corsOrigins": "*",
        "iframeOrigins": "'self'",
        "fileSizeLimit": "50mb",
        "showCommunityNodes": True,
        "disableTelemetry": True,
        "disabledNodes": "",
        "extraEnv": [],
    },
    "auth": {
        "existingSecret": "",
        "existingSecretEncryptionKeyKey": "encryption-key",
        "existingSecretJwtAuthTokenSecretKey": "jwt-auth-token-secret",
        "existingSecretJwtRefreshTokenSecretKey": "jwt-refresh-token-secret",
        "existingSecretExpressSessionSecretKey": "express-session-secret",
        "existingSecretTokenHashSecretKey": "token-hash-secret",
        "encryptionKey": "",
        "jwtAuthTokenSecret": "",
        "jwtRefreshTokenSecret": "",
        "expressSessionSecret": "",
        "tokenHashSecret": "",
        "secureCookies": False,
    },
    "database": {
        "mode": "auto",
        "sqlite": {"path": "/root/.flowise/database.sqlite"},
        "external": {
            "vendor": "postgres",
            "host": "",
            "port": ANY_SCALAR,
            "name": "flowise",
            "username": "flowise",
            "password": "",
            "existingSecret": "",
            "existingSecretPasswordKey": "database-password",
            "ssl": False,
            "rejectUnauthorized": True,
            "sslKeyBase64": "",
        },
    },
    "postgresql": _POSTGRESQL,
    "queue": {
        "name": "flowise-queue",
        "worker": {
            "replicaCount": 1,
            "startupDelaySeconds": 30,
            "concurrency": 100000,
            "removeOnAge": 86400,
            "removeOnCount": 10000,
            "podLabels": {},
            "podAnnotations": {},
            "extraEnv": [],
            "resources": {},
        },
    },
    "redis": _REDIS,
    "storage": {
        "type": "local",
        "local": {"path": "/root/.flowise/storage"},
        "s3": {
            "bucketName": "",
            "accessKeyId": "",
            "secretAccessKey": "",
            "region": "us-east-1",
            "endpointUrl": "",
            "forcePathStyle": False,
            "existingSecret": "",
            "existingSecretAccessKeyKey": "access-key",
            "existingSecretSecretKeyKey": "secret-key",
        },
    },
    "persistence": {
        "enabled": True,
        "storageClass": "",
        "accessMode": "ReadWriteOnce",
        "size": "10Gi",
        "existingClaim": "",
        "annotations": {},
    },
    "service": {"type": "ClusterIP", "port": 3000, "annotations": {}, "ipFamilyPolicy": "", "ipFamilies": []},
    "ingress": {"enabled": False, "ingressClassName": "", "annotations": {}, "hosts": [], "tls": []},
    "startupProbe": _probe(10, 10, 5, 30, enabled=True, path="/api/v1/ping"),
    "livenessProbe": _probe(0, 20, 5, 3, enabled=True, path="/api/v1/ping"),
    "readinessProbe": _probe(0, 10, 5, 3, enabled=True, path="/api/v1/ping"),
    "resources": {},
    "podSecurityContext": {},
    "securityContext": {},
    "serviceAccount": {"create": False, "name": "", "annotations": {}},
    "podLabels": {},
    "podAnnotations": {},
    "extraVolumeMounts": [],
    "extraVolumes": [],
    "extraManifests": [],
    "backup": _backup(
        images={"postgresql": "", "uploader": ""},
        database={"pgDumpArgs": ""},
    ),
    "gateway": {
        "enabled": False,
        "annotations": {},
        "parentRefs": [],
        "hostnames": [],
        "path": "/",
        "pathType": "PathPrefix",
    },
    "externalSecrets": {**_external_secret(), "data": []},
}
