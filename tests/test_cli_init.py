"""`flowise-constructs init`: a new app that runs, whose test holds its YAML."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
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
    "dist/flowise.k8s.yaml",
    "dist/flowise-scripts.k8s.yaml",
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
        if path.is_file() and not {"__pycache__", ".pytest_cache"} & set(path.parts)
    }


def in_folder(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "CDK8S"))}
    # The new app's test needs no plug-in of this installation; loading them takes longer than the test.
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def synthesized(app_files: Mapping[str, str], folder: Path) -> str:
    """The YAML of an app, without its scripts."""
    module: dict[str, object] = {"__name__": "main"}
    exec(compile(app_files["main.py"], "main.py", "exec"), module)
    app = App(outdir=str(folder))
    module["build"](app)  # type: ignore[operator]
    app.synth()
    return (folder / "flowise.k8s.yaml").read_text()


def test_the_new_app_synthesizes_and_its_test_holds_the_yaml(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "new" / "app"
    code, out, err = init(capfd, str(folder), "--queue")
    assert (code, found(folder)) == (0, WRITTEN)
    assert [
        line for line in err.splitlines() if "requirements.txt: this version was installed from a file" not in line
    ] == []
    assert set(out.splitlines()[:7]) == {f"wrote: {folder / name}" for name in WRITTEN}
    made = {path.name: path.read_bytes() for path in (folder / "dist").iterdir()}
    assert b"'use strict'" in made["flowise-scripts.k8s.yaml"]
    assert b"'use strict'" not in made["flowise.k8s.yaml"]
    synth = in_folder(folder, "flowise_constructs", "synth")
    written = "wrote: dist/flowise-scripts.k8s.yaml\nwrote: dist/flowise.k8s.yaml\n"
    assert (synth.returncode, synth.stdout) == (0, written), synth.stderr
    assert {path.name: path.read_bytes() for path in (folder / "dist").iterdir()} == made
    assert in_folder(folder, "pytest", "-q").returncode == 0
    app = (folder / "main.py").read_text()
    (folder / "main.py").write_text(app.replace("flowise.example.com", "chat.example.org"))
    failed = in_folder(folder, "pytest", "-q")
    assert failed.returncode == 1
    assert "To accept it: flowise-constructs synth, and commit dist/\n" in failed.stdout
    assert "--- dist/flowise.k8s.yaml\n+++ main.py: flowise.k8s.yaml\n@@" in failed.stdout
    assert re.search(
        r"^-\s+- host: flowise\.example\.com\n\+\s+- host: chat\.example\.org$", failed.stdout, re.MULTILINE
    )
    assert in_folder(folder, "flowise_constructs", "synth").returncode == 0
    assert in_folder(folder, "pytest", "-q").returncode == 0


def test_what_is_committed_is_what_the_readme_says(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The YAML is reviewed and committed: Git doesn't ignore it."""
    init(capfd, str(tmp_path))
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    ignored = subprocess.run(
        ["git", "check-ignore", *sorted(WRITTEN)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (ignored.stdout, ignored.stderr) == ("", "")


def test_the_next_commands_can_be_typed_as_they_are_printed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Path(sys.executable).parent
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    out = init(capfd, str(tmp_path / "a"))[1]
    assert f"\n  {here / 'flowise-constructs'} synth\n" in out
    assert f"Next, in {tmp_path / 'a'}: " in out
    assert "\n  kubectl port-forward service/flowise 3000\n      opens http://localhost:3000 " in out
    monkeypatch.setenv("PATH", f"{here}:/usr/bin:/bin")
    assert "\n  flowise-constructs synth\n" in init(capfd, str(tmp_path / "b"))[1]


def test_nothing_is_overwritten(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "main.py").write_text("mine")
    (tmp_path / "dist").mkdir()
    code, out, err = init(capfd)
    assert (code, out) == (1, "")
    mend = "is there already, and init overwrites nothing: name another folder, or move it away"
    assert err.splitlines() == [f"error: {name} {mend}" for name in ("main.py", "dist")]
    assert (found(tmp_path), (tmp_path / "main.py").read_text()) == ({"main.py"}, "mine")


def test_a_file_is_no_folder(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("mine")
    code, _, err = init(capfd, str(tmp_path / "file"))
    assert (code, err) == (2, f"error: {tmp_path / 'file'}: File exists: name a folder that can be written to\n")


def test_sqlite_and_queue_exclude_each_other(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code, out, err = init(capfd, str(tmp_path), "--queue", "--database", "sqlite")
    assert (code, out, found(tmp_path)) == (2, "", set())
    assert err.startswith("error: --database: 'sqlite' is one file, which mains and workers can't share: take ")


@pytest.mark.parametrize("option", ["--redis=external", "--bucket=identity"])
def test_what_only_queue_mode_has_needs_queue_mode(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], option: str
) -> None:
    code, out, err = init(capfd, str(tmp_path), option)
    name = option.partition("=")[0]
    assert (code, out, found(tmp_path)) == (2, "", set())
    assert err == f"error: {name}: is for queue mode: give --queue too, or leave it out\n"


def test_managed_services_and_identity(tmp_path: Path) -> None:
    yaml_text = synthesized(files("postgresql", queue=True, redis="external", bucket="identity"), tmp_path)
    documents = list(yaml.safe_load_all(yaml_text))
    assert not any(document["kind"] == "StatefulSet" for document in documents)
    accounts = {
        document["metadata"]["name"]: document["metadata"].get("annotations", {})
        for document in documents
        if document["kind"] == "ServiceAccount"
    }
    role = {"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/flowise"}
    assert accounts["flowise"] == accounts["flowise-worker"] == role
    for variable in ("REDIS_TLS", "REDIS_HOST", "DATABASE_HOST"):
        assert f"name: {variable}\n" in yaml_text
    assert "S3_STORAGE_ACCESS_KEY_ID" not in yaml_text


KINDS = {"sqlite": "sqlite", "bundled-postgresql": "postgres", "postgresql": "postgres"}


@pytest.mark.parametrize("queue", [False, True])
@pytest.mark.parametrize("database", DATABASES)
def test_every_database_gives_an_app_that_synthesizes(database: str, queue: bool, tmp_path: Path) -> None:
    if queue and database == "sqlite":
        pytest.skip("refused")
    text = synthesized(files(database, queue=queue), tmp_path)
    documents = list(yaml.safe_load_all(text))
    names = {document["metadata"]["name"] for document in documents if document["kind"] == "Deployment"}
    assert names == ({"flowise", "flowise-worker"} if queue else {"flowise"})
    kind = KINDS.get(database, database)
    assert f"name: DATABASE_TYPE\n              value: {kind}\n" in text
    assert any(document["kind"] == "StatefulSet" for document in documents) == (
        queue or database == "bundled-postgresql"
    )


MANAGED = {"redis": "external", "bucket": "identity"}


def test_the_code_is_as_linters_and_type_checkers_want_it(tmp_path: Path) -> None:
    for database in DATABASES:
        for queue in (False, True):
            folder = tmp_path / f"{database}-{queue}"
            folder.mkdir()
            for name, text in files(database, queue=queue, **MANAGED if database == "postgresql" else {}).items():
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
        ('{"url": "https://a.example.com/b.whl"}', "flowise-constructs @ https://a.example.com/b.whl"),
        (
            '{"url": "file:///a/b.whl", "archive_info": {}}',
            "# This version was installed from a file of this machine, which others don't have:\n"
            "# put it on your index, or its wheel beside this file, and write ./NAME.whl here.\n"
            "flowise-constructs==1.2",
        ),
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
