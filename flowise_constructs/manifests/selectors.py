"""Selectors that select nothing, and targets that are not there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from flowise_constructs.core.findings import Finding, shown
from flowise_constructs.core.plain import is_list, is_map
from flowise_constructs.manifests.objects import ObjectName, listed, map_at, same_namespace
from flowise_constructs.manifests.pods import Pods
from flowise_constructs.manifests.references import Manifests

_OF_THE_CONTROLLER = frozenset(
    [
        "statefulset.kubernetes.io/pod-name",
        "apps.kubernetes.io/pod-index",
        "pod-template-hash",
        "controller-revision-hash",
        "job-name",
        "batch.kubernetes.io/job-name",
        "batch.kubernetes.io/job-completion-index",
    ]
)
"""Labels that pods get when they are made."""


def matches(selector: Mapping[str, Any], labels: Mapping[str, Any]) -> bool:
    """Whether a selector of `matchLabels` and `matchExpressions` selects what has these labels."""
    wanted = {key: value for key, value in map_at(selector, "matchLabels").items() if key not in _OF_THE_CONTROLLER}
    held = all(labels.get(key) == value for key, value in wanted.items())
    return held and all(_holds(expression, labels) for _, expression in listed(selector, "matchExpressions"))


def _holds(expression: Mapping[str, Any], labels: Mapping[str, Any]) -> bool:
    key, values = str(expression.get("key")), expression.get("values")
    among = is_list(values) and labels.get(key) in values
    operators = {"In": among, "NotIn": not among, "Exists": key in labels, "DoesNotExist": key not in labels}
    return key in _OF_THE_CONTROLLER or operators.get(str(expression.get("operator")), True)


def pods_selected(manifests: Manifests, namespace: str, selector: Mapping[str, Any]) -> list[Pods]:
    """The pods in that namespace that the selector selects."""
    return [
        pods
        for pods in manifests.pods
        if same_namespace(pods.owner.namespace, namespace) and matches(selector, pods.labels)
    ]


def services_selected(manifests: Manifests, name: ObjectName, item: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The Services that a ServiceMonitor selects."""
    spec = map_at(item, "spec")
    where = map_at(spec, "namespaceSelector")
    names = where.get("matchNames")
    namespaces: list[str] = [str(entry) for entry in names] if is_list(names) and names else [name.namespace]
    return [
        service
        for other, service in manifests.objects.items()
        if other.kind == "Service"
        and (where.get("any") is True or any(same_namespace(other.namespace, one) for one in namespaces))
        and matches(map_at(spec, "selector"), map_at(service, "metadata", "labels"))
    ]


def service_pods(manifests: Manifests, name: ObjectName, service: Mapping[str, Any]) -> list[Pods]:
    """The pods that a Service reaches."""
    return pods_selected(manifests, name.namespace, {"matchLabels": map_at(service, "spec", "selector")})


def selector_faults(manifests: Manifests) -> Iterator[Finding]:
    """Selectors that select nothing of what is here, and selectors that contradict their own pods' labels."""
    for name, item in manifests.objects.items():
        yield from _own_selector(name, item)
    for name, path, selector, what in _empty(manifests):
        if not _may_be_made(manifests, name.namespace):
            mend = f"give the file with them too, or take the labels of {_others(manifests, what)}"
            yield Finding(
                str(name), f"{path} is {labels_of(selector)} and selects nothing: no {what} has these: {mend}"
            )


def selected_elsewhere(manifests: Manifests) -> Iterator[tuple[str, ObjectName]]:
    """What must have the labels of a selector in the cluster, since nothing here has, and for whom."""
    for name, _, selector, what in _empty(manifests):
        if _may_be_made(manifests, name.namespace):
            yield f"{what.capitalize()}s with {labels_of(selector)}", name


def _empty(manifests: Manifests) -> Iterator[tuple[ObjectName, str, Mapping[str, Any], str]]:
    for name, item in manifests.objects.items():
        for path, selector, selected, what in _selections(manifests, name, item):
            if not selected:
                yield name, path, selector, what


Selection = tuple[str, Mapping[str, Any], list[Any], str]


def _selections(manifests: Manifests, name: ObjectName, item: Mapping[str, Any]) -> Iterator[Selection]:
    spec = map_at(item, "spec")
    if name.kind == "Service" and map_at(spec, "selector"):
        labels = map_at(spec, "selector")
        yield "spec.selector", {"matchLabels": labels}, service_pods(manifests, name, item), "pod"
    if name.kind == "ServiceMonitor":
        yield "spec.selector", map_at(spec, "selector"), services_selected(manifests, name, item), "Service"
    field = {"PodDisruptionBudget": "selector", "NetworkPolicy": "podSelector", "PodMonitor": "selector"}.get(name.kind)
    if field is not None and is_map(spec.get(field)):
        yield f"spec.{field}", spec[field], pods_selected(manifests, name.namespace, spec[field]), "pod"


