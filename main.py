"""The reference app: the four documented deployments of Flowise, one file each, and the Secret that they share."""

from __future__ import annotations

import sys

from flowise_constructs.jsii_node import use_bundled_node

if __name__ == "__main__":
    # cdk8s starts Node when it is imported.
    use_bundled_node()

from cdk8s import ApiObject, ApiObjectMetadata, App, Chart, JsonPatch

from flowise_constructs import (
    Auth,
    BundledPostgres,
    BundledRedis,
    ConfigError,
    DataClaim,
    EnvValue,
    FlowiseWorker,
    Ingress,
    IngressHost,
    IngressTls,
    Main,
    PodField,
    PostgresDatabase,
    Queue,
    QueueChart,
    S3Bucket,
    S3Credentials,
    SecretKey,
    Settings,
    StandaloneChart,
    Worker,
)
from imports.flowise.io import external_secrets

HOST = "flowise.example.com"
AUTH_SECRET = "flowise-auth-secrets"
# These run for long, and have owners. A new installation is given one: examples/with_owner.py.
OWNED = Main(awaits_owner=False)


def standalone_sqlite(app: App) -> None:
    """One pod, its database a file on its volume."""
    StandaloneChart(
        app,
        "standalone-sqlite",
        auth=Auth.from_secret(AUTH_SECRET),
        data=DataClaim(size="10Gi"),
        ingress=Ingress(
            hosts=[IngressHost(host=HOST)],
            class_name="traefik",
            annotations={"cert-manager.io/cluster-issuer": "letsencrypt-prod"},
            tls=[IngressTls(hosts=[HOST], secret_name="flowise-tls")],
        ),
        main=OWNED,
    )


def standalone_postgresql(app: App) -> None:
    """One pod, with a PostgreSQL of its own."""
    StandaloneChart(
        app,
        "standalone-postgresql",
        auth=Auth.from_secret(AUTH_SECRET),
        database=BundledPostgres(size="20Gi"),
        data=DataClaim(size="5Gi"),
        ingress=Ingress(hosts=[IngressHost(host=HOST)], class_name="traefik", tls_in_front=True),
        main=OWNED,
    )


class NamedWorker(FlowiseWorker):
    """A worker that knows its pod's name, for the tools that ask for it."""

    def env(self) -> dict[str, EnvValue]:
        return {**super().env(), "POD_NAME": PodField(path="metadata.name")}


class NamedWorkersChart(QueueChart):
    """Queue mode with those workers."""

    worker_class = NamedWorker


def queue(app: App) -> None:
    """Mains and workers, with a PostgreSQL and a Redis of their own and a bucket that exists."""
    chart = NamedWorkersChart(
        app,
        "queue",
        auth=Auth.from_secret(AUTH_SECRET),
        database=BundledPostgres(),
        queue=Queue(redis=BundledRedis()),
        storage=S3Bucket(
            bucket="flowise-storage",
            endpoint="https://s3.amazonaws.com",
            credentials=S3Credentials.from_secret("flowise-s3-credentials"),
        ),
        ingress=Ingress(hosts=[IngressHost(host=HOST)], class_name="traefik", tls_in_front=True),
        main=Main(replicas=2, awaits_owner=False),
        worker=Worker(replicas=3, concurrency=10),
    )
    # What no value offers is patched on the object itself.
    ApiObject.of(chart.main).add_json_patch(JsonPatch.add("/spec/revisionHistoryLimit", 3))


def external_postgresql(app: App) -> None:
    """One pod, with a PostgreSQL that exists."""
    StandaloneChart(
        app,
        "external-postgresql",
        auth=Auth.from_secret(AUTH_SECRET),
        database=PostgresDatabase(
            host="postgres.database.svc.cluster.local",
            password=SecretKey(secret="flowise-db-credentials", key="database-password"),
        ),
        data=DataClaim(size="10Gi"),
        settings=Settings(app_url=f"https://{HOST}"),
    )


def auth_secret(app: App) -> None:
    """The five keys out of a vault, for clusters with the External Secrets Operator."""
    external_secrets.ExternalSecret(
        Chart(app, "auth-secret"),
        "Resource",
        metadata=ApiObjectMetadata(name=AUTH_SECRET),
        spec=external_secrets.ExternalSecretSpec(
            secret_store_ref=external_secrets.ExternalSecretSpecSecretStoreRef(
                name="vault", kind=external_secrets.ExternalSecretSpecSecretStoreRefKind.CLUSTER_SECRET_STORE
            ),
            data_from=[
                external_secrets.ExternalSecretSpecDataFrom(
                    extract=external_secrets.ExternalSecretSpecDataFromExtract(key="flowise/auth")
                )
            ],
        ),
    )


def build(app: App) -> None:
    """Every chart of the app."""
    standalone_sqlite(app)
    standalone_postgresql(app)
    queue(app)
    external_postgresql(app)
    auth_secret(app)


def main() -> int:
    """Writes the files, or says what is wrong and writes none."""
    app = App()
    try:
        build(app)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 1
    app.synth()
    return 0


if __name__ == "__main__":
    sys.exit(main())
