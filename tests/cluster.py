"""What a cluster says to an object: its published schema, the API server's rules beyond it, and Pod Security.

The rules are those of Kubernetes' `pkg/apis/*/validation`, as far as objects of this library can break them. Each
function returns what is wrong, with the way to it.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema
import kubernetes_validate
import referencing
import referencing.jsonschema
import yaml

Object = Mapping[str, Any]

OLDEST = (1, 27)
WORKLOADS = ("Deployment", "StatefulSet", "Job", "CronJob")

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SERVICE = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_QUALIFIED = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
_QUANTITY = re.compile(r"([0-9]+|[0-9]+\.[0-9]*|\.[0-9]+)(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE][-+]?[0-9]+)?", re.ASCII)
_FACTORS = {"": Decimal(1), "m": Decimal("0.001")}
_FACTORS |= {suffix: Decimal(1000) ** power for power, suffix in enumerate("kMGTPE", start=1)}
_FACTORS |= {f"{suffix}i": Decimal(1024) ** power for power, suffix in enumerate("KMGTPE", start=1)}
_FIELDS = {"metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName"}
_FIELDS |= {"status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"}


class GoLoader(yaml.CSafeLoader):
    """Reads plain scalars as Kubernetes' reader does: 0o17 is a number there, = and << are text."""


def _text(loader: Any, node: Any) -> str:
    return str(loader.construct_scalar(node))


for tag in ("value", "merge"):
    GoLoader.add_constructor(f"tag:yaml.org,2002:{tag}", _text)
GoLoader.add_implicit_resolver(
    "!go-number",
    re.compile(r"([-+]?0[oO][0-7_]+|[-+]?0[bBX][0-9a-fA-F_]+|[-+]?[0-9_]*\.?[0-9_]*[eE][-+]?[0-9]*_[0-9_]*)\Z"),
    list("-+0123456789."),
)
GoLoader.add_constructor("!go-number", lambda _, node: float(len(node.value)))


def documents(text: str) -> list[dict[str, Any]]:
    """The objects of a file, as Kubernetes reads it."""
    return [document for document in yaml.load_all(text, GoLoader) if document]


def pod_template(document: Object) -> dict[str, Any] | None:
    """The pod template of a workload."""
    if document["kind"] not in WORKLOADS:
        return None
    spec = document["spec"]["jobTemplate"]["spec"] if document["kind"] == "CronJob" else document["spec"]
    template: dict[str, Any] = spec["template"]
    return template


def containers(pod: Object) -> list[dict[str, Any]]:
    """All containers of a pod's spec."""
    return [*pod.get("initContainers", ()), *pod["containers"]]


# --- published schemas


def versions() -> list[str]:
    """The Kubernetes versions that are known, from the oldest that is supported."""
    known = {tuple(map(int, version.split(".")[:2])) for version in kubernetes_validate.utils.all_versions()}
    return [f"{major}.{minor}" for major, minor in sorted(known) if (major, minor) >= OLDEST]


@cache
def _definitions(version: str) -> Any:
    return _schema(version, "_definitions")


def _schema(version: str, name: str) -> Any:
    folder = files("kubernetes_validate") / "kubernetes-json-schema" / f"v{version}.0-local-strict"
    return json.loads((folder / f"{name}.json").read_text())


@cache
def _validator(version: str, kind: str, api_version: str) -> jsonschema.Draft202012Validator:
    group = re.sub(r"^([^./]*)(?:\.[^/]*)?/", r"\1-", api_version)
    schema = _schema(version, f"{kind.lower()}-{group}")
    registry = referencing.Registry[Any]()
    for content in (schema, _definitions(version)):
        registry = referencing.jsonschema.DRAFT202012.create_resource(content) @ registry
    return jsonschema.Draft202012Validator(schema, registry=registry)


def schema_problems(document: Object, version: str) -> list[str]:
    """What the published schema of a Kubernetes version says, unknown fields included."""
    errors = _validator(version, document["kind"], document["apiVersion"]).iter_errors(document)
    return [f"{_called(document)}: {error.json_path}: {error.message[:200]}" for error in errors]


# --- the API server


