"""Queue mode at home: PostgreSQL by CloudNativePG, volumes by Longhorn, a bucket on an S3 server in the cluster.

The operator makes the database, a password and certificates, and puts all that a client needs into Secrets.
`PostgresDatabase.cnpg("flowise-db")` names their keys: the host, too, comes from the Secret, and the YAML holds no
address of the database.

What to know:

- The `Cluster` stands in the same file. It may as well be applied before, from elsewhere: only its name counts. It must
  be in Flowise's namespace, since a pod reads only the Secrets of its own.
- One `kubectl apply` of everything is enough: the pods are not started before the operator has made the Secrets, and
  then the gate, Flowise's init container, waits for the server.
- Connections are encrypted, and the server's certificate is held against the operator's authority, key `ca.crt` of
  Secret `flowise-db-ca`. The operator renews it every 83 days, and Flowise reads it when it starts: `reloader=True`
  lets Stakater's Reloader restart the pods, also after a new password.
- Two instances of PostgreSQL on two nodes. `flowise-db-rw`, which the Secret names, follows the primary. Longhorn need
  not copy what PostgreSQL already copies: a StorageClass with `numberOfReplicas: "1"` saves disk and time.
- Backups dump the database and mirror the uploads into a second bucket, and a drill restores the newest each Sunday.
  They are independent of the operator's own backups: another PostgreSQL, or another cluster, can take them.

Must exist already: CloudNativePG, the StorageClasses `longhorn` and `longhorn-one-replica`, the buckets, the Secrets
`flowise-auth-secrets`, `flowise-redis-auth` (key `redis-password`) and `garage` (keys `access-key`, `secret-key`).
"""

from __future__ import annotations

from flowise_constructs import (
    ApiObject,
    App,
    Auth,
    Backup,
    BundledRedis,
    Drill,
    Ingress,
    IngressHost,
    IngressTls,
    JsonPatch,
    Main,
    Owner,
    PodOptions,
    PostgresDatabase,
    Queue,
    QueueChart,
    S3Bucket,
    S3Credentials,
    SecretKey,
    Worker,
)

HOST = "flowise.home.arpa"
RELOADED = PodOptions(reloader=True)


def bucket(name: str) -> S3Bucket:
    """A bucket on the cluster's own S3 server."""
    return S3Bucket(
        bucket=name,
        region="garage",
        endpoint="http://garage.storage.svc:3900",
        path_style=True,
        credentials=S3Credentials.from_secret("garage"),
    )


def build(app: App) -> None:
    """Adds the chart to the app."""
    chart = QueueChart(
        app,
        "flowise",
        auth=Auth.from_secret("flowise-auth-secrets"),
        database=PostgresDatabase.cnpg("flowise-db"),
        queue=Queue(redis=BundledRedis(storage_class="longhorn")),
        storage=bucket("flowise"),
        owner=Owner(email="admin@example.com", password=SecretKey(secret="flowise-owner", key="password")),
        ingress=Ingress(
            hosts=[IngressHost(host=HOST)],
            class_name="traefik",
            tls=[IngressTls(hosts=[HOST], secret_name="flowise-tls")],
            annotations={"cert-manager.io/cluster-issuer": "home"},
        ),
        main=Main(pod=RELOADED),
        worker=Worker(replicas=2, pod=RELOADED),
        backup=Backup(target=bucket("flowise-backups"), drill=Drill()),
    )
    cluster = ApiObject(
        chart, "Database", api_version="postgresql.cnpg.io/v1", kind="Cluster", metadata={"name": "flowise-db"}
    )
    cluster.add_json_patch(
        JsonPatch.add(
            "/spec",
            {
                "instances": 2,
                "bootstrap": {"initdb": {"database": "flowise", "owner": "flowise"}},
                "storage": {"storageClass": "longhorn-one-replica", "size": "10Gi"},
            },
        )
    )


if __name__ == "__main__":
    app = App()
    build(app)
    app.synth()
