"""Arbitrary values give a manifest that a cluster takes, or a ConfigError: nothing else ever comes out."""

from __future__ import annotations

import types
import typing
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import cluster
import pytest
from cdk8s import App
from deployments import AUTH, AZURE, BUCKET, CERTIFICATE, DIGEST, GOOGLE, POSTGRES, REDIS, SHARED, synthesized
from hypothesis import given, settings
from hypothesis import strategies as st

import flowise_constructs
from flowise_constructs import (
    Auth,
    BundledPostgres,
    ConfigError,
    ConfigWarning,
    Queue,
    QueueChart,
    SecretKey,
    SqliteDatabase,
    StandaloneChart,
)
from flowise_constructs.core.value import Value

pytestmark = pytest.mark.filterwarnings("ignore::flowise_constructs.ConfigWarning")

VALUES = sorted(
    (
        value
        for name in flowise_constructs.__all__
        if isinstance(value := getattr(flowise_constructs, name), type) and issubclass(value, Value)
    ),
    key=lambda cls: cls.__name__,
)

PLAUSIBLE = (
    "a", "flowise", "flowise-2", "flowise.example.com", "*.example.com", "10.0.0.1", "2001:db8::1", "https://example.com",
    "http://minio:9000", "/data", "/home/node/.flowise/x", "/tmp", "500m", "1Gi", "3Gi", "200Mi", "2", "50mb", "3.1.2",
    "3.1.3-acme.1", "latest", DIGEST, "0 3 * * *", "@daily", "*/5 0-6 1,15 * mon-fri", "Europe/Zurich", "us-east-1",
    "prod/flowise", "example.com/key", "value", "true", "null", "007", "1e3", "0o17", "yes", "metadata.name", CERTIFICATE,
    "'self'", "*", "$(HOME)", "FLOWISE_X", "flowise/flowise", "ghcr.io/acme/flowise", "x" * 63, "x" * 64, "i" * 40,
)  # fmt: skip
AWKWARD = (
    "",
    " ",
    "\n",
    "\0",
    "\ud800",
    "é",
    "🐘",
    "{}",
    "a: b",
    "- a",
    "#",
    "%",
    "a" * 300,
    "..",
    "a//b",
    "-a",
    "a-",
    "A_B",
    "a,b",
)
STRINGS = st.sampled_from(PLAUSIBLE) | st.sampled_from(AWKWARD) | st.text(max_size=12)
NUMBERS = st.sampled_from((0, 1, 2, 30, 31, 3000, 65535, 65536, 2**31 - 1, 2**31, -1, 10**20)) | st.integers(-5, 200)
KUBERNETES = st.sampled_from(
    (
        {"emptyDir": {}},
        {"configMap": {"name": "prompts"}},
        {"key": "a", "operator": "Exists"},
        {"operator": "Equal", "value": "b"},
        {"topologyKey": "zone", "maxSkew": 1, "whenUnsatisfiable": "ScheduleAnyway"},
        {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": []}}},
        {"unknown": 1},
        {"emptyDir": None},
        {"emptyDir": {"sizeLimit": "1Gi", "medium": "Memory"}},
        {"secret": {"secretName": "a", "defaultMode": 0o777, "items": [{"key": "k", "path": "a/../b"}]}},
        {"projected": {"sources": [{"downwardAPI": {"items": []}}, {"secret": {}}]}},
        {"key": "a", "effect": "NoExecute", "tolerationSeconds": 0},
        {"key": "a", "operator": "Exists", "value": "b", "effect": "Never"},
        {"topologyKey": "zone", "maxSkew": 2, "whenUnsatisfiable": "DoNotSchedule", "minDomains": 0},
        {"topologyKey": "zone", "maxSkew": 1, "whenUnsatisfiable": "DoNotSchedule", "matchLabelKeys": 5},
        {
            "podAffinity": {
                "preferredDuringSchedulingIgnoredDuringExecution": [
                    {
                        "weight": 100,
                        "podAffinityTerm": {"topologyKey": "zone", "labelSelector": {"matchLabels": {"a": ""}}},
                    }
                ]
            }
        },
        {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"a": "0o17"}]}}},
        {"configMap": "text"},
        {},
    )
)
ANYTHING: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | NUMBERS | STRINGS | st.floats() | st.lists(STRINGS, max_size=2) | KUBERNETES
)


HINTS: dict[Any, Mapping[str, Any]] = {cls: get_type_hints(cls, include_extras=True) for cls in VALUES}


def hints(cls: Any) -> Mapping[str, Any]:
    if cls not in HINTS:
        HINTS[cls] = get_type_hints(cls, include_extras=True)
    return HINTS[cls]


STRATEGIES: dict[Any, st.SearchStrategy[Any]] = {}


def of_hint(hint: Any) -> st.SearchStrategy[Any]:
    """Values of the right type, right or wrong by the rules. Hypothesis prepares each strategy once."""
    if hint not in STRATEGIES:
        STRATEGIES[hint] = _of_hint(hint)
    return STRATEGIES[hint]