def refusals(document: Object) -> list[str]:
    """What the API server says beyond the schema."""
    problems = [*_metadata(document["metadata"], "metadata"), *_name(document)]
    special = _BY_KIND.get(document["kind"])
    if special is None:
        problems.append("is of a kind that the rules don't know")
    else:
        problems += special(document)
    return [f"{_called(document)}: {problem}" for problem in problems]


def _called(document: Object) -> str:
    return f"{document['kind']} {document['metadata'].get('name')}"


def _metadata(metadata: Object, way: str) -> Iterator[str]:
    yield from _labels(metadata.get("labels", {}), f"{way}.labels")
    annotations = metadata.get("annotations", {})
    for key, value in annotations.items():
        yield from _key(str(key).lower(), f"{way}.annotations")
        if not isinstance(value, str):
            yield f"{way}.annotations[{key}] is no string"
    if sum(len(str(key).encode()) + len(str(value).encode()) for key, value in annotations.items()) > 256 * 1024:
        yield f"{way}.annotations are longer than 256 KiB"
    if not _fits(_LABEL, metadata.get("namespace", "default"), 63):
        yield f"{way}.namespace is no DNS label"


def _name(document: Object) -> Iterator[str]:
    name = document["metadata"].get("name", "")
    if not _fits(_SUBDOMAIN, name, 253):
        yield f"name {name!r} is no DNS subdomain"
    limits = {
        # The controller's labels and pod names add to the name.
        "CronJob": 52,
        "StatefulSet": 52,
        "Deployment": 63,
        "Job": 63,
    }
    if len(name) > limits.get(document["kind"], 253):
        yield f"name {name!r} is longer than {limits[document['kind']]} characters"
    if document["kind"] in WORKLOADS and not _fits(_LABEL, name, 63):
        yield f"name {name!r} is no DNS label, which host names of pods need"
    if document["kind"] == "Service" and not _fits(_SERVICE, name, 63):
        yield f"name {name!r} is no RFC 1035 label"


def _labels(labels: Object, way: str) -> Iterator[str]:
    for key, value in labels.items():
        yield from _key(key, way)
        if not isinstance(value, str) or (value and not _fits(_QUALIFIED, value, 63)):
            yield f"{way}[{key}] = {value!r} is no label value"


def _key(key: Any, way: str) -> Iterator[str]:
    prefix, slash, name = str(key).rpartition("/")
    if (slash and not _fits(_SUBDOMAIN, prefix, 253)) or not _fits(_QUALIFIED, name, 63) or not isinstance(key, str):
        yield f"{way} has the key {key!r}"


def _fits(pattern: re.Pattern[str], value: Any, length: int) -> bool:
    return isinstance(value, str) and len(value) <= length and pattern.fullmatch(value) is not None


def _selector(selector: Object, way: str) -> Iterator[str]:
    yield from _labels(selector.get("matchLabels", {}), f"{way}.matchLabels")
    for expression in selector.get("matchExpressions", ()):
        yield from _key(expression["key"], f"{way}.matchExpressions")
        values, operator = expression.get("values", []), expression["operator"]
        if operator not in ("In", "NotIn", "Exists", "DoesNotExist") or bool(values) != (operator in ("In", "NotIn")):
            yield f"{way}.matchExpressions: {operator!r} with the values {values}"
        if any(value and not _fits(_QUALIFIED, value, 63) for value in values):
            yield f"{way}.matchExpressions: {values} are no label values"


def _deployment(document: Object) -> Iterator[str]:
    spec = document["spec"]
    yield from _workload(spec)
    strategy = spec.get("strategy", {})
    if strategy.get("type") == "Recreate" and "rollingUpdate" in strategy:
        yield "strategy Recreate has rollingUpdate"
    rolling = strategy.get("rollingUpdate", {})
    if rolling.get("maxSurge") in (0, "0%") and rolling.get("maxUnavailable") in (0, "0%"):
        yield "maxSurge and maxUnavailable are both 0"
    yield from _pod(spec["template"], ("Always", None), {})


