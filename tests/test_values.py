"""What every value keeps to: frozen, checked when made, its own copy of what it was given."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, get_type_hints

import pytest
import time_zones
from api_server import SUBJECTS
from api_server.verdicts import refusal
from deployments import AUTH, PASSWORD

import flowise_constructs
from flowise_constructs import (
    ConfigError,
    CpuScaling,
    Finding,
    Image,
    IngressHost,
    Main,
    PodOptions,
    QueueScaling,
    Redis,
    Resources,
    SecretKey,
    Settings,
    Worker,
)
from flowise_constructs.core.findings import Findings, shown
from flowise_constructs.core.rules import quantities, schedules, texts
from flowise_constructs.core.value import Value

PUBLIC = [getattr(flowise_constructs, name) for name in flowise_constructs.__all__]
RANGES = (CpuScaling, QueueScaling)
"""Two numbers that read as a range: `CpuScaling(2, 5)`."""
VALUES = [cls for cls in PUBLIC if isinstance(cls, type) and issubclass(cls, Value)]


def test_public_names_are_sorted_and_there() -> None:
    assert flowise_constructs.__all__ == sorted(flowise_constructs.__all__)
    assert len(PUBLIC) == len(set(flowise_constructs.__all__))


@pytest.mark.parametrize("cls", VALUES, ids=lambda cls: cls.__name__)
def test_values_are_frozen_keyword_only_and_documented(cls: Any) -> None:
    assert cls.__dataclass_params__.frozen
    positional = {field.name for field in dataclasses.fields(cls) if not field.kw_only}
    assert positional == ({"minimum", "maximum"} if cls in RANGES else set())
    assert "__slots__" not in vars(cls)
    assert cls.__doc__
    assert not cls.__doc__.startswith(f"{cls.__name__}(")


@pytest.mark.parametrize("cls", VALUES, ids=lambda cls: cls.__name__)
def test_no_value_takes_a_secret_as_text(cls: Any) -> None:
    """Whatever is called a password or secret is a reference."""
    for name, hint in get_type_hints(cls).items():
        if name.startswith("_") or cls is SecretKey:
            continue
        if any(word in name for word in ("password", "secret_access", "private_key", "encryption_key")):
            assert str not in getattr(hint, "__args__", (hint,)), f"{cls.__name__}.{name}"


def test_a_value_can_not_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Image().tag = "3.1.2"  # type: ignore[misc]


def test_a_value_has_its_own_copies() -> None:
    origins, variables = ["https://a.example.com"], {"TZ": "UTC"}
    settings = Settings(cors_origins=origins, extra_env=variables)
    origins.append("https://b.example.com")
    variables["LANG"] = "C"
    assert settings.cors_origins == ("https://a.example.com",)
    assert settings.extra_env == {"TZ": "UTC"}


def test_nested_plain_data_is_copied_too() -> None:
    toleration = {"key": "a", "operator": "Exists"}
    options = PodOptions(tolerations=[toleration])
    toleration["operator"] = "Like"
    assert options.tolerations == ({"key": "a", "operator": "Exists"},)


def test_replace_derives_and_checks() -> None:
    assert dataclasses.replace(Image(), tag="3.1.2").reference == "docker.io/flowiseai/flowise:3.1.2"
    with pytest.raises(ConfigError, match=r"Worker\.concurrency"):
        dataclasses.replace(Worker(), concurrency=0)


def test_equal_values_are_equal() -> None:
    assert Redis(host="a", password=PASSWORD) == Redis(
        host="a", password=SecretKey(secret="credentials", key="password")
    )


@dataclass(frozen=True, kw_only=True)
class AcmeSettings(Settings):
    team: texts.Text = "platform"

    def contradictions(self) -> Any:
        yield from super().contradictions()
        if self.team == "nobody":
            yield self.finding("team", "'nobody' answers no mail")


def test_a_subclass_has_fields_and_rules_of_its_own() -> None:
    assert AcmeSettings(log_level="debug").team == "platform"
    with pytest.raises(ConfigError, match=r"AcmeSettings\.team: 'nobody' answers no mail"):
        AcmeSettings(team="nobody")


def test_all_findings_are_told_together() -> None:
    with pytest.raises(ConfigError) as refused:
        Settings(log_level="loud", file_size_limit="50", app_url="example.com", trusted_proxies=-1)  # type: ignore[arg-type]
    assert [finding.where for finding in refused.value.findings] == [
        "Settings.app_url",
        "Settings.trusted_proxies",
        "Settings.log_level",
        "Settings.file_size_limit",
    ]
    told = str(refused.value).splitlines()
    assert told[0] == "4 findings:"
    assert all(line.startswith("- Settings.") for line in told[1:])


def test_a_wrong_field_doesn_t_hide_contradictions_of_others() -> None:
    with pytest.raises(ConfigError) as refused:
        Settings(file_size_limit="50", trusted_proxies=0, secure_cookies=True)
    assert [finding.where for finding in refused.value.findings] == [
        "Settings.file_size_limit",
        "Settings.trusted_proxies",
    ]


def test_a_wrong_field_is_reported_once() -> None:
    with pytest.raises(ConfigError) as refused:
        Resources(memory_request="a lot", cpu_request="4", cpu_limit="2")
    assert {finding.where for finding in refused.value.findings} >= {"Resources.memory_request"}
    assert str(refused.value).count("Resources.memory_request") == 1


def test_findings_of_several_steps_are_reported_once() -> None:
    findings = Findings()

    def refuse() -> None:
        raise ConfigError([Finding("a", "b")])

    assert findings.attempt(refuse) is None
    findings.attempt(refuse)
    with pytest.raises(ConfigError, match=r"^a: b$"):
        findings.settle()


class Level(str, Enum):
    INFO = "info"


WRONG_TYPES: dict[str, Callable[[], object]] = {
    "number for text": lambda: IngressHost(host=5),  # type: ignore[arg-type]
    "text for number": lambda: Main(replicas="1"),  # type: ignore[arg-type]
    "yes for a number": lambda: Main(replicas=True),
    "fraction for a number": lambda: Main(replicas=1.0),  # type: ignore[arg-type]
    "number for yes": lambda: Main(run_as_root=1),  # type: ignore[arg-type]
    "None for text": lambda: IngressHost(host=None),  # type: ignore[arg-type]
    "text for a list": lambda: Settings(cors_origins="*"),
    "set for a list": lambda: Settings(cors_origins={"*"}),  # type: ignore[arg-type]
    "list for a mapping": lambda: Settings(extra_env=["TZ"]),  # type: ignore[arg-type]
    "number in a mapping": lambda: Settings(extra_env={"TZ": 5}),  # type: ignore[dict-item]
    "value of another kind": lambda: Main(service=Image()),  # type: ignore[arg-type]
    "class for a value": lambda: Main(service=Image),  # type: ignore[arg-type]
    "word of an enumeration": lambda: Settings(log_level=Level.INFO),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("make", WRONG_TYPES.values(), ids=WRONG_TYPES)
def test_a_wrong_type_is_refused_with_what_is_wanted(make: Callable[[], object]) -> None:
    with pytest.raises(ConfigError, match="must be"):
        make()


class Unspeakable:
    def __repr__(self) -> str:
        raise RuntimeError("no words")


WRONG: tuple[object, ...] = ("x" * 500, "\ud800", 10**10_000, Unspeakable(), b"\xff", float("nan"), {"a": "\n"})


@pytest.mark.parametrize("given", WRONG, ids=lambda given: type(given).__name__)
def test_whatever_is_wrong_can_be_shown(given: object) -> None:
    text = shown(given)
    assert 0 < len(text) <= 80
    text.encode()
    with pytest.raises(ConfigError):
        Main(replicas=given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("schedule", "right"),
    [
        ("0 3 * * *", True),
        ("*/15 0-6,22 1,15 jan-mar mon-fri", True),
        ("0 0 * * SUN", True),
        ("@daily", True),
        ("1/5 * * * *", True),
        ("* * * * 7", False),
        ("60 * * * *", False),
        ("* 24 * * *", False),
        ("* * 0 * *", False),
        ("* * * 13 *", False),
        ("5-1 * * * *", False),
        ("1-2-3 * * * *", False),
        ("*/0 * * * *", False),
        ("* * * *", False),
        ("* * * * * *", False),
        ("*  * * * *", False),
        ("@every 5m", False),
        ("@reboot", False),
        ("CRON_TZ=UTC 0 0 * *", False),
        ("² * * * *", False),
    ],
)
def test_schedules(schedule: str, right: bool) -> None:
    assert (schedules.cron(schedule) is None) is right
    if right:
        assert refusal("schedule", schedule) is None


def test_time_zones_are_those_of_the_tz_database() -> None:
    pytest.importorskip("tzdata", reason="needs the package tzdata")
    assert time_zones.DATA.read_text(encoding="utf-8") == time_zones.written()


@pytest.mark.parametrize("quantity", ["500m", "2", "0.5", ".5", "8Gi", "1.5Gi", "100M"])
def test_quantities_of_one_plain_spelling_are_taken(quantity: str) -> None:
    assert quantities.quantity(quantity) is None
    assert refusal("cpu request", quantity) is None


@pytest.mark.parametrize("subject", ["cpu request and limit", "memory request and limit"])
def test_quantities_stand_for_what_kubernetes_takes_them_for(subject: str) -> None:
    for request, limit in SUBJECTS[subject].values:
        said = refusal(subject, [request, limit])
        above = said is not None and "must be less than or equal to" in said
        assert (quantities.amount(request) > quantities.amount(limit)) is above


@pytest.mark.parametrize("quantity", ["", "0", "-1", "1 Gi", "1gi", "1KB", "٣Gi", "1e3", "1.", "1,5", "Gi", "+1"])
def test_other_quantities_are_refused(quantity: str) -> None:
    assert quantities.quantity(quantity) is not None


def test_auth_of_one_secret_and_of_others() -> None:
    assert AUTH.encryption_key == SecretKey(secret="flowise-auth-secrets", key="encryption-key")
    elsewhere = flowise_constructs.Auth.from_secret("a", encryption_key=PASSWORD, token_hash_secret="hash")
    assert elsewhere.encryption_key == PASSWORD
    assert elsewhere.token_hash_secret == SecretKey(secret="a", key="hash")


def test_a_value_shows_what_differs_from_its_defaults() -> None:
    assert repr(Main()) == "Main()"
    assert repr(Main(replicas=2, extra_env={"A": "b"})) == "Main(replicas=2, extra_env={'A': 'b'})"
    assert repr(PodOptions(volumes=[])) == "PodOptions()"
    assert repr(SecretKey(secret="a", key="b")) == "SecretKey(secret='a', key='b')"
