"""Typed cdk8s constructs for Flowise on Kubernetes: values in, plain YAML out."""

import sys
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from flowise_constructs.backup.values import Backup, BucketEncryption, Drill, Restore, Retention
from flowise_constructs.core.field_docs import show_field_docs
from flowise_constructs.core.findings import ConfigError, ConfigWarning, Finding
from flowise_constructs.database.servers import DatabaseTls, MariadbDatabase, MysqlDatabase, PostgresDatabase
from flowise_constructs.database.values import BundledPostgres, SqliteDatabase
from flowise_constructs.edge.doors import Doors
from flowise_constructs.edge.routes import GatewayRef, HttpRoute, RouteRule
from flowise_constructs.edge.values import Ingress, IngressHost, IngressPath, IngressTls, Service
from flowise_constructs.flowise.auth import Auth
from flowise_constructs.flowise.image import Image
from flowise_constructs.flowise.roles import Main, Worker, WritableSizes
from flowise_constructs.flowise.settings import Metrics, OutboundProxy, Settings, Smtp
from flowise_constructs.flowise.values import Flowise
from flowise_constructs.jsii_node import missing_node, use_bundled_node
from flowise_constructs.kubernetes.availability import DisruptionBudget
from flowise_constructs.kubernetes.claims import ExtraClaim, LogClaim
from flowise_constructs.kubernetes.endpoints import Endpoint
from flowise_constructs.kubernetes.images import ServerImage
from flowise_constructs.kubernetes.mesh import Istio, Linkerd
from flowise_constructs.kubernetes.names import Names
from flowise_constructs.kubernetes.pod_options import PodOptions, ProbeNumbers, Resources, ServiceAccount, Volume
from flowise_constructs.kubernetes.references import ConfigMapKey, EnvValue, PodField, SecretKey
from flowise_constructs.kubernetes.registry import Registry
from flowise_constructs.kubernetes.security import Security
from flowise_constructs.monitoring.thresholds import AlertThresholds, ScrapeJobs
from flowise_constructs.monitoring.values import PostgresExporter, QueueExporter, RedisExporter, Scrape
from flowise_constructs.network.values import Cilium, ClusterDns, Destination, OutsideServers, PodPeer
from flowise_constructs.owner.values import ApiKeys, Owner
from flowise_constructs.queueing.values import BundledRedis, Queue, Redis, RedisTls
from flowise_constructs.scaling.values import CpuScaling, External, ExternalMetric, QueueScaling
from flowise_constructs.secrets.values import KeyRotation, RemoteRef, StoreRef, SyncPolicy
from flowise_constructs.storage.values import (
    AzureContainer,
    DataClaim,
    ExistingClaim,
    GcsBucket,
    LocalStorage,
    S3Bucket,
    S3Credentials,
    SharedVolume,
)

if TYPE_CHECKING:
    from cdk8s import ApiObject, ApiObjectMetadata, Chart, JsonPatch
    from constructs import Construct

    from flowise_constructs.backup.drill import RestoreDrill
    from flowise_constructs.backup.job import BackupJob
    from flowise_constructs.backup.restore import RestoreJob
    from flowise_constructs.charts.queue import QueueChart
    from flowise_constructs.charts.standalone import StandaloneChart
    from flowise_constructs.database.postgres import PostgresBootstrap, PostgresServer
    from flowise_constructs.flowise.auth_secret import AuthSecret
    from flowise_constructs.flowise.deployment import Deployment
    from flowise_constructs.flowise.main import FlowiseMain
    from flowise_constructs.flowise.worker import FlowiseWorker
    from flowise_constructs.kubernetes.app import App
    from flowise_constructs.kubernetes.workload import Workload
    from flowise_constructs.monitoring.alerts import AlertRules
    from flowise_constructs.monitoring.dashboards import Dashboards
    from flowise_constructs.monitoring.monitoring import Monitoring
    from flowise_constructs.network.policies import NetworkPolicies
    from flowise_constructs.owner.job import OwnerJob
    from flowise_constructs.queueing.redis import RedisServer
    from flowise_constructs.secrets.external_secrets import ExternalSecrets
    from flowise_constructs.secrets.rotation import KeyRotationJob
    from flowise_constructs.storage.s3 import S3Storage

