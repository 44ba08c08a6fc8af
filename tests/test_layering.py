"""The rooms of docs/design.md: who may import whom, and who may spell what."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from flowise_constructs.flowise import releases

PACKAGE = Path(__file__).resolve().parent.parent / "flowise_constructs"
NAME = "flowise_constructs"

# From the foundation up: a room may import those above it in this table, and itself; never one beside it.
RANKS: tuple[frozenset[str], ...] = (
    frozenset({"core"}),
    frozenset({"manifests"}),
    frozenset({"kubernetes"}),
    frozenset({"database", "queueing", "storage", "edge"}),
    frozenset({"scaling"}),
    frozenset({"flowise"}),
    frozenset({"backup", "network", "monitoring", "secrets", "owner"}),
    frozenset({"charts", "jsii_node"}),
    frozenset({"__init__"}),
    frozenset({"importers"}),
    frozenset({"cli"}),
    frozenset({"__main__"}),
)
INNER = ("values", "variables", "construct")
"""Inside a room: values are below variables, and both below what makes objects."""
IN_FRONT = {"importers", "jsii_node", "cli", "__main__", "manifests"}
UNPREDICTABLE = {"datetime", "os", "random", "secrets", "socket", "subprocess", "time", "urllib.request", "uuid"}
JSII = {"cdk8s", "cdk8s_plus_27", "constructs", "jsii"}
SPELLERS: Mapping[str, tuple[str, ...]] = {
    "database": ("DATABASE_",),
    "queueing": ("MODE", "REDIS_", "QUEUE_", "REMOVE_ON_", "WORKER_CONCURRENCY"),
    "storage": ("STORAGE_TYPE", "BLOB_STORAGE_PATH", "S3_", "GOOGLE_CLOUD_", "AZURE_BLOB_"),
}
"""Which subject spells which of Flowise's variables; the others are flowise's."""

OF_ANY_PROCESS = {"HOME", "POD_NAME"}
TABLES = {f"{NAME}.flowise.releases", f"{NAME}.flowise.unread_variables"}


@cache
def modules() -> Mapping[str, Path]:
    """Every module of the package, by its name."""
    paths = sorted(path for path in PACKAGE.rglob("*.py") if "__pycache__" not in path.parts)
    return {module_name(path): path for path in paths}


def module_name(path: Path) -> str:
    return ".".join([NAME, *path.relative_to(PACKAGE).with_suffix("").parts]).removesuffix(".__init__")


def room(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


@cache
def imported(module: str) -> frozenset[str]:
    """What a module imports, ours by the full name of the module."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(modules()[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative import"
            source = str(node.module)
            inner = {f"{source}.{alias.name}" for alias in node.names} & modules().keys()
            names |= inner or {source}
    return frozenset(names)


def ours(module: str) -> Iterator[str]:
    yield from (name for name in imported(module) if name in modules())


def rank(name: str) -> int:
    return next(number for number, rooms in enumerate(RANKS) if name in rooms)


@pytest.mark.parametrize("module", modules())
def test_rooms_open_only_the_doors_that_they_have(module: str) -> None:
    for other in ours(module):
        if room(other) not in (room(module), "__init__" if room(module) != "__init__" else ""):
            assert rank(room(other)) < rank(room(module)), f"{module} imports {other}"


def test_the_public_face_is_for_those_in_front_of_it() -> None:
    behind = {name for rooms in RANKS[: rank("__init__")] for name in rooms}
    assert [module for module in modules() if room(module) in behind and NAME in imported(module)] == []


def test_manifests_stand_on_the_foundation_alone() -> None:
    found = {room(other) for module in modules() if room(module) == "manifests" for other in ours(module)}
    assert found == {"core", "manifests"}


def test_there_is_no_circle() -> None:
    tuple(TopologicalSorter({module: set(ours(module)) - {module} for module in modules()}).static_order())


def kind(module: str) -> str:
    """What a module of a subject's room is."""
    if room(module) in IN_FRONT:
        return ""
    last = module.rsplit(".", maxsplit=1)[-1]
    return last if last in INNER else "construct" if imported(module) & {"cdk8s", "constructs"} else ""


@pytest.mark.parametrize("module", modules())
def test_values_are_below_variables_and_both_below_constructs(module: str) -> None:
    if kind(module):
        for other in ours(module):
            if room(other) == room(module) and kind(other):
                assert INNER.index(kind(other)) <= INNER.index(kind(module)), f"{module} imports {other}"


@pytest.mark.parametrize("module", [name for name in modules() if room(name) not in IN_FRONT])
def test_synthesis_knows_no_chance_clock_environment_and_network(module: str) -> None:
    assert not imported(module) & UNPREDICTABLE


def reached(module: str, seen: set[str]) -> set[str]:
    for other in imported(module) - seen:
        seen.add(other)
        if other in modules():
            reached(other, seen)
    return seen


WITHOUT_JSII = [
    name for name in modules() if room(name) in ("core", "manifests") or kind(name) in ("values", "variables")
]


@pytest.mark.parametrize("module", [*WITHOUT_JSII, f"{NAME}.flowise.environment"])
def test_values_and_variables_are_made_without_jsii(module: str) -> None:
    assert not reached(module, set()) & JSII


def strings(module: str) -> set[str]:
    tree = ast.parse(modules()[module].read_text(encoding="utf-8"))
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def speller(variable: str) -> str:
    if variable == "MODEL_LIST_CONFIG_JSON":
        return "flowise"
    return next((subject for subject, starts in SPELLERS.items() if variable.startswith(starts)), "flowise")


@pytest.mark.parametrize("module", [name for name in modules() if room(name) not in IN_FRONT])
def test_each_subject_spells_its_own_variables(module: str) -> None:
    known = {name for release in releases.RELEASES.values() for name in release.variables} - OF_ANY_PROCESS
    spelled = set() if module in TABLES else strings(module) & known
    assert {name for name in spelled if speller(name) != room(module)} == set()


@pytest.mark.parametrize("module", modules())
def test_no_module_is_longer_than_300_lines(module: str) -> None:
    assert len(modules()[module].read_text(encoding="utf-8").splitlines()) <= 300
