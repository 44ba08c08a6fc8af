"""`PlainObject`: cdk8s' ApiObject, made of a whole object in one call to Node.

`ApiObject` of Python takes no body, since jsii hands over the declared fields of a struct alone. So this class has a
few lines of JavaScript, in `node/`. They are loaded as the binding of a custom resource is: as a package with a
description for jsii.
"""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

import jsii
from cdk8s import ApiObject
from constructs import Construct

_PACKAGE = {"package.json": "package.json", "index.js": "index.js", ".jsii": "assembly.json"}
"""What each file of the package is called here."""


def _load() -> None:
    """The package in the archive that jsii wants, whose bytes are always the same: jsii keeps what it has unpacked."""
    folder = Path(__file__).parent / "node"
    about = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    with TemporaryDirectory() as temporary:
        archive = Path(temporary) / "package.tar"
        with tarfile.open(archive, "w") as tar:
            for name, source in _PACKAGE.items():
                entry = tarfile.TarInfo(f"package/{name}")
                entry.size = (folder / source).stat().st_size
                with (folder / source).open("rb") as content:
                    tar.addfile(entry, content)
        jsii.load(about["name"], about["version"], str(archive))


_load()


class PlainObject(ApiObject, jsii_type="flowise-constructs.PlainObject"):
    """An object of any kind."""

    def __init__(self, scope: Construct, id: str, text: str) -> None:
        """`text` is the whole object as JSON. cdk8s adds the chart's own labels and namespace."""
        jsii.create(PlainObject, self, [scope, id, text])  # pyright: ignore[reportUnknownMemberType]
