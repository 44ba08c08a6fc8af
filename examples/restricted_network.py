"""OpenShift without a way to the internet but a proxy, on a PostgreSQL that speaks TLS.

What companies with closed networks have: users that the cluster assigns, a registry that mirrors all images, an
outbound proxy, an authority of their own, and a database whose certificate it signed.

What to know:

- `Security.openshift()` leaves `runAsUser`, `runAsGroup` and `fsGroup` out of every pod, so that the security context
  constraint `restricted-v2` admits them.
- The registry has every image under its own path: `docker.io/flowiseai/flowise` is
  `registry.corp.example/mirror/flowiseai/flowise`. The further container's image is taken from there too.
- The authority is in a ConfigMap, as trust-manager makes it, and is trusted by Flowise, gate, backups and restores.
- The proxy is for flows that call models outside. The database's host is left out of it by itself.
- `model_list="image"`: Flowise would ask GitHub for the list of models, whenever somebody opens one. Nothing else of it
  calls home.
- A Route with TLS at its edge is made of the Ingress.
- Log files are on a claim of their own. Somebody must delete the old ones.
- A directory of prompts comes from an image: an init container copies it to a volume before the gate runs.

Must exist already: PostgreSQL, with the role and its database; the Secrets `flowise-auth-secrets`, `flowise-postgres`
(key `password`), `registry-login` and `outbound-proxy` (key `url`, with its login); the ConfigMap `corporate-ca` (key
`ca.crt`).
"""

from __future__ import annotations

from flowise_constructs import (
    App,
    Auth,
    ConfigMapKey,
    DatabaseTls,
    Ingress,
    IngressHost,
    LogClaim,
    Main,
    OutboundProxy,
    Owner,
    PodOptions,
    PostgresDatabase,
    Registry,
    SecretKey,
    Security,
    Settings,
    StandaloneChart,
    Volume,
    WritableSizes,
)

CORPORATE = ConfigMapKey(config_map="corporate-ca", key="ca.crt")
POD = PodOptions(
    volumes=[Volume(name="prompts", source={"emptyDir": {"sizeLimit": "100Mi"}}, mount_path="/prompts")],
    init_containers=[
        {
            "name": "prompts",
            "image": "registry.corp.example/mirror/ai/prompts:2026.11",
            "command": ["cp", "-r", "/content/.", "/prompts"],
            "resources": {"requests": {"cpu": "50m", "memory": "32Mi"}, "limits": {"memory": "64Mi"}},
            "volumeMounts": [{"name": "prompts", "mountPath": "/prompts"}],
        }
    ],
    host_aliases=[{"ip": "10.20.0.15", "hostnames": ["postgres.corp.example"]}],
)


def build(app: App) -> None:
    """Adds the chart to the app."""
    StandaloneChart(
        app,
        "flowise",
        namespace="ai",
        security=Security.openshift(),
        registry=Registry(address="registry.corp.example/mirror", pull_secrets=["registry-login"]),
        labels={"example.com/cost-centre": "4711"},
        on_pods=True,
        auth=Auth.from_secret("flowise-auth-secrets"),
        database=PostgresDatabase(
            host="postgres.corp.example",
            password=SecretKey(secret="flowise-postgres", key="password"),
            tls=DatabaseTls(ca=CORPORATE),
        ),
        settings=Settings(
            authorities=CORPORATE,
            proxy=OutboundProxy(http=SecretKey(secret="outbound-proxy", key="url"), no_proxy=["*.corp.example"]),
            model_list="image",
        ),
        owner=Owner(email="admin@example.com", password=SecretKey(secret="flowise-owner", key="password")),
        ingress=Ingress(
            hosts=[IngressHost(host="flowise.apps.corp.example")],
            annotations={
                "route.openshift.io/termination": "edge",
                "haproxy.router.openshift.io/timeout": "1h",
            },
            tls_in_front=True,
        ),
        main=Main(pod=POD, sizes=WritableSizes(logs=LogClaim(size="20Gi"))),
    )


if __name__ == "__main__":
    app = App()
    build(app)
    app.synth()
