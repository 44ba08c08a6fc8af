"""What manifests contain, and what they refer to: read from YAML, without a cluster."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from flowise_constructs.core.plain import is_list, is_map

POD_TEMPLATES: Mapping[str, tuple[str, ...]] = {
    "Pod": (),
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}


class ObjectName(NamedTuple):
    """The name of an object. No namespace: the one that `kubectl` uses."""

    kind: str
    namespace: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A reference from one object to another."""

    to: ObjectName
    """The object referred to."""
    by: str
    """The object that refers to it, such as `Deployment flowise`."""
    use: str
    """How it is used: a variable's name, or a word."""
    key: str | None = None
    """The key in its data. None: all of it, or nothing."""
    optional: bool = False
    """Whether it may be missing."""
    is_own: bool = False
    """Whether it is the password of a server in the same manifests, which may have any value."""


class Manifests:
    """Objects and the references between them."""

    def __init__(self, documents: Iterable[Any], *, hosts: Collection[str] = ()) -> None:
        """`hosts` are the variables that hold the host of a server."""
        self._hosts = hosts
        self.objects: dict[ObjectName, Mapping[str, Any]] = {}
        self.twice: list[ObjectName] = []
        for item in _flat(documents):
            name = _name(item)
            if name in self.objects:
                self.twice.append(name)
            self.objects[name] = item
        self._keys = self._provided()
        self.references = [reference for item in self.objects.values() for reference in self._of(item)]

    def holds(self, name: ObjectName) -> bool:
        """Whether the object is among them, or is created from one of them in the cluster."""
        return name in self.objects or name in self._keys

    def lacks(self, reference: Reference) -> bool:
        """Whether the object is in the manifests, but the key is not."""
        keys = self._keys.get(reference.to)
        return reference.key is not None and keys is not None and reference.key not in keys

    def images(self) -> list[str]:
        """Every image, sorted."""
        found = {
            str(container["image"])
            for item in self.objects.values()
            for container in _containers(_pod(item))
            if container.get("image")
        }
        return sorted(found)

    def _provided(self) -> dict[ObjectName, frozenset[str] | None]:
        """Data that is in the manifests, or that an operator creates: its keys, None if they can't be known."""
        found: dict[ObjectName, frozenset[str] | None] = {}
        for (kind, namespace, name), item in self.objects.items():
            if kind in ("Secret", "ConfigMap"):
                parts = [_map(item, part) for part in ("data", "stringData", "binaryData")]
                found[ObjectName(kind, namespace, name)] = frozenset(key for part in parts for key in part)
            elif kind == "ExternalSecret":
                target = str(_map(item, "spec", "target").get("name") or name)
                keys = [entry.get("secretKey") for entry in _maps(_map(item, "spec"), "data")]
                is_known = not _map(item, "spec").get("dataFrom")
                found[ObjectName("Secret", namespace, target)] = frozenset(map(str, keys)) if is_known else None
            elif kind == "SealedSecret":
                found[ObjectName("Secret", namespace, name)] = frozenset(_map(item, "spec", "encryptedData"))
            elif kind == "Certificate":
                found[ObjectName("Secret", namespace, str(_map(item, "spec").get("secretName")))] = None
            elif kind == "Ingress" and _has_issuer(item):
                names = [entry.get("secretName") for entry in _maps(_map(item, "spec"), "tls")]
                found |= {ObjectName("Secret", namespace, str(secret)): None for secret in names if secret}
        return found

    def _of(self, item: Mapping[str, Any]) -> Iterator[Reference]:
        kind, namespace, name = _name(item)
        by = f"{kind} {name}"
        if kind in POD_TEMPLATES:
            yield from self._of_pod(_pod(item), namespace, by, is_server=kind == "StatefulSet")
        if kind == "StatefulSet" and (service := _map(item, "spec").get("serviceName")):
            yield Reference(to=ObjectName("Service", namespace, str(service)), by=by, use="serviceName")
        if kind == "ServiceAccount":
            yield from _named(_maps(item, "imagePullSecrets"), "Secret", namespace, by, "imagePullSecrets")
        if kind == "Ingress":
            yield from _of_ingress(item, namespace, by)
        if kind == "HTTPRoute":
            for rule in _maps(_map(item, "spec"), "rules"):
                backends = [entry for entry in _maps(rule, "backendRefs") if entry.get("kind", "Service") == "Service"]
                yield from _named(backends, "Service", namespace, by, "backendRefs")

    def _of_pod(self, pod: Mapping[str, Any], namespace: str, by: str, *, is_server: bool) -> Iterator[Reference]:
        account = pod.get("serviceAccountName", "default")
        if account != "default":
            to = ObjectName("ServiceAccount", namespace, str(account))
            yield Reference(to=to, by=by, use="serviceAccountName")
        yield from _named(_maps(pod, "imagePullSecrets"), "Secret", namespace, by, "imagePullSecrets")
        for container in _containers(pod):
            yield from self._of_container(container, namespace, by)
        files = _password_files(pod) if is_server else frozenset[str]()
        for volume in _maps(pod, "volumes"):
            yield from _of_volume(volume, namespace, by, _mounts(pod, volume.get("name")), files)

    def _of_container(self, container: Mapping[str, Any], namespace: str, by: str) -> Iterator[Reference]:
        literals = {
            str(entry.get("name")): str(entry["value"]) for entry in _maps(container, "env") if entry.get("value")
        }
        for variable in self._hosts:
            if service := _service(literals.get(variable, ""), namespace):
                yield Reference(to=service, by=by, use=variable)
        for entry in _maps(container, "env"):
            variable = str(entry.get("name"))
            host = literals.get(variable.replace("PASSWORD", "HOST"), "") if variable.endswith("_PASSWORD") else ""
            service = _service(host, namespace)
            is_own = variable == "REDISCLI_AUTH" or (service is not None and service in self.objects)
            for word, kind in (("secretKeyRef", "Secret"), ("configMapKeyRef", "ConfigMap")):
                yield from _keyed(_map(entry, "valueFrom").get(word), kind, namespace, by, variable, is_own=is_own)
        for entry in _maps(container, "envFrom"):
            for word, kind in (("secretRef", "Secret"), ("configMapRef", "ConfigMap")):
                if source := _map(entry, word):
                    yield from _named([source], kind, namespace, by, "envFrom")


