"""What the gate says of an image that holds another Flowise than the manifest was made for."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cluster import documents
from deployments import standalone, synthesized

from flowise_constructs import Image
from flowise_constructs.flowise.releases import RELEASES, SUPPORTED_TAGS, Release

PACKAGE = Path(__file__).parent.parent / "flowise_constructs"
DATABASES = ("sqlite", "postgres", "mysql", "mariadb")


@dataclass(frozen=True)
class Ended:
    """A gate that has ended."""

    code: int
    lines: list[str]
    seconds: float


class FlowiseImage:
    """A folder in the place of an image: a package `flowise` with no migrations, the scripts, and `node_modules`."""

    def __init__(self, folder: Path, modules: Path | None = None, version: str = "3.1.3") -> None:
        self.folder, self.package, self.scripts = folder, folder / "lib" / "flowise", folder / "scripts"
        for directory in (self.scripts, self.package / "bin", folder / "bin", folder / "home"):
            directory.mkdir(parents=True)
        for path in PACKAGE.glob("*/scripts/**/*.*"):
            shutil.copy(path, self.scripts)
        self.say({"name": "flowise", "version": version})
        (self.package / "bin" / "run").touch()
        (folder / "bin" / "flowise").symlink_to(self.package / "bin" / "run")
        for database in DATABASES:
            self.migrations(database, f"exports.{database}Migrations = new Array()")
        if modules is not None:
            (self.package / "node_modules").symlink_to(modules)

    def say(self, manifest: object) -> None:
        (self.package / "package.json").write_text(json.dumps(manifest))

    def migrations(self, database: str, text: str) -> None:
        index = self.package / "dist" / "database" / "migrations" / database / "index.js"
        index.parent.mkdir(parents=True, exist_ok=True)
        index.write_text(text)

    def gate(self, **variables: str | int) -> Ended:
        """Runs the gate with the image's program on its PATH, SQLite and a deadline of 12 s unless told otherwise."""
        environment = {
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            "HOME": str(self.folder / "home"),
            "DATABASE_PATH": str(self.folder / "home"),
            "GATE_DEADLINE_SECONDS": "12",
            **{name: str(value) for name, value in variables.items()},
        }
        return self._run("gate.js", environment)

    def gate_of(self, container: Mapping[str, Any], variables: Mapping[str, str]) -> Ended:
        """Runs the gate of a synthesized pod: its command, and its variables as the kubelet gives them."""
        program = Path(container["command"][1]).name
        folders = {"PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}", "HOME": str(self.folder / "home")}
        return self._run(program, {**variables, **folders, "NODE_OPTIONS": "", "GATE_DEADLINE_SECONDS": "12"})

    def _run(self, program: str, environment: Mapping[str, str]) -> Ended:
        command = [os.environ.get("JSII_NODE", "node"), str(self.scripts / program), "main"]
        started = time.monotonic()
        done = subprocess.run(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        return Ended(done.returncode, done.stdout.splitlines(), time.monotonic() - started)


@pytest.fixture
def image(tmp_path: Path) -> FlowiseImage:
    return FlowiseImage(tmp_path)


SAME = [("3.1.3", "3.1.3"), ("3.1.3", "v3.1.3"), ("3.1.3", "3.1.3-acme.2"), ("3.1.1", "3.1.1")]


@pytest.mark.parametrize(("expected", "held"), SAME)
def test_the_same_release_is_no_word(image: FlowiseImage, expected: str, held: str) -> None:
    image.say({"name": "flowise", "version": held})
    ended = image.gate(GATE_FLOWISE_RELEASE=expected, GATE_IMAGE_TAG=f"{expected}-acme.2", GATE_VERIFY="true")
    assert (ended.code, len(ended.lines)) == (0, 1)


OTHER = [
    ("3.1.2", "3.1.1", "which lacks the fix of CVE-2026-56274: use"),
    ("3.1.3", "3.1.2", "which lacks schedules and their queue, .* CUSTOM_MCP_PROTOCOL: use an image that holds 3.1.3"),
    ("3.1.4", "3.1.3", "which lacks CUSTOM_MCP_ALLOWED_COMMANDS: use"),
    ("3.1.4", "3.0.13", "which lacks the fix of CVE-2026-56274, schedules .* and CUSTOM_MCP_ALLOWED_COMMANDS: use"),
    ("3.1.3", "3.1.4", "which is newer and brings CUSTOM_MCP_ALLOWED_COMMANDS: set Image.release to what it holds"),
    ("3.1.4", "3.10.0", "which is newer: set"),
]


@pytest.mark.parametrize(("expected", "held", "words"), OTHER)
def test_another_release_is_one_line_and_with_verify_a_refusal(
    image: FlowiseImage, expected: str, held: str, words: str
) -> None:
    image.say({"name": "flowise", "version": held})
    told = image.gate(GATE_FLOWISE_RELEASE=expected, GATE_IMAGE_TAG=expected)
    assert (told.code, len(told.lines)) == (0, 2)
    assert re.search(rf"the image is tagged {expected} and holds Flowise {held}, {words}", told.lines[0])
    refused = image.gate(GATE_FLOWISE_RELEASE=expected, GATE_IMAGE_TAG=expected, GATE_VERIFY="true")
    assert refused.code == 1
    assert refused.lines == [f"{told.lines[0]} (refused, since Image.verify is set)"]


def test_without_a_tag_that_tells_the_line_names_the_manifest(image: FlowiseImage) -> None:
    line = image.gate(GATE_FLOWISE_RELEASE="3.1.4").lines[0]
    assert line.startswith(
        "gate: the manifest is made for Flowise 3.1.4 and the image holds Flowise 3.1.3, which lacks"
    )


@pytest.mark.parametrize("version", [None, "", "latest", 3])
def test_a_package_without_a_release_is_told(image: FlowiseImage, version: object) -> None:
    image.say({"name": "flowise", "version": version})
    told = image.gate(GATE_FLOWISE_RELEASE="3.1.3", GATE_IMAGE_TAG="3.1.3")
    assert told.code == 0
    assert "the image is tagged 3.1.3 and doesn't tell which Flowise it holds: " in told.lines[0]
    assert image.gate(GATE_FLOWISE_RELEASE="3.1.3", GATE_VERIFY="true").code == 1


@pytest.mark.parametrize("text", ["{", "null", ""])
def test_an_image_without_a_readable_package_is_refused(image: FlowiseImage, text: str) -> None:
    file = image.package / "package.json"
    file.write_text(text)
    ended = image.gate(GATE_FLOWISE_RELEASE="3.1.3")
    assert ended.code == 1
    assert ended.lines[-1].startswith("gate: the image holds no Flowise: the flowise package is neither on PATH nor at")
    assert (f"; not readable: {file} (no JSON)" in ended.lines[-1]) == (text != "null")


def test_of_the_monorepo_the_server_counts(image: FlowiseImage) -> None:
    server = image.folder / "monorepo" / "packages" / "server"
    server.parent.mkdir(parents=True)
    image.package.rename(server)
    (image.folder / "monorepo" / "package.json").write_text(json.dumps({"name": "flowise", "version": "3.0.0"}))
    program = image.folder / "bin" / "flowise"
    program.unlink()
    program.symlink_to(server / "bin" / "run")
    assert image.gate(GATE_FLOWISE_RELEASE="3.1.3", GATE_VERIFY="true").code == 0


def test_an_error_that_nobody_caught_is_the_last_line(image: FlowiseImage) -> None:
    image.migrations("sqlite", "exports.sqliteMigrations = new Array(class One1000000000001 {})")
    late = "new Promise(() => setTimeout(() => { throw new Error('came late') }))"
    source = f"exports.getDataSource = () => ({{ initialize: () => {late} }})"
    (image.package / "dist" / "DataSource.js").write_text(source)
    ended = image.gate(GATE_FLOWISE_RELEASE="3.1.3")
    assert (ended.code, ended.lines[0]) == (1, "gate: applying 1 migrations of Flowise 3.1.3")
    assert ended.lines[1].startswith("gate: unexpected: Error: came late")
    assert ended.lines[-1] == "gate: failed (came late)"


def brought() -> dict[str, list[str]]:
    """The script's own table."""
    script = PACKAGE / "flowise" / "scripts" / "gate" / "gate-release.js"
    program = f"console.log(JSON.stringify(Object.fromEntries(require({json.dumps(str(script))}).BROUGHT)))"
    done = subprocess.run(
        [os.environ.get("JSII_NODE", "node"), "-e", program], capture_output=True, text=True, check=True
    )
    table: dict[str, list[str]] = json.loads(done.stdout)
    return table


def news(before: Release, after: Release) -> set[str]:
    """What the library knows to be new, in words that the script's table must have."""
    fixed = {f"the fix of {name}" for name in set(before.advisories) - set(after.advisories)}
    queues = {f"{name}s and their queue" for name in set(after.queues) - set(before.queues)}
    defaults = (before.iframe_origins, before.mcp_transport) != (after.iframe_origins, after.mcp_transport)
    return fixed | queues | ({"the closed defaults of IFRAME_ORIGINS and CUSTOM_MCP_PROTOCOL"} if defaults else set())


def test_the_table_is_the_librarys() -> None:
    table = brought()
    assert tuple(table) == SUPPORTED_TAGS[1:]
    for before, after in itertools.pairwise(SUPPORTED_TAGS):
        older, newer = RELEASES[before], RELEASES[after]
        said = set(table[after])
        assert news(older, newer) <= said
        names = {
            name.removesuffix("*")
            for words in said - news(older, newer)
            for name in re.findall(r"[A-Z_]+_\*?[A-Z]*", words)
        }
        for name in names:
            assert any(known.startswith(name) for known in newer.variables.keys() - older.variables.keys()), name


IMAGES = [
    (Image(), {"GATE_FLOWISE_RELEASE": "3.1.3", "GATE_IMAGE_TAG": "3.1.3"}),
    (Image(tag="v3.1.4-acme.2"), {"GATE_FLOWISE_RELEASE": "3.1.4", "GATE_IMAGE_TAG": "v3.1.4-acme.2"}),
    (Image(tag="3.1.3", release="3.1.4"), {"GATE_FLOWISE_RELEASE": "3.1.4"}),
    (
        Image(tag=None, digest=f"sha256:{'0' * 64}", release="3.1.4", verify=True),
        {"GATE_FLOWISE_RELEASE": "3.1.4", "GATE_VERIFY": "true"},
    ),
]


@pytest.mark.parametrize(("value", "expected"), IMAGES)
def test_the_gate_is_told_what_the_image_is_said_to_hold(value: Image, expected: dict[str, str]) -> None:
    yaml = synthesized(standalone(image=value))
    (pod,) = [document["spec"]["template"]["spec"] for document in documents(yaml) if document["kind"] == "Deployment"]
    gate = pod["initContainers"][0]
    told = {entry["name"]: entry["value"] for entry in gate["env"] if entry["name"].startswith("GATE_")}
    assert told == {"GATE_DEADLINE_SECONDS": "300", **expected}
    assert gate["terminationMessagePolicy"] == "FallbackToLogsOnError"
