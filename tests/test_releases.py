"""The table of variables against what the released packages read, and the sentences that come of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from flowise_constructs.flowise.releases import (
    DEAD,
    DEFAULT_TAG,
    RELEASES,
    SUPPORTED_TAGS,
    Release,
    Role,
)
from flowise_constructs.flowise.unread_variables import unread

DATA = Path(__file__).parent / "data" / "flowise_variables"

NOT_OURS = {
    "HOMEPATH": "Windows",
    "USERPROFILE": "Windows",
    "PATH": "the image's; handed on to MCP servers",
}
"""Names that Flowise reads and no manifest sets."""

READ_BY_PACKAGES = {
    "GLOBAL_AGENT_HTTP_PROXY": "global-agent, which server/index.js loads",
    "GLOBAL_AGENT_HTTPS_PROXY": "the same",
    "GLOBAL_AGENT_NO_PROXY": "the same",
}
"""Names in the table that no script of Flowise holds."""

DECLARED_FOR_PACKAGES = ("LANGCHAIN_", "LANGSMITH_")
"""Command line options that only hand a name on to a package, before 3.1.3."""


def scanned(tag: str) -> dict[str, set[str]]:
    """The names that the release reads, with the parts that read them."""
    lines = (DATA / f"{tag}.txt").read_text(encoding="utf-8").splitlines()
    return {name: set(parts) for name, *parts in map(str.split, lines)}


def package(tag: str) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads((DATA / f"{tag}.json").read_text(encoding="utf-8"))
    return facts


@pytest.fixture(params=SUPPORTED_TAGS)
def release(request: pytest.FixtureRequest) -> Release:
    return RELEASES[request.param]


def test_every_supported_release_has_data_and_nothing_else_has() -> None:
    assert {path.stem for path in DATA.glob("*.txt")} == set(SUPPORTED_TAGS)
    assert {path.stem for path in DATA.glob("*.json")} == set(SUPPORTED_TAGS)


def test_tags_are_in_order_and_hold_the_default() -> None:
    assert list(SUPPORTED_TAGS) == sorted(SUPPORTED_TAGS)
    assert DEFAULT_TAG in SUPPORTED_TAGS
    assert all(release.tag == tag for tag, release in RELEASES.items())


def test_everything_that_the_release_reads_is_in_the_table(release: Release) -> None:
    assert set(scanned(release.tag)) - set(release.variables) == set(NOT_OURS)


def test_the_release_reads_everything_that_is_in_the_table(release: Release) -> None:
    assert set(release.variables) - set(scanned(release.tag)) == set(READ_BY_PACKAGES)


def test_what_nodes_and_components_read_both_roles_read(release: Release) -> None:
    """Flows run in main (standalone) and in workers (queue); only the server's own code can be one role's."""
    shared = {name for name, parts in scanned(release.tag).items() if parts - {"server"}} - set(NOT_OURS)
    assert {name: release.variables[name] for name in shared} == dict.fromkeys(shared, "both")


def test_dead_names_are_read_nowhere(release: Release) -> None:
    assert not set(release.dead) & set(scanned(release.tag))
    assert not set(DEAD) - set(release.dead)


def test_the_name_that_replaces_a_dead_one_lives(release: Release) -> None:
    assert {live for live in release.dead.values() if live} <= set(release.variables)


def test_every_declared_option_lives_or_is_dead(release: Release) -> None:
    declared = {name for name in package(release.tag)["declared"] if not name.startswith(DECLARED_FOR_PACKAGES)}
    assert declared <= set(release.variables) | set(release.dead)


def test_facts_of_the_package(release: Release) -> None:
    facts = package(release.tag)
    assert list(release.queues) == facts["queues"]
    assert dict(release.migrations) == facts["migrations"]
    assert str(facts["node"]).endswith(f"^{release.node_major}")


@pytest.mark.parametrize("role", ["main", "worker"])
def test_a_variable_that_the_role_reads_gives_no_warning(release: Release, role: Role) -> None:
    read = [name for name, reader in release.variables.items() if reader in ("both", role)]
    assert [name for name in read if unread(name, release, role) is not None] == []


@pytest.mark.parametrize("role", ["main", "worker"])
@pytest.mark.parametrize(
    "name",
    [
        "TZ", "HTTPS_PROXY", "no_proxy", "NODE_OPTIONS", "NODE_EXTRA_CA_CERTS", "NODE_ENV", "npm_config_registry",
        "AWS_REGION", "AWS_WEB_IDENTITY_TOKEN_FILE", "OTEL_EXPORTER_OTLP_ENDPOINT", "LANGCHAIN_CALLBACKS_BACKGROUND",
        "LANGSMITH_PROJECT", "OPENAI_API_KEY", "GOOGLE_APPLICATION_CREDENTIALS", "GLOBAL_AGENT_NO_PROXY",
        "PUPPETEER_EXECUTABLE_PATH", "SSL_CERT_FILE", "XDG_CACHE_HOME",
    ],
)  # fmt: skip
def test_what_node_and_packages_read_gives_no_warning(release: Release, role: Role, name: str) -> None:
    assert unread(name, release, role) is None


@pytest.mark.parametrize(
    ("tag", "role", "name", "sentence"),
    [
        ("3.1.3", "main", "NUMBER_OF_PROXIES", "NUMBER_OF_PROXIES is not read by Flowise 3.1.3: set TRUST_PROXY."),
        (
            "3.1.3",
            "main",
            "DISABLE_FLOWISE_TELEMETRY",
            "DISABLE_FLOWISE_TELEMETRY is not read by Flowise 3.1.3: "
            "leave it out: nothing is sent unless POSTHOG_PUBLIC_API_KEY is set.",
        ),
        (
            "3.1.2",
            "main",
            "FLOWISE_USERNAME",
            "FLOWISE_USERNAME is not read by Flowise 3.1.2: "
            "leave it out: the first account is registered in the browser.",
        ),
        (
            "3.1.4",
            "worker",
            "PUPPETEER_EXECUTABLE_FILE_PATH",
            "PUPPETEER_EXECUTABLE_FILE_PATH is not read by Flowise 3.1.4: set PUPPETEER_EXECUTABLE_PATH.",
        ),
        (
            "3.1.3",
            "worker",
            "CORS_ORIGINS",
            "CORS_ORIGINS is read by main only in Flowise 3.1.3: worker has no use for it.",
        ),
        (
            "3.1.3",
            "main",
            "WORKER_CONCURRENCY",
            "WORKER_CONCURRENCY is read by worker only in Flowise 3.1.3: main has no use for it.",
        ),
        (
            "3.1.3",
            "main",
            "CUSTOM_MCP_ALLOWED_COMMANDS",
            "CUSTOM_MCP_ALLOWED_COMMANDS is not read by Flowise 3.1.3: it is new in 3.1.4.",
        ),
        ("3.1.3", "main", "REDIS_USER", "REDIS_USER is not read by Flowise 3.1.3: did you mean REDIS_USERNAME?"),
        ("3.1.3", "main", "cors_origin", "cors_origin is not read by Flowise 3.1.3: did you mean CORS_ORIGINS?"),
        (
            "3.1.3",
            "main",
            "GITHUB_TOKEN",
            "GITHUB_TOKEN is not read by Flowise 3.1.3 itself: "
            "leave it out unless a runtime variable, a tool or an MCP server of your flows reads it.",
        ),
    ],
)
def test_a_variable_that_nobody_reads_is_reported(tag: str, role: Role, name: str, sentence: str) -> None:
    assert unread(name, RELEASES[tag], role) == sentence


def test_basic_login_lives_in_3_1_1_only() -> None:
    assert unread("FLOWISE_USERNAME", RELEASES["3.1.1"], "main") is None
    assert [tag for tag in SUPPORTED_TAGS if "FLOWISE_PASSWORD" in RELEASES[tag].dead] == ["3.1.2", "3.1.3", "3.1.4"]


def test_the_worker_never_reads_the_auth_secrets(release: Release) -> None:
    secrets = ("JWT_AUTH_TOKEN_SECRET", "JWT_REFRESH_TOKEN_SECRET", "EXPRESS_SESSION_SECRET", "TOKEN_HASH_SECRET")
    assert {release.variables[name] for name in secrets} == {"main"}
    assert release.variables["FLOWISE_SECRETKEY_OVERWRITE"] == "both"


def test_only_the_oldest_release_carries_a_known_advisory() -> None:
    assert {tag: release.advisories for tag, release in RELEASES.items() if release.advisories} == {
        "3.1.1": ("CVE-2026-56274",)
    }
