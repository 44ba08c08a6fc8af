"""Two installations in one app.

Each team gets a Flowise of its own, in a namespace of its own: another database, another encryption key, another host.
What they have in common stands once, in a subclass of the chart; what differs are its arguments. The app writes one
file per team, so that each can be applied, or watched by a GitOps controller, for itself.

What to know:

- An installation is its keys and its database. Two installations must share neither: a user of one could forge the
  tokens of the other.
- Within one namespace each needs another `Names(name=...)`. Here the namespaces differ, and names may be the same.
- `Names.namespace` puts the namespace into every object. The namespaces themselves are not made here.
- A node that is tainted for one team is reached by `Main(pod=PodOptions(tolerations=[...]))`, given per team.
- A Job makes each team's first account; until then main is not Ready, and the Ingress leads nowhere.

Must exist already, in each namespace: the namespace, and the Secrets `flowise-auth-secrets`, `flowise-postgresql-auth`
and `flowise-owner` (key `password`). `flowise-constructs secrets dist/legal.k8s.yaml` prints them, with the namespace.
"""

from __future__ import annotations

from flowise_constructs import (
    App,
    Auth,
    BundledPostgres,
    Construct,
    DataClaim,
    Ingress,
    IngressHost,
    IngressTls,
    Names,
    Owner,
    SecretKey,
    Settings,
    StandaloneChart,
)


class TeamFlowise(StandaloneChart):
    """A team's installation, as this company runs it."""

    def __init__(self, scope: Construct, team: str, *, size: str, embedded_by: tuple[str, ...] = ()) -> None:
        host = f"flowise-{team}.example.com"
        super().__init__(
            scope,
            team,
            names=Names(namespace=f"flowise-{team}"),
            auth=Auth.from_secret("flowise-auth-secrets"),
            database=BundledPostgres(size=size),
            data=DataClaim(size=size),
            settings=Settings(cors_origins=embedded_by, iframe_origins=("'self'", *embedded_by)),
            ingress=Ingress(
                hosts=[IngressHost(host=host)],
                class_name="nginx",
                annotations={"cert-manager.io/cluster-issuer": "company-ca"},
                tls=[IngressTls(hosts=[host], secret_name="flowise-tls")],
            ),
            owner=Owner(email=f"{team}@example.com", password=SecretKey(secret="flowise-owner", key="password")),
        )


def build(app: App) -> None:
    """Adds the charts to the app."""
    TeamFlowise(app, "legal", size="10Gi")
    TeamFlowise(app, "sales", size="50Gi", embedded_by=("https://shop.example.com",))


if __name__ == "__main__":
    app = App()
    build(app)
    app.synth()
