"""The command line: arguments, streams, exit codes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from flowise_constructs.cli import main
from flowise_constructs.importers.helm.importer import import_values
from flowise_constructs.importers.helm.values_files import read_values
from flowise_constructs.importers.python_module import python_module
from flowise_constructs.importers.synthesis import synthesize

DATA = Path(__file__).parent / "data" / "helm"
SQLITE = str(DATA / "standalone-sqlite.yaml")


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(arguments)
    out, err = capsys.readouterr()
    return code, out, err


def test_yaml_goes_to_standard_output_and_words_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    imported = import_values(read_values([SQLITE]))
    code, out, err = run(capsys, "from-helm", SQLITE)
    assert (code, out) == (0, synthesize(imported)[0])
    assert [line.partition(": ")[0] for line in err.splitlines()] == ["warning"] * len(imported.remarks)
    assert run(capsys, "from-helm", SQLITE, "--format", "python")[1] == python_module(imported)


def test_refusals_end_with_one_and_write_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "more.yaml").write_text("persistance: {}\nflowise: {logLevel: loud}\n")
    code, out, err = run(capsys, "from-helm", SQLITE, str(tmp_path / "more.yaml"))
    assert (code, out) == (1, "")
    assert err.splitlines()[0] == "refused: persistance: is not a key of the chart: did you mean 'persistence'?"
    assert err.splitlines()[1].startswith("refused: flowise.logLevel: 'loud' must be one of")


def test_what_the_constructs_refuse_ends_with_one_too(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "more.yaml").write_text("tolerations: [{keyy: a}]\n")
    code, out, err = run(capsys, "from-helm", SQLITE, str(tmp_path / "more.yaml"))
    assert (code, out) == (1, "")
    assert err.startswith("refused: tolerations: ")


def test_release_and_namespace(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "from-helm", SQLITE, "--release", "prod", "--namespace", "chat")
    assert "name: prod-flowise-data" in out
    assert out.count("namespace: chat") == out.count("\nkind: ")


@pytest.mark.parametrize("command", ["from-helm", "secrets", "check"])
def test_an_unreadable_file_ends_with_two(capsys: pytest.CaptureFixture[str], command: str) -> None:
    assert run(capsys, command, "none.yaml") == (2, "", "error: none.yaml: No such file or directory\n")


@pytest.mark.parametrize("arguments", [[], ["unknown"], ["from-helm"], ["from-helm", SQLITE, "--format", "json"]])
def test_wrong_usage_ends_with_two(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as error:
        main(arguments)
    assert error.value.code == 2


@pytest.mark.parametrize("arguments", [["--help"], ["from-helm", "--help"], ["secrets", "--help"], ["check", "--help"]])
def test_help_is_there(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as error:
        main(arguments)
    out, _ = capsys.readouterr()
    assert error.value.code == 0
    assert "flowise-constructs" in out
    if arguments == ["--help"]:
        assert "examples:" in out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as error:
        main(["--version"])
    assert error.value.code == 0
    assert capsys.readouterr().out.startswith("flowise-constructs ")


# `check`


@pytest.fixture(scope="module")
def queue(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("manifests") / "queue.yaml"
    file.write_text(synthesize(import_values(read_values([str(DATA / "queue.yaml")])))[0], encoding="utf-8")
    return str(file)


def test_check_reports_what_must_exist_and_the_images(capsys: pytest.CaptureFixture[str], queue: str) -> None:
    code, out, _ = run(capsys, "check", queue)
    assert code == 0
    assert out == (
        "Must exist already:\n"
        "  Secret chat-bucket with keys access-key, secret-key: used by Deployment flowise, Deployment flowise-worker\n"
        "  Secret flowise-postgresql-auth with keys postgres-password, user-password: used by Deployment flowise, "
        "Deployment flowise-worker, StatefulSet flowise-postgresql\n"
        "  Secret team-flowise-keys with keys encryption-key, express-session-secret, jwt-auth-token-secret, "
        "jwt-refresh-token-secret, token-hash-secret: used by Deployment flowise, Deployment flowise-worker\n"
        "\nContradictions:\n  none\n"
        "\nImages:\n"
        "  docker.io/flowiseai/flowise:3.1.3\n"
        "  docker.io/library/postgres:18.6-trixie\n"
        "  docker.io/library/redis:8.10.0\n"
    )


def test_check_prints_the_images_alone(capsys: pytest.CaptureFixture[str], queue: str) -> None:
    expected = [
        "docker.io/flowiseai/flowise:3.1.3",
        "docker.io/library/postgres:18.6-trixie",
        "docker.io/library/redis:8.10.0",
    ]
    assert run(capsys, "check", "--images", queue) == (0, "".join(f"{image}\n" for image in expected), "")


BROKEN = """
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {a: x}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      serviceAccountName: robot
      containers:
      - name: web
        image: web:1
        env:
        - {name: A, valueFrom: {configMapKeyRef: {name: settings, key: b}}}
        - {name: DATABASE_HOST, value: pg.data.svc}
        - {name: REDIS_HOST, value: redis.example.org}
      volumes:
      - {name: data, persistentVolumeClaim: {claimName: files}}
      - {name: more, configMap: {name: more, optional: true}}