def _of_ingress(item: Mapping[str, Any], namespace: str, by: str) -> Iterator[Reference]:
    spec = _map(item, "spec")
    for entry in _maps(spec, "tls"):
        if secret := entry.get("secretName"):
            yield Reference(to=ObjectName("Secret", namespace, str(secret)), by=by, use="tls")
    paths = [path for rule in _maps(spec, "rules") for path in _maps(_map(rule, "http"), "paths")]
    backends = [_map(spec, "defaultBackend", "service"), *(_map(path, "backend", "service") for path in paths)]
    yield from _named([backend for backend in backends if backend], "Service", namespace, by, "backend")


def _of_volume(
    volume: Mapping[str, Any], namespace: str, by: str, mounts: list[str], files: frozenset[str]
) -> Iterator[Reference]:
    if claim := _map(volume, "persistentVolumeClaim").get("claimName"):
        yield Reference(to=ObjectName("PersistentVolumeClaim", namespace, str(claim)), by=by, use="volume")
    sources = [volume, *_maps(_map(volume, "projected"), "sources")]
    for source in sources:
        for word, kind, called in (("secret", "Secret", ("secretName", "name")), ("configMap", "ConfigMap", ("name",))):
            reference = _map(source, word)
            name = next((reference[key] for key in called if reference.get(key)), None)
            if name is None:
                continue
            to, optional = ObjectName(kind, namespace, str(name)), bool(reference.get("optional"))
            items = _maps(reference, "items")
            if not items:
                yield Reference(to=to, by=by, use="volume", optional=optional)
            for item in items:
                is_own = any(f"{mount}/{item.get('path')}" in files for mount in mounts)
                yield Reference(to=to, by=by, use="volume", key=str(item.get("key")), optional=optional, is_own=is_own)


def _keyed(source: object, kind: str, namespace: str, by: str, use: str, *, is_own: bool) -> Iterator[Reference]:
    if is_map(source) and source.get("name") and source.get("key"):
        to, optional = ObjectName(kind, namespace, str(source["name"])), bool(source.get("optional"))
        yield Reference(to=to, by=by, use=use, key=str(source["key"]), optional=optional, is_own=is_own)


def _named(entries: Iterable[Mapping[str, Any]], kind: str, namespace: str, by: str, use: str) -> Iterator[Reference]:
    for entry in entries:
        if name := entry.get("name"):
            where = str(entry.get("namespace") or namespace)
            optional = bool(entry.get("optional"))
            yield Reference(to=ObjectName(kind, where, str(name)), by=by, use=use, optional=optional)


def _service(host: str, namespace: str) -> ObjectName | None:
    """The Service that a host name inside the cluster stands for."""
    parts = host.rstrip(".").split(".")
    if not host or (len(parts) > 1 and parts[2:3] != ["svc"]):
        return None
    return ObjectName("Service", parts[1] if len(parts) > 1 else namespace, parts[0])


def _password_files(pod: Mapping[str, Any]) -> frozenset[str]:
    entries = [entry for container in _containers(pod) for entry in _maps(container, "env")]
    return frozenset(str(entry.get("value")) for entry in entries if str(entry.get("name")).endswith("_PASSWORD_FILE"))


def _mounts(pod: Mapping[str, Any], volume: object) -> list[str]:
    mounts = [mount for container in _containers(pod) for mount in _maps(container, "volumeMounts")]
    return [str(mount.get("mountPath")).rstrip("/") for mount in mounts if mount.get("name") == volume]


def _has_issuer(item: Mapping[str, Any]) -> bool:
    annotations = _map(item, "metadata", "annotations")
    return any(f"cert-manager.io/{word}" in annotations for word in ("issuer", "cluster-issuer")) or (
        annotations.get("kubernetes.io/tls-acme") == "true"
    )


def _flat(documents: Iterable[Any]) -> Iterator[Mapping[str, Any]]:
    for document in documents:
        if is_map(document):
            if str(document.get("kind", "")).endswith("List") and is_list(document.get("items")):
                yield from _flat(document["items"])
            elif document.get("kind"):
                yield document


def _name(item: Mapping[str, Any]) -> ObjectName:
    metadata = _map(item, "metadata")
    return ObjectName(str(item["kind"]), str(metadata.get("namespace") or ""), str(metadata.get("name")))


def _pod(item: Mapping[str, Any]) -> Mapping[str, Any]:
    path = POD_TEMPLATES.get(str(item["kind"]))
    return {} if path is None else _map(item, *path, "spec")


def _containers(pod: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [entry for word in ("initContainers", "containers", "ephemeralContainers") for entry in _maps(pod, word)]


def _map(item: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    for word in path:
        below = item.get(word)
        item = below if is_map(below) else {}
    return item


def _maps(item: Mapping[str, Any], word: str) -> list[Mapping[str, Any]]:
    entries = item.get(word)
    return [entry for entry in entries if is_map(entry)] if is_list(entries) else []
