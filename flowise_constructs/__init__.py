"""Typed cdk8s constructs for Flowise on Kubernetes: values in, plain YAML out."""

from importlib import import_module
from typing import TYPE_CHECKING

from flowise_constructs.core.findings import ConfigError, ConfigWarning, Finding
from flowise_constructs.values.auth import Auth
from flowise_constructs.values.backup import Backup, BucketEncryption, Drill, Restore, Retention
from flowise_constructs.values.database import (
    BundledPostgres,
    DatabaseTls,
    MariadbDatabase,
    MysqlDatabase,
    PostgresDatabase,
    SqliteDatabase,
)
from flowise_constructs.values.edge import Ingress, IngressHost, IngressPath, IngressTls, Service
from flowise_constructs.values.flowise import Flowise, Main, Worker, WritableSizes
from flowise_constructs.values.image import Image, ServerImage
from flowise_constructs.values.names import Names
from flowise_constructs.values.pod import PodOptions, ProbeNumbers, Resources, ServiceAccount, Volume
from flowise_constructs.values.queue import Queue
from flowise_constructs.values.redis import BundledRedis, Redis, RedisTls
from flowise_constructs.values.references import ConfigMapKey, EnvValue, PodField, SecretKey
from flowise_constructs.values.settings import Metrics, OutboundProxy, Settings, Smtp
from flowise_constructs.values.storage import DataClaim, ExistingClaim, LocalStorage, S3Bucket, S3Credentials

if TYPE_CHECKING:
    from flowise_constructs.auth_secret import AuthSecret
    from flowise_constructs.backup_job import BackupJob
    from flowise_constructs.charts import QueueChart, StandaloneChart
    from flowise_constructs.deployment import Deployment
    from flowise_constructs.flowise_main import FlowiseMain
    from flowise_constructs.flowise_worker import FlowiseWorker
    from flowise_constructs.postgres import PostgresBootstrap, PostgresServer
    from flowise_constructs.redis import RedisServer
    from flowise_constructs.restore_job import RestoreDrill, RestoreJob
    from flowise_constructs.s3_storage import S3Storage
    from flowise_constructs.workload import Workload

__all__ = [
    "Auth",
    "AuthSecret",
    "Backup",
    "BackupJob",
    "BucketEncryption",
    "BundledPostgres",
    "BundledRedis",
    "ConfigError",
    "ConfigMapKey",
    "ConfigWarning",
    "DataClaim",
    "DatabaseTls",
    "Deployment",
    "Drill",
    "EnvValue",
    "ExistingClaim",
    "Finding",
    "Flowise",
    "FlowiseMain",
    "FlowiseWorker",
    "Image",
    "Ingress",
    "IngressHost",
    "IngressPath",
    "IngressTls",
    "LocalStorage",
    "Main",
    "MariadbDatabase",
    "Metrics",
    "MysqlDatabase",
    "Names",
    "OutboundProxy",
    "PodField",
    "PodOptions",
    "PostgresBootstrap",
    "PostgresDatabase",
    "PostgresServer",
    "ProbeNumbers",
    "Queue",
    "QueueChart",
    "Redis",
    "RedisServer",
    "RedisTls",
    "Resources",
    "Restore",
    "RestoreDrill",
    "RestoreJob",
    "Retention",
    "S3Bucket",
    "S3Credentials",
    "S3Storage",
    "SecretKey",
    "ServerImage",
    "Service",
    "ServiceAccount",
    "Settings",
    "Smtp",
    "SqliteDatabase",
    "StandaloneChart",
    "Volume",
    "Worker",
    "Workload",
    "WritableSizes",
]

# The constructs need cdk8s, which starts a Node process when it is imported. The values don't.
_CONSTRUCTS = {
    "AuthSecret": "auth_secret",
    "BackupJob": "backup_job",
    "Deployment": "deployment",
    "FlowiseMain": "flowise_main",
    "FlowiseWorker": "flowise_worker",
    "PostgresBootstrap": "postgres",
    "PostgresServer": "postgres",
    "QueueChart": "charts",
    "RedisServer": "redis",
    "RestoreDrill": "restore_job",
    "RestoreJob": "restore_job",
    "S3Storage": "s3_storage",
    "StandaloneChart": "charts",
    "Workload": "workload",
}


def __getattr__(name: str) -> object:
    if name not in _CONSTRUCTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_CONSTRUCTS[name]}"), name)
