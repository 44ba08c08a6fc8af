"""Objects that the server takes, in a namespace that enforces Pod Security "restricted"."""

from __future__ import annotations

from typing import Any

LABELS = {"app": "probe"}
POD_SECURITY = {"runAsNonRoot": True, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}}
CONTAINER_SECURITY = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


def whole(kind: str, api_version: str, metadata: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """An object called `probe`, unless `metadata` says otherwise."""
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "probe", **(metadata or {})}, **fields}


def container(**fields: Any) -> dict[str, Any]:
    """A container."""
    return {"name": "main", "image": "docker.io/library/probe:1", "securityContext": CONTAINER_SECURITY, **fields}


def pod_spec(*containers: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A pod's spec."""
    whole = {
        "serviceAccountName": "probe",
        "securityContext": POD_SECURITY,
        "containers": list(containers) or [container()],
    }
    return {**whole, **fields}


def template(spec: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    """A pod template."""
    return {"metadata": {**metadata, "labels": {**LABELS, **metadata.get("labels", {})}}, "spec": spec}


def deployment(
    spec: dict[str, Any] | None = None,
    *,
    metadata: dict[str, Any] | None = None,
    pod_metadata: dict[str, Any] | None = None,
    **fields: Any,
) -> dict[str, Any]:
    """A Deployment of a pod."""
    content = {"selector": {"matchLabels": LABELS}, "template": template(spec or pod_spec(), **(pod_metadata or {}))}
    return whole("Deployment", "apps/v1", metadata, spec={**content, **fields})


def stateful_set(metadata: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """A StatefulSet."""
    content = {"selector": {"matchLabels": LABELS}, "serviceName": "probe", "template": template(pod_spec())}
    return whole("StatefulSet", "apps/v1", metadata, spec={**content, **fields})


def job_spec(**fields: Any) -> dict[str, Any]:
    """A Job's spec."""
    return {"template": template(pod_spec(restartPolicy="Never")), **fields}


def cron_job(
    metadata: dict[str, Any] | None = None, job: dict[str, Any] | None = None, **fields: Any
) -> dict[str, Any]:
    """A CronJob."""
    content = {"schedule": "0 3 * * *", "jobTemplate": {"spec": job or job_spec()}}
    return whole("CronJob", "batch/v1", metadata, spec={**content, **fields})


def service(metadata: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """A Service."""
    return whole("Service", "v1", metadata, spec={"selector": LABELS, "ports": [{"port": 80}], **fields})


def claim(metadata: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """A claim."""
    content = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    return whole("PersistentVolumeClaim", "v1", metadata, spec={**content, **fields})


def ingress_path(path: str = "/", kind: str = "Prefix", service_name: str = "probe", port: Any = 80) -> dict[str, Any]:
    """A path of an Ingress."""
    backend = {"service": {"name": service_name, "port": {"number": port} if isinstance(port, int) else {"name": port}}}
    return {"path": path, "pathType": kind, "backend": backend}


def ingress(
    metadata: dict[str, Any] | None = None, host: str = "a.example.com", paths: Any = None, **fields: Any
) -> dict[str, Any]:
    """An Ingress."""
    rules = [{"host": host, "http": {"paths": [ingress_path()] if paths is None else paths}}]
    return whole("Ingress", "networking.k8s.io/v1", metadata, spec={"rules": rules, **fields})
