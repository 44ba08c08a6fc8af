"""What is given to `from-helm` and is no values file of the chart: told as what it is, in one line, with what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowise_constructs.cli import main
from flowise_constructs.importers.helm.importer import import_values
from flowise_constructs.importers.helm.other_inputs import another_input, another_text
from flowise_constructs.importers.told_apart import chart_of
from flowise_constructs.manifests.yaml_files import load_documents

DATA = Path(__file__).parent / "data" / "helm"

COWBOYSYSOP = """
image: {registry: docker.io, repository: flowiseai/flowise, tag: 3.0.5}
replicaCount: 1
config: {encryptionKey: abc}
extraEnvVars: [{name: A, value: b}]
persistence: {enabled: true}
postgresql: {enabled: true, auth: {password: x}, primary: {service: {ports: {postgresql: 5432}}}}
externalPostgresql: {enabled: false}
ingress: {enabled: true, hosts: [{host: flowise.local, paths: [/]}]}
"""
COMPOSE = """
version: '3.1'
services:
  flowise:
    image: flowiseai/flowise:latest
    restart: always
    environment: ['PORT=${PORT}', 'DATABASE_PATH=${DATABASE_PATH}']
    ports: ['${PORT}:${PORT}']
volumes: {data: {}}
"""
COMPOSE_QUEUE = """
services:
  redis: {image: redis:alpine}
  flowise: {image: flowiseai/flowise, environment: [MODE=queue]}
  flowise-worker: {image: flowiseai/flowise-worker}
