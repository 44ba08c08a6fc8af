"""Rules of the API server for scheduling that its schema doesn't contain. A wrong type is reported later, by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, cast

from flowise_constructs.core.rules import naming
from flowise_constructs.kubernetes.labels import SELECTOR_LABELS

_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt")


def toleration(value: Mapping[str, Any]) -> str | None:
    """One entry of `tolerations`."""
    operator, effect = value.get("operator", "Equal"), value.get("effect", "")
    if operator not in ("Equal", "Exists"):
        return f"has operator {operator!r}: Equal or Exists"
    if not value.get("key") and operator != "Exists":
        return "has no key: without one the operator must be Exists"
    if value.get("key") and naming.label_key(str(value["key"])):
        return f"has key {value['key']!r}, which is no label key"
    if operator == "Exists" and value.get("value"):
        return "has a value, which Exists doesn't take"
    if naming.label_value(str(value.get("value") or "")):
        return f"has value {value['value']!r}, which is no label value"
    if effect and effect not in _EFFECTS:
        return f"has effect {effect!r}: one of {', '.join(_EFFECTS)}"
    if value.get("tolerationSeconds") is not None and effect != "NoExecute":
        return "has tolerationSeconds, which only effect NoExecute takes"
    return None


def spread(value: Mapping[str, Any]) -> str | None:
    """One entry of `topologySpreadConstraints`."""
    for word in ("topologyKey", "maxSkew", "whenUnsatisfiable"):
        if not value.get(word):
            return f"lacks {word!r}, which Kubernetes requires"
    if naming.label_key(str(value["topologyKey"])):
        return f"has topologyKey {value['topologyKey']!r}, which is no label key"
    if isinstance(value["maxSkew"], int) and value["maxSkew"] < 1:
        return "has a maxSkew below 1"
    if value["whenUnsatisfiable"] not in ("DoNotSchedule", "ScheduleAnyway"):
        return f"has whenUnsatisfiable {value['whenUnsatisfiable']!r}: DoNotSchedule or ScheduleAnyway"
    domains = value.get("minDomains")
    if domains is not None and value["whenUnsatisfiable"] != "DoNotSchedule":
        return "has minDomains, which only DoNotSchedule takes"
    if isinstance(domains, int) and domains < 1:
        return "has minDomains below 1"
    for word in ("nodeAffinityPolicy", "nodeTaintsPolicy"):
        if value.get(word) not in (None, "Honor", "Ignore"):
            return f"has {word} {value[word]!r}: Honor or Ignore"
    return next(chain(_selected_twice(value), _affinity(value.get("labelSelector"))), None)


def repeated_spread(values: Sequence[Mapping[str, Any]]) -> str | None:
    """`topologySpreadConstraints` together."""
    pairs = [(value.get("topologyKey"), value.get("whenUnsatisfiable")) for value in values]
    twice = [pair for pair in pairs if pairs.count(pair) > 1]
    return f"hold {twice[0][0]!r} with {twice[0][1]!r} twice" if twice else None


def _selected_twice(value: Mapping[str, Any]) -> Iterator[str]:
    """`matchLabelKeys` must not name a label of the selector; without a selector, ours is used."""
    selector = value.get("labelSelector") or {label: label for label in SELECTOR_LABELS}
    rendered = str(selector)
    for key in _items(value, "matchLabelKeys"):
        if repr(key) in rendered:
            yield f"has matchLabelKeys {key!r}, which its labelSelector holds too"


def affinity(value: Mapping[str, Any]) -> str | None:
    """`affinity`."""
    return next(_affinity(value), None)


def _affinity(node: Any) -> Iterator[str]:
    if isinstance(node, (list, tuple)):
        for item in cast("list[Any]", node):
            yield from _affinity(item)
    if not isinstance(node, Mapping):
        return
    fields = cast(Mapping[str, Any], node)
    if fields.get("nodeSelectorTerms", True) in ([], ()):
        yield "has empty nodeSelectorTerms: name at least one"
    if "operator" in fields:
        yield from _requirement(fields)
    weight = fields.get("weight")
    if isinstance(weight, int) and not 1 <= weight <= 100:
        yield f"has weight {weight}: 1 to 100"
    if "topologyKey" in fields and naming.label_key(str(fields["topologyKey"])):
        yield f"has topologyKey {fields['topologyKey']!r}, which is no label key"
    for name, item in fields.items():
        yield from _labels(item) if name == "matchLabels" else _affinity(item)


def _labels(labels: Any) -> Iterator[str]:
    for key, value in cast("Mapping[Any, Any]", labels).items() if isinstance(labels, Mapping) else ():
        if naming.label_key(str(key)) or naming.label_value(str(value)):
            yield f"has matchLabels {key!r}: {value!r}, which is no label"


def _requirement(fields: Mapping[str, Any]) -> Iterator[str]:
    operator: Any = fields["operator"]
    given: Any = fields.get("values")
    values = list(cast("list[Any]", given)) if isinstance(given, (list, tuple)) else []
    if operator not in _OPERATORS:
        yield f"has operator {operator!r}: one of {', '.join(_OPERATORS)}"
    elif operator in ("In", "NotIn") and not values:
        yield f"has operator {operator} without values"
    elif operator in ("Exists", "DoesNotExist") and values:
        yield f"has operator {operator} with values"
    elif operator in ("Gt", "Lt") and not (len(values) == 1 and str(values[0]).lstrip("-").isdigit()):
        yield f"has operator {operator}, which takes one integer"


def _items(fields: Mapping[str, Any], name: str) -> list[Any]:
    found = fields.get(name)
    return list(cast("list[Any]", found)) if isinstance(found, (list, tuple)) else []
