"""The rooms of docs/design.md: who may import whom, and who may spell what."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from flowise_constructs import releases

PACKAGE = Path(__file__).resolve().parent.parent / "flowise_constructs"

# From the foundation up: a room may import those above it, and itself.
ROOMS: tuple[tuple[str, ...], ...] = (
    ("checks", "releases"),
    ("values",),
    ("env", "labels"),
    ("manifest",),
    ("schema",),
    ("pod",),
    ("flowise_pod", "server_pod"),
    ("auth_secret", "postgres", "redis", "s3_storage", "edge"),
    ("backup_source",),
    ("backup_pod",),
    ("restore_job",),
    ("flowise_main", "flowise_worker", "backup_job"),
    ("charts",),
    ("__init__",),
)
IN_FRONT = {"__main__", "cli", "helm", "jsii_node", "manifest_check", "manifest_references", "missing_secrets"}
WITHOUT_JSII = {"checks", "releases", "values", "env", "labels"}
UNPREDICTABLE = {"datetime", "os", "random", "secrets", "socket", "subprocess", "time", "urllib.request", "uuid"}
OF_THE_SERVERS = {"PGDATA", "POSTGRES_DB", "POSTGRES_USER"}


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if "__pycache__" not in path.parts)


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def rooms_imported(path: Path) -> set[str]:
    ours = {name.split(".")[1] for name in imported(path) if name.startswith("flowise_constructs.")}
    return ours & {room(module) for module in modules()}


def level(name: str) -> int:
    return next(number for number, names in enumerate(ROOMS) if name in names)


LIBRARY = [path for path in modules() if room(path) not in IN_FRONT]


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_rooms_open_only_the_doors_that_they_have(path: Path) -> None:
    known = {name for names in ROOMS for name in names}
    assert room(path) in known, f"{room(path)} is no room of the table"
    for other in rooms_imported(path) - {room(path)}:
        assert other not in IN_FRONT, f"{path.name} imports {other}, which stands in front of the library"
        assert level(other) <= level(room(path)), f"{path.name} imports {other}, which is above it"


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_synthesis_knows_no_chance_clock_environment_and_network(path: Path) -> None:
    assert not imported(path) & UNPREDICTABLE


@pytest.mark.parametrize("name", sorted(WITHOUT_JSII))
def test_values_are_made_without_jsii(name: str) -> None:
    for path in LIBRARY:
        if room(path) == name:
            packages = {module.split(".")[0] for module in imported(path)}
            assert not packages & {"cdk8s", "cdk8s_plus_27", "constructs", "jsii"}


def strings(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def test_only_one_room_spells_the_variables() -> None:
    ours = {name for release in releases.RELEASES.values() for name in release.variables} - OF_THE_SERVERS
    speaking = {room(path) for path in LIBRARY if strings(path) & ours}
    # A value asks whether the user has set the list of allowed commands; the gate's kind follows from the database's.
    assert speaking - {"releases", "env"} <= {"values", "flowise_pod", "backup_source"}