def _stateful_set(document: Object) -> Iterator[str]:
    spec = document["spec"]
    yield from _workload(spec)
    claims = {claim["metadata"]["name"]: claim for claim in spec.get("volumeClaimTemplates", ())}
    for name, claim in claims.items():
        if not _fits(_LABEL, name, 63):
            yield f"claim template {name!r} is no DNS label"
        yield from _metadata(claim["metadata"], "volumeClaimTemplates.metadata")
        yield from _claim_spec(claim["spec"])
    yield from _pod(spec["template"], ("Always", None), claims)


def _workload(spec: Object) -> Iterator[str]:
    selector, labels = spec["selector"]["matchLabels"], spec["template"]["metadata"]["labels"]
    yield from _labels(selector, "selector")
    if not selector or not selector.items() <= labels.items():
        yield "the selector doesn't match the template's labels"
    if spec.get("replicas", 1) < 0:
        yield "replicas are negative"


def _cron_job(document: Object) -> Iterator[str]:
    spec = document["spec"]
    if not cron_is_read(spec["schedule"]):
        yield f"schedule {spec['schedule']!r} is not read"
    if "TZ" in spec["schedule"]:
        yield "schedule holds TZ"
    zone = spec.get("timeZone", "Etc/UTC")
    if zone == "Local" or not re.fullmatch(r"[A-Za-z_]+([-+/][A-Za-z0-9_+-]+)*[0-9]*", zone):
        yield f"timeZone {zone!r} is unknown"
    for limit in ("startingDeadlineSeconds", "successfulJobsHistoryLimit", "failedJobsHistoryLimit"):
        if spec.get(limit, 0) < 0:
            yield f"{limit} is negative"
    yield from _metadata(spec["jobTemplate"].get("metadata", {}), "jobTemplate.metadata")
    yield from _job_spec(spec["jobTemplate"]["spec"])


def _job(document: Object) -> Iterator[str]:
    yield from _job_spec(document["spec"])


def _job_spec(spec: Object) -> Iterator[str]:
    for limit in ("backoffLimit", "activeDeadlineSeconds", "ttlSecondsAfterFinished"):
        if spec.get(limit, 0) < 0:
            yield f"{limit} is negative"
    if "podFailurePolicy" in spec and spec["template"]["spec"].get("restartPolicy") != "Never":
        yield "podFailurePolicy needs restartPolicy Never"
    yield from _pod(spec["template"], ("Never", "OnFailure"), {})


def _pod(template: Object, restart: Sequence[str | None], claims: Mapping[str, Any]) -> Iterator[str]:
    pod = template["spec"]
    yield from _metadata(template["metadata"], "template.metadata")
    if pod.get("restartPolicy") not in restart:
        yield f"restartPolicy {pod.get('restartPolicy')!r}"
    for field in ("serviceAccountName", "priorityClassName"):
        if field in pod and not _fits(_SUBDOMAIN, pod[field], 253):
            yield f"{field} {pod[field]!r}"
    for secret in pod.get("imagePullSecrets", ()):
        if not _fits(_SUBDOMAIN, secret["name"], 253):
            yield f"imagePullSecrets {secret['name']!r}"
    yield from _repeated((container["name"] for container in containers(pod)), "container names")
    volumes = [volume["name"] for volume in pod.get("volumes", ())]
    yield from _repeated([*volumes, *claims], "volume names")
    for volume in pod.get("volumes", ()):
        yield from _volume(volume)
    for container in pod["containers"]:
        yield from _container(container, {*volumes, *claims}, probes=True)
    for container in pod.get("initContainers", ()):
        yield from _container(container, {*volumes, *claims}, probes=container.get("restartPolicy") == "Always")
    if pod.get("terminationGracePeriodSeconds", 30) < 0:
        yield "terminationGracePeriodSeconds is negative"
    yield from _scheduling(pod)


def _repeated(names: Any, what: str) -> Iterator[str]:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        yield f"{what} stand there twice: {twice}"


