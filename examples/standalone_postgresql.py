"""One pod, with a PostgreSQL server that exists.

For a team that has a database server already, managed or run by an operator. Uploads stay on a claim; the database,
with flows, messages and encrypted credentials, is on the server, where it is backed up with the others.

What to know:

- The database and the role that owns it must exist. Flowise creates the tables. The gate, the init container in front
  of Flowise, creates the extension `uuid-ossp`: the role needs CREATE on the database, which its owner has.
- The connection is encrypted, and the server's certificate is checked against the authority in the Secret
  `flowise-postgres-ca`, key `ca.crt`: PEM, as CloudNativePG and cert-manager write it.
- A connection pooler works in session and in transaction mode, not in statement mode.
- There is one replica: outside queue mode each main would run every schedule.

Must exist already: the Secrets `flowise-auth-secrets` (five keys), `flowise-postgres` (key `password`) and
`flowise-postgres-ca` (key `ca.crt`); the database `flowise`, owned by the role `flowise`.

For a PostgreSQL that this library runs: `database=BundledPostgres(size="20Gi")`, without the other values.
"""

from __future__ import annotations

from flowise_constructs import (
    App,
    Auth,
    DatabaseTls,
    DataClaim,
    Ingress,
    IngressHost,
    Main,
    PostgresDatabase,
    SecretKey,
    StandaloneChart,
)


def build(app: App) -> None:
    """Adds the chart to the app."""
    StandaloneChart(
        app,
        "flowise",
        auth=Auth.from_secret("flowise-auth-secrets"),
        database=PostgresDatabase(
            host="postgres-rw.databases.svc.cluster.local",
            name="flowise",
            user="flowise",
            password=SecretKey(secret="flowise-postgres", key="password"),
            tls=DatabaseTls(ca=SecretKey(secret="flowise-postgres-ca", key="ca.crt")),
        ),
        data=DataClaim(size="5Gi"),
        # TLS ends at the Ingress controller, with its default certificate: the public URL is https all the same.
        ingress=Ingress(hosts=[IngressHost(host="flowise.example.com")], class_name="traefik", tls_in_front=True),
        # Who registers first owns the installation. Until then main is not Ready, and the Ingress leads nowhere:
        # kubectl port-forward deployment/flowise 3000, then http://localhost:3000.
        main=Main(awaits_owner=True),
    )


if __name__ == "__main__":
    app = App()
    build(app)
    app.synth()
