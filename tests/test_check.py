"""`check`: every kind of fault is told with object, path, value and mend, and what is right is left alone."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import deployments
import kubernetes_schema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowise_constructs.cli import main
from flowise_constructs.flowise.environment import SERVER_VARIABLES
from flowise_constructs.manifests.check import contradictions, report
from flowise_constructs.manifests.missing_secrets import incomplete_secrets
from flowise_constructs.manifests.references import Manifests
from flowise_constructs.manifests.schema import schema_faults
from flowise_constructs.manifests.yaml_files import load_documents

WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web, tier: front}}
    spec:
      initContainers: [{name: first, image: web:1, command: [prepare]}]
      containers:
      - name: web
        image: web:1
        command: [npm, start]
        env:
        - {name: PORT, value: "3000"}
        - {name: DATABASE_HOST, value: db}
        - {name: DATABASE_PORT, value: "5432"}
        ports: [{name: http, containerPort: 3000}]
        readinessProbe: {httpGet: {path: /, port: http}}
        volumeMounts: [{name: data, mountPath: /data}]
        resources: {limits: {memory: 2Gi, cpu: 1}}
      volumes: [{name: data, emptyDir: {}}]
"""
SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: web, labels: {app: web}}
spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: http}]}
"""
DATABASE = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: db:1, volumeMounts: [{name: data, mountPath: /x}]}]}
  volumeClaimTemplates:
  - {metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}
---
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {clusterIP: None, selector: {app: db, statefulset.kubernetes.io/pod-name: db-0}, ports: [{port: 5432}]}
"""
INGRESS = """
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec:
  defaultBackend: {service: {name: web, port: {name: http}}}
  rules:
  - http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
"""
ROUTE = """
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web}
spec: {parentRefs: [{name: edge, namespace: edge}], rules: [{backendRefs: [{name: web, port: 80}]}]}
"""
BUDGET = """
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec:
  minAvailable: 50%
  selector: {matchExpressions: [{key: app, operator: In, values: [web]}, {key: legacy, operator: DoesNotExist}]}
"""
SCALER = """
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec: {maxReplicas: 3, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}
"""
KEDA = """
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: web}
spec: {scaleTargetRef: {name: web}, anything: [goes]}
"""
POLICY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web}
spec: {podSelector: {matchLabels: {app: web}}, ingress: [{from: [{namespaceSelector: {}}], ports: [{port: http}]}]}
"""
MONITOR = """
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: web}
spec: {selector: {matchLabels: {app: web}}, endpoints: [{port: http}]}
"""
POD_MONITOR = """
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata: {name: web}
spec: {selector: {matchLabels: {app: web}}, podMetricsEndpoints: [{port: http}]}
"""
JOB = """
apiVersion: batch/v1
kind: CronJob
metadata: {name: job}
spec:
  schedule: "@daily"
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: job, image: job:1}]}}}}
"""
SECRET = """
apiVersion: v1
kind: Secret
metadata: {name: keys}
data: {a: eA==}
stringData: {b: x}
"""
ALL = [WEB, SERVICE, DATABASE, INGRESS, ROUTE, BUDGET, SCALER, KEDA, POLICY, MONITOR, POD_MONITOR, JOB, SECRET]


def found(*texts: str) -> list[str]:
    documents = load_documents("\n---\n".join(texts), "given")
    return [str(finding) for finding in contradictions(Manifests(documents, hosts=SERVER_VARIABLES))]


def test_what_is_right_is_left_alone() -> None:
    assert found(*ALL) == []


@pytest.mark.parametrize("name", deployments.VARIANTS)
@pytest.mark.filterwarnings("ignore::flowise_constructs.ConfigWarning")
def test_the_librarys_own_manifests_contradict_nothing(name: str) -> None:
    assert found(deployments.variant(name)) == []


C = "spec.template.spec.containers[0]"
FAULTS: list[tuple[str, str, str, str, str]] = [
    # name, text, what is replaced in it, by what, what is told
    ("misspelt field", WEB, "replicas:", "replica:", "Deployment web: spec has no field 'replica': did you mean 'replicas'?"),
    ("unknown field", WEB, "replicas: 2", "zzz: 2", "Deployment web: spec has no field 'zzz': remove it, or move it where"),
    ("field one level up", WEB, "\n      volumes:", "\n    volumes:", "Deployment web: spec.template has no field 'volumes': remove it"),
    ("string for a list", WEB, "[npm, start]", "npm start", f"Deployment web: {C}.command is 'npm start' and must be a list: write each"),
    ("number for a string", WEB, '"3000"}', "3000}", f"Deployment web: {C}.env[0].value of 'PORT' is 3000 and must be a string: put it in quotes"),
    ("boolean for a string", WEB, '"3000"}', "yes}", f"Deployment web: {C}.env[0].value of 'PORT' is true and must be a string: put it"),
    ("string for a number", WEB, "replicas: 2", "replicas: '2'", "Deployment web: spec.replicas is '2' and must be an integer: without quotes"),
    ("fraction for a number", WEB, "replicas: 2", "replicas: 1.5", "Deployment web: spec.replicas is 1.5 and must be an integer"),
    ("string for a mapping", WEB, "emptyDir: {}", "emptyDir: x", "Deployment web: spec.template.spec.volumes[0].emptyDir is 'x' and must be a mapping"),
    ("list for a mapping", WEB, "{matchLabels: {app: web}}", "[{a: b}]", "Deployment web: spec.selector is [{'a': 'b'}] and must be a mapping: take the '-' away"),
    ("string for a flag", WEB, "replicas: 2", "paused: 'true'", "Deployment web: spec.paused is 'true' and must be true or false: without quotes"),
    ("quantity", WEB, "2Gi", "2GB", f"Deployment web: {C}.resources.limits.memory is '2GB' and must be a quantity"),
    ("missing field", WEB, "name: web\n        image", "image", f"Deployment web: {C} lacks name"),
    ("missing image", WEB, "image: web:1\n        command", "command", f"Deployment web: {C} (web) lacks image: name it"),
    ("number for a label", WEB, "tier: front", "tier: 1", "Deployment web: spec.template.metadata.labels.tier is 1 and must be a string"),
    ("old version", BUDGET, "policy/v1", "policy/v1beta1", "PodDisruptionBudget web: apiVersion 'policy/v1beta1' has no kind PodDisruptionBudget in Kubernetes 1."),
    ("older version", INGRESS, "networking.k8s.io/v1", "extensions/v1beta1", "Ingress web: apiVersion 'extensions/v1beta1' has no kind Ingress"),
    ("wrong version", WEB, "apps/v1", "v1", "Deployment web: apiVersion 'v1' has no kind Deployment in Kubernetes"),
    ("misspelt kind", WEB, "kind: Deployment", "kind: Deploymnet", "Deploymnet web: apiVersion 'apps/v1' has no kind Deploymnet: did you mean 'Deployment'?"),
    ("no version", SECRET, "apiVersion: v1", "", "Secret keys: lacks apiVersion: write 'v1'"),
    ("no name", SECRET, "name: keys", "", "Secret without a name (1): metadata lacks name: give one"),
    ("base64", SECRET, "eA==", "plain text", "Secret keys: data.a is text (not shown) and must be base64: encode it"),
    ("mark of secrets", SECRET, "eA==", "'<FILL IN: x>'", "Secret keys: data.a is text (not shown) and must be base64"),
    ("number in a secret", SECRET, "b: x", "b: 424242", "Secret keys: stringData.b is a number, true or false (not shown) and must be a string"),
    ("ingress port", INGRESS, "number: 80", "number: 3000", "Ingress web: spec.rules[0].http.paths[0].backend.service.port is 3000, which Service web doesn't have: take one of 80 (http)"),
    ("ingress port name", INGRESS, "name: http", "name: htp", "Ingress web: spec.defaultBackend.service.port is 'htp', which Service web doesn't have"),
    ("route port", ROUTE, "port: 80", "port: 3000", "HTTPRoute web: spec.rules[0].backendRefs[0].port is 3000, which Service web doesn't have"),
    ("route without port", ROUTE, ", port: 80", "", "HTTPRoute web: spec.rules[0].backendRefs[0].port is missing: give one of Service web, which has 80 (http)"),
    ("target port name", SERVICE, "targetPort: http", "targetPort: htp", "Service web: spec.ports[0].targetPort is 'htp', and no container of Deployment web has it in its ports: take one of 3000 (http)"),
    ("target port number", SERVICE, "targetPort: http", "targetPort: 8080", "Service web: spec.ports[0].targetPort is 8080, and no container of Deployment web"),
    ("target port by default", SERVICE, ", targetPort: http", "", "Service web: spec.ports[0].port, which is targetPort too, is 80, and no container"),
    ("service selector", SERVICE, "selector: {app: web}", "selector: {app: wob}", "Service web: spec.selector is app=wob and selects nothing: no pod has these"),
    ("budget selector", BUDGET, "values: [web]", "values: [wob]", "PodDisruptionBudget web: spec.selector is app In ['wob'], legacy DoesNotExist and selects nothing"),
    ("policy selector", POLICY, "app: web", "app: wob", "NetworkPolicy web: spec.podSelector is app=wob and selects nothing"),
    ("policy port", POLICY, "port: http", "port: htp", "NetworkPolicy web: spec.ingress[0].ports[0].port is 'htp', which is not the name of a port of the selected pods"),
    ("monitor selector", MONITOR, "app: web", "app: wob", "ServiceMonitor web: spec.selector is app=wob and selects nothing: no Service has these: give the file with them too, or take the labels of Service web"),
    ("monitor port", MONITOR, "port: http", "port: metrics", "ServiceMonitor web: spec.endpoints[0].port is 'metrics', which is no port's name there: take one of 80 (http)"),
    ("pod monitor selector", POD_MONITOR, "app: web", "app: wob", "PodMonitor web: spec.selector is app=wob and selects nothing"),
    ("pod monitor port", POD_MONITOR, "port: http", "port: metrics", "PodMonitor web: spec.podMetricsEndpoints[0].port is 'metrics', which is no port's name"),
    ("own selector", WEB, "{app: web, tier: front}", "{app: wob}", "Deployment web: spec.selector is app=web and doesn't select its own pods, whose labels are app=wob"),
    ("autoscaler", SCALER, "name: web}}", "name: wob}}", "HorizontalPodAutoscaler web: spec.scaleTargetRef names Deployment 'wob', which is not here: give its file too, or name one of Deployment web"),
    ("autoscaler of a kind", SCALER, "kind: Deployment", "kind: StatefulSet", "HorizontalPodAutoscaler web: spec.scaleTargetRef names StatefulSet 'web'"),
    ("keda", KEDA, "scaleTargetRef: {name: web}", "scaleTargetRef: {name: wob}", "ScaledObject web: spec.scaleTargetRef names Deployment 'wob', which is not here"),
    ("probe port", WEB, "port: http}}", "port: htp}}", f"Deployment web: {C}.readinessProbe.httpGet.port is 'htp', which is not the name of one of the container's ports: take one of http"),
    ("mount of no volume", WEB, "[{name: data, mountPath", "[{name: date, mountPath", f"Deployment web: {C}.volumeMounts[0].name is 'date', which is not in spec.template.spec.volumes: take one of data, or add it"),
    ("mount of no claim", DATABASE, "{metadata: {name: data}", "{metadata: {name: date}", f"StatefulSet db: {C}.volumeMounts[0].name is 'data', which is not in"),
    ("mount path twice", WEB, "mountPath: /data}", "mountPath: /data}, {name: data, mountPath: /data}", f"Deployment web: {C}.volumeMounts has mountPath '/data' twice"),
    ("container twice", WEB, "name: first", "name: web", "Deployment web: spec.template.spec.containers has name 'web' twice: rename one of them"),
    ("governing service", DATABASE, "serviceName: db", "serviceName: web", "StatefulSet db: spec.serviceName is 'web', a Service that selects app=web and not its pods"),
    ("port of a host", WEB, '"5432"', '"5433"', f"Deployment web: {C}.env[2].value of DATABASE_PORT is '5433', which Service db doesn't have: take one of 5432"),
    ("restart policy of a job", JOB, "restartPolicy: Never, ", "", "CronJob job: spec.jobTemplate.spec.template.spec.restartPolicy is missing: a CronJob takes 'OnFailure' or 'Never'"),
    ("restart policy of a server", WEB, "      volumes:", "      restartPolicy: Never\n      volumes:", "Deployment web: spec.template.spec.restartPolicy is 'Never': a Deployment takes 'Always' alone"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "old", "new", "told"), [pytest.param(*row, id=id) for id, *row in FAULTS])
def test_a_fault_is_told_with_object_path_value_and_mend(text: str, old: str, new: str, told: str) -> None:
    assert old in text
    lines = found(*(text.replace(old, new, 1) if one is text else one for one in ALL))
    if "(1)" in told:
        lines = found(text.replace(old, new, 1))
    assert any(line.startswith(told) for line in lines), lines


@pytest.mark.parametrize("quantity", ["'0'", "1", "0.5", "250m", "1e3", "1E", "2Ti", ".5Gi", "100n", "1.", "+1"])
def test_every_quantity_that_kubernetes_takes_is_taken(quantity: str) -> None:
    assert found(WEB.replace("cpu: 1", f"cpu: {quantity}"), DATABASE) == []


def test_pods_of_two_budgets_are_told_of() -> None:
    second = BUDGET.replace("name: web", "name: other")
    told = "Deployment web: has two budgets, PodDisruptionBudget web and PodDisruptionBudget other, so that its pods"
    assert any(line.startswith(told) for line in found(*ALL, second))
    assert found(*ALL, second.replace("values: [web]", "values: [db]")) == []


def test_all_faults_of_an_object_are_told() -> None:
    text = WEB.replace("replicas:", "replica:").replace("[npm, start]", "npm").replace('"3000"', "3000")
    assert len(found(text, SERVICE, DATABASE)) == 3


def test_no_secret_is_shown() -> None:
    text = WEB.replace('{name: PORT, value: "3000"}', "{name: DB_PASSWORD, value: 424242}")
    lines = found(
        text,
        DATABASE,
        SECRET.replace("eA==", "not base64 hunter2"),
        SECRET.replace("keys", "more").replace("b: x", "b: 515151"),
    )
    assert len(lines) == 3
    assert not any(secret in line for line in lines for secret in ("424242", "515151", "hunter2"))


def test_a_secret_in_part_is_a_contradiction() -> None:
    env = "- {name: A, valueFrom: {secretKeyRef: {name: keys, key: c}}}\n        - {name: PORT"
    lines = found(WEB.replace("- {name: PORT", env), DATABASE, SECRET)
    assert len(lines) == 1
    assert lines[0].startswith("Secret keys: lacks key 'c', used by Deployment web: add it, or remove the whole Secret")


CLUSTER = "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: pg}\nspec: {anything: [1, {a: b}]}\n"
ROLLOUT = WEB.replace("apps/v1", "argoproj.io/v1alpha1").replace("kind: Deployment", "kind: Rollout")
KNATIVE = "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: web}\nspec: {template: {spec: {}}}\n"


def test_custom_resources_are_not_judged_and_may_make_pods(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    selecting = SERVICE.replace("selector: {app: web}", "selector: {cnpg.io/cluster: pg}")
    file = tmp_path / "given.yaml"
    file.write_text(f"{CLUSTER}---\n{selecting}", encoding="utf-8")
    assert main(["check", str(file)]) == 0
    assert "Pods with cnpg.io/cluster=pg: used by Service web" in capsys.readouterr().out
    assert found(ROLLOUT, SERVICE, DATABASE) == []
    assert found(KNATIVE, WEB, SERVICE, DATABASE) == []


def test_a_namespace_that_is_not_said_may_be_any() -> None:
    assert (
        found(
            *(text.replace("metadata: {name: web}", "metadata: {name: web, namespace: a}") for text in (WEB, SCALER)),
            SERVICE,
            DATABASE,
        )
        == []
    )
    one, other = (
        text.replace("metadata: {name: web}", f"metadata: {{name: web, namespace: {name}}}")
        for text, name in ((WEB, "a"), (SCALER, "b"))
    )
    assert any("which is not here" in line for line in found(one, other, DATABASE))


RIGHT = load_documents("\n---\n".join(ALL), "given")
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["name", "port", "value"]) | st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=4,
)


def places(item: Any) -> Iterator[tuple[Any, Any]]:
    entries = item.items() if isinstance(item, dict) else enumerate(item) if isinstance(item, list) else ()
    for key, below in entries:
        yield item, key
        yield from places(below)


@given(st.data())
def test_whatever_stands_anywhere_is_told_and_never_trips(data: st.DataObject) -> None:
    documents = copy.deepcopy(RIGHT)
    for _ in range(2):
        holder, key = data.draw(st.sampled_from(list(places(documents))))
        holder[key] = data.draw(ANYTHING)
    manifests = Manifests(documents, hosts=SERVER_VARIABLES)
    assert all("\n" not in str(finding) or "\n" in repr(documents) for finding in contradictions(manifests))
    report(manifests, [])
    incomplete_secrets(manifests)


# Input that holds no object


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "it is empty or has only comments"),
        ("# a comment\n---\n# another\n", "it is empty or has only comments"),
        ("hello\n", "but 'hello'"),
        ("- a\n", "but a list"),
        ("{}", "but a mapping without 'kind' (its keys: none)"),
        ("image: {tag: 3.1.3}\n", "but a mapping without 'kind' (its keys: 'image')"),
        ("kind: 3\n", "but a mapping whose 'kind' is 3"),
        ("apiVersion: v1\nkind: List\nitems: []\n", "it is empty or has only comments"),
    ],
)
@pytest.mark.parametrize("more", [[], ["--images"]])
def test_input_without_an_object_ends_with_two(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str, told: str, more: list[str]
) -> None:
    file = tmp_path / "given.yaml"
    file.write_text(text, encoding="utf-8")
    assert main(["check", str(file), *more]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith(f"error: {file}: contains no Kubernetes object, {told}: give the YAML that is to be applied")


def test_a_stray_document_beside_objects_is_a_contradiction(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.yaml").write_text(SECRET, encoding="utf-8")
    (tmp_path / "b.yaml").write_text("# nothing\n", encoding="utf-8")
    assert main(["check", str(tmp_path / "a.yaml"), str(tmp_path / "b.yaml")]) == 0
    (tmp_path / "b.yaml").write_text(f"{JOB}---\nhello\n", encoding="utf-8")
    assert main(["check", str(tmp_path / "a.yaml"), str(tmp_path / "b.yaml")]) == 1
    assert (
        f"{tmp_path}/b.yaml: document 2 is not a Kubernetes object, but 'hello': remove it" in capsys.readouterr().out
    )


def as_json(*texts: str, indent: int | str | None = None) -> str:
    items = load_documents("\n---\n".join(texts), "given")
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items}, indent=indent)


@pytest.mark.parametrize("indent", [None, 2, "\t"])
def test_json_and_lists_are_read(indent: int | str | None) -> None:
    assert found(as_json(*ALL, indent=indent)) == []
    wrong = WEB.replace("replicas:", "replica:")
    assert found(as_json(wrong, SERVICE, DATABASE, indent=indent)) == [
        "Deployment web: spec has no field 'replica': did you mean 'replicas'?"
    ]


@pytest.mark.parametrize(
    "text", [WEB + "      hostNetwork: false\n      hostNetwork: true\n", '{"kind": "A", "kind": "B"}']
)
def test_a_key_that_stands_twice_ends_with_two(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    file = tmp_path / "given"
    file.write_text(text, encoding="utf-8")
    assert main(["check", str(file)]) == 2
    assert "is there twice" in capsys.readouterr().err


def test_what_was_read_from_a_cluster_is_not_judged_for_what_the_server_wrote() -> None:
    live: dict[str, Any] = load_documents(WEB, "given")[0]
    live["metadata"] |= {
        "managedFields": [{"fieldsV1": {"f:a": {}}}],
        "creationTimestamp": "2026-01-01T00:00:00Z",
        "uid": "x",
    }
    live["status"] = {"replicas": 1, "anything": True}
    assert list(schema_faults(next(iter(Manifests([live]).objects)), live)) == []


def test_the_schema_of_objects_is_the_newest_that_is_known() -> None:
    written = kubernetes_schema.written(kubernetes_schema.objects())
    assert kubernetes_schema.OBJECTS.read_text(encoding="utf-8") == written
    assert len(written) < 200_000
