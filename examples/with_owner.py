"""A new installation with its owner, and an API key for Prometheus.

Whoever registers first owns a Flowise, and no list of paths in a proxy keeps others from it. Here main is Ready only
once the owner exists, so that no Service, Ingress or load balancer leads to it before; a Job makes the owner.

What to know:

- The Job `flowise-owner-...` waits for main, registers the owner, and ends. Where an owner exists it changes nothing,
  and its log says whether the password in the Secret is the owner's. The password is changed in Flowise.
- The password needs 8 to 128 characters, among them a lower-case letter, an upper-case letter, a digit and another
  character. Flowise refuses any other, the Job fails, and `kubectl describe pod` says why.
- The Job stores the API key in the Secret `flowise-api-keys`, key `metrics`. It may read, create and change that Secret
  and nothing else. The key's one permission shows nothing that users made; for the metrics any key will do.
- `names` has a namespace, because the RoleBinding must name that of its service account.
- The database is lost and empty again: main is not Ready until the Job has run. Give another `rollout_token`, or delete
  the Job and apply it again.

Must exist already: the namespace `flowise`, and there the Secrets `flowise-auth-secrets` (five keys),
`flowise-postgresql-auth` (`postgres-password`, `user-password`) and `flowise-owner` (`password`).
"""

from __future__ import annotations

from flowise_constructs import (
    ApiKeys,
    App,
    Auth,
    BundledPostgres,
    Ingress,
    IngressHost,
    Metrics,
    Names,
    Owner,
    PodOptions,
    SecretKey,
    Settings,
    StandaloneChart,
)


def build(app: App) -> None:
    """Adds the chart to the app."""
    StandaloneChart(
        app,
        "flowise",
        names=Names(namespace="flowise"),
        auth=Auth.from_secret("flowise-auth-secrets"),
        database=BundledPostgres(size="20Gi"),
        settings=Settings(metrics=Metrics()),
        ingress=Ingress(hosts=[IngressHost(host="flowise.example.com")], class_name="traefik", tls_in_front=True),
        owner=Owner(
            email="admin@example.com",
            name="Platform team",
            password=SecretKey(secret="flowise-owner", key="password"),
            api_keys=ApiKeys(secret="flowise-api-keys", keys={"metrics": ["templates:marketplace"]}),
            pod=PodOptions(rollout_token="1"),
        ),
    )


if __name__ == "__main__":
    app = App()
    build(app)
    app.synth()
