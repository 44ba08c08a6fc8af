"""`flowise-constructs synth`: what it runs, writes, prints and answers."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from flowise_constructs.cli import main

# An app that needs no Node: what a file holds is its name.
PLAIN = """
import os, pathlib, sys
folder = pathlib.Path(os.environ["CDK8S_OUTDIR"])
folder.mkdir(exist_ok=True)
print("said by the app")
print("a warning of the app", file=sys.stderr)
for name in ["a.k8s.yaml", "b.k8s.yaml"]:
    (folder / name).write_text(f"name: {name}\\n")
"""
FLOWISE = """
from cdk8s import ApiObject, App, JsonPatch
from flowise_constructs import Auth, Ingress, Main, StandaloneChart
app = App()
chart = StandaloneChart(app, "flowise", auth=Auth.from_secret("keys"){arguments})
{then}
app.synth()
"""


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CDK8S_OUTDIR", raising=False)
    (tmp_path / "cdk8s.yaml").write_text("language: python\napp: python main.py\noutput: out\n")
    (tmp_path / "main.py").write_text(PLAIN)
    return tmp_path


def synth(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    capfd.readouterr()
    code = main(["synth", *arguments])
    out, err = capfd.readouterr()
    return code, out, err


def test_it_writes_the_files_and_names_them(app: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert synth(capfd) == (
        0,
        "said by the app\nwrote: out/a.k8s.yaml\nwrote: out/b.k8s.yaml\n",
        "a warning of the app\n",
    )
    assert (app / "out" / "a.k8s.yaml").read_text() == "name: a.k8s.yaml\n"


@pytest.mark.parametrize(
    ("settings", "variable", "arguments", "folder"),
    [
        ("", None, [], "dist"),
        ("output: set\n", None, [], "set"),
        ("output: set\n", "variable", [], "variable"),
        ("output: set\n", "variable", ["--output", "argument"], "argument"),
        ("output: set\n", None, ["-o", "deep/er"], "deep/er"),
    ],
)
def test_the_nearest_word_on_the_folder_wins(
    settings: str,
    variable: str | None,
    arguments: list[str],
    folder: str,
    app: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (app / "cdk8s.yaml").write_text(f"app: python main.py\n{settings}")
    if variable:
        monkeypatch.setenv("CDK8S_OUTDIR", variable)
    assert synth(capfd, *arguments)[0] == 0
    assert {path.name for path in (app / folder).iterdir()} == {"a.k8s.yaml", "b.k8s.yaml"}


def test_stdout_is_yaml_and_nothing_else(app: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code, out, err = synth(capfd, "--stdout")
    assert (code, list(yaml.safe_load_all(out))) == (0, [{"name": "a.k8s.yaml"}, {"name": "b.k8s.yaml"}])
    assert err == "said by the app\na warning of the app\n"
    assert not (app / "out").exists()


def test_the_command_may_be_given(app: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (app / "cdk8s.yaml").unlink()
    assert synth(capfd, "--app", "python main.py")[:2] == (
        0,
        "said by the app\nwrote: dist/a.k8s.yaml\nwrote: dist/b.k8s.yaml\n",
    )


def test_python_is_the_one_that_runs_the_command(app: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (app / "main.py").write_text("import sys; print(sys.prefix)")
    assert synth(capfd)[1] == f"{sys.prefix}\n"


def test_what_another_run_left_is_kept_and_named(app: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (app / "out").mkdir()
    (app / "out" / "old.k8s.yaml").write_text("old")
    (app / "out" / "README.md").write_text("mine")
    assert "warning: out/old.k8s.yaml is from an earlier run" in synth(capfd)[2]
    assert "README" not in synth(capfd)[2]
    assert (app / "out" / "old.k8s.yaml").exists()


@pytest.mark.parametrize(
    ("settings", "code", "message"),
    [
        (None, 2, "cdk8s.yaml: there is none in {folder}: go to the folder of your app, or make one: "),
        ("output: x\n", 2, "cdk8s.yaml: has no 'app', the command that runs yours: write `app: python main.py`"),
        ("app: [a]\n", 2, "cdk8s.yaml: app: ['a'] must be text"),
        ("- a\n", 2, "cdk8s.yaml: must hold one mapping"),
        ("app: 'a: b: c\n", 2, "cdk8s.yaml: is not YAML: "),
        ("app: exit 3\n", 1, "`exit 3` ended with exit code 3; nothing was written"),
        ("app: kill -9 $$\n", 1, "`kill -9 $$` ended with signal 9; nothing was written"),
        ("app: 'true'\n", 1, "`true` wrote no file into CDK8S_OUTDIR: call app.synth()"),
        ("app: python main.py\noutput: main.py\n", 2, "main.py: File exists: name a folder that can be written to"),
    ],
)
def test_what_cannot_be_run_is_said_in_one_line(
    settings: str | None, code: int, message: str, app: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (app / "cdk8s.yaml").unlink()
    if settings is not None:
        (app / "cdk8s.yaml").write_text(settings)
    found, _, err = synth(capfd)
    assert (found, len([line for line in err.splitlines() if "the app" not in line])) == (code, 1), err
    assert err.splitlines()[-1].startswith(f"error: {message.format(folder=app)}")
    assert not (app / "out").exists()


def test_output_and_stdout_exclude_each_other(app: Path) -> None:
    with pytest.raises(SystemExit) as error:
        main(["synth", "--output", "x", "--stdout"])
    assert error.value.code == 2


REFUSED = ", main=Main(replicas=2, strategy='RollingUpdate')"
TEST_PATCH = "ApiObject.of(chart.main).add_json_patch(JsonPatch.test('/spec/replicas', 3))"
DEEP_PATCH = "ApiObject.of(chart.main).add_json_patch(JsonPatch.add('/spec/none/deep', 1))"
LOST_TEST = "ApiObject.of(chart.main).add_json_patch(JsonPatch.test('/spec/none', {'a': [1]}))"
OBJECT = "flowise/Main/Resource: the object 'flowise': "


@pytest.mark.parametrize(
    ("arguments", "then", "lines"),
    [
        (REFUSED, "", ["main.py:5: 2 findings:", "- Main.replicas: ", "- Main.strategy: "]),
        ("", "Ingress(hosts=[])", ["main.py:6: Ingress.hosts: "]),
        ("", TEST_PATCH, [f"{OBJECT}JsonPatch.test('/spec/replicas', 3) failed, because 1 is there: correct "]),
        ("", LOST_TEST, [OBJECT + "JsonPatch.test('/spec/none', {'a': [1]}) failed, because nothing is there: "]),
        ("", DEEP_PATCH, [f"{OBJECT}in the path of a JsonPatch, what stands above 'deep' isn't in the object: "]),
    ],
)
def test_a_refusal_is_its_message_alone(
    arguments: str, then: str, lines: list[str], app: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (app / "main.py").write_text(FLOWISE.format(arguments=arguments, then=then))
    (app / "out").mkdir()
    (app / "out" / "flowise.k8s.yaml").write_text("of the last good run")
    code, out, err = synth(capfd)
    assert (code, out) == (1, "")
    *said, last = err.splitlines()
    assert last == "error: nothing was written"
    for line, start in zip(said, lines, strict=True):
        assert line.startswith(start)
    assert (app / "out" / "flowise.k8s.yaml").read_text() == "of the last good run"


def test_the_users_own_innermost_line_is_named(
    app: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither that of the app which imports it, nor one of another package."""
    library = app / "elsewhere" / "site-packages"
    library.mkdir(parents=True)
    (library / "other.py").write_text("def call(make):\n    return make()\n")
    (app / "parts").mkdir()
    (app / "parts" / "edge.py").write_text(
        "import other\nfrom flowise_constructs import Ingress\n\nINGRESS = other.call(\n    lambda: Ingress(hosts=[])\n)\n"
    )
    (app / "main.py").write_text("from parts.edge import INGRESS\n")
    monkeypatch.setenv("PYTHONPATH", str(library))
    code, _, err = synth(capfd)
    assert (code, err.startswith("parts/edge.py:5: Ingress.hosts: ")) == (1, True), err


