"""Queue mode on Google Cloud: a bucket of Cloud Storage, used by the pods' own identity, for files and for backups.

PostgreSQL and Redis are Cloud SQL and Memorystore at private addresses; only Flowise runs in the cluster (GKE).

What to know:

- Nobody has a key of the bucket. The annotation binds the pods' service accounts to a Google service account, which
  needs `roles/storage.objectUser` on both buckets and `roles/logging.logWriter` in the project: with a Google bucket
  Flowise writes its log files to Cloud Logging. On Google's side the accounts `flowise`, `flowise-worker`,
  `flowise-backup` and `flowise-drill` are bound to it with `roles/iam.workloadIdentityUser`.
- The bucket has uniform access, Google's default. For an older one with access lists say `uniform_access=False`.
- Backups go to a bucket of their own, in another region: whoever may delete there may delete the backups. Both buckets
  are one store, so the store itself copies the files, and no byte of them goes through the cluster.
- Memorystore's authority is in the Secret `flowise-redis` too. Set its `maxmemory-policy` to `noeviction`.
- GKE's load balancer cuts a request after 30 seconds unless a BackendConfig or GCPBackendPolicy says more.

Must exist already: the database and its role, the Redis, both buckets, the Google service account; the Secrets
`flowise-auth-secrets`, `flowise-postgres` (key `password`) and `flowise-redis` (keys `auth-string` and `ca.crt`).
"""

from __future__ import annotations

from flowise_constructs import (
    App,
    Auth,
    Backup,
    Drill,
    GcsBucket,
    Main,
    PostgresDatabase,
    Queue,
    QueueChart,
    Redis,
    RedisTls,
    Resources,
    SecretKey,
    Settings,
    Worker,
)

IDENTITY = {"iam.gke.io/gcp-service-account": "flowise@example-prod.iam.gserviceaccount.com"}


def bucket(name: str) -> GcsBucket:
    """A bucket of the project, by the pods' identity."""
    return GcsBucket(bucket=name, project="example-prod", service_account_annotations=IDENTITY)


def build(app: App) -> None:
    """Adds the chart to the app."""
    QueueChart(
        app,
        "flowise",
        auth=Auth.from_secret("flowise-auth-secrets"),
        database=PostgresDatabase(host="10.20.0.3", password=SecretKey(secret="flowise-postgres", key="password")),
        queue=Queue(
            redis=Redis(
                host="10.20.0.4",
                port=6378,
                password=SecretKey(secret="flowise-redis", key="auth-string"),
                tls=RedisTls(ca=SecretKey(secret="flowise-redis", key="ca.crt")),
            )
        ),
        storage=bucket("example-flowise-files"),
        settings=Settings(app_url="https://flowise.example.com", trusted_proxies=2),
        main=Main(replicas=2, resources=Resources.production()),
        worker=Worker(replicas=4, concurrency=20, resources=Resources.production()),
        backup=Backup(target=bucket("example-flowise-backups"), drill=Drill()),
    )


if __name__ == "__main__":
    app = App()
    build(app)
    app.synth()
