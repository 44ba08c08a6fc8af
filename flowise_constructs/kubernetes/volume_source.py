"""Rules of the API server for volumes that its schema doesn't contain."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import chain

from flowise_constructs.core.findings import shown
from flowise_constructs.core.rules import naming, quantities
from flowise_constructs.kubernetes.projected_files import DIRECTORIES, files, mode
from flowise_constructs.kubernetes.selectors import Fields, label_selector, labels, wrong

_NAMED = {"configMap": "name", "secret": "secretName", "persistentVolumeClaim": "claimName"}
_NEEDED: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("awsElasticBlockStore", "cinder", "portworxVolume"), ("volumeID",)),
    "azureDisk": ("diskName", "diskURI"),
    "azureFile": ("secretName", "shareName"),
    "flexVolume": ("driver",),
    "gcePersistentDisk": ("pdName",),
    "image": ("reference",),
    "iscsi": ("targetPortal", "iqn"),
    "nfs": ("server", "path"),
    "vsphereVolume": ("volumePath",),
}
_WORDS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("azureDisk", "cachingMode"): ("ReadWrite", "ReadOnly", "None"),
    ("azureDisk", "kind"): ("Shared", "Dedicated", "Managed"),
    ("hostPath", "type"): (
        *("", "DirectoryOrCreate", "Directory", "FileOrCreate", "File", "Socket", "CharDevice", "BlockDevice"),
    ),
    ("image", "pullPolicy"): ("", "Always", "IfNotPresent", "Never"),
}
_ACCESS_MODES = ("ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod")
_UNRESTRICTED = (
    *("awsElasticBlockStore", "azureDisk", "azureFile", "cinder", "fc", "flexVolume", "gcePersistentDisk", "hostPath"),
    *("iscsi", "nfs", "portworxVolume", "vsphereVolume"),
)
_GATED = ("clusterTrustBundle", "podCertificate")
# The release since which no node mounts a kind any more; git repositories only if the kubelet is told to.
_GONE = {
    **{"photonPersistentDisk": "1.16", "scaleIO": "1.22", "flocker": "1.25", "quobyte": "1.25", "storageos": "1.25"},
    **{"glusterfs": "1.26", "cephfs": "1.31", "rbd": "1.31", "gitRepo": "1.33"},
}


def volume_source(value: Fields) -> str | None:
    """A volume without its name."""
    if len(value) != 1:
        return "must hold exactly one kind of volume, such as 'configMap', with a mapping"
    [(kind, source)] = value.items()
    return next(chain(_gone(kind), _texts(kind, source), _of_kind(kind, source)), None)


def doubts(value: Fields) -> Iterator[str]:
    """What some clusters refuse, and what others leave out."""
    [kind] = value
    if kind in _UNRESTRICTED:
        yield (
            f"{kind!r} is refused in a namespace that enforces Pod Security 'restricted': make a PersistentVolume of "
            "it, and name its claim"
        )
    if kind == "projected" and "sources" in value[kind]:
        for gated in (word for entry in value[kind]["sources"] for word in entry if word in _GATED):
            yield (
                f"{gated!r} is left out of the volume by a cluster whose feature gate for it is off, as it is by "
                "default: turn the gate on"
            )


def _gone(kind: str) -> Iterator[str]:
    if kind in _GONE:
        other = "an image or a ConfigMap of its files" if kind == "gitRepo" else "a claim of a CSI driver's volume"
        yield f"is of kind {kind!r}, which Kubernetes doesn't mount since {_GONE[kind]}: use {other}"


def _texts(kind: str, source: Fields) -> Iterator[str]:
    for field in _NEEDED.get(kind, ()):
        if not source.get(field):
            yield f"has no {field}, which {kind} needs"
    if kind in _NAMED:
        yield from wrong(_NAMED[kind], source.get(_NAMED[kind], ""), naming.dns_subdomain)
    for (of, field), words in _WORDS.items():
        if of == kind and source.get(field, words[0]) not in words:
            yield f"has {field} {shown(source[field])}: one of {', '.join(filter(None, words))}"


def _of_kind(kind: str, source: Fields) -> Iterator[str]:
    if kind in DIRECTORIES:
        yield from chain(mode(source, "defaultMode"), files(kind, source))
    elif kind in _KINDS:
        yield from _KINDS[kind](source)


def _empty_dir(source: Fields) -> Iterator[str]:
    medium = source.get("medium", "")
    if medium not in ("", "Memory") and not medium.startswith("HugePages"):
        yield f"has medium {shown(medium)}: leave it out, or Memory"


def _host_path(source: Fields) -> Iterator[str]:
    if not source["path"] or ".." in source["path"].split("/"):
        yield f"has path {shown(source['path'])}, which is empty or holds '..': write where it is"


def _nfs(source: Fields) -> Iterator[str]:
    if not source["path"].startswith("/"):
        yield f"has path {shown(source['path'])}: give an absolute path"


def _csi(source: Fields) -> Iterator[str]:
    yield from wrong("driver", source["driver"], naming.csi_driver)


def _fibre_channel(source: Fields) -> Iterator[str]:
    if bool(source.get("targetWWNs")) == bool(source.get("wwids")):
        yield "must hold either targetWWNs, with a lun, or wwids"
    elif source.get("targetWWNs") and not 0 <= source.get("lun", -1) <= 255:
        yield f"has lun {source.get('lun')}: 0 to 255, which targetWWNs need"


def _azure_disk(source: Fields) -> Iterator[str]:
    kind = source.get("kind", "Shared")
    start = "/subscriptions/" if kind == "Managed" else "https://"
    if not source["diskURI"].startswith(start):
        yield f"has diskURI {shown(source['diskURI'])}, which must start with {start!r} for a disk of kind {kind}"


def _ephemeral(source: Fields) -> Iterator[str]:
    if "volumeClaimTemplate" not in source:
        yield "lacks a volumeClaimTemplate"
        return
    template = source["volumeClaimTemplate"]
    yield from _metadata(template.get("metadata", {}))
    yield from _claim(template["spec"])


def _claim(spec: Fields) -> Iterator[str]:
    modes = spec.get("accessModes", ())
    if not modes or not set(modes) <= set(_ACCESS_MODES):
        yield f"has accessModes {shown(list(modes))} in its volumeClaimTemplate: one of {', '.join(_ACCESS_MODES)}"
    if "ReadWriteOncePod" in modes and len(set(modes)) > 1:
        yield "has ReadWriteOncePod beside other accessModes: give it alone"
    storage = spec.get("resources", {}).get("requests", {}).get("storage")
    if storage is None:
        yield "has a volumeClaimTemplate without resources.requests.storage: say how large it is, such as '1Gi'"
    else:
        yield from wrong("resources.requests.storage", storage, quantities.size)
    if spec.get("storageClassName"):
        yield from wrong("storageClassName", spec["storageClassName"], naming.dns_subdomain)
    if spec.get("volumeMode", "Filesystem") != "Filesystem":
        yield f"has volumeMode {shown(spec['volumeMode'])}: only 'Filesystem' can be mounted at a path"
    yield from label_selector(spec.get("selector", {}))


def _metadata(metadata: Fields) -> Iterator[str]:
    for field in metadata:
        if field not in ("labels", "annotations"):
            yield f"has metadata.{field} in its volumeClaimTemplate, which takes labels and annotations alone"
    yield from labels("metadata.labels", metadata.get("labels", {}))
    for key in metadata.get("annotations", {}):
        yield from wrong("the key in metadata.annotations", key, naming.label_key)


_KINDS: Mapping[str, Callable[[Fields], Iterator[str]]] = {
    "azureDisk": _azure_disk,
    "csi": _csi,
    "emptyDir": _empty_dir,
    "ephemeral": _ephemeral,
    "fc": _fibre_channel,
    "hostPath": _host_path,
    "nfs": _nfs,
}
