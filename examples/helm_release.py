"""A Helm release of the helmforge chart, taken over without losing data.

`helm_release.values.yaml` are the values of the release `prod`. This is what

    flowise-constructs from-helm helm_release.values.yaml --release prod --format python

writes, in the form of the other examples, and it gives the same YAML as `--format yaml`. From then on the Python code
is yours, and the values file can go.

What to know:

- The names are the chart's: `prod-flowise`, the claim `prod-flowise-data`. The YAML takes the live objects over,
  and Flowise finds its data. `names` is why: never change it.
- Values that differ between the chart and this library are written out: `community_nodes=True` and the probes' numbers
  are the chart's defaults. Take them out one by one when you have read what they do.
- The command reports what changes on standard error. Here: cookies become secure, because the public URL is https, and
  the deployment runs as user 1000 instead of root.
- Apply it as "From a Helm release to plain YAML" says, with `kubectl apply set-last-applied` first, and never with
  `helm uninstall`, which deletes the claim and the keys.

Must exist already, as in the release: the Secrets `flowise-auth-secrets`, `flowise-postgres` and `flowise-tls`, and the
database. A password in the values would become a Secret in the YAML, in plain sight: name a Secret instead, as here.
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
    Names,
    PostgresDatabase,
    ProbeNumbers,
    SecretKey,
    Settings,
    StandaloneChart,
)


def build(app: App) -> None:
    """Adds the chart to the app."""
    StandaloneChart(
        app,
        "prod",
        auth=Auth.from_secret("flowise-auth-secrets"),
        database=PostgresDatabase(
            host="postgres.databases.svc.cluster.local",
            password=SecretKey(secret="flowise-postgres", key="password"),
        ),
        settings=Settings(
            app_url="https://flowise.example.com",
            cors_origins=["https://www.example.com"],
            community_nodes=True,
        ),
        ingress=Ingress(
            hosts=[IngressHost(host="flowise.example.com")],
            class_name="nginx",
            tls=[IngressTls(hosts=["flowise.example.com"], secret_name="flowise-tls")],
        ),
        data=DataClaim(size="20Gi"),
        main=Main(
            awaits_owner=False,
            startup=ProbeNumbers(failure_threshold=30),
            liveness=ProbeNumbers(period_seconds=20),
        ),
        names=Names(name="prod-flowise", instance="prod"),
    )


if __name__ == "__main__":
    app = App()
    build(app)
    app.synth()
