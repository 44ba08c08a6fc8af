"""Cloud SQL through Google's proxy beside Flowise, and a subclass with a variable of its own.

The database is reached through a proxy that runs in each pod and listens on localhost. `PodOptions.sidecars` is for
such containers: they start before the gate, Flowise's init container, asks for the database, and run as long as the
pod.

What to know:

- A sidecar is an init container with `restartPolicy: Always`, which is filled in, since Kubernetes 1.29. A container in
  `containers` would start after the gate, too late.
- `startupProbe` makes the gate wait until the proxy listens.
- What Pod Security "restricted" demands is filled in too, with a read-only root file system.
- The pods of backups and drills have options of their own. A backup needs the proxy as well, and ends although the
  proxy runs on: Kubernetes stops sidecars when the job's container has ended. A drill doesn't reach the database.
- The proxy takes the pod's identity and needs a password of the database besides. Short-lived tokens in the place of a
  password (IAM logins) don't work: Flowise reads its environment once.

Hooks: `env()` adds a variable, here the key of a tracing service. It must keep what `super().env()` returns.

Must exist already: the bucket; the Secrets `flowise-auth-secrets`, `flowise-postgres` (key `password`),
`flowise-backup` (keys `access-key` and `secret-key`) and `tracing` (key `api-key`); the Google service account, with
the role Cloud SQL Client and bound to the Kubernetes service accounts `flowise` and `flowise-backup`.
"""

from __future__ import annotations

from collections.abc import Mapping

from flowise_constructs import (
    App,
    Auth,
    Backup,
    EnvValue,
    FlowiseMain,
    Main,
    PodOptions,
    PostgresDatabase,
    S3Bucket,
    S3Credentials,
    SecretKey,
    ServiceAccount,
    Settings,
    StandaloneChart,
)

PROXY: Mapping[str, object] = {
    "name": "cloud-sql-proxy",
    "image": "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.14.1",
    "args": ["--structured-logs", "--health-check", "--port=5432", "example-project:europe-west3:flowise"],
    "startupProbe": {"httpGet": {"path": "/startup", "port": 9090}, "periodSeconds": 1, "failureThreshold": 60},
    "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
}
PROXIED = PodOptions(
    sidecars=[PROXY],
    service_account=ServiceAccount(
        annotations={"iam.gke.io/gcp-service-account": "flowise@example-project.iam.gserviceaccount.com"}
    ),
)


class TracedMain(FlowiseMain):
    """Main with traces of its flows."""

    def env(self) -> dict[str, EnvValue]:
        return {
            **super().env(),
            "LANGSMITH_TRACING": "true",
            "LANGSMITH_API_KEY": SecretKey(secret="tracing", key="api-key"),
        }


class TracedFlowise(StandaloneChart):
    """The chart, with that main."""

    main_class = TracedMain


def build(app: App) -> None:
    """Adds the chart to the app."""
    TracedFlowise(
        app,
        "flowise",
        auth=Auth.from_secret("flowise-auth-secrets"),
        database=PostgresDatabase(host="127.0.0.1", password=SecretKey(secret="flowise-postgres", key="password")),
        settings=Settings(app_url="https://flowise.example.com"),
        main=Main(pod=PROXIED),
        backup=Backup(
            target=S3Bucket(bucket="example-flowise-backups", credentials=S3Credentials.from_secret("flowise-backup")),
            pod=PROXIED,
        ),
    )


if __name__ == "__main__":
    app = App()
    build(app)
    app.synth()