def _container(container: Object, volumes: set[str], *, probes: bool) -> Iterator[str]:
    name = container["name"]
    if not _fits(_LABEL, name, 63):
        yield f"container {name!r} is no DNS label"
    if container["image"].strip() != container["image"] or not container["image"]:
        yield f"{name}: image {container['image']!r}"
    yield from _repeated((variable["name"] for variable in container.get("env", ())), f"{name}: variables")
    for variable in container.get("env", ()):
        yield from _variable(variable, name)
    yield from _repeated((mount["mountPath"] for mount in container.get("volumeMounts", ())), f"{name}: mount paths")
    for mount in container.get("volumeMounts", ()):
        if mount["name"] not in volumes:
            yield f"{name}: mounts {mount['name']!r}, which is no volume"
        if ":" in mount["mountPath"] or not mount["mountPath"]:
            yield f"{name}: mountPath {mount['mountPath']!r}"
        sub_path = mount.get("subPath", "")
        if sub_path.startswith("/") or ".." in sub_path.split("/"):
            yield f"{name}: subPath {sub_path!r}"
    ports = container.get("ports", ())
    yield from _repeated((port["name"] for port in ports if "name" in port), f"{name}: port names")
    for port in ports:
        yield from _port(port["containerPort"], name)
        yield from _port(port.get("name", "a"), name)
    yield from _resources(container.get("resources", {}), name)
    if "command" in container and not container["command"]:
        yield f"{name}: command is empty"
    for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
        if kind in container and not probes:
            yield f"{name}: an init container has a {kind}"
        yield from _probe(container.get(kind), kind, name)


def _variable(variable: Object, container: str) -> Iterator[str]:
    way = f"{container}: variable {variable['name']!r}"
    if not re.fullmatch(r"[-._a-zA-Z][-._a-zA-Z0-9]*", variable["name"]):
        yield f"{way} has no name for a variable"
    source = variable.get("valueFrom")
    if source is None:
        value = variable.get("value", "")
        if not isinstance(value, str):
            yield f"{way} is no string"
        elif "\0" in value:
            yield f"{way} holds a NUL"
        return
    if len(source) != 1 or "value" in variable:
        yield f"{way} has not exactly one source"
    for kind in ("secretKeyRef", "configMapKeyRef"):
        if kind in source and not (
            _fits(re.compile(r"[-._a-zA-Z0-9]+"), source[kind]["key"], 253) and source[kind]["name"]
        ):
            yield f"{way}: {source}"
    field = source.get("fieldRef", {}).get("fieldPath", "metadata.name")
    subscript = re.fullmatch(r"metadata\.(labels|annotations)\['(.+)'\]", field)
    if subscript:
        yield from _key(subscript[2] if subscript[1] == "labels" else subscript[2].lower(), way)
    elif field not in _FIELDS:
        yield f"{way}: field {field!r}"


def _port(port: Any, way: str) -> Iterator[str]:
    if isinstance(port, str):
        if not re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", port) or len(port) > 15 or "--" in port or port.isdigit():
            yield f"{way}: port name {port!r}"
    elif not 1 <= port <= 65535:
        yield f"{way}: port {port}"


def _probe(probe: Object | None, kind: str, way: str) -> Iterator[str]:
    if probe is None:
        return
    if len({"exec", "httpGet", "tcpSocket", "grpc"} & set(probe)) != 1:
        yield f"{way}: {kind} has not exactly one handler"
    if "exec" in probe and not probe["exec"].get("command"):
        yield f"{way}: {kind} has no command"
    for number in ("periodSeconds", "timeoutSeconds", "failureThreshold", "successThreshold"):
        if probe.get(number, 1) < 1 or probe.get(number, 1) >= 2**31:
            yield f"{way}: {kind}.{number} {probe[number]}"
    if probe.get("initialDelaySeconds", 0) < 0:
        yield f"{way}: {kind}.initialDelaySeconds is negative"
    if kind != "readinessProbe" and probe.get("successThreshold", 1) != 1:
        yield f"{way}: {kind}.successThreshold is not 1"
    if "terminationGracePeriodSeconds" in probe and (
        kind == "readinessProbe" or probe["terminationGracePeriodSeconds"] < 1
    ):
        yield f"{way}: {kind}.terminationGracePeriodSeconds"


def amount(quantity: Any) -> Decimal | None:
    """What a quantity stands for; None where Kubernetes doesn't read it."""
    match = _QUANTITY.fullmatch(str(quantity))
    if match is None:
        return None
    suffix = match[2] or ""
    if suffix[:1] in ("e", "E") and suffix not in ("E", "Ei"):
        return Decimal(f"{match[1]}{suffix}")
    return Decimal(match[1]) * _FACTORS[suffix]


