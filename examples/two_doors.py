"""Two doors: chats for everybody, the rest for administrators, who log in at oauth2-proxy first.

For an installation whose chats are embedded in public web pages, while nobody but the company's own people should see
the editor, or Flowise's own login.

What to know:

- `chat.example.com` serves the paths of chats and embedded widgets alone, through a Gateway. Each is rewritten to
  itself, so that the gateway forwards the path that it matched: see "Two doors" in the documentation.
- `flowise.example.com` leads to oauth2-proxy, and only from there to main's Service. Its settings: an hour of
  `--upstream-timeout`, since a prediction can be silent for long; `--flush-interval` for streams; `--skip-auth-route`
  for programs that call predictions with an API key.
- `trusted_proxies` is 2: the Gateway and oauth2-proxy. Through the public door, which has one proxy less, a client can
  choose the address that Flowise's rate limit sees; where that matters, give the networks of the proxies instead.
- A network policy should let main's port 3000 be reached by the Gateway and oauth2-proxy alone.

Must exist already: the Gateway API and a Gateway `public` in the namespace `gateways`, with TLS for both hosts; the
Secret `flowise-auth-secrets` (five keys); the Secret `oauth2-proxy` (`client-id`, `client-secret`, and `cookie-secret`
of 32 bytes); the client at the identity provider, with the redirect URL `https://flowise.example.com/oauth2/callback`.

oauth2-proxy's flags are those of its documentation, 7.6 and newer; they were not tried here against a provider.
"""

from __future__ import annotations

from typing import Any

from flowise_constructs import (
    ApiObject,
    ApiObjectMetadata,
    App,
    Auth,
    Construct,
    Doors,
    GatewayRef,
    HttpRoute,
    JsonPatch,
    Owner,
    SecretKey,
    Settings,
    StandaloneChart,
)

GATEWAY = GatewayRef(name="public", namespace="gateways", section_name="https")
HOST = "flowise.example.com"
LABELS = {"app.kubernetes.io/name": "oauth2-proxy"}
ARGUMENTS = [
    "--provider=oidc",
    "--oidc-issuer-url=https://login.example.com",
    "--email-domain=example.com",
    f"--redirect-url=https://{HOST}/oauth2/callback",
    "--http-address=0.0.0.0:4180",
    "--reverse-proxy=true",
    "--upstream=http://flowise:3000",
    "--upstream-timeout=1h",
    "--flush-interval=100ms",
    "--skip-provider-button=true",
    "--skip-auth-route=POST=^/api/v1/prediction/",
]


def build(app: App) -> None:
    """Adds the chart, and oauth2-proxy beside it, to the app."""
    chart = StandaloneChart(
        app,
        "flowise",
        auth=Auth.from_secret("flowise-auth-secrets"),
        settings=Settings(app_url=f"https://{HOST}", trusted_proxies=2),
        owner=Owner(email="admin@example.com", password=SecretKey(secret="flowise-owner", key="password")),
        doors=Doors(admin=None, public=HttpRoute(parents=[GATEWAY], hosts=["chat.example.com"])),
    )
    oauth2_proxy(chart)


def oauth2_proxy(chart: Construct) -> None:
    """Its Deployment, Service and HTTPRoute."""
    backend = {"group": "", "kind": "Service", "name": "oauth2-proxy", "port": 4180, "weight": 1}
    parent = {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "public", "namespace": "gateways"}
    rule = {
        "matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
        "backendRefs": [backend],
        "timeouts": {"request": "0s"},
    }
    route = {"parentRefs": [{**parent, "sectionName": "https"}], "hostnames": [HOST], "rules": [rule]}
    service = {"selector": LABELS, "ports": [{"name": "http", "port": 4180, "targetPort": "http"}]}
    template = {"metadata": {"labels": LABELS}, "spec": pod()}
    deployment = {"replicas": 2, "selector": {"matchLabels": LABELS}, "template": template}
    thing(chart, "apps/v1", "Deployment", deployment)
    thing(chart, "v1", "Service", service)
    thing(chart, "gateway.networking.k8s.io/v1", "HTTPRoute", route)


def pod() -> dict[str, Any]:
    """Restricted, as the other pods are."""
    names = ("client-id", "client-secret", "cookie-secret")
    container = {
        "name": "oauth2-proxy",
        "image": "quay.io/oauth2-proxy/oauth2-proxy:v7.6.0",
        "args": ARGUMENTS,
        "env": [
            {
                "name": f"OAUTH2_PROXY_{name.upper().replace('-', '_')}",
                "valueFrom": {"secretKeyRef": {"name": "oauth2-proxy", "key": name}},
            }
            for name in names
        ],
        "ports": [{"name": "http", "containerPort": 4180}],
        "readinessProbe": {"httpGet": {"path": "/ping", "port": "http"}},
        "resources": {"requests": {"cpu": "20m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
    }
    security = {"runAsNonRoot": True, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}}
    return {"automountServiceAccountToken": False, "securityContext": security, "containers": [container]}


def thing(chart: Construct, api_version: str, kind: str, spec: dict[str, Any]) -> None:
    """An object called `oauth2-proxy`."""
    metadata = ApiObjectMetadata(name="oauth2-proxy", labels=LABELS)
    made = ApiObject(chart, f"OAuth2Proxy{kind}", api_version=api_version, kind=kind, metadata=metadata)
    made.add_json_patch(JsonPatch.add("/spec", spec))


if __name__ == "__main__":
    app = App()
    build(app)
    app.synth()