def _of_hint(hint: Any) -> st.SearchStrategy[Any]:
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is Any:
        return ANYTHING
    if origin is Annotated:
        return KUBERNETES if hasattr(arguments[1], "plain") else of_hint(arguments[0])
    if origin in (Union, types.UnionType):
        return st.one_of(*(of_hint(member) for member in arguments))
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is not None and issubclass(origin, Mapping):
        return st.dictionaries(of_hint(arguments[0]), of_hint(arguments[1]), max_size=2)
    if origin is not None and issubclass(origin, Sequence):
        return st.lists(of_hint(arguments[0]), max_size=2)
    plain: dict[Any, st.SearchStrategy[Any]] = {
        str: STRINGS,
        int: NUMBERS,
        bool: st.booleans(),
        type(None): st.none(),
        float: st.floats(),
    }
    return plain[hint] if hint in plain else made(hint)


@st.composite
def arguments_of(draw: st.DrawFn, cls: type[Value], *, wild: bool) -> dict[str, Any]:
    """Some of the fields, and all that have no default."""
    given: dict[str, Any] = {}
    for field in fields(cls):  # type: ignore[arg-type]
        needed = field.default is MISSING and field.default_factory is MISSING
        if needed or draw(st.integers(0, 3)) == 0:
            strategy = of_hint(hints(cls)[field.name])
            given[field.name] = draw(strategy | ANYTHING if wild else strategy)
    return given


@st.composite
def made(draw: st.DrawFn, cls: type[Value]) -> Any:
    """A value of the class; where three tries are refused, a plain one, or nothing at all."""
    for _ in range(3):
        try:
            return cls(**draw(arguments_of(cls, wild=False)))
        except ConfigError:
            continue
    return PLAIN.get(cls)


PLAIN: dict[type, Any] = {
    Auth: AUTH,
    SecretKey: SecretKey(secret="a", key="b"),
    Queue: Queue(redis=REDIS),
    type(BUCKET): BUCKET,
    type(GOOGLE): GOOGLE,
    type(AZURE): AZURE,
    type(SHARED): SHARED,
}
for plain_class in (*VALUES,):
    try:
        PLAIN.setdefault(plain_class, plain_class())
    except (TypeError, ConfigError):
        continue


@pytest.mark.parametrize("cls", VALUES, ids=lambda cls: cls.__name__)
@settings(max_examples=max(40, settings().max_examples // 5))
@given(data=st.data())
def test_a_value_is_made_or_refused(cls: type[Value], data: st.DataObject) -> None:
    given_fields = data.draw(arguments_of(cls, wild=True))
    try:
        value = cls(**given_fields)
    except ConfigError as error:
        told = str(error)
    else:
        told = repr(value)
    told.encode()
    assert cls.__name__ in told


def taken_or_refused(chart: type[StandaloneChart] | type[QueueChart], arguments: dict[str, Any]) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConfigWarning)
            text = synthesized(lambda app: chart(app, "chart", **arguments))
    except ConfigError:
        return
    newest = cluster.versions()[-1]
    for document in cluster.documents(text):
        assert not cluster.schema_problems(document, newest)
        assert not [*cluster.misfits(document), *cluster.misspelt(document)]
        template = cluster.pod_template(document)
        if template is not None and not _root(arguments):
            assert not cluster.restricted_violations(template["spec"])


def _root(arguments: Mapping[str, Any]) -> bool:
    return bool(getattr(arguments.get("main"), "run_as_root", False))


def chart_arguments(cls: type, needed: Mapping[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    annotations = typing.get_type_hints(vars(cls)["__init__"], include_extras=True)
    optional = {
        name: of_hint(hint) for name, hint in annotations.items() if name not in {"scope", "id", "return", *needed}
    }
    required = {name: st.just(value) | of_hint(annotations[name]) for name, value in needed.items()}
    return st.fixed_dictionaries(required, optional=optional)


OF_WHOLE_CHARTS = settings(max_examples=max(40, settings().max_examples // 3))
"""A chart takes a hundred times as long as a value."""


@OF_WHOLE_CHARTS
@given(arguments=chart_arguments(StandaloneChart, {"auth": AUTH, "database": SqliteDatabase()}))
def test_standalone_is_taken_or_refused(arguments: dict[str, Any]) -> None:
    taken_or_refused(StandaloneChart, arguments)


@OF_WHOLE_CHARTS
@given(
    arguments=chart_arguments(
        QueueChart, {"auth": AUTH, "database": POSTGRES, "queue": Queue(redis=REDIS), "storage": BUCKET}
    )
)
def test_queue_is_taken_or_refused(arguments: dict[str, Any]) -> None:
    taken_or_refused(QueueChart, arguments)


@given(
    name=st.sampled_from(["auth", "database", "queue", "storage", "image", "main", "worker", "names"]), value=ANYTHING
)
def test_a_wrong_argument_is_refused(name: str, value: Any) -> None:
    arguments = {
        "auth": AUTH,
        "database": BundledPostgres(),
        "queue": Queue(redis=REDIS),
        "storage": BUCKET,
        name: value,
    }
    with pytest.raises(ConfigError, match=f"QueueChart.{name}"):
        QueueChart(App(), "chart", **arguments)