def _resources(resources: Object, way: str) -> Iterator[str]:
    limits = resources.get("limits", {})
    for group in ("requests", "limits"):
        for name, quantity in resources.get(group, {}).items():
            if amount(quantity) is None:
                yield f"{way}: {group}.{name} {quantity!r} is no quantity"
    for name, quantity in resources.get("requests", {}).items():
        asked, limit = amount(quantity), amount(limits.get(name, quantity))
        if asked is not None and limit is not None and asked > limit:
            yield f"{way}: {name} is requested above its limit"


def _volume(volume: Object) -> Iterator[str]:
    name = volume["name"]
    if not _fits(_LABEL, name, 63):
        yield f"volume {name!r} is no DNS label"
    if len(volume) != 2:
        yield f"volume {name!r} has not exactly one source"
    limit = volume.get("emptyDir", {}).get("sizeLimit", "1")
    if amount(limit) is None:
        yield f"volume {name!r}: sizeLimit {limit!r}"
    if volume.get("emptyDir", {}).get("medium", "") not in ("", "Memory", "HugePages"):
        yield f"volume {name!r}: medium"
    if "hostPath" in volume and ".." in volume["hostPath"]["path"].split("/"):
        yield f"volume {name!r}: hostPath"
    if "persistentVolumeClaim" in volume and not _fits(_SUBDOMAIN, volume["persistentVolumeClaim"]["claimName"], 253):
        yield f"volume {name!r}: claimName"
    yield from _sources(volume, name)


def _sources(volume: Object, name: str) -> Iterator[str]:
    for kind, key in (("configMap", "name"), ("secret", "secretName")):
        if kind in volume:
            if not volume[kind].get(key):
                yield f"volume {name!r}: {kind} has no name"
            yield from _projection(volume[kind], f"volume {name!r}")
    for source in volume.get("projected", {}).get("sources", ()):
        for kind in ("configMap", "secret"):
            if kind in source and not source[kind].get("name"):
                yield f"volume {name!r}: {kind} has no name"
            yield from _projection(source.get(kind, {}), f"volume {name!r}")
    if not 0 <= volume.get("projected", {}).get("defaultMode", 0) <= 0o777:
        yield f"volume {name!r}: defaultMode"


def _projection(source: Object, way: str) -> Iterator[str]:
    if not 0 <= source.get("defaultMode", 0) <= 0o777:
        yield f"{way}: defaultMode"
    for item in source.get("items", ()):
        if not item["key"] or not item["path"] or item["path"].startswith("/") or ".." in item["path"].split("/"):
            yield f"{way}: item {item}"
        if not 0 <= item.get("mode", 0) <= 0o777:
            yield f"{way}: mode of {item['key']}"


def _scheduling(pod: Object) -> Iterator[str]:
    yield from _labels(pod.get("nodeSelector", {}), "nodeSelector")
    for toleration in pod.get("tolerations", ()):
        yield from _toleration(toleration)
    pairs = [(item["topologyKey"], item["whenUnsatisfiable"]) for item in pod.get("topologySpreadConstraints", ())]
    yield from _repeated(pairs, "topologySpreadConstraints")
    for constraint in pod.get("topologySpreadConstraints", ()):
        yield from _spread(constraint)
    yield from _affinity(pod.get("affinity", {}))


def _toleration(toleration: Object) -> Iterator[str]:
    operator, value, effect = (
        toleration.get("operator", "Equal"),
        toleration.get("value", ""),
        toleration.get("effect", ""),
    )
    if toleration.get("key"):
        yield from _key(toleration["key"], "tolerations")
    elif operator != "Exists":
        yield "a toleration without key needs the operator Exists"
    if operator not in ("Equal", "Exists"):
        yield f"toleration: operator {operator!r}"
    if operator == "Exists" and value:
        yield "a toleration with Exists has a value"
    if value and not _fits(_QUALIFIED, value, 63):
        yield f"toleration: value {value!r}"
    if effect not in ("", "NoSchedule", "PreferNoSchedule", "NoExecute"):
        yield f"toleration: effect {effect!r}"
    if "tolerationSeconds" in toleration and effect != "NoExecute":
        yield "tolerationSeconds without NoExecute"


