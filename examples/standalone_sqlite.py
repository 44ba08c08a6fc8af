"""One pod, with SQLite on its volume.

For one team, or for trying Flowise out. It needs a cluster, a storage class, an Ingress controller and nothing else.

What to know:

- SQLite allows one writer, so there is one replica, and a rollout stops the old pod before it starts the new one:
  about a minute without Flowise.
- The claim `flowise-data` holds the database and the uploads. Deleting the claim deletes both. The annotations below
  keep it when Argo CD or Flux delete the other objects; remove the one that you don't need.
- The first account owns the installation. A Job makes it; until then main is not Ready, so that nobody comes first.

Must exist already: Secret `flowise-auth-secrets` with the five keys, Secret `flowise-owner` with the key `password`,
and Secret `flowise-tls`, which cert-manager makes here because of the annotation on the Ingress. `flowise-constructs
secrets` prints the first two.

To change later: `database=BundledPostgres()` or `database=PostgresDatabase(...)` starts with an *empty* database; flows
have to be exported and imported. Start with PostgreSQL if you expect to grow.
"""

from __future__ import annotations

from flowise_constructs import (
    App,
    Auth,
    DataClaim,
    Ingress,
    IngressHost,
    IngressTls,
    Main,
    Owner,
    Resources,
    SecretKey,
    StandaloneChart,
)

HOST = "flowise.example.com"


def build(app: App) -> None:
    """Adds the chart to the app."""
    StandaloneChart(
        app,
        "flowise",
        auth=Auth.from_secret("flowise-auth-secrets"),
        data=DataClaim(
            size="20Gi",
            annotations={
                "argocd.argoproj.io/sync-options": "Prune=false,Delete=false",
                "kustomize.toolkit.fluxcd.io/prune": "disabled",
            },
        ),
        ingress=Ingress(
            hosts=[IngressHost(host=HOST)],
            class_name="nginx",
            annotations={
                "cert-manager.io/cluster-issuer": "letsencrypt",
                # A prediction may send nothing for minutes. The size is that of Settings.file_size_limit.
                "nginx.ingress.kubernetes.io/proxy-read-timeout": "3600",
                "nginx.ingress.kubernetes.io/proxy-buffering": "off",
                "nginx.ingress.kubernetes.io/proxy-body-size": "50m",
            },
            tls=[IngressTls(hosts=[HOST], secret_name="flowise-tls")],
        ),
        main=Main(resources=Resources.small()),
        owner=Owner(email="admin@example.com", password=SecretKey(secret="flowise-owner", key="password")),
    )


if __name__ == "__main__":
    app = App()
    build(app)
    app.synth()