def _own_selector(name: ObjectName, item: Mapping[str, Any]) -> Iterator[Finding]:
    if name.kind not in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"):
        return
    selector, labels = map_at(item, "spec", "selector"), map_at(item, "spec", "template", "metadata", "labels")
    if selector and not matches(selector, labels):
        yield Finding(
            str(name),
            f"spec.selector is {labels_of(selector)} and doesn't select its own pods, whose labels are {_told(labels)}"
            ": give spec.template.metadata.labels the same",
        )


def budget_faults(manifests: Manifests) -> Iterator[Finding]:
    """Pods of two PodDisruptionBudgets: the API server answers 500 to every eviction of them."""
    budgets: dict[ObjectName, list[ObjectName]] = {}
    for name, item in manifests.objects.items():
        selector = map_at(item, "spec").get("selector")
        if name.kind == "PodDisruptionBudget" and is_map(selector):
            for pods in pods_selected(manifests, name.namespace, selector):
                budgets.setdefault(pods.owner, []).append(name)
    for owner, of in budgets.items():
        if len(of) > 1:
            yield Finding(
                str(owner), f"has two budgets, {of[0]} and {of[1]}, so that its pods can't be evicted: remove one"
            )


def target_faults(manifests: Manifests) -> Iterator[Finding]:
    """Autoscalers of what is not here."""
    for name, item in manifests.objects.items():
        field = _TARGETS.get(name.kind)
        target = map_at(item, "spec", field or "")
        if field is None or not target.get("name"):
            continue
        kind = str(target.get("kind") or "Deployment")
        wanted = ObjectName(kind, name.namespace, str(target["name"]))
        if manifests.named(wanted) is None and not (kind not in _WORKLOADS and _may_be_made(manifests, name.namespace)):
            there = [str(pods.owner) for pods in manifests.pods if pods.owner.kind in _WORKLOADS]
            yield Finding(
                str(name),
                f"spec.{field} names {kind} {shown(target['name'])}, which is not here: give its file too, or name one "
                f"of {', '.join(there[:5]) or 'those that it scales'}",
            )


_TARGETS = {
    "HorizontalPodAutoscaler": "scaleTargetRef",
    "ScaledObject": "scaleTargetRef",
    "VerticalPodAutoscaler": "targetRef",
}
_WORKLOADS = ("Deployment", "StatefulSet", "ReplicaSet", "DaemonSet")

_MAKES_NO_PODS = frozenset(
    """
    HTTPRoute GRPCRoute TLSRoute TCPRoute UDPRoute Gateway GatewayClass ReferenceGrant BackendTLSPolicy ExternalSecret
    SecretStore ClusterSecretStore SealedSecret Certificate Issuer ClusterIssuer ServiceMonitor PodMonitor Probe
    PrometheusRule ScaledObject TriggerAuthentication ClusterTriggerAuthentication VerticalPodAutoscaler IngressRoute
    Middleware VirtualService DestinationRule CustomResourceDefinition BackendConfig GCPBackendPolicy HealthCheckPolicy
    """.split()  # noqa: SIM905 - a table of words
)


def _may_be_made(manifests: Manifests, namespace: str) -> bool:
    """Whether an operator may make pods or Services of a custom resource that is here, such as a database cluster."""
    return any(
        "." in str(item.get("apiVersion")).partition("/")[0]
        and not str(item.get("apiVersion")).partition("/")[0].endswith(".k8s.io")
        and name.kind not in _MAKES_NO_PODS
        and same_namespace(name.namespace, namespace)
        for name, item in manifests.objects.items()
    )


def _others(manifests: Manifests, what: str) -> str:
    if what == "Service":
        found: Iterable[ObjectName] = (name for name in manifests.objects if name.kind == "Service")
    else:
        found = (pods.owner for pods in manifests.pods)
    return ", ".join(map(str, list(found)[:5])) or f"the {what} that is meant"


def labels_of(selector: Mapping[str, Any]) -> str:
    """A selector in one line."""
    expressions = [
        f"{expression.get('key')} {expression.get('operator')} {expression.get('values') or ''}".strip()
        for _, expression in listed(selector, "matchExpressions")
    ]
    return (
        ", ".join([*([_told(map_at(selector, "matchLabels"))] if selector.get("matchLabels") else []), *expressions])
        or "empty"
    )


def _told(labels: Mapping[str, Any]) -> str:
    return ", ".join(f"{key}={value}" for key, value in labels.items()) or "none"