"""
DEPLOYMENT = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"

OTHERS: list[tuple[str, str, str, str]] = [
    ("bitnami", "extraEnvVars: []\nexternalDatabase: {}\nresources: {}", "is a values file of a chart in Bitnami's", "in Python"),
    ("bitnami service", "service: {ports: {http: 80}}\nsidecars: []", "is a values file of another chart (service.ports, sidecars)", "in Python"),
    ("bitnami key", "diagnosticMode: {}\nresources: {}", "is a values file of a chart in Bitnami's", "in Python"),
    ("helm create", "replicaCount: 1\nimage: {tag: x}\nautoscaling: {}", "is a values file of another chart", "in Python"),
    ("common library", "workload: {main: {}}", "is a values file of a chart on a common library", "in Python"),
    ("unknown chart", "alpha: 1\nbeta: 2\ngamma: 3\nresources: {}", "is not a values file of the Helm chart", "helm get values"),
    ("compose", COMPOSE, "is a Docker Compose file (services 'flowise')", "from-env .env --compose FILE"),
    ("compose queue", COMPOSE_QUEUE, "is a Docker Compose file (services 'redis', 'flowise', 'flowise-worker')", "from-env .env --compose FILE"),
    ("compose 1", "web: {image: a, ports: ['1:1']}", "is a Docker Compose file (services 'web')", "from-env .env --compose FILE"),
    ("kustomization", "kind: Kustomization\napiVersion: k/v1\nresources: [a]", "is a kustomization.yaml", "helm get values"),
    ("bare kustomization", "resources: [a.yaml]\nnamespace: x", "is a kustomization.yaml", "helm get values"),
    ("inflated chart", "helmCharts: [{name: flowise, valuesFile: v.yaml}]", "is a kustomization.yaml", "valuesFile"),
    ("manifest", DEPLOYMENT, "contains Kubernetes objects ('Deployment web')", "helm get values"),
    ("manifests", f"{DEPLOYMENT}---\n{DEPLOYMENT}", "contains Kubernetes objects ('Deployment web' and 1 more)", "helm get values"),
    ("list", "apiVersion: v1\nkind: List\nitems: []", "contains Kubernetes objects", "helm get values"),
    ("argo", "apiVersion: argoproj.io/v1alpha1\nkind: Application", "is an object of kind Application", "spec.source.helm.values"),
    ("flux", "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease", "is an object of kind HelmRelease", "spec.values"),
    ("table", "USER-SUPPLIED VALUES:\nimage: {tag: 3.1.3}", "is what 'helm get values' prints to read", "-o yaml"),
    ("Chart.yaml", "apiVersion: v2\nname: flowise\nversion: 1.3.0", "is the Chart.yaml of a chart", "values.yaml"),
    ("helmfile", "releases: [{name: a, chart: b}]", "is a helmfile", "releases[].values"),
    ("dependency", "flowise: {image: {tag: 3.1.3}, auth: {}}\nglobal: {}", "contains the values of a chart that depends", "flowise:"),
    ("variables", "PORT=3000\nDATABASE_TYPE=postgres\n", "is a file of environment variables", "from-env FILE"),
    ("variables with remarks", "# Server\nPORT=3000\n\n# DB\nDATABASE_URL=a: b\n", "is a file of environment variables", "from-env FILE"),
    ("template", "metadata:\n  {{- if .Values.a }}\n  name: {{ .Release.Name }}\n  {{- end }}\n", "is a template of a chart ({{ }})", "helm get values"),
    ("variables as a mapping", "PORT: 3000\nDATABASE_TYPE: postgres", "contains environment variables (PORT, ", "flowise.extraEnv"),
    ("json", '{"services": {"flowise": {"image": "a"}}}', "is a Docker Compose file", "from-env .env --compose FILE"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "told", "mend"), [pytest.param(*row, id=id) for id, *row in OTHERS])
def test_another_thing_is_told_as_such_in_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str, told: str, mend: str
) -> None:
    file, output = tmp_path / "given.yaml", tmp_path / "out.yaml"
    file.write_text(text, encoding="utf-8")
    code = main(["from-helm", str(file), "--output", str(output)])
    out, err = capsys.readouterr()
    assert (code, out, err.count("\n")) == (1, "", 1), err
    assert err.startswith(f"refused: {file}: {told}")
    assert mend in err
    assert not output.exists()


@pytest.mark.parametrize(
    ("text", "chart"),
    [
        (COWBOYSYSOP, "cowboysysop"),
        ("existingSecretKeyEncryptionKey: k", "cowboysysop"),
        ("worker: {enabled: false}", "cowboysysop"),
        ("extraEnvVars: []\nimage: {registry: x}", "cowboysysop"),
        ("service: {ports: {http: 80}}\nreplicaCount: 2", "cowboysysop"),
        ("replicaCount: 1\ningress: {hosts: [{host: a, paths: [/]}]}", "cowboysysop"),
        ("auth: {existingSecret: a}", "helmforge"),
        ("extraEnvVars: []\nflowise: {}", "helmforge"),
        ("replicaCount: 2", None),
        ("persistence: {enabled: true}\nimage: {tag: 3.1.3}", None),
    ],
)
def test_the_keys_tell_which_chart_it_is(text: str, chart: str | None) -> None:
    assert chart_of(load_documents(text, "values.yaml")[0]) == chart


def test_values_of_the_other_chart_than_said_are_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "values.yaml"
    for text, said, told in (
        (COWBOYSYSOP, "helmforge", "cowboysysop"),
        ("flowise: {logLevel: debug}", "cowboysysop", "helmforge"),
    ):
        file.write_text(text, encoding="utf-8")
        assert main(["from-helm", str(file), "--chart", said]) == 1
        err = capsys.readouterr().err
        assert err == (
            f"refused: {file}: is a values file of the chart {told}/flowise: give --chart {told}, or leave --chart out\n"
        )


def test_values_of_both_charts_are_read_as_said(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "values.yaml"
    file.write_text("persistence: {enabled: true, size: 3Gi}\nimage: {tag: 3.1.3}\n", encoding="utf-8")
    assert main(["from-helm", str(file)]) == 0
    out, err = capsys.readouterr()
    assert "name: flowise-data" in out
    assert "warning: --chart: is not given, and the keys are of helmforge/flowise and of cowboysysop/flowise" in err
    assert main(["from-helm", str(file), "--chart", "cowboysysop"]) == 0
    out, err = capsys.readouterr()
    assert "name: flowise-data" not in out
    assert "--chart" not in err


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "persistance: {}",
        "zzzz: 1",
        "persistance: {}\ningres: {}\nimages: {}",
        "replicaCount: 2\nimage: {tag: 3.1.3}",
        "flowise: {replicaCount: 1}\nextraEnvVars: []\nreplicaCount: 1\ncommonAnnotations: {}",
        "flowise: {}",
        "replicaCount: 2",
        "flowise: {appUrl: '{{ x }}', extraEnv: [{name: A, value: a=b}]}",
        "commonLabels: {a: b}\nresources: {limits: {memory: 2Gi}}",
    ],
)
def test_values_with_mistakes_stay_values(text: str) -> None:
    assert another_text(text) is None
    assert another_input(load_documents(text, "values.yaml")) is None


@pytest.mark.parametrize("file", sorted(DATA.glob("*[a-z].yaml")), ids=lambda file: file.name)
def test_the_charts_own_values_are_taken(file: Path) -> None:
    documents = load_documents(file.read_text(encoding="utf-8"), file.name)
    if not file.name.endswith(".environment.yaml"):
        assert another_input(documents) is None
        import_values(documents[0])
