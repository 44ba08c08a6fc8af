"""Where pods may run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from api_server.containers import NAMES
from api_server.names import KEYS, SEGMENTS, WORDS
from api_server.objects import deployment, pod_spec
from api_server.subject import ABSENT, Subject, distinct, mappings, present

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
LABEL_KEYS = [ABSENT, "", "a", "a b", "example.com/a", "Example.com/a", "a/b/c", "a" * 63, "a" * 64, "é", "-a", "A_b.c"]
LABEL_VALUES = [ABSENT, "", "b", "b c", "B_c.d", "-b", "b" * 63, "b" * 64, "é", "3", "-3"]
SECONDS = [ABSENT, None, -1, 0, 30, 2**31 - 1, 2**31]
INTEGERS = [ABSENT, None, -1, 0, 1, 2, 2**31 - 1, 2**31, "1"]
POLICIES = [ABSENT, None, "Honor", "Ignore", "", "honor", "x"]
LABEL_KEY_LISTS: list[Any] = [ABSENT, None, [], ["a"], ["app"], ["a b"], [""], ["a", "a"], "app", 5]
SELECTORS: list[Any] = [
    {"matchLabels": {}},
    {"matchLabels": {"app": "probe"}},
    {"matchLabels": {"a b": "c"}},
    {"matchLabels": {"a": "b c"}},
    {"matchLabels": {"a": ""}},
    {"matchLabels": {"operator": "x"}},
    {"matchLabels": {"a": "b" * 64}},
    {"matchExpressions": []},
    *(
        {"matchExpressions": [expression]}
        for expression in mappings(
            {"key": "a", "operator": "In", "values": ["b"]},
            {
                "key": ["", "a b", "example.com/a", ABSENT],
                "operator": ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "in", ABSENT],
                "values": [ABSENT, [], ["b"], ["b c"], [""], ["b" * 64]],
            },
            ("operator", "values"),
        )
    ),
]
TOLERATION: dict[str, Sequence[Any]] = {
    "key": LABEL_KEYS,
    "operator": [ABSENT, None, "", "Exists", "Equal", "exists", "In", "Gt", "Lt", "NotEqual"],
    "value": LABEL_VALUES,
    "effect": [ABSENT, None, "", "NoSchedule", "PreferNoSchedule", "NoExecute", "noExecute", "Never"],
    "tolerationSeconds": SECONDS,
}
TOLERATIONS = [
    *mappings(
        {"key": "a", "operator": "Equal", "value": "b", "effect": "NoSchedule"},
        TOLERATION,
        ("operator", "value"),
        ("effect", "tolerationSeconds"),
        ("key", "operator"),
    ),
    *mappings({"operator": "Exists"}, TOLERATION),
    *mappings({"key": "a"}, TOLERATION),
    *({"key": "a", "operator": operator, "value": value} for operator in ("Gt", "Lt") for value in ("03", "1.5", "+3")),
    {},
    {"unknown": 1},
    {"key": 5, "operator": "Exists"},
    {"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": "5"},
]
SPREAD = {"topologyKey": "zone", "maxSkew": 1, "whenUnsatisfiable": "DoNotSchedule"}
SPREAD_OF_ALL = {**SPREAD, "labelSelector": {}}
SPREADS = [
    *mappings(
        {**SPREAD, "labelSelector": {"matchLabels": {"app": "probe"}}},
        {
            "topologyKey": LABEL_KEYS,
            "maxSkew": INTEGERS,
            "whenUnsatisfiable": [ABSENT, "", "DoNotSchedule", "ScheduleAnyway", "doNotSchedule", "Whatever"],
            "minDomains": INTEGERS,
            "nodeAffinityPolicy": POLICIES,
            "nodeTaintsPolicy": POLICIES,
            "matchLabelKeys": LABEL_KEY_LISTS,
        },
        ("whenUnsatisfiable", "minDomains"),
    ),
    *({**SPREAD, "labelSelector": selector} for selector in SELECTORS),
    *(
        {**SPREAD, "matchLabelKeys": ["a"], "labelSelector": selector}
        for selector in (
            {"matchLabels": {"a": "b"}},
            {"matchLabels": {"b": "a"}},
            {"matchExpressions": [{"key": "a", "operator": "Exists"}]},
            {"matchExpressions": [{"key": "b", "operator": "In", "values": ["a"]}]},
        )
    ),
    {},
    {"unknown": 1},
]
EXPRESSIONS = mappings(
    {"key": "disk", "operator": "In", "values": ["ssd"]},
    {
        "key": LABEL_KEYS,
        "operator": [ABSENT, "", "In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt", "in", "Like"],
        "values": [ABSENT, None, [], ["ssd"], ["a", "b"], ["a b"], [""], ["3"], ["1", "2"], ["b" * 64], "ssd", [5]],
    },
    ("operator", "values"),
) + [
    {"key": "disk", "operator": "Gt", "values": [number]}
    for number in ("-3", "+3", "03", "3.5", "²", "--3", "3-", "1e3", "-", "9" * 30, " 3", "٣", "3_0", "0x3")
]
FIELD_EXPRESSIONS = mappings(
    {"key": "metadata.name", "operator": "In", "values": ["node-1"]},
    {
        "key": ["metadata.name", "metadata.uid", "", "disk"],
        "operator": ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"],
        "values": [ABSENT, [], ["node-1"], ["a", "b"], ["a b"], ["3"], [""]],
    },
)
POD_TERM = {"topologyKey": "zone", "labelSelector": {"matchLabels": {"app": "probe"}}}
POD_TERMS = [
    *mappings(
        POD_TERM,
        {
            "topologyKey": LABEL_KEYS,
            "namespaces": [ABSENT, None, [], ["ai"], ["a b"], [""], ["A"], ["a.b"], "ai", [5]],
            "namespaceSelector": [
                ABSENT,
                None,
                {},
                *SELECTORS[2:7],
                {"matchExpressions": [{"key": "a", "operator": "In"}]},
            ],
            "matchLabelKeys": LABEL_KEY_LISTS,
            "mismatchLabelKeys": LABEL_KEY_LISTS,
            "labelSelector": [ABSENT, None, {}],
        },
    ),
    *({"topologyKey": "zone", "labelSelector": selector} for selector in SELECTORS),
    {"topologyKey": "zone", "matchLabelKeys": ["a"]},
    {"topologyKey": "zone", "mismatchLabelKeys": ["a"]},
    {**POD_TERM, "matchLabelKeys": ["a"], "mismatchLabelKeys": ["a"]},
]
WEIGHTS = [ABSENT, None, -1, 0, 1, 100, 101, 2**31, "1"]


NODE_TERM = {"matchExpressions": [{"key": "disk", "operator": "In", "values": ["ssd"]}]}
TERMS: list[Any] = [
    *([], [{}], [NODE_TERM], [NODE_TERM, NODE_TERM], None, {}, [{"a": "0o17"}]),
    *([{"matchExpressions": []}], [{"matchExpressions": None}]),
]
PREFERENCES: list[dict[str, Any]] = [
    *({}, {"preference": NODE_TERM}, {"preference": {}}),
    {"preference": {"matchExpressions": [{"key": "a b", "operator": "Exists"}]}},
]
WEIGHTED: list[dict[str, Any]] = [
    *(present({"weight": weight, "podAffinityTerm": POD_TERM}) for weight in WEIGHTS),
    *({}, {"weight": 1}, {"weight": 1, "podAffinityTerm": {}}),
]


LISTS_OF_POD_TERMS: list[Any] = [[], [{}], {}, [POD_TERM, POD_TERM], None, [{"matchLabels": {}}]]


def _required(terms: Any) -> dict[str, Any]:
    return {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": terms}}}


def _affinities() -> list[dict[str, Any]]:
    """Terms of every kind at their places."""
    found: list[dict[str, Any]] = [{}, {"unknown": 1}, {"nodeAffinity": None}]
    found += [{kind: {}} for kind in ("nodeAffinity", "podAffinity", "podAntiAffinity")]
    found += [_required(terms) for terms in TERMS]
    found += [_required([{"matchExpressions": [item]}]) for item in EXPRESSIONS]
    found += [_required([{"matchFields": [item]}]) for item in FIELD_EXPRESSIONS]
    weighed = [present({"weight": weight, **preference}) for weight in WEIGHTS for preference in PREFERENCES]
    found += [{"nodeAffinity": {PREFERRED: [item]}} for item in weighed]
    for kind in ("podAffinity", "podAntiAffinity"):
        found += [{kind: {PREFERRED: [item]}} for item in WEIGHTED]
        found += [{kind: {REQUIRED: item}} for item in LISTS_OF_POD_TERMS]
    found += [{"podAffinity": {REQUIRED: [item]}} for item in POD_TERMS]
    found += [{"podAntiAffinity": {PREFERRED: [{"weight": 1, "podAffinityTerm": item}]}} for item in POD_TERMS[::7]]
    return distinct(found)


def _scheduled(**fields: Any) -> dict[str, Any]:
    return deployment(pod_spec(**fields))


SUBJECTS = [
    Subject(
        "node selector key",
        lambda value: _scheduled(nodeSelector={value: "x"}),
        distinct([*WORDS, *SEGMENTS, *KEYS, ""]),
    ),
    Subject("node selector value", lambda value: _scheduled(nodeSelector={"a": value}), distinct([*WORDS, *KEYS, ""])),
    Subject("priority class", lambda value: _scheduled(priorityClassName=value), NAMES),
    Subject("toleration", lambda value: _scheduled(tolerations=[value]), distinct(TOLERATIONS)),
    Subject("spread constraint", lambda value: _scheduled(topologySpreadConstraints=[value]), distinct(SPREADS)),
    Subject(
        "spread constraints together",
        lambda value: _scheduled(topologySpreadConstraints=value),
        [
            [SPREAD_OF_ALL, {**SPREAD_OF_ALL, "topologyKey": key, "whenUnsatisfiable": when}]
            for key in ("zone", "host")
            for when in ("DoNotSchedule", "ScheduleAnyway")
        ],
    ),
    Subject("affinity", lambda value: _scheduled(affinity=value), _affinities()),
]
