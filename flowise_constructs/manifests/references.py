"""What manifests contain, and what they refer to: read from YAML, without a cluster."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from flowise_constructs.core.plain import is_map
from flowise_constructs.manifests.objects import (
    ObjectName,
    flat,
    is_object,
    map_at,
    maps_at,
    name_of,
    same_namespace,
)
from flowise_constructs.manifests.operators import secrets_made_of
from flowise_constructs.manifests.pods import Pods, pods_of

ROUTES = ("HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute")
"""Kinds of the Gateway API that lead to Services."""
_OF_OUR_SERVERS = ("REDISCLI_AUTH", "MONITORING_PASSWORD")
"""Variables with a password that a server in the manifests is told: its own, and that of the role of its exporter."""
OF_EVERY_NAMESPACE = ("ConfigMap", "kube-root-ca.crt")
"""What Kubernetes keeps in every namespace."""


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
        for item in filter(is_object, flat(documents)):
            name = name_of(item)
            if not name.name:
                name = name._replace(name=f"without a name ({len(self.objects) + 1})")
            elif name in self.objects:
                self.twice.append(name)
            self.objects[name] = item
        self.pods = [pods for name, item in self.objects.items() if (pods := pods_of(name, item)) is not None]
        self._keys = self._provided()
        self.references = [reference for name, item in self.objects.items() for reference in self._of(name, item)]
        self.references += [reference for pods in self.pods for reference in self._of_pods(pods)]

    def holds(self, name: ObjectName) -> bool:
        """Whether the object is among them, or is created from one of them, or by Kubernetes, in the cluster."""
        return name in self.objects or name in self._keys or (name.kind, name.name) == OF_EVERY_NAMESPACE

    def lacks(self, reference: Reference) -> bool:
        """Whether the object is in the manifests, but the key is not."""
        keys = self._keys.get(reference.to)
        return reference.key is not None and keys is not None and reference.key not in keys

    def images(self) -> list[str]:
        """Every image, sorted."""
        found = {
            str(container["image"])
            for pods in self.pods
            for _, container in pods.containers()
            if container.get("image")
        }
        return sorted(found)

    def _provided(self) -> dict[ObjectName, frozenset[str] | None]:
        """Data that is in the manifests, or that an operator creates: its keys, None if they can't be known."""
        found: dict[ObjectName, frozenset[str] | None] = {}
        for (kind, namespace, name), item in self.objects.items():
            if kind in ("Secret", "ConfigMap"):
                parts = [map_at(item, part) for part in ("data", "stringData", "binaryData")]
                found[ObjectName(kind, namespace, name)] = frozenset(key for part in parts for key in part)
            elif kind == "ExternalSecret":
                target = str(map_at(item, "spec", "target").get("name") or name)
                keys = [entry.get("secretKey") for entry in maps_at(item, "spec", "data")]
                is_known = not map_at(item, "spec").get("dataFrom")
                found[ObjectName("Secret", namespace, target)] = frozenset(map(str, keys)) if is_known else None
            elif kind == "SealedSecret":
                found[ObjectName("Secret", namespace, name)] = frozenset(map_at(item, "spec", "encryptedData"))
            elif kind == "Certificate":
                found[ObjectName("Secret", namespace, str(map_at(item, "spec").get("secretName")))] = None
            elif kind == "Ingress" and _has_issuer(item):
                names = [entry.get("secretName") for entry in maps_at(item, "spec", "tls")]
                found |= {ObjectName("Secret", namespace, str(secret)): None for secret in names if secret}
            found |= {ObjectName("Secret", namespace, made): None for made in secrets_made_of(item, name)}
        return found

    def named(self, name: ObjectName) -> Mapping[str, Any] | None:
        """The object of that name, also where one of the two says no namespace; None where it is not here."""
        if name in self.objects:
            return self.objects[name]
        alike = (
            item
            for other, item in self.objects.items()
            if other._replace(namespace=name.namespace) == name and same_namespace(other.namespace, name.namespace)
        )
        return next(alike, None)

    def hosts_of(self, container: Mapping[str, Any], namespace: str) -> Iterator[Reference]:
        """The Services that a container's variables name as hosts; `use` is the variable."""
        literals = _literals(container)
        for variable in self._hosts:
            if service := _service(literals.get(variable, ""), namespace):
                yield Reference(to=service, by="", use=variable)

    def _of(self, name: ObjectName, item: Mapping[str, Any]) -> Iterator[Reference]:
        kind, namespace, by = name.kind, name.namespace, f"{name.kind} {name.name}"
        if kind == "StatefulSet" and (service := map_at(item, "spec").get("serviceName")):
            yield Reference(to=ObjectName("Service", namespace, str(service)), by=by, use="serviceName")
        if kind == "ServiceAccount":
            yield from _named(maps_at(item, "imagePullSecrets"), "Secret", namespace, by, "imagePullSecrets")
        if kind == "Ingress":
            yield from _of_ingress(item, namespace, by)
        if kind in ROUTES:
            yield from _of_route(item, namespace, by)
        if kind in ("RoleBinding", "ClusterRoleBinding"):
            yield from _of_binding(item, namespace, by)
        if kind == "ScaledObject":
            logins = [map_at(trigger, "authenticationRef") for trigger in maps_at(item, "spec", "triggers")]
            alone = [entry for entry in logins if entry.get("kind", "TriggerAuthentication") == "TriggerAuthentication"]
            yield from _named(alone, "TriggerAuthentication", namespace, by, "authenticationRef")
        if kind == "TriggerAuthentication":
            yield from _of_login(item, namespace, by)

    def _of_pods(self, pods: Pods) -> Iterator[Reference]:
        pod, namespace, by = pods.spec, pods.owner.namespace, f"{pods.owner.kind} {pods.owner.name}"
        account = pod.get("serviceAccountName", "default")
        if account != "default":
            to = ObjectName("ServiceAccount", namespace, str(account))
            yield Reference(to=to, by=by, use="serviceAccountName")
        yield from _named(maps_at(pod, "imagePullSecrets"), "Secret", namespace, by, "imagePullSecrets")
        containers = [container for _, container in pods.containers()]
        for container in containers:
            yield from self._of_container(container, namespace, by)
        files, may_be_own = _password_files(containers), pods.owner.kind == "StatefulSet"
        for volume in maps_at(pod, "volumes"):
            mounts = _mounts(containers, volume.get("name"))
            for reference, path in _of_volume(volume, namespace, by):
                variable = next((files[file] for mount in mounts if (file := f"{mount}/{path}") in files), None)
                own = may_be_own and variable is not None
                yield replace(reference, use=variable or reference.use, is_own=own)

    def _of_container(self, container: Mapping[str, Any], namespace: str, by: str) -> Iterator[Reference]:
        literals = _literals(container)
        yield from (replace(reference, by=by) for reference in self.hosts_of(container, namespace))
        for entry in maps_at(container, "env"):
            variable = str(entry.get("name"))
            host = literals.get(variable.replace("PASSWORD", "HOST"), "") if variable.endswith("_PASSWORD") else ""
            service = _service(host, namespace)
            is_own = variable in _OF_OUR_SERVERS or (service is not None and service in self.objects)
            for word, kind in (("secretKeyRef", "Secret"), ("configMapKeyRef", "ConfigMap")):
                yield from _keyed(map_at(entry, "valueFrom").get(word), kind, namespace, by, variable, is_own=is_own)
        for entry in maps_at(container, "envFrom"):
            for word, kind in (("secretRef", "Secret"), ("configMapRef", "ConfigMap")):
                if source := map_at(entry, word):
                    yield from _named([source], kind, namespace, by, "envFrom")