def _spread(constraint: Object) -> Iterator[str]:
    if constraint["maxSkew"] < 1:
        yield "maxSkew below 1"
    yield from _key(constraint["topologyKey"], "topologySpreadConstraints.topologyKey")
    if constraint["whenUnsatisfiable"] not in ("DoNotSchedule", "ScheduleAnyway"):
        yield f"whenUnsatisfiable {constraint['whenUnsatisfiable']!r}"
    if "minDomains" in constraint and (
        constraint["minDomains"] < 1 or constraint["whenUnsatisfiable"] != "DoNotSchedule"
    ):
        yield "minDomains"
    for policy in ("nodeAffinityPolicy", "nodeTaintsPolicy"):
        if constraint.get(policy, "Honor") not in ("Honor", "Ignore"):
            yield f"{policy} {constraint[policy]!r}"
    selector = constraint.get("labelSelector", {})
    yield from _selector(selector, "topologySpreadConstraints.labelSelector")
    selected = {*selector.get("matchLabels", ()), *(item["key"] for item in selector.get("matchExpressions", ()))}
    for key in constraint.get("matchLabelKeys", ()):
        if key in selected or "labelSelector" not in constraint:
            yield f"matchLabelKeys {key!r}"
        yield from _key(key, "matchLabelKeys")


def _affinity(affinity: Object) -> Iterator[str]:
    node = affinity.get("nodeAffinity", {})
    required = node.get("requiredDuringSchedulingIgnoredDuringExecution")
    if required is not None and not required["nodeSelectorTerms"]:
        yield "nodeSelectorTerms are empty"
    preferred = node.get("preferredDuringSchedulingIgnoredDuringExecution", ())
    terms = [*(required or {}).get("nodeSelectorTerms", ()), *(item["preference"] for item in preferred)]
    for term in terms:
        for expression in (*term.get("matchExpressions", ()), *term.get("matchFields", ())):
            yield from _node_requirement(expression)
    weighted = list(preferred)
    for kind in ("podAffinity", "podAntiAffinity"):
        soft = affinity.get(kind, {}).get("preferredDuringSchedulingIgnoredDuringExecution", ())
        weighted += soft
        hard = affinity.get(kind, {}).get("requiredDuringSchedulingIgnoredDuringExecution", ())
        for term in (*hard, *(item["podAffinityTerm"] for item in soft)):
            yield from _key(term["topologyKey"], f"{kind}.topologyKey")
            yield from _selector(term.get("labelSelector", {}), f"{kind}.labelSelector")
            yield from _selector(term.get("namespaceSelector", {}), f"{kind}.namespaceSelector")
            if not all(_fits(_LABEL, namespace, 63) for namespace in term.get("namespaces", ())):
                yield f"{kind}.namespaces"
    if any(not 1 <= item["weight"] <= 100 for item in weighted):
        yield "a weight of affinity is not between 1 and 100"


def _node_requirement(expression: Object) -> Iterator[str]:
    operator, values = expression["operator"], expression.get("values", [])
    yield from _key(expression["key"], "nodeAffinity") if expression["key"] != "metadata.name" else ()
    counts = {"In": len(values) > 0, "NotIn": len(values) > 0, "Exists": not values, "DoesNotExist": not values}
    counts |= {"Gt": len(values) == 1, "Lt": len(values) == 1}
    if not counts.get(operator, False):
        yield f"nodeAffinity: {operator!r} with the values {values}"


def _service(document: Object) -> Iterator[str]:
    spec = document["spec"]
    yield from _labels(spec.get("selector", {}), "selector")
    yield from _repeated((port.get("name") for port in spec["ports"]), "port names")
    for port in spec["ports"]:
        yield from _port(port["port"], "ports")
        yield from _port(port.get("targetPort", 1), "ports")
        if not _fits(_LABEL, port.get("name", "a"), 63):
            yield f"port name {port['name']!r}"
    if spec.get("clusterIP") == "None" and spec.get("type", "ClusterIP") != "ClusterIP":
        yield "a headless service of another type"
    families = spec.get("ipFamilies", [])
    yield from _repeated(families, "ipFamilies")
    if len(families) > 1 and spec.get("ipFamilyPolicy") not in ("PreferDualStack", "RequireDualStack"):
        yield "two ipFamilies on a single stack"


