"""Rules of the API server for scheduling that its schema doesn't contain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from flowise_constructs.core.findings import shown
from flowise_constructs.core.rules import naming
from flowise_constructs.kubernetes.labels import SELECTOR_LABELS
from flowise_constructs.kubernetes.selectors import (
    Fields,
    held_twice,
    label_keys,
    label_selector,
    node_term,
    wrong,
)

_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_OURS = {"matchLabels": dict.fromkeys(SELECTOR_LABELS, "")}


def toleration(value: Fields) -> str | None:
    """One entry of `tolerations`."""
    operator, effect = value.get("operator", "Equal"), value.get("effect", "")
    if operator not in ("Equal", "Exists"):
        return f"has operator {operator!r}: Equal or Exists"
    if not value.get("key") and operator != "Exists":
        return "has no key: without one the operator must be Exists"
    if value.get("key") and naming.label_key(value["key"]):
        return f"has key {value['key']!r}, which is no label key"
    if operator == "Exists" and value.get("value"):
        return "has a value, which Exists doesn't take"
    if naming.label_value(value.get("value", "")):
        return f"has value {value['value']!r}, which is no label value"
    if effect and effect not in _EFFECTS:
        return f"has effect {effect!r}: one of {', '.join(_EFFECTS)}"
    if value.get("tolerationSeconds") is not None and effect != "NoExecute":
        return "has tolerationSeconds, which only effect NoExecute takes"
    return None


def spread(value: Fields) -> str | None:
    """One entry of `topologySpreadConstraints`. Without a selector, the pods' own is used."""
    selector = value.get("labelSelector")
    return next(
        chain(
            _spread(value),
            label_keys("matchLabelKeys", value.get("matchLabelKeys", ())),
            held_twice(value, _OURS if selector is None else selector),
            label_selector(selector or {}),
        ),
        None,
    )


def repeated_spread(values: Sequence[Fields]) -> str | None:
    """`topologySpreadConstraints` together."""
    pairs = [(value.get("topologyKey"), value.get("whenUnsatisfiable")) for value in values]
    twice = [pair for pair in pairs if pairs.count(pair) > 1]
    return f"hold {twice[0][0]!r} with {twice[0][1]!r} twice" if twice else None


def affinity(value: Fields) -> str | None:
    """`affinity`."""
    pods = (_affinity_to_pods(value.get(kind, {})) for kind in ("podAffinity", "podAntiAffinity"))
    return next(chain(_affinity_to_nodes(value.get("nodeAffinity", {})), *pods), None)


def _spread(value: Fields) -> Iterator[str]:
    when, domains = value["whenUnsatisfiable"], value.get("minDomains")
    yield from wrong("topologyKey", value["topologyKey"], naming.label_key)
    if value["maxSkew"] < 1:
        yield f"has maxSkew {value['maxSkew']}: at least 1"
    if when not in ("DoNotSchedule", "ScheduleAnyway"):
        yield f"has whenUnsatisfiable {shown(when)}: DoNotSchedule or ScheduleAnyway"
    if domains is not None and when != "DoNotSchedule":
        yield "has minDomains, which only DoNotSchedule takes"
    if domains is not None and domains < 1:
        yield "has minDomains below 1"
    for word in ("nodeAffinityPolicy", "nodeTaintsPolicy"):
        if value.get(word) not in (None, "Honor", "Ignore"):
            yield f"has {word} {shown(value[word])}: Honor or Ignore"


def _affinity_to_nodes(nodes: Fields) -> Iterator[str]:
    required = nodes.get(_REQUIRED)
    if required is not None and not required["nodeSelectorTerms"]:
        yield "has empty nodeSelectorTerms: name at least one"
    for term in required["nodeSelectorTerms"] if required else ():
        yield from node_term(term)
    for preferred in nodes.get(_PREFERRED, ()):
        yield from _weight(preferred)
        yield from node_term(preferred["preference"])


def _affinity_to_pods(pods: Fields) -> Iterator[str]:
    for term in pods.get(_REQUIRED, ()):
        yield from _pod_term(term)
    for preferred in pods.get(_PREFERRED, ()):
        yield from _weight(preferred)
        yield from _pod_term(preferred["podAffinityTerm"])


def _weight(preferred: Fields) -> Iterator[str]:
    if not 1 <= preferred["weight"] <= 100:
        yield f"has weight {preferred['weight']}: 1 to 100"


def _pod_term(term: Fields) -> Iterator[str]:
    yield from wrong("topologyKey", term["topologyKey"], naming.label_key)
    if "labelSelector" not in term:
        yield "has a term without labelSelector, which matches no pod: name labels, or give {} for all pods"
    for namespace in term.get("namespaces", ()):
        yield from wrong("namespaces", namespace, naming.dns_label)
    yield from label_selector(term.get("namespaceSelector", {}))
    yield from label_selector(term.get("labelSelector", {}))
    yield from _keys_of_both(term)


def _keys_of_both(term: Fields) -> Iterator[str]:
    """What the pods share with the new one, and what they don't."""
    matched, others = term.get("matchLabelKeys", ()), term.get("mismatchLabelKeys", ())
    yield from label_keys("matchLabelKeys", matched)
    yield from label_keys("mismatchLabelKeys", others)
    for key in matched:
        if key in others:
            yield f"has {shown(key)} in matchLabelKeys and in mismatchLabelKeys: leave it out of one"
    yield from held_twice(term, term.get("labelSelector", {}))