"""


def test_check_ends_with_one_where_something_contradicts_itself(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "broken.yaml").write_text(BROKEN)
    code, out, _ = run(capsys, "check", str(tmp_path / "broken.yaml"))
    assert code == 1
    for line in (
        "ConfigMap settings: is defined twice: remove one, or rename it",
        "ConfigMap settings: lacks key 'b', used by Deployment web: add it, or correct the reference",
        "ConfigMap more (may be missing): used by Deployment web",
        "PersistentVolumeClaim files: used by Deployment web",
        "Service data/pg: used by Deployment web",
        "ServiceAccount robot: used by Deployment web",
    ):
        assert f"  {line}\n" in out
    assert "redis.example.org" not in out


# As a process


def process(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "flowise_constructs", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **environment})


def test_the_module_runs_and_says_nothing_of_node() -> None:
    ran = process("from-helm", SQLITE)
    assert (ran.returncode, ran.stdout.startswith("apiVersion: v1\n")) == (0, True), ran.stderr
    assert all(line.startswith("warning: ") for line in ran.stderr.splitlines())


def test_secrets_and_check_need_no_node(queue: str) -> None:
    for command in ("check", "secrets"):
        ran = process(command, queue, JSII_NODE="/none", PATH="/none")
        assert (ran.returncode, ran.stderr.count("Traceback")) == (0, 0), ran.stderr


def test_the_users_own_node_is_kept_and_a_missing_one_is_reported() -> None:
    ran = process("from-helm", SQLITE, JSII_NODE="/none")
    assert (ran.returncode, ran.stdout) == (2, "")
    mend = "set it to the path of Node 22 or 24, or unset it"
    assert ran.stderr == f"error: JSII_NODE: '/none' is not a program: {mend}\n"


# `--output`


def test_output_is_the_same_bytes_and_nothing_else_is_left(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "flowise.yaml"
    expected = run(capsys, "from-helm", SQLITE)[1]
    assert run(capsys, "from-helm", SQLITE, "--output", str(file))[:2] == (0, "")
    assert file.read_bytes() == expected.encode()
    assert run(capsys, "from-helm", SQLITE, "--output", "-")[1] == expected
    assert [path.name for path in tmp_path.iterdir()] == ["flowise.yaml"]


def test_a_refused_import_leaves_the_file_as_it_was(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    values, file = tmp_path / "values.yaml", tmp_path / "flowise.yaml"
    values.write_text("tolerations: [{keyy: a}]\n")
    assert run(capsys, "from-helm", str(values), "--output", str(file))[0] == 1
    assert not file.exists()
    file.write_text("mine")
    assert run(capsys, "from-helm", str(values), "--output", str(file), "--force")[0] == 1
    assert file.read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["flowise.yaml", "values.yaml"]


def test_a_file_that_is_there_is_overwritten_with_force_alone(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "flowise.yaml"
    file.write_text("mine")
    file.chmod(0o600)
    code, out, err = run(capsys, "from-helm", SQLITE, "--output", str(file))
    assert (code, out) == (2, "")
    assert err == f"error: --output {file}: exists: name another file, or overwrite it with --force\n"
    assert file.read_text() == "mine"
    link = tmp_path / "link.yaml"
    link.symlink_to(file)
    assert run(capsys, "from-helm", SQLITE, "--output", str(link), "--force")[0] == 0
    assert (link.is_symlink(), file.read_text().startswith("apiVersion")) == (True, True)
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["missing/flowise.yaml", "."])
def test_a_place_that_takes_no_file_is_told(capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str) -> None:
    code, out, err = run(capsys, "from-helm", SQLITE, "--output", str(tmp_path / name), "--force")
    assert (code, out) == (2, "")
    assert f"error: --output {tmp_path / name}: " in err
    assert "Traceback" not in err


def test_the_same_message_stands_once(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("queue", "standalone-postgresql", "external-postgresql", "standalone-sqlite"):
        _, _, err = run(capsys, "from-helm", str(DATA / f"{name}.yaml"))
        lines = err.splitlines()
        assert len(lines) == len(set(lines))
        assert sum("helm uninstall" in line for line in lines) <= 1
