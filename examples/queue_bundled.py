"""Queue mode with a PostgreSQL and a Redis of its own.

Mains serve the UI and the API, workers run the flows. For a cluster without managed services, and for trying queue mode
out. The bundled servers are one pod each: a node that is lost takes its server down until the pod runs elsewhere.

What to know:

- Uploads go to a bucket, because mains and workers share them. Any S3-compatible store will do; here it is MinIO, which
  wants the bucket's name in the path.
- `concurrency` is per worker and queue. A flow that calls another flow takes two slots at once: keep
  `replicas * concurrency` well above the number of such calls.
- The size of the servers' claims can't be changed in the YAML later. Choose them generously.
- A Job makes the first account, which owns the installation; until then main is not Ready.
- A new major version of the PostgreSQL image can't read the old one's data. Dump and restore instead.

Must exist already: the bucket `flowise`, and the Secrets

    flowise-auth-secrets      the five keys
    flowise-postgresql-auth   postgres-password, user-password
    flowise-redis-auth        redis-password
    flowise-bucket            access-key, secret-key
    flowise-owner             password

`flowise-constructs secrets dist/*.yaml` prints all of them. Only the bucket's keys and the owner's password are yours
to fill in.
"""

from __future__ import annotations

from flowise_constructs import (
    App,
    Auth,
    BundledPostgres,
    BundledRedis,
    Ingress,
    IngressHost,
    Main,
    Owner,
    Queue,
    QueueChart,
    S3Bucket,
    S3Credentials,
    SecretKey,
    Worker,
)


def build(app: App) -> None:
    """Adds the chart to the app."""
    QueueChart(
        app,
        "flowise",
        auth=Auth.from_secret("flowise-auth-secrets"),
        database=BundledPostgres(size="20Gi"),
        queue=Queue(redis=BundledRedis(size="2Gi")),
        storage=S3Bucket(
            bucket="flowise",
            endpoint="http://minio.storage.svc.cluster.local:9000",
            path_style=True,
            credentials=S3Credentials.from_secret("flowise-bucket"),
        ),
        ingress=Ingress(hosts=[IngressHost(host="flowise.example.com")], class_name="traefik", tls_in_front=True),
        main=Main(replicas=2),
        worker=Worker(replicas=3, concurrency=10),
        owner=Owner(email="admin@example.com", password=SecretKey(secret="flowise-owner", key="password")),
    )


if __name__ == "__main__":
    app = App()
    build(app)
    app.synth()
