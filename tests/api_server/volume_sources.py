"""Sources of volumes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from api_server.containers import QUANTITIES
from api_server.subject import ABSENT, distinct, mappings

MODES = [ABSENT, None, -1, 0, 0o400, 0o644, 0o777, 0o1000, 1000, 777, 2**31, "0644"]
PATHS_IN = [
    ABSENT,
    "",
    "p",
    "a/b",
    "/p",
    "../p",
    "a/../b",
    "a/..",
    "..",
    "..a",
    "a..",
    ".",
    "./a",
    "a//b",
    "a b",
    "é",
    "a:b",
    "p/",
]
ITEMS: list[Any] = [
    *(
        None,
        [],
        {},
        "k",
        [{}],
        [{"key": "k", "path": "a"}, {"key": "k", "path": "b"}],
        [{"key": "k", "path": "a"}, {"key": "l", "path": "a"}],
    ),
    *(
        [item]
        for item in mappings(
            {"key": "k", "path": "p"},
            {"key": ["", "a b", "k" * 253, "k" * 254, "..", "..a", ABSENT], "path": PATHS_IN, "mode": MODES},
        )
    ),
]
OBJECT_NAMES = [ABSENT, None, "", "a", "A B", "A", "a.b", "a_b", "a" * 253, "a" * 254, "-a", 5]
TEMPLATE = {"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}
FIELDS_IN = ("spec.nodeName", "status.podIP", "metadata.labels", "metadata.labels['a']", "x", "")
FIELD_ITEMS = [
    *([], [{}], [{"path": "p"}], [{"fieldRef": {"fieldPath": "metadata.name"}}]),
    *([{"path": path, "fieldRef": {"fieldPath": "metadata.name"}}] for path in ("p", "", "/p", "../p", "a/b")),
    *([{"path": "p", "fieldRef": {"fieldPath": field}}] for field in FIELDS_IN),
    [{"path": "p", "resourceFieldRef": {"resource": "limits.cpu"}}],
    [{"path": "p", "resourceFieldRef": {"containerName": "main", "resource": "limits.cpu"}}],
    [{"path": "p", "resourceFieldRef": {"containerName": "main", "resource": "x"}}],
    [{"path": "p", "mode": 0o1000, "fieldRef": {"fieldPath": "metadata.name"}}],
]  # fmt: skip
PLAIN: dict[str, Any] = {
    "awsElasticBlockStore": {"volumeID": "a"},
    "azureDisk": {"diskName": "a", "diskURI": "https://a.blob.core.windows.net/b/c.vhd"},
    "azureFile": {"secretName": "a", "shareName": "b"},
    "cephfs": {"monitors": ["a"]},
    "cinder": {"volumeID": "a"},
    "configMap": {"name": "a"},
    "csi": {"driver": "a.example.com"},
    "downwardAPI": {"items": []},
    "emptyDir": {},
    "ephemeral": {"volumeClaimTemplate": TEMPLATE},
    "fc": {"targetWWNs": ["a"], "lun": 1},
    "flexVolume": {"driver": "a/b"},
    "flocker": {"datasetName": "a"},
    "gcePersistentDisk": {"pdName": "a"},
    "gitRepo": {"repository": "a"},
    "glusterfs": {"endpoints": "a", "path": "b"},
    "hostPath": {"path": "/a"},
    "image": {"reference": "docker.io/library/a:1"},
    "iscsi": {"targetPortal": "a", "iqn": "iqn.2015-02.example.com:test", "lun": 0},
    "nfs": {"server": "a", "path": "/b"},
    "persistentVolumeClaim": {"claimName": "a"},
    "photonPersistentDisk": {"pdID": "a"},
    "portworxVolume": {"volumeID": "a"},
    "projected": {"sources": [{"configMap": {"name": "a"}}]},
    "quobyte": {"registry": "a:1", "volume": "b"},
    "rbd": {"monitors": ["a"], "image": "b"},
    "scaleIO": {"gateway": "a", "system": "b", "secretRef": {"name": "c"}, "volumeName": "d"},
    "secret": {"secretName": "a"},
    "storageos": {"volumeName": "a"},
    "vsphereVolume": {"volumePath": "a"},
}
"""Every kind of volume, as plain as the server takes it."""
SECONDS = [ABSENT, None, -1, 0, 1, 599, 600, 3600, 2**31 - 1, 2**31, 2**32, 2**32 + 1, "600"]
TOKENS = mappings({"path": "token"}, {"path": PATHS_IN, "expirationSeconds": SECONDS, "audience": [ABSENT, "", "a"]})
MEDIA = ["", "Memory", "HugePages", "HugePages-2Mi", "HugePages-x", "HugePagesx", "memory", "Tape"]
HOST_PATHS = ["", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket", "CharDevice", "BlockDevice"]
CHANGED: list[tuple[str, dict[str, Any], dict[str, Sequence[Any]]]] = [
    ("emptyDir", {}, {"medium": [ABSENT, None, *MEDIA], "sizeLimit": [ABSENT, None, *QUANTITIES]}),
    ("hostPath", {"path": "/a"}, {"path": [ABSENT, "", "a", "/a/../b", "/a/..b", "..", "/"]}),
    ("hostPath", {"path": "/a"}, {"type": [ABSENT, None, *HOST_PATHS, "Pipe", "directory"]}),
    ("nfs", {"server": "a", "path": "/b"}, {"server": [ABSENT, "", "a b"], "readOnly": [True, "yes"]}),
    ("nfs", {"server": "a", "path": "/b"}, {"path": [ABSENT, "", "b", "/", "/a/../b"]}),
    ("csi", {}, {"driver": ["", "a", "A.b", "a b", "a" * 63, "a" * 64, "-a", "a_b"]}),
    ("persistentVolumeClaim", {"claimName": "a"}, {"claimName": OBJECT_NAMES, "readOnly": [ABSENT, True, "yes"]}),
    ("image", {"reference": "a:1"}, {"reference": [ABSENT, "", "a b"], "pullPolicy": ["Always", "always", ""]}),
    ("azureDisk", {"diskName": "a"}, {"diskURI": ["b", "https://a", "/subscriptions/a"]}),
]
"""Kinds of volumes, a source that is right, and other values of its fields."""
CLAIM_TEMPLATES: list[Any] = [
    *(None, {}, {"spec": {}}, {"spec": {"accessModes": ["ReadWriteOnce"]}}),
    *({"spec": {**TEMPLATE["spec"], "accessModes": modes}} for modes in ([], ["x"], ["ReadWriteOncePod"])),
    *(
        {"metadata": metadata, **TEMPLATE}
        for metadata in ({"labels": {"a b": "c"}}, {"labels": {"a": "b"}}, {"name": "x"})
    ),
]


def sources() -> list[dict[str, Any]]:
    """Sources of every kind, right and wrong."""
    return distinct([*_of_others(), *_of_maps(), *_of_pods()])


def _of_maps() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for kind, name in (("configMap", "name"), ("secret", "secretName")):
        choices: dict[str, Any] = {
            name: OBJECT_NAMES,
            "defaultMode": MODES,
            "optional": [ABSENT, True, "yes"],
            "items": [ABSENT],
        }
        found += [{kind: source} for source in mappings({name: "a"}, choices)]
        found += [{kind: {name: "a", "items": items}} for items in ITEMS]
        found.append({kind: {"name" if kind == "secret" else "secretName": "a"}})
    return found


def _of_others() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [{kind: source} for kind, source in PLAIN.items()]
    found += [{kind: {}} for kind in PLAIN] + [{kind: None} for kind in ("emptyDir", "configMap")]
    for kind, base, choices in CHANGED:
        found += [{kind: source} for source in mappings(base, choices)]
    return found + [{"ephemeral": {"volumeClaimTemplate": template}} for template in CLAIM_TEMPLATES]


def _of_pods() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {},
        {"floppy": {}},
        {"emptyDir": {}, "configMap": {"name": "a"}},
        {"configMap": "text"},
        {"emptyDir": {"unknown": 1}},
    ]
    found += [{"downwardAPI": {"items": items}} for items in FIELD_ITEMS] + [{"downwardAPI": {"defaultMode": 0o1000}}]
    sources: list[Any] = [
        None,
        [],
        [{}],
        {},
        [{"floppy": {}}],
        [{"secret": {"name": "a"}, "configMap": {"name": "a"}}],
        [{"secret": None}],
    ]
    sources += [[{"serviceAccountToken": token}] for token in TOKENS] + [
        [{"downwardAPI": {"items": items}}] for items in FIELD_ITEMS
    ]
    for kind in ("secret", "configMap"):
        sources += [[{kind: source}] for source in mappings({}, {"name": OBJECT_NAMES, "optional": [ABSENT, True]})]
        sources += [[{kind: {"name": "a", "items": items}}] for items in ITEMS[::2]]
    sources += [
        [{kind: {"name": "a", "items": [{"key": "k", "path": "p"}]}} for kind in kinds]
        for kinds in (["secret", "secret"], ["secret", "configMap"])
    ]
    sources += [
        [{"secret": {"name": "a", "defaultMode": 0o400}}],
        [{"secret": {"secretName": "a"}}],
        [{"clusterTrustBundle": {"path": "p", "name": "a"}}],
        [{"clusterTrustBundle": {"path": "p"}}],
    ]
    found += [{"projected": {"sources": source}} for source in sources]
    found += [{"projected": {"sources": [], **({} if mode is ABSENT else {"defaultMode": mode})}} for mode in MODES]
    return found
