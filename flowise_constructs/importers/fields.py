"""Fields that charts have in the same form: ports, certificates, lines of configuration, names of pull Secrets, entries
of an Ingress's `tls`, Service, data claim."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from typing import Any

from flowise_constructs import DataClaim, IngressTls, Service
from flowise_constructs.core.rules import texts
from flowise_constructs.importers.notes import Notes
from flowise_constructs.importers.release import Release


def port_of(release: Release, path: str) -> int:
    """A port; 1 if it is refused."""
    text = release.text(path)
    if re.fullmatch(r"[0-9]{1,9}", text):
        return int(text)
    release.refuse(path, f"{text[:80]!r} must be a port from 1 to 65535")
    return 1


def authority(notes: Notes, path: str, encoded: str) -> str | None:
    """The certificate. No message shows it, because it may be a private key."""
    try:
        text = base64.b64decode(encoded, validate=False).decode()
    except (binascii.Error, ValueError):
        text = ""
    problem = texts.certificate(text)
    if problem is None:
        return text
    notes.refuse(path, f"the value (not shown), decoded from base64, {problem}")
    return None


def directives(release: Release, path: str, pattern: str, form: str) -> dict[str, str]:
    """The lines of a configuration file."""
    found: dict[str, str] = {}
    for line in release.text(path).splitlines():
        text = line.partition("#")[0].strip()
        match = re.fullmatch(pattern, text)
        if match:
            found[match[1]] = match[2].strip().removeprefix("'").removesuffix("'")
        elif text:
            release.refuse(path, f"the line {text[:80]!r} must read '{form}'")
    return found


def pull_secrets(release: Release, path: str) -> list[str]:
    """The names of a list of `name:` entries."""
    names: list[str] = []
    for where, entry in release.entries(path):
        release.only(entry, where, "name")
        name = entry.get("name")
        if isinstance(name, str) and name:
            names.append(name)
        else:
            release.refuse(f"{where}.name", "must be the name of a Secret")
    return names


def ingress_tls(release: Release, path: str, entry: Mapping[str, Any]) -> IngressTls:
    """An entry of an Ingress's `tls`."""
    release.only(entry, path, "secretName", "hosts")
    paths = {"hosts": f"{path}.hosts", "secret_name": f"{path}.secretName"}
    return release.make(
        IngressTls,
        paths,
        IngressTls(hosts=[]),
        hosts=entry.get("hosts") or [],
        secret_name=entry.get("secretName") or None,
    )


def service(release: Release, port: str) -> Service:
    """Main's Service, whose port is at that path."""
    paths = {
        "type": "service.type",
        "port": port,
        "annotations": "service.annotations",
        "ip_family_policy": "service.ipFamilyPolicy",
        "ip_families": "service.ipFamilies",
    }
    return release.make(
        Service,
        paths,
        Service(),
        type=release.text("service.type"),
        port=release.number(port),
        annotations=release.words("service.annotations"),
        ip_family_policy=release.text("service.ipFamilyPolicy") or None,
        ip_families=release.items("service.ipFamilies"),
    )


def data_claim(
    release: Release, *, no_class: Sequence[str] = ("",), further: Mapping[str, str] | None = None
) -> DataClaim:
    """The data claim, as `persistence` has it. `no_class` are the words for the cluster's default class."""
    at, kind = "persistence", release.text("persistence.storageClass")
    return release.make(
        DataClaim,
        {
            "size": f"{at}.size",
            "storage_class": f"{at}.storageClass",
            "access_mode": f"{at}.accessMode",
            "annotations": f"{at}.annotations",
        },
        DataClaim(),
        size=release.text(f"{at}.size"),
        storage_class=None if kind in no_class else kind,
        access_mode=release.text(f"{at}.accessMode"),
        annotations={**(further or {}), **release.words(f"{at}.annotations")},
    )
