"""A subclass with a variable of its own and a sidecar.

The database is Cloud SQL, which is reached through Google's proxy on localhost. There is no value for a sidecar: it is
added with a JSON patch on the Deployment, as shown here. The rest is typed.

What to know:

- The proxy must run before the gate, Flowise's init container, asks for the database. A container in `containers`
  starts after all init containers, too late. An init container with `restartPolicy: Always` (a sidecar, since
  Kubernetes 1.29) that stands first in the list starts before the gate and keeps running.
- `/spec/template/spec/initContainers/0` inserts it in front. A JSON patch is not checked by the library: the schema of
  Kubernetes is asked by `flowise-constructs check` and by the API server only.
- The sidecar has its own security context, so that Pod Security "restricted" admits the pod.
- `startupProbe` makes the gate wait until the proxy listens.
- In queue mode the worker needs the same: a subclass of `FlowiseWorker` with the same patch.
- A backup runs in a pod of its own, which has no sidecar: give `BackupJob` a database host that it reaches directly.

Hooks: `env()` adds a variable, here the key of a tracing service. It must keep what `super().env()` returns.

Must exist already: the Secrets `flowise-auth-secrets`, `flowise-postgres` (key `password`) and `tracing` (key
`api-key`); the Google service account, with the role Cloud SQL Client and bound to the Kubernetes service account
`flowise`.
"""

from __future__ import annotations

from collections.abc import Mapping

from flowise_constructs.jsii_node import use_bundled_node

if __name__ == "__main__":
    # cdk8s starts Node when it is imported.
    use_bundled_node()

from cdk8s import App, JsonPatch
from constructs import Construct

from flowise_constructs import (
    Auth,
    DataClaim,
    EnvValue,
    ExistingClaim,
    Flowise,
    FlowiseMain,
    Main,
    Names,
    PodOptions,
    PostgresDatabase,
    SecretKey,
    ServiceAccount,
    Settings,
    StandaloneChart,
)

PROXY: Mapping[str, object] = {
    "name": "cloud-sql-proxy",
    "image": "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.14.1",
    "restartPolicy": "Always",
    "args": ["--structured-logs", "--health-check", "--port=5432", "example-project:europe-west3:flowise"],
    "startupProbe": {"httpGet": {"path": "/startup", "port": 9090}, "periodSeconds": 1, "failureThreshold": 60},
    "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
    "securityContext": {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    },
}


class ProxiedMain(FlowiseMain):
    """Main, with the proxy beside it and traces of its flows."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        flowise: Flowise,
        names: Names = Names(),
        main: Main = Main(),
        data: DataClaim | ExistingClaim | None = None,
    ) -> None:
        super().__init__(scope, id, flowise=flowise, names=names, main=main, data=data)
        self.deployment.add_json_patch(JsonPatch.add("/spec/template/spec/initContainers/0", PROXY))

    def env(self) -> dict[str, EnvValue]:
        return {
            **super().env(),
            "LANGSMITH_TRACING": "true",
            "LANGSMITH_API_KEY": SecretKey(secret="tracing", key="api-key"),
        }


class ProxiedFlowise(StandaloneChart):
    """The chart, with that main."""

    main_class = ProxiedMain


def build(app: App) -> None:
    """Adds the chart to the app."""
    identity = ServiceAccount(
        annotations={"iam.gke.io/gcp-service-account": "flowise@example-project.iam.gserviceaccount.com"}
    )
    ProxiedFlowise(
        app,
        "flowise",
        auth=Auth.from_secret("flowise-auth-secrets"),
        database=PostgresDatabase(host="127.0.0.1", password=SecretKey(secret="flowise-postgres", key="password")),
        settings=Settings(app_url="https://flowise.example.com"),
        main=Main(pod=PodOptions(service_account=identity)),
    )


if __name__ == "__main__":
    app = App()
    build(app)
    app.synth()
