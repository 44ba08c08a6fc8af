"""Marks, skips, and the table of figures at the end."""

from __future__ import annotations

from pathlib import Path

import pytest

from boot import network, sandbox
from boot.figures import Figures
from boot.install import COMMANDS, NODE_MAJORS, Release, missing_packages

_FOLDER = Path(__file__).parent
_FIGURES = pytest.StashKey[Figures]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if _FOLDER in item.path.parents:
            item.add_marker(pytest.mark.boot)
            # Older releases are started on purpose.
            item.add_marker(pytest.mark.filterwarnings("ignore:Image.tag:flowise_constructs.ConfigWarning"))


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_FIGURES] = Figures()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    lines = config.stash[_FIGURES].table()
    if lines:
        terminalreporter.section("figures")
        terminalreporter.write_line("\n".join(lines))


@pytest.fixture(scope="session")
def figures(pytestconfig: pytest.Config) -> Figures:
    """What goes into the table."""
    return pytestconfig.stash[_FIGURES]


@pytest.fixture(scope="session")
def node() -> None:
    """A network of the tests' own, or a skip that says what stands against it."""
    if packages := missing_packages(COMMANDS):
        pytest.skip(f"missing: apt-get install {' '.join(packages)}")
    if reason := network.reason_against() or sandbox.reason_against():
        pytest.skip(reason)
    network.enter()


def installed(version: str) -> Release:
    """The release, or a skip where it isn't installed."""
    assert version in NODE_MAJORS
    release = Release.of_this_run(version)
    if reason := release.missing:
        pytest.skip(f"{reason}: run `make boot` (tests/boot/install.py)")
    return release


@pytest.fixture(scope="module")
def release(request: pytest.FixtureRequest, node: None) -> Release:
    """The release that a test is parametrised with."""
    version: str = request.param
    return installed(version)