def _ingress(document: Object) -> Iterator[str]:
    spec = document["spec"]
    if "ingressClassName" in spec and not _fits(_SUBDOMAIN, spec["ingressClassName"], 253):
        yield "ingressClassName"
    if not spec.get("rules") and "defaultBackend" not in spec:
        yield "neither rules nor a default backend"
    for entry in spec.get("tls", ()):
        if "secretName" in entry and not _fits(_SUBDOMAIN, entry["secretName"], 253):
            yield f"tls: secretName {entry['secretName']!r}"
        for host in entry.get("hosts", ()):
            yield from _ingress_host(host)
    for rule in spec.get("rules", ()):
        if "host" in rule:
            yield from _ingress_host(rule["host"])
        if not rule["http"]["paths"]:
            yield "a rule without paths"
        for path in rule["http"]["paths"]:
            yield from _ingress_path(path)


def _ingress_host(host: str) -> Iterator[str]:
    if not _fits(_SUBDOMAIN, host.removeprefix("*."), 253 - 2 * host.startswith("*.")):
        yield f"host {host!r} is no DNS name"
    if re.fullmatch(r"[0-9]+(\.[0-9]+){3}", host):
        yield f"host {host!r} is an address"


def _ingress_path(entry: Object) -> Iterator[str]:
    path, kind = entry.get("path", "/"), entry["pathType"]
    if kind not in ("Exact", "Prefix", "ImplementationSpecific") or not path.startswith("/"):
        yield f"path {path!r} of type {kind!r}"
    if kind != "ImplementationSpecific":
        for wrong in ("//", "/./", "/../", "%2f", "%2F"):
            if wrong in path:
                yield f"path {path!r} holds {wrong!r}"
        if path.endswith(("/..", "/.")):
            yield f"path {path!r} ends in dots"
    service = entry["backend"]["service"]
    if not _fits(_SERVICE, service["name"], 63) or len({"name", "number"} & set(service["port"])) != 1:
        yield f"backend {service}"


def _claim(document: Object) -> Iterator[str]:
    yield from _claim_spec(document["spec"])


def _claim_spec(spec: Object) -> Iterator[str]:
    modes = spec["accessModes"]
    if not modes or ("ReadWriteOncePod" in modes and len(modes) > 1):
        yield f"accessModes {modes}"
    storage = amount(spec["resources"]["requests"]["storage"])
    if storage is None or storage <= 0:
        yield f"storage {spec['resources']['requests']['storage']!r}"
    if spec.get("storageClassName") and not _fits(_SUBDOMAIN, spec["storageClassName"], 253):
        yield "storageClassName"


def _config_map(document: Object) -> Iterator[str]:
    data = document.get("data", {})
    for key, value in data.items():
        if not _fits(re.compile(r"[-._a-zA-Z0-9]+"), key, 253) or key in (".", ".."):
            yield f"data has the key {key!r}"
        if not isinstance(value, str):
            yield f"data[{key}] is no string"
    if sum(len(str(value).encode()) for value in data.values()) > 1024 * 1024:
        yield "is larger than 1 MiB"


def _nothing(_: Object) -> Iterator[str]:
    yield from ()


_BY_KIND = {
    "ConfigMap": _config_map,
    "CronJob": _cron_job,
    "Deployment": _deployment,
    "Ingress": _ingress,
    "Job": _job,
    "PersistentVolumeClaim": _claim,
    "Service": _service,
    "ServiceAccount": _nothing,
    "StatefulSet": _stateful_set,
}


def cron_is_read(schedule: str) -> bool:
    """Whether robfig/cron, which Kubernetes uses, reads the schedule."""
    if schedule.startswith("@"):
        return schedule in {"@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"}
    ranges = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
    fields = schedule.split()
    return len(fields) == 5 and all(
        _cron_part(part, low, high)
        for field, (low, high) in zip(fields, ranges, strict=True)
        for part in field.split(",")
    )


