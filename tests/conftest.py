"""What every test shares: Node for jsii, the flags, and warnings that fail a test unless it expects them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from flowise_constructs.jsii_node import use_bundled_node

ROOT = Path(__file__).parent.parent

# main.py and imports/ are at the top of the project, outside the package.
sys.path.insert(0, str(ROOT))

# Processes that tests start compile the package once, not each time.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# cdk8s starts Node when it is imported.
use_bundled_node()

LONGEST = ("test_properties", "test_helm_import", "test_cli_init", "test_consumer", "test_api_server_verdicts")
"""Files that take longest. They come first, so that no process is left with one of them at the end."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="accept the YAML of the reference app as the snapshots"
    )
    parser.addoption(
        "--examples",
        type=int,
        default=int(os.environ.get("HYPOTHESIS_EXAMPLES", "60")),
        help="examples of each property test (HYPOTHESIS_EXAMPLES; default 60)",
    )


def pytest_configure(config: pytest.Config) -> None:
    examples = config.getoption("--examples")
    settings.register_profile(
        "project",
        max_examples=examples,
        # The ordinary run tries the same examples each time; a longer one looks for new ones.
        derandomize=examples <= 300,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    settings.load_profile("project")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    strict = pytest.mark.filterwarnings("error::flowise_constructs.ConfigWarning")
    # The servers of these tests are on loopback, where a pod would need a sidecar.
    on_loopback = pytest.mark.filterwarnings("ignore:PodOptions.sidecars:flowise_constructs.ConfigWarning")
    for item in items:
        if item.get_closest_marker("roundtrip"):
            item.add_marker(on_loopback, append=False)
        # In front of a test's own marks, which therefore win.
        item.add_marker(strict, append=False)
    items.sort(key=lambda item: item.path.stem not in LONGEST)


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's directory."""
    return ROOT