def _literals(container: Mapping[str, Any]) -> dict[str, str]:
    return {str(entry.get("name")): str(entry["value"]) for entry in maps_at(container, "env") if entry.get("value")}


def _of_ingress(item: Mapping[str, Any], namespace: str, by: str) -> Iterator[Reference]:
    spec = map_at(item, "spec")
    for entry in maps_at(spec, "tls"):
        if secret := entry.get("secretName"):
            yield Reference(to=ObjectName("Secret", namespace, str(secret)), by=by, use="tls")
    paths = [path for rule in maps_at(spec, "rules") for path in maps_at(map_at(rule, "http"), "paths")]
    backends = [map_at(spec, "defaultBackend", "service"), *(map_at(path, "backend", "service") for path in paths)]
    yield from _named([backend for backend in backends if backend], "Service", namespace, by, "backend")


def _of_route(item: Mapping[str, Any], namespace: str, by: str) -> Iterator[Reference]:
    for rule in maps_at(item, "spec", "rules"):
        backends = [entry for entry in maps_at(rule, "backendRefs") if entry.get("kind", "Service") == "Service"]
        yield from _named(backends, "Service", namespace, by, "backendRefs")
    parents = [entry for entry in maps_at(item, "spec", "parentRefs") if entry.get("kind", "Gateway") == "Gateway"]
    yield from _named(parents, "Gateway", namespace, by, "parentRefs")


