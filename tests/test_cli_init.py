"""`flowise-constructs init`: a new app that runs, whose test holds its YAML."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from cdk8s import App

from flowise_constructs.cli import main
from flowise_constructs.cli.app_template import DATABASES, files

WRITTEN = {
    "main.py",
    "cdk8s.yaml",
    "requirements.txt",
    ".gitignore",
    "test_main.py",
    "snapshots/flowise.k8s.yaml",
}


def init(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    capfd.readouterr()
    code = main(["init", *arguments])
    out, err = capfd.readouterr()
    return code, out, err


def found(folder: Path) -> set[str]:
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and not {"__pycache__", ".pytest_cache", "dist"} & set(path.parts)
    }


def in_folder(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "CDK8S"))}
    # The new app's test needs no plug-in of this installation; loading them takes longer than the test.
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_the_new_app_synthesizes_and_its_test_holds_the_yaml(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "new" / "app"
    code, out, err = init(capfd, str(folder), "--queue")
    assert (code, err, found(folder)) == (0, "", WRITTEN)
    assert set(out.splitlines()[:6]) == {f"wrote: {folder / name}" for name in WRITTEN}
    synth = in_folder(folder, "flowise_constructs", "synth")
    assert (synth.returncode, synth.stdout) == (0, "wrote: dist/flowise.k8s.yaml\n"), synth.stderr
    snapshot = folder / "snapshots" / "flowise.k8s.yaml"
    assert (folder / "dist" / "flowise.k8s.yaml").read_bytes() == snapshot.read_bytes()
    assert in_folder(folder, "pytest", "-q").returncode == 0
    app = (folder / "main.py").read_text()
    (folder / "main.py").write_text(app.replace("flowise.example.com", "chat.example.org"))
    assert in_folder(folder, "pytest", "-q").returncode == 1
    assert in_folder(folder, "flowise_constructs", "synth", "--output", "snapshots").returncode == 0
    assert in_folder(folder, "pytest", "-q").returncode == 0


def test_nothing_is_overwritten(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "main.py").write_text("mine")
    (tmp_path / "snapshots").mkdir()
    code, out, err = init(capfd)
    assert (code, out) == (1, "")
    mend = "is there already, and init overwrites nothing: name another folder, or move it away"
    assert err.splitlines() == [f"error: {name} {mend}" for name in ("main.py", "snapshots")]
    assert (found(tmp_path), (tmp_path / "main.py").read_text()) == ({"main.py"}, "mine")


def test_a_file_is_no_folder(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("mine")
    code, _, err = init(capfd, str(tmp_path / "file"))
    assert (code, err) == (2, f"error: {tmp_path / 'file'}: File exists: name a folder that can be written to\n")


def test_sqlite_and_queue_exclude_each_other(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code, out, err = init(capfd, str(tmp_path), "--queue", "--database", "sqlite")
    assert (code, out, found(tmp_path)) == (2, "", set())
    assert err.startswith("error: --database: 'sqlite' is one file, which mains and workers can't share: take ")


KINDS = {"sqlite": "sqlite", "bundled-postgresql": "postgres", "postgresql": "postgres"}


@pytest.mark.parametrize("queue", [False, True])
@pytest.mark.parametrize("database", DATABASES)
def test_every_database_gives_an_app_that_synthesizes(database: str, queue: bool, tmp_path: Path) -> None:
    if queue and database == "sqlite":
        pytest.skip("refused")
    module: dict[str, object] = {"__name__": "main"}
    exec(compile(files(database, queue=queue)["main.py"], "main.py", "exec"), module)
    app = App(outdir=str(tmp_path))
    module["build"](app)  # type: ignore[operator]
    app.synth()
    documents = list(yaml.safe_load_all((tmp_path / "flowise.k8s.yaml").read_text()))
    names = {document["metadata"]["name"] for document in documents if document["kind"] == "Deployment"}
    assert names == ({"flowise", "flowise-worker"} if queue else {"flowise"})
    kind = KINDS.get(database, database)
    assert f"name: DATABASE_TYPE\n              value: {kind}\n" in (tmp_path / "flowise.k8s.yaml").read_text()
    assert any(document["kind"] == "StatefulSet" for document in documents) == (
        queue or database == "bundled-postgresql"
    )


def test_the_code_is_as_linters_and_type_checkers_want_it(tmp_path: Path) -> None:
    for database in DATABASES:
        for queue in (False, True):
            folder = tmp_path / f"{database}-{queue}"
            folder.mkdir()
            for name, text in files(database, queue=queue).items():
                (folder / name).write_text(text)
            if not queue and database == "mysql":
                assert in_folder(folder, "mypy", "--strict", ".").returncode == 0
    for command in (["check", "--select", "F,I,UP,B", "--config", "src=['*']"], ["format", "--check"]):
        done = in_folder(tmp_path, "ruff", *command, "--isolated", ".")
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("recorded", "line"),
    [
        (None, "flowise-constructs==1.2"),
        ('{"url": "file:///a/b.whl", "archive_info": {}}', "flowise-constructs @ file:///a/b.whl"),
        (
            '{"url": "https://git.example.com/f", "vcs_info": {"vcs": "git", "commit_id": "abc"}}',
            "flowise-constructs @ git+https://git.example.com/f@abc",
        ),
    ],
)
def test_the_app_requires_what_was_installed(recorded: str | None, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Installed:
        version = "1.2"

        def read_text(self, name: str) -> str | None:
            return recorded if name == "direct_url.json" else None

    monkeypatch.setattr("flowise_constructs.cli.app_template.distribution", lambda name: Installed())
    assert files("sqlite", queue=False)["requirements.txt"] == f"{line}\npytest\n"