__all__ = [
    "AlertRules",
    "AlertThresholds",
    "ApiKeys",
    "ApiObject",
    "ApiObjectMetadata",
    "App",
    "Auth",
    "AuthSecret",
    "AzureContainer",
    "Backup",
    "BackupJob",
    "BucketEncryption",
    "BundledPostgres",
    "BundledRedis",
    "Chart",
    "Cilium",
    "ClusterDns",
    "ConfigError",
    "ConfigMapKey",
    "ConfigWarning",
    "Construct",
    "CpuScaling",
    "Dashboards",
    "DataClaim",
    "DatabaseTls",
    "Deployment",
    "Destination",
    "DisruptionBudget",
    "Doors",
    "Drill",
    "Endpoint",
    "EnvValue",
    "ExistingClaim",
    "External",
    "ExternalMetric",
    "ExternalSecrets",
    "ExtraClaim",
    "Finding",
    "Flowise",
    "FlowiseMain",
    "FlowiseWorker",
    "GatewayRef",
    "GcsBucket",
    "HttpRoute",
    "Image",
    "Ingress",
    "IngressHost",
    "IngressPath",
    "IngressTls",
    "Istio",
    "JsonPatch",
    "KeyRotation",
    "KeyRotationJob",
    "Linkerd",
    "LocalStorage",
    "LogClaim",
    "Main",
    "MariadbDatabase",
    "Metrics",
    "Monitoring",
    "MysqlDatabase",
    "Names",
    "NetworkPolicies",
    "OutboundProxy",
    "OutsideServers",
    "Owner",
    "OwnerJob",
    "PodField",
    "PodOptions",
    "PodPeer",
    "PostgresBootstrap",
    "PostgresDatabase",
    "PostgresExporter",
    "PostgresServer",
    "ProbeNumbers",
    "Queue",
    "QueueChart",
    "QueueExporter",
    "QueueScaling",
    "Redis",
    "RedisExporter",
    "RedisServer",
    "RedisTls",
    "Registry",
    "RemoteRef",
    "Resources",
    "Restore",
    "RestoreDrill",
    "RestoreJob",
    "Retention",
    "RouteRule",
    "S3Bucket",
    "S3Credentials",
    "S3Storage",
    "Scrape",
    "ScrapeJobs",
    "SecretKey",
    "Security",
    "ServerImage",
    "Service",
    "ServiceAccount",
    "Settings",
    "SharedVolume",
    "Smtp",
    "SqliteDatabase",
    "StandaloneChart",
    "StoreRef",
    "SyncPolicy",
    "Volume",
    "Worker",
    "Workload",
    "WritableSizes",
]

# Constructs need cdk8s, which starts a Node process when it is imported. Values don't. What an app needs of cdk8s can
# be imported from here: then Node is chosen first, in whatever order a formatter sorts the imports.
_CDK8S = {
    **dict.fromkeys(("ApiObject", "ApiObjectMetadata", "Chart", "JsonPatch"), "cdk8s"),
    "Construct": "constructs",
}
_CONSTRUCTS = {
    "AlertRules": "monitoring.alerts",
    "App": "kubernetes.app",
    "AuthSecret": "flowise.auth_secret",
    "BackupJob": "backup.job",
    "Dashboards": "monitoring.dashboards",
    "Deployment": "flowise.deployment",
    "ExternalSecrets": "secrets.external_secrets",
    "FlowiseMain": "flowise.main",
    "FlowiseWorker": "flowise.worker",
    "KeyRotationJob": "secrets.rotation",
    "Monitoring": "monitoring.monitoring",
    "NetworkPolicies": "network.policies",
    "OwnerJob": "owner.job",
    "PostgresBootstrap": "database.postgres",
    "PostgresServer": "database.postgres",
    "QueueChart": "charts.queue",
    "RedisServer": "queueing.redis",
    "RestoreDrill": "backup.drill",
    "RestoreJob": "backup.restore",
    "S3Storage": "storage.s3",
    "StandaloneChart": "charts.standalone",
    "Workload": "kubernetes.workload",
}


def _version() -> str:
    try:
        return version("flowise-constructs")
    except PackageNotFoundError:
        return "0+unknown"


__version__: str
"""The installed version."""


if not TYPE_CHECKING:
    # To a type checker such a function means that every name is there.

    def __getattr__(name: str) -> object:
        if name == "__version__":
            return _version()
        if name not in (*_CDK8S, *_CONSTRUCTS):
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        if "jsii" not in sys.modules and (problem := missing_node()) is not None:
            raise ImportError(problem)
        module = f"{__name__}.{_CONSTRUCTS[name]}" if name in _CONSTRUCTS else _CDK8S[name]
        found: object = getattr(import_module(module), name)
        show_field_docs([found])
        return found


def __dir__() -> list[str]:
    return [*__all__, "__version__"]


use_bundled_node()
show_field_docs(globals().get(name) for name in __all__)
