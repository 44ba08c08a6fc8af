"""What the Job may do in the cluster where it stores API keys, and how it shows that it may."""

from __future__ import annotations

from constructs import Construct

from flowise_constructs.core.findings import ConfigError, Finding
from flowise_constructs.kubernetes import volumes
from flowise_constructs.kubernetes.identity import Identity
from flowise_constructs.kubernetes.objects import Manifest, api_object, object_meta

ACCESS_DIRECTORY = "/var/run/secrets/flowise-constructs"
TOKEN_SECONDS = 600
"""The least that the API server gives; kubelet renews it."""
VERBS = ("get", "create", "patch")
GROUP = "rbac.authorization.k8s.io"


def role(scope: Construct, identity: Identity, secret: str, account: str) -> None:
    """The Role for one Secret, and its RoleBinding.

    For a POST the API server doesn't know the name of what is to be created, so that `resourceNames` can't hold
    `create`. Server-side apply is a PATCH whose path has the name, and is held to it.
    """
    if identity.namespace is None:
        fix = "a RoleBinding must name the namespace of its service account; give Names(namespace='...')"
        raise ConfigError([Finding("Owner.api_keys", f"with no namespace: {fix}")])
    api_object(
        scope,
        "Role",
        api_version=f"{GROUP}/v1",
        kind="Role",
        metadata=object_meta(identity),
        rules=[{"apiGroups": [""], "resources": ["secrets"], "resourceNames": [secret], "verbs": list(VERBS)}],
    )
    api_object(
        scope,
        "RoleBinding",
        api_version=f"{GROUP}/v1",
        kind="RoleBinding",
        metadata=object_meta(identity),
        roleRef={"apiGroup": GROUP, "kind": "Role", "name": identity.name},
        subjects=[{"kind": "ServiceAccount", "name": account, "namespace": identity.namespace}],
    )


def token_volume() -> Manifest:
    """The token, the API server's certificate and the pod's namespace."""
    namespace = [{"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}]
    sources: list[Manifest] = [
        {"serviceAccountToken": {"path": "token", "expirationSeconds": TOKEN_SECONDS}},
        # Kubernetes keeps it in every namespace.
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": namespace}},
    ]
    return {"name": "token", "projected": {"sources": sources}}


def token_mount() -> Manifest:
    """Where the container sees them."""
    return volumes.mount("token", ACCESS_DIRECTORY, read_only=True)