def test_an_error_of_the_app_itself_keeps_its_traceback(app: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (app / "main.py").write_text("{}['nothing']")
    code, _, err = synth(capfd)
    assert (code, err.count("Traceback"), err.splitlines()[-2]) == (1, 1, "KeyError: 'nothing'")
    assert err.splitlines()[-1].startswith("error: `python main.py` ended with exit code 1")


def old_node(folder: Path) -> Path:
    """A folder with a Node that can't be used."""
    folder.mkdir()
    node = folder / "node"
    node.write_text("#!/bin/sh\necho 'Node 20 was started' >&2\nexit 1\n")
    node.chmod(node.stat().st_mode | stat.S_IXUSR)
    return folder


@pytest.mark.parametrize("first", ["nothing", "an old Node"])
def test_the_bundled_node_is_used_whatever_is_on_the_path(first: str, app: Path) -> None:
    (app / "main.py").write_text(FLOWISE.format(arguments="", then=""))
    path = old_node(app / "bin") if first == "an old Node" else app / "empty"
    environment = {name: value for name, value in os.environ.items() if name != "JSII_NODE"}
    done = subprocess.run(
        [sys.executable, "-m", "flowise_constructs", "synth"],
        env={**environment, "PATH": str(path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "wrote: out/flowise.k8s.yaml\n", "")


def test_a_node_of_ones_own_is_kept(app: Path) -> None:
    (app / "main.py").write_text(FLOWISE.format(arguments="", then=""))
    environment = {**os.environ, "JSII_NODE": str(app / "none")}
    command = [sys.executable, "-m", "flowise_constructs", "synth"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    mend = "set it to the path of Node 22 or 24, or unset it"
    assert (done.returncode, done.stderr) == (2, f"error: JSII_NODE: '{app / 'none'}' is not a program: {mend}\n")


@pytest.mark.parametrize("first", ["cdk8s", "constructs"])
def test_what_is_imported_first_matters_to_plain_python_alone(first: str, app: Path) -> None:
    """jsii starts Node when it is imported: nothing of ours has run by then."""
    (app / "mine.py").write_text(f"import {first}\n{FLOWISE.format(arguments='', then='')}")
    environment = {name: value for name, value in os.environ.items() if name != "JSII_NODE"} | {"PATH": str(app)}

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, *command], env=environment, capture_output=True, text=True, check=False)

    plain = run("mine.py")
    assert plain.stderr.splitlines()[-1] == "AttributeError: '_NodeProcess' object has no attribute '_process'"
    by_command = run("-m", "flowise_constructs", "synth", "--app", "python mine.py")
    assert (by_command.returncode, by_command.stderr) == (0, "")