def _of_binding(item: Mapping[str, Any], namespace: str, by: str) -> Iterator[Reference]:
    role = map_at(item, "roleRef")
    if role.get("kind") == "Role":
        yield from _named([role], "Role", namespace, by, "roleRef")
    accounts = [entry for entry in maps_at(item, "subjects") if entry.get("kind") == "ServiceAccount"]
    yield from _named(
        [entry for entry in accounts if entry.get("name") != "default"], "ServiceAccount", namespace, by, "subjects"
    )


def _of_login(item: Mapping[str, Any], namespace: str, by: str) -> Iterator[Reference]:
    for word, kind in (("secretTargetRef", "Secret"), ("configMapTargetRef", "ConfigMap")):
        for entry in maps_at(item, "spec", word):
            yield from _keyed(entry, kind, namespace, by, str(entry.get("parameter")), is_own=False)


def _of_volume(volume: Mapping[str, Any], namespace: str, by: str) -> Iterator[tuple[Reference, str]]:
    """Each reference, and the path below the mount; empty where it isn't one key."""
    if claim := map_at(volume, "persistentVolumeClaim").get("claimName"):
        yield Reference(to=ObjectName("PersistentVolumeClaim", namespace, str(claim)), by=by, use="volume"), ""
    yield from ((reference, "") for reference in _of_driver(volume, namespace, by))
    sources = [volume, *maps_at(map_at(volume, "projected"), "sources")]
    for source in sources:
        for word, kind, called in (("secret", "Secret", ("secretName", "name")), ("configMap", "ConfigMap", ("name",))):
            told = map_at(source, word)
            name = next((told[key] for key in called if told.get(key)), None)
            if name is None:
                continue
            to, optional = ObjectName(kind, namespace, str(name)), bool(told.get("optional"))
            items = maps_at(told, "items")
            if not items:
                yield Reference(to=to, by=by, use="volume", optional=optional), ""
            for item in items:
                key = str(item.get("key"))
                yield Reference(to=to, by=by, use="volume", key=key, optional=optional), str(item.get("path"))


def _of_driver(volume: Mapping[str, Any], namespace: str, by: str) -> Iterator[Reference]:
    """The login that a driver reads, such as that of `csi` or `iscsi`."""
    for source in filter(is_map, volume.values()):
        for word in ("secretRef", "nodePublishSecretRef"):
            yield from _named([map_at(source, word)], "Secret", namespace, by, "volume")
    if secret := map_at(volume, "azureFile").get("secretName"):
        yield Reference(to=ObjectName("Secret", namespace, str(secret)), by=by, use="volume")


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


def _password_files(containers: Iterable[Mapping[str, Any]]) -> Mapping[str, str]:
    """The variable that names each file."""
    entries = [entry for container in containers for entry in maps_at(container, "env")]
    named = {str(entry.get("value")): str(entry.get("name")) for entry in entries}
    return {path: name for path, name in named.items() if name.endswith("_PASSWORD_FILE")}


def _mounts(containers: Iterable[Mapping[str, Any]], volume: object) -> list[str]:
    mounts = [mount for container in containers for mount in maps_at(container, "volumeMounts")]
    return [str(mount.get("mountPath")).rstrip("/") for mount in mounts if mount.get("name") == volume]


def _has_issuer(item: Mapping[str, Any]) -> bool:
    annotations = map_at(item, "metadata", "annotations")
    return any(f"cert-manager.io/{word}" in annotations for word in ("issuer", "cluster-issuer")) or (
        annotations.get("kubernetes.io/tls-acme") == "true"
    )
