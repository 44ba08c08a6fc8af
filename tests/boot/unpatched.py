"""The locked Flowise without what image/ does for lost connections: as npm installs upstream's."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

from boot.install import IMAGE, UPSTREAM_KEYV, Release

WEBHOOKS = "flowise/dist/services/webhook-listener/registry.js"
CACHE_CLIENT = "@keyv/redis"


def without_patches(release: Release, folder: Path) -> Release:
    """Two connections of webhooks, once lost, stay lost; predictions go on."""
    target = folder / WEBHOOKS
    target.parent.mkdir(parents=True)
    shutil.copy(release.modules / WEBHOOKS, target)
    patch = next((IMAGE / "patches").glob("01-*.patch"))
    subprocess.run(["patch", "--reverse", "--strip=1", f"--input={patch}"], cwd=folder, check=True, capture_output=True)
    return replace(release, replaced={WEBHOOKS: target}, variant="unpatched")


def as_npm_resolves(release: Release, folder: Path) -> Release:
    """The connection of the usage cache stays lost too, and without it every prediction hangs."""
    unpatched = without_patches(release, folder)
    client = folder / "keyv-redis"
    shutil.copytree(UPSTREAM_KEYV / CACHE_CLIENT, client)
    shutil.copytree(UPSTREAM_KEYV / "hookified", client / "node_modules" / "hookified")
    return replace(unpatched, replaced={**unpatched.replaced, CACHE_CLIENT: client}, variant="as-npm")
