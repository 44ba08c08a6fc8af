"""How environment files and Compose files are read: as npm's dotenv does, and as Docker Compose does."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from flowise_constructs import ConfigError
from flowise_constructs.importers.env import compose_env, dotenv
from flowise_constructs.importers.env.compose_file import Compose, ComposeFile, compose_content
from flowise_constructs.importers.env.interpolation import InterpolationError, expand
from flowise_constructs.importers.notes import Notes

RECORDED = json.loads((Path(__file__).parent / "data" / "dotenv" / "cases.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", RECORDED, ids=lambda case: repr(case["text"])[:40])
def test_dotenv_is_read_as_npms_package_reads_it(case: dict[str, Any]) -> None:
    assert {line.name: line.value for line in dotenv.read(case["text"]).lines} == case["parsed"]


@pytest.mark.parametrize(
    ("text", "skipped"),
    [
        ("A=1\n# no\n\nB\nC=2", (4,)),
        ("KEY=-----BEGIN\nAAAA\nBB==\n", (2,)),
        ("A='x\ny'\nB", (3,)),
        ("A='b'c # d", ()),
        ("A=1 # b\n=c", (2,)),
    ],
)
def test_lines_that_dotenv_passes_over_are_told(text: str, skipped: tuple[int, ...]) -> None:
    assert dotenv.read(text).skipped == skipped


def test_lines_are_counted_whatever_ends_them() -> None:
    assert [(line.name, line.number) for line in dotenv.read("A=1\r\n\r\n  B='x\ny'\rC=3").lines] == [
        ("A", 1),
        ("B", 3),
        ("C", 5),
    ]


def compose_values(text: str, **given: str) -> dict[str, str]:
    return {line.name: line.value for line in compose_env.read(text, ".env", given.get).lines}


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("A=b # c", {"A": "b"}),
        ("A=b# c", {"A": "b# c"}),
        ("A=b#c", {"A": "b#c"}),
        ("A='b # c' # d", {"A": "b # c"}),
        ('A="b # c" # d', {"A": "b # c"}),
        ("A=`b`", {"A": "`b`"}),
        ("A='$B'", {"A": "$B"}),
        ("B=1\nA=$B-${B}", {"B": "1", "A": "1-1"}),
        ('B=1\nA="${B}"', {"B": "1", "A": "1"}),
        ("A=$GIVEN", {"A": "there"}),
        ("A=a$$b", {"A": "a$b"}),
        ("A='it\\'s'", {"A": "it's"}),
        ('A="{\\"a\\": 1}"', {"A": '{"a": 1}'}),
        ('A="a\\tb\\nc"', {"A": "a\tb\nc"}),
        ("A='a\\nb'", {"A": "a\\nb"}),
        ("A='a\nb'\nC=d", {"A": "a\nb", "C": "d"}),
        ("export A=1\nB : 2", {"A": "1", "B": "2"}),
        ("A=\nB=", {"A": "", "B": ""}),
        ("INHERITED\nA=1", {"A": "1"}),
        ("A=1\r\nB=2\r\n", {"A": "1", "B": "2"}),
    ],
)
def test_compose_reads_by_its_own_rules(text: str, values: dict[str, str]) -> None:
    assert compose_values(text, GIVEN="there") == values


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("A=1\n=b", ".env:2: is not NAME=VALUE, and Compose refuses the whole file"),
        ("A='b", ".env:1 A: has a quote that is not closed"),
        ("A=${B", ".env:1 A: has a '${' without its '}'"),
        ("A=${B:?x}\nC=${D?}", ".env:1 A: needs B, which is not set in the environment file: set it"),
    ],
)
def test_what_compose_refuses_is_refused(text: str, told: str) -> None:
    with pytest.raises(ConfigError) as error:
        compose_values(text)
    assert told in str(error.value)


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("${A}", "one"),
        ("$A.$B", "one."),
        ("${NONE}", ""),
        ("${NONE-x}", "x"),
        ("${EMPTY-x}", ""),
        ("${EMPTY:-x}", "x"),
        ("${NONE:-${EMPTY:-${A}}}", "one"),
        ("${A:+yes}${NONE+no}", "yes"),
        ("${EMPTY+set}${EMPTY:+filled}", "set"),
        ("${A:?}${EMPTY?}", "one"),
        ("$$A $ 5$ $1", "$A $ 5$ $1"),
        ("redis://${NONE:-redis:6379}/", "redis://redis:6379/"),
    ],
)
def test_interpolation(text: str, expanded: str) -> None:
    assert expand(text, {"A": "one", "EMPTY": ""}.get) == expanded


@pytest.mark.parametrize("text", ["${", "${A/b/c}", "${1}", "${}", "${NONE:?}", "${EMPTY:?}", "${NONE:-" * 30])
def test_what_interpolation_does_not_know(text: str) -> None:
    with pytest.raises(InterpolationError):
        expand(text, {"A": "one", "EMPTY": ""}.get)


@given(st.text(alphabet="A1=${}:-?+'\"`\\ #\n\r\texport", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    dotenv.read(text)
    with contextlib.suppress(ConfigError):
        compose_env.read(text, ".env", lambda _: None)


# Compose files


def composed(services: dict[str, Any], env: str = "", file: str = "compose.yml") -> tuple[Compose, list[str]]:
    notes = Notes()
    content = compose_content([{"services": services}], file)
    compose = ComposeFile(notes, file, content, (".env", env)).read()
    return compose, [str(item) for item in (*notes.findings, *notes.remarks)]


def values(compose: Compose) -> dict[str, str]:
    return {name: entry.value for name, entry in compose.main.items()}


def test_variables_come_from_files_and_the_service_wins(tmp_path: Path) -> None:
    (tmp_path / "more.env").write_text("A=more\nB=$X\nC=more\n")
    service = {
        "image": "flowiseai/flowise:3.1.3",
        "env_file": [".env", "more.env", {"path": ".env"}],
        "environment": {"C": True, "D": None, "E": 5, "F": "${X:-y}"},
    }
    compose, told = composed({"web": service}, "A=env\nX=x\nD=inherited\n", str(tmp_path / "compose.yml"))
    assert values(compose) == {"A": "env", "X": "x", "D": "inherited", "B": "x", "C": "true", "E": "5", "F": "x"}
    assert (compose.service, compose.image, compose.worker, told) == ("web", "flowiseai/flowise:3.1.3", None, [])


def test_workers_are_told_by_image_command_or_name() -> None:
    main = {"image": "flowiseai/flowise"}
    workers: dict[str, dict[str, Any]] = {
        "a": {"image": "flowiseai/flowise-worker"},
        "b": {"image": "flowiseai/flowise", "command": ["flowise", "worker"]},
        "flowise-worker": {"build": "."},
    }
    for name, worker in workers.items():
        compose, _ = composed({"main": main, name: worker | {"environment": ["A=b"]}})
        assert compose.worker is not None
        assert compose.worker["A"].value == "b"


def test_servers_have_the_names_of_composes_network() -> None:
    compose, told = composed(
        {
            "flowise": {"build": "..", "privileged": True, "command": "node x.js"},
            "db": {"image": "docker.io/library/postgres:16", "container_name": "flowise-db"},
            "cache": {"image": "valkey/valkey", "hostname": "redis"},
            "proxy": {"image": "nginx"},
        }
    )
    assert {name: server.kind for name, server in compose.servers.items()} == {
        "db": "postgres",
        "flowise-db": "postgres",
        "cache": "redis",
        "redis": "redis",
    }
    assert told == [
        "compose.yml services.flowise.build: is not carried over: say it in Python, with Main or Worker",
        "compose.yml services.flowise.privileged: is not carried over: say it in Python, with Main or Worker",
        "compose.yml services.flowise.command: is not carried over: the pod starts Flowise itself",
        "compose.yml services.proxy: is not carried over: deploy it by itself",
    ]


def test_what_the_file_has_and_flowise_is_not_given_is_told() -> None:
    _, told = composed({"flowise": {"image": "flowise:${TAG}", "environment": ["A"]}}, "TAG=1\nA=1\nB=2\nC=3")
    assert told == ["compose.yml services.flowise: is not given B, C of .env, so Flowise has not read them"]


@pytest.mark.parametrize(
    ("services", "told"),
    [
        ({"web": {"image": "nginx"}}, "compose.yml: has no service whose image is Flowise's main"),
        ({"a": {"image": "flowise"}, "b": {"image": "flowise"}}, "has 2 services that are Flowise's main (a, b)"),
        ({"flowise": {"extends": {"service": "x"}}}, "compose.yml services.flowise.extends: refers to another file"),
        ({"flowise": {"env_file": [5], "image": "flowise"}}, "services.flowise.env_file: 5 must be the name of a file"),
        ({"flowise": {"image": "flowise:${TAG:?which}"}}, "services.flowise.image: needs TAG, which is not set"),
    ],
)
def test_what_a_compose_file_can_lack(services: dict[str, Any], told: str) -> None:
    try:
        _, found = composed(services)
    except ConfigError as error:
        found = [str(item) for item in error.findings]
    assert any(told in line for line in found), found


@settings(max_examples=50)
@given(
    st.recursive(
        st.one_of(st.none(), st.integers(), st.text(max_size=5), st.sampled_from(["flowise", "A=${B}", "${"])),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(st.sampled_from(["image", "environment", "env_file", "command", "x"]), inner, max_size=4),
        ),
        max_leaves=8,
    )
)
def test_any_service_is_read_or_refused(service: Any) -> None:
    content = yaml.safe_load(yaml.safe_dump(service))
    if isinstance(content, dict) and isinstance(content.get("env_file"), type(None)):
        with contextlib.suppress(ConfigError):
            composed({"flowise": content})