def _cron_part(part: str, low: int, high: int) -> bool:
    span, slash, step = part.partition("/")
    months = dict(
        zip(
            ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
            range(1, 13),
            strict=True,
        )
    )
    days = dict(zip(["sun", "mon", "tue", "wed", "thu", "fri", "sat"], range(7), strict=True))
    names = {12: months, 6: days}.get(high, {})
    if slash and not re.fullmatch(r"[1-9][0-9]*", step):
        return False
    if span in ("*", "?"):
        return True
    ends = [names.get(end.lower(), int(end) if re.fullmatch(r"[0-9]+", end) else -1) for end in span.split("-")]
    return len(ends) <= 2 and all(low <= end <= high for end in ends) and ends == sorted(ends)


# --- Pod Security

RESTRICTED_VOLUMES = {
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
}
SAFE_SYSCTLS = {
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
}
ALLOWED_SELINUX_TYPES = {None, "", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}


def restricted_violations(pod: Object) -> list[str]:
    """Where the pod breaks the Pod Security Standard "restricted", "baseline" included, control by control."""
    return [*_pod_level(pod), *(found for container in containers(pod) for found in _container_level(container, pod))]


def _pod_level(pod: Object) -> Iterator[str]:
    security = pod.get("securityContext", {})
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.get(field):
            yield field
    for volume in pod.get("volumes", ()):
        for kind in set(volume) - {"name"} - RESTRICTED_VOLUMES:
            yield f"volume {volume['name']!r} of type {kind}"
    for sysctl in security.get("sysctls", ()):
        if sysctl["name"] not in SAFE_SYSCTLS:
            yield f"sysctl {sysctl['name']}"
    if security.get("windowsOptions", {}).get("hostProcess"):
        yield "hostProcess"
    if security.get("runAsUser") == 0:
        yield "runAsUser 0"
    if security.get("runAsNonRoot") is False:
        yield "runAsNonRoot false"
    yield from _profiles(security, "pod")


def _container_level(container: Object, pod: Object) -> Iterator[str]:
    name, own, inherited = container["name"], container.get("securityContext", {}), pod.get("securityContext", {})
    capabilities = own.get("capabilities", {})
    if own.get("privileged"):
        yield f"{name}: privileged"
    if own.get("allowPrivilegeEscalation") is not False:
        yield f"{name}: allowPrivilegeEscalation"
    if "ALL" not in capabilities.get("drop", ()):
        yield f"{name}: doesn't drop ALL capabilities"
    if set(capabilities.get("add", ())) - {"NET_BIND_SERVICE"}:
        yield f"{name}: adds capabilities"
    if own.get("runAsNonRoot", inherited.get("runAsNonRoot")) is not True:
        yield f"{name}: runAsNonRoot"
    if own.get("runAsUser") == 0:
        yield f"{name}: runAsUser 0"
    profile = own.get("seccompProfile", inherited.get("seccompProfile", {}))
    if profile.get("type") not in ("RuntimeDefault", "Localhost"):
        yield f"{name}: seccompProfile"
    if own.get("procMount", "Default") != "Default":
        yield f"{name}: procMount"
    if own.get("windowsOptions", {}).get("hostProcess"):
        yield f"{name}: hostProcess"
    if any(port.get("hostPort") for port in container.get("ports", ())):
        yield f"{name}: hostPort"
    handlers = [container.get(probe, {}) for probe in ("startupProbe", "readinessProbe", "livenessProbe")]
    handlers += container.get("lifecycle", {}).values()
    if any(handler.get(kind, {}).get("host") for handler in handlers for kind in ("httpGet", "tcpSocket")):
        yield f"{name}: a probe or hook names a host"
    yield from _profiles(own, name)


def _profiles(security: Object, way: str) -> Iterator[str]:
    selinux = security.get("seLinuxOptions", {})
    if selinux.get("type") not in ALLOWED_SELINUX_TYPES or selinux.get("user") or selinux.get("role"):
        yield f"{way}: seLinuxOptions"
    if security.get("appArmorProfile", {}).get("type", "RuntimeDefault") not in ("RuntimeDefault", "Localhost"):
        yield f"{way}: appArmorProfile"
    if security.get("seccompProfile", {}).get("type", "RuntimeDefault") not in ("RuntimeDefault", "Localhost"):
        yield f"{way}: seccompProfile"
