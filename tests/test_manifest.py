"""What cdk8s, and a user's own patch, make of our objects."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cdk8s import ApiObject, Chart, JsonPatch
from deployments import POSTGRES, VARIANTS
from jsii._kernel.providers import process as jsii_process

from flowise_constructs import App, Auth, ConfigError, Flowise, FlowiseMain, Main, PodOptions, StandaloneChart

AUTH = Auth.from_secret("auth")


def deployment_of(chart: Chart) -> Any:
    objects: list[Any] = chart.to_json()
    return next(entry for entry in objects if entry["kind"] == "Deployment")


def test_a_patch_may_add_what_a_later_kubernetes_knows() -> None:
    chart = StandaloneChart(App(), "flowise", auth=AUTH)
    resources = {"limits": {"memory": "4Gi"}}
    ApiObject.of(chart.main).add_json_patch(JsonPatch.add("/spec/template/spec/resources", resources))
    assert deployment_of(chart)["spec"]["template"]["spec"]["resources"] == resources


def test_patches_see_the_whole_object_one_after_the_other() -> None:
    chart = StandaloneChart(App(), "flowise", auth=AUTH)
    patched = ApiObject.of(chart.main)
    patched.add_json_patch(JsonPatch.test("/spec/replicas", 1), JsonPatch.replace("/spec/replicas", 0))
    patched.add_json_patch(JsonPatch.test("/spec/replicas", 0), JsonPatch.remove("/spec/strategy"))
    spec = deployment_of(chart)["spec"]
    assert spec["replicas"] == 0
    assert "strategy" not in spec


def test_a_users_chart_gives_its_labels_and_namespace() -> None:
    chart = Chart(App(), "team", labels={"team": "flows"}, namespace="flows")
    FlowiseMain(chart, "Main", flowise=Flowise(auth=AUTH, database=POSTGRES))
    for entry in chart.to_json():
        assert entry["metadata"]["labels"]["team"] == "flows"
        assert entry["metadata"]["namespace"] == "flows"


def test_an_object_is_one_call_to_node(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call takes as long as hundreds of checks. A construct may need a second one: which chart it is in."""
    calls: list[Any] = []
    send = jsii_process._NodeProcess.send

    def counted(process: Any, *request: Any) -> Any:
        calls.append(request)
        return send(process, *request)

    app = App()
    monkeypatch.setattr(jsii_process._NodeProcess, "send", counted)
    chart = VARIANTS["queue-bundled"](app)
    made = len(calls)
    objects = [child for child in chart.node.find_all() if isinstance(child, ApiObject)]
    constructs = len(chart.node.find_all()) - len(objects)
    assert len(objects) <= made <= len(objects) + 2 * constructs


def test_a_key_may_be_called_as_in_javascript() -> None:
    labels = {"constructor": "red-bull", "toString": "hamilton"}
    chart = StandaloneChart(App(), "flowise", auth=AUTH, main=Main(pod=PodOptions(labels=labels)))
    assert deployment_of(chart)["spec"]["template"]["metadata"]["labels"].items() >= labels.items()


def test_synthesis_does_without_the_classes_of_every_kubernetes_object(root: Path, tmp_path: Path) -> None:
    script = "import sys, main; assert main.main() == 0; sys.exit('cdk8s_plus_27' in sys.modules)"
    environment = {**os.environ, "CDK8S_OUTDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=root, env=environment, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("patch", "message"),
    [
        (JsonPatch.add("/spec/foo/bar", "x"), "what stands above 'bar' isn't in the object: correct the path"),
        (JsonPatch.test("/spec/replicas", 9), r"JsonPatch.test\('/spec/replicas', 9\) failed, because 1 is there"),
    ],
)
@pytest.mark.parametrize("write", [App.synth, App.synth_yaml])
def test_a_patch_that_does_not_fit_is_a_short_error(
    patch: JsonPatch, message: str, write: Callable[[App], object], tmp_path: Path
) -> None:
    app = App(outdir=str(tmp_path))
    chart = StandaloneChart(app, "flowise", auth=AUTH)
    chart.main.deployment.add_json_patch(patch)
    with pytest.raises(ConfigError, match=message) as refused:
        write(app)
    assert str(refused.value).startswith("flowise/Main/Resource: the object 'flowise'")
    assert len(str(refused.value)) < 300
    assert refused.value.__suppress_context__
