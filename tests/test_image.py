"""image/: what is pinned, locked and patched. What is built from it is tested in tests/boot."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from flowise_constructs.flowise import releases

IMAGE = Path(__file__).parents[1] / "image"
PACKAGE: dict[str, Any] = json.loads((IMAGE / "package.json").read_text())
LOCK_TEXT = (IMAGE / "package-lock.json").read_text()
LOCK: dict[str, Any] = json.loads(LOCK_TEXT)
LOCKED: dict[str, dict[str, Any]] = {path: entry for path, entry in LOCK["packages"].items() if path}
DOCKERFILE = (IMAGE / "Dockerfile").read_text()
PATCHES = sorted((IMAGE / "patches").glob("*.patch"))
VERSION = re.compile(r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?")
# What upstream licenses commercially, as it is called in its package.
COMMERCIAL = re.compile(r"(^|/)enterprise/|IdentityManager")


def versions(name: str) -> set[str]:
    """Every version of a package that the lock file holds."""
    return {entry["version"] for path, entry in LOCKED.items() if path.endswith(f"node_modules/{name}")}


def leaves(overrides: dict[str, Any]) -> dict[str, str]:
    """Package name to version, at any depth."""
    flat: dict[str, str] = {}
    for key, value in overrides.items():
        flat |= leaves(value) if isinstance(value, dict) else {key: value}
    return flat


def final_stage() -> str:
    return DOCKERFILE[DOCKERFILE.rindex("\nFROM ") :]


def test_every_version_is_exact() -> None:
    pins = {**PACKAGE["dependencies"], **leaves(PACKAGE["overrides"])}
    assert {name: pin for name, pin in pins.items() if not VERSION.fullmatch(pin)} == {}


def test_three_packages_of_flowise_are_of_the_release() -> None:
    names = ("flowise", "flowise-components", "flowise-ui")
    assert {PACKAGE["dependencies"][name] for name in names} == {PACKAGE["version"]}
    assert {version for name in names for version in versions(name)} == {PACKAGE["version"]}
    assert PACKAGE["version"] in releases.RELEASES


def test_lock_is_of_this_package() -> None:
    root = LOCK["packages"][""]
    assert root["dependencies"] == PACKAGE["dependencies"]
    assert (LOCK["version"], root["version"]) == (PACKAGE["version"], PACKAGE["version"])
    for name, pin in PACKAGE["dependencies"].items():
        assert LOCKED[f"node_modules/{name}"]["version"] == pin


def test_lock_has_a_hash_of_everything() -> None:
    assert len(LOCKED) > 1000
    loose = [
        path
        for path, entry in LOCKED.items()
        if not (entry.get("integrity", "").startswith("sha512-") or entry.get("link") or entry.get("inBundle"))
    ]
    assert loose == []


def test_lock_names_no_registry() -> None:
    assert [path for path, entry in LOCKED.items() if "resolved" in entry] == []
    assert re.findall(r"https?://[^/\"]*(?:npmjs|yarnpkg|registry)[^\"]*", LOCK_TEXT) == []
    assert not (IMAGE / ".npmrc").exists()


def test_overrides_hold_in_the_lock() -> None:
    whole = {name: pin for name, pin in PACKAGE["overrides"].items() if isinstance(pin, str) and "@" not in name[1:]}
    assert {name: versions(name) for name in whole} == {name: {pin} for name, pin in whole.items()}


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("connect-sqlite3", "0.9.17"),
        ("@keyv/redis", "4.6.0"),
        ("vm2", "3.11.2"),
        ("form-data", "2.3.3"),
        ("form-data", "4.0.0"),
        ("protobufjs", "6.11.6"),
        ("ws", "8.13.0"),
    ],
)
def test_broken_version_is_not_in_the_lock(name: str, broken: str) -> None:
    assert versions(name)
    assert broken not in versions(name)


def test_patches_are_of_the_apache_part() -> None:
    assert PATCHES
    for patch in PATCHES:
        files = re.findall(r"^(?:---|\+\+\+) [ab]/(\S+)$", patch.read_text(), re.MULTILINE)
        assert files, patch.name
        assert [file for file in files if not file.startswith("flowise/dist/") or COMMERCIAL.search(file)] == []


def test_patched_files_say_so() -> None:
    for patch in PATCHES:
        hunks = re.split(r"^--- a/", patch.read_text(), flags=re.MULTILINE)
        assert hunks[0].strip(), f"{patch.name} tells why"
        assert all(
            "+        // Changed by flowise_constructs:" in hunk or "+    // Changed by" in hunk for hunk in hunks[1:]
        )


@pytest.fixture
def modules(tmp_path: Path) -> Path:
    """Files that hold just what the patches replace."""
    for patch in PATCHES:
        file = None
        for line in patch.read_text().splitlines(keepends=True):
            if line.startswith("+++ b/"):
                file = tmp_path / line.removeprefix("+++ b/").strip()
                file.parent.mkdir(parents=True, exist_ok=True)
            elif file and line[0] in " -" and not line.startswith("--- "):
                with file.open("a") as text:
                    text.write(line[1:])
    return tmp_path


def run_patch(modules: Path) -> subprocess.CompletedProcess[str]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node on PATH")
    return subprocess.run([node, IMAGE / "patch.js", modules], check=False, capture_output=True, text=True)


def test_patches_apply_once(modules: Path) -> None:
    assert run_patch(modules).returncode == 0
    assert "client.on('error'" in (modules / "flowise/dist/services/webhook-listener/registry.js").read_text()
    again = run_patch(modules)
    assert again.returncode != 0
    assert "found 0 times, not once" in again.stderr


def test_patch_of_another_text_fails(modules: Path) -> None:
    file = modules / "flowise/dist/queue/PredictionQueue.js"
    file.write_text(file.read_text().replace("executeFlow", "executeFlows"))
    outcome = run_patch(modules)
    assert outcome.returncode != 0
    assert "flowise/dist/queue/PredictionQueue.js: found 0 times" in outcome.stderr


def test_image_runs_node_as_user_1000() -> None:
    stage = final_stage()
    assert re.findall(r"^USER (.*)$", stage, re.MULTILINE) == ["1000:1000"]
    assert 'ENTRYPOINT []\nCMD ["flowise", "start"]' in stage
    assert "/usr/local/lib/node_modules/flowise/bin/run" in stage.replace("../lib", "/usr/local/lib")


def test_final_stage_has_no_compiler() -> None:
    assert "g++" in DOCKERFILE, "the first stage has one"
    assert re.findall(r"apt-get|g\+\+|\bgcc\b|\bmake\b|python", final_stage()) == []


def test_dockerfile_brings_nothing_from_elsewhere() -> None:
    assert re.findall(r"^ADD |https?://|curl|wget|npm install", DOCKERFILE, re.MULTILINE) == []
    assert "npm ci --ignore-scripts" in DOCKERFILE
    assert "RUN node patch.js node_modules" in DOCKERFILE
    assert set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)) == {"${NODE_IMAGE}"}


def test_versions_agree() -> None:
    version = PACKAGE["version"]
    assert f'org.opencontainers.image.version="{version}"' in DOCKERFILE
    major = PACKAGE["engines"]["node"].removeprefix("^")
    assert int(major) == releases.RELEASES[version].node_major
    assert re.search(rf"^ARG NODE_IMAGE=\S*node:{major}-\S*slim$", DOCKERFILE, re.MULTILINE)
    readme = (IMAGE / "README.md").read_text()
    assert f"Flowise {version}" in readme
    assert set(re.findall(r"flowise:(\d+\.\d+\.\d+)", readme)) == {version}


def test_readme_lists_every_override() -> None:
    readme = (IMAGE / "README.md").read_text()
    pins = {**PACKAGE["dependencies"], **leaves(PACKAGE["overrides"])}
    names = {re.sub(r"(?<=.)@.*", "", name): pin for name, pin in pins.items()}
    assert [f"{name} {pin}" for name, pin in names.items() if f"`{name}`" not in readme or pin not in readme] == []
    assert [patch.name for patch in PATCHES if patch.name not in readme] == []
