"""`from-env` on the command line: streams, exit codes, all or nothing, the file of Secrets; and any file at all."""

from __future__ import annotations

import io
import sys
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowise_constructs.cli import main
from flowise_constructs.flowise.releases import RELEASES
from flowise_constructs.manifests.yaml_files import load_documents

DATA = Path(__file__).parent / "data" / "env"
QUEUE = [str(DATA / "queue.env"), "--worker-env", str(DATA / "worker.env")]
STANDALONE = str(DATA / "standalone.env")


LAST = "To be done before you apply"


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["from-env", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_yaml_and_words_and_secrets_go_their_own_ways(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    output, secrets, python = tmp_path / "flowise.yaml", tmp_path / "secrets.yaml", tmp_path / "flowise.py"
    code, out, err = run(capsys, *QUEUE)
    assert code == 0
    assert {line.partition(": ")[0] for line in err.splitlines() if not line.endswith("):")} == {"warning", LAST}
    assert err.splitlines()[-2].endswith("must exist before the first apply; it writes them")
    options = ["--output", str(output), "--secrets-output", str(secrets)]
    assert run(capsys, *QUEUE, *options)[:2] == (0, "")
    assert output.read_text(encoding="utf-8") == out
    assert secrets.stat().st_mode & 0o777 == 0o600
    made = load_documents(secrets.read_text(encoding="utf-8"), "secrets")
    assert {item["kind"] for item in made} == {"Secret"}
    assert "kind: Secret\n" not in out
    assert main(["check", str(output), str(secrets)]) == 0
    assert "Secret" not in capsys.readouterr().out
    assert run(capsys, *QUEUE, "--format", "python", "--output", str(python))[0] == 0
    assert python.read_text(encoding="utf-8").startswith('"""Flowise as its environment file has it.')
    assert len(list(tmp_path.iterdir())) == 3


def test_name_namespace_and_the_key_of_the_volume(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    key, secrets = tmp_path / "encryption.key", tmp_path / "secrets.yaml"
    key.write_text("a+b/c=")
    options = ["--name", "chat", "--namespace", "ai", "--encryption-key", str(key), "--secrets-output", str(secrets)]
    code, out, err = run(capsys, STANDALONE, *options)
    assert (code, "encryption.key" in err) == (0, False)
    assert out.count("namespace: ai") == out.count("\nkind: ")
    auth = load_documents(secrets.read_text(), "secrets")[0]
    assert (auth["metadata"]["name"], auth["metadata"]["namespace"]) == ("chat-auth", "ai")
    assert auth["data"]["encryption-key"] == "YStiL2M9"
    key.write_text("a+b/c=\n")
    assert "ends with a line end or space" in run(capsys, STANDALONE, "--encryption-key", str(key))[2]
    key.write_text("")
    assert run(capsys, STANDALONE, "--encryption-key", str(key))[:2] == (1, "")


def test_a_secret_that_nobody_knows_is_a_placeholder(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    secrets = tmp_path / "secrets.yaml"
    _, _, err = run(capsys, STANDALONE, "--secrets-output", str(secrets))
    assert '"encryption-key": "<FILL IN: FLOWISE_SECRETKEY_OVERWRITE of Deployment flowise>"' in secrets.read_text()
    assert (
        f"warning: --secrets-output {secrets}: holds a placeholder, which Kubernetes refuses, for flowise-auth" in err
    )


def test_refusals_end_with_one_and_write_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    env, output, secrets = tmp_path / ".env", tmp_path / "flowise.yaml", tmp_path / "secrets.yaml"
    env.write_text("DATABASE_TYPE=x\nLOG_LEVEL=loud\n")
    options = ["--output", str(output), "--secrets-output", str(secrets), "--force"]
    code, out, err = run(capsys, str(env), *options)
    assert (code, out) == (1, "")
    assert [line.partition(" ")[0] for line in err.splitlines()] == ["refused:", "refused:"]
    # What only the constructs refuse.
    env.write_text("MODEL_LIST_CONFIG_JSON=/models.json\n")
    code, out, err = run(capsys, str(env), *options)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "MODEL_LIST_CONFIG_JSON" in err
    assert [path.name for path in tmp_path.iterdir()] == [".env"]


@pytest.mark.parametrize("option", ["--output", "--secrets-output"])
def test_a_file_that_is_there_is_overwritten_with_force_alone(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, option: str
) -> None:
    file, other = tmp_path / "mine", tmp_path / "other"
    file.write_text("mine")
    file.chmod(0o644)
    options = [option, str(file), "--output" if option == "--secrets-output" else "--secrets-output", str(other)]
    code, out, err = run(capsys, STANDALONE, *options)
    assert (code, out) == (2, "")
    assert err == f"error: {option} {file}: exists: name another file, or overwrite it with --force\n"
    assert (file.read_text(), other.exists()) == ("mine", False)
    assert run(capsys, STANDALONE, *options, "--force")[0] == 0
    assert file.read_text() != "mine"
    assert file.stat().st_mode & 0o777 == (0o600 if option == "--secrets-output" else 0o644)


def test_two_outputs_are_written_both_or_none(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    output, missing = tmp_path / "flowise.yaml", tmp_path / "none" / "secrets.yaml"
    code, out, err = run(capsys, STANDALONE, "--output", str(output), "--secrets-output", str(missing))
    assert (code, out) == (2, "")
    assert f"error: --secrets-output {missing}: No such file or directory: nothing was written" in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("secrets", ["-", "flowise.yaml"])
def test_secrets_have_a_file_of_their_own(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, secrets: str
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = run(capsys, STANDALONE, "--output", "flowise.yaml", "--secrets-output", secrets)
    assert (code, out) == (2, "")
    assert err == f"error: --secrets-output {secrets}: name a file of its own, apart from --output\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (
            "image: {tag: 3.1.3}\nauth: {existingSecret: x}\n",
            "is YAML: from-env reads environment files (NAME=VALUE); ",
        ),
        ("services: {flowise: {image: flowise}}\n", "is a Docker Compose file: from-env reads environment files"),
        ("apiVersion: v1\nkind: Secret\n", "contains Kubernetes objects"),
        ("just words\n", "has no line NAME=VALUE"),
        ("{{ template }}", "has no line NAME=VALUE"),
    ],
)
def test_another_file_is_told_as_such(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, content: str, told: str
) -> None:
    file = tmp_path / "given"
    file.write_text(content)
    code, out, err = run(capsys, str(file))
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert err.startswith(f"refused: {file}: {told}")


@pytest.mark.parametrize("content", ["", "# nothing\n", "\n"])
def test_an_empty_file_is_flowise_with_its_defaults(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, content: str
) -> None:
    (tmp_path / ".env").write_text(content)
    assert run(capsys, str(tmp_path / ".env"))[0] == 0


def test_what_is_no_compose_file_ends_with_two(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "values.yaml"
    file.write_text("flowise: {}\n")
    code, out, err = run(capsys, STANDALONE, "--compose", str(file))
    assert (code, out) == (2, "")
    assert err == f"error: {file}: is no Compose file: it needs services, each with what it runs\n"


def test_values_that_the_two_readers_differ_about_are_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    env = tmp_path / ".env"
    env.write_text("FLOWISE_SECRETKEY_OVERWRITE=abc#def\nA='same'\nA=twice\nB\n")
    _, _, err = run(capsys, str(env))
    assert f"warning: {env}:1 FLOWISE_SECRETKEY_OVERWRITE: is another value to Docker Compose than to" in err
    assert f"warning: {env}:2 A: is there twice: the last one counts" in err
    assert f"warning: {env}:4: is not NAME=VALUE, and is passed over" in err


# What it says, by what it asks of the user

SAID = """\
APIKEY_PATH=/x
DATABASE_TYPE=postgres
DATABASE_HOST=db
DATABASE_NAME=flowise
DATABASE_USER=flowise
DATABASE_PASSWORD=aaaaaaaaaaaaaaaaaaaa
FLOWISE_SECRETKEY_OVERWRITE=short
JWT_AUTH_TOKEN_SECRET=secret123
JWT_REFRESH_TOKEN_SECRET=0123456789abcdef0123456789abcdef
TOKEN_HASH_SECRET=popcorn
MODE=queue
REDIS_URL=redis://:hunter2@redis.example.com
STORAGE_TYPE=s3
S3_STORAGE_BUCKET_NAME=files
WORKER_CONCURENCY=5
MY_TOOL=x
"""
WEAK = "and fewer than 32 can be guessed"


def groups(err: str) -> dict[str, list[str]]:
    """The lines below each heading, without what comes after the first half of each."""
    found: dict[str, list[str]] = {}
    for line in err.splitlines():
        if line.endswith("):"):
            found[line] = []
        elif line.startswith("warning: "):
            list(found.values())[-1].append(line.removeprefix("warning: "))
    return found


def test_each_remark_stands_once_with_its_line_below_what_it_asks(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(".env").write_text(SAID)
    code, _, err = run(capsys, ".env")
    found = groups(err)
    assert code == 0
    assert list(found) == [
        "Left out (1):",
        "Works, and behaves otherwise or is weak (7):",
        "To do before you apply (5):",
    ]
    left_out, know, do = found.values()
    assert left_out[0].startswith(".env:1 APIKEY_PATH: is not carried over")
    assert [line.partition(": ")[0] for line in do] == [
        "image",
        ".env:8 JWT_AUTH_TOKEN_SECRET",
        ".env:3 DATABASE_HOST",
        ".env:15 WORKER_CONCURENCY",
        "--secrets-output",
    ]
    assert do[1].startswith(f".env:8 JWT_AUTH_TOKEN_SECRET: has 9 bytes, {WEAK}: leave it out, and a new random one")
    assert do[3] == ".env:15 WORKER_CONCURENCY: is not read by Flowise 3.1.3: did you mean WORKER_CONCURRENCY?"
    said = "\n".join(know)
    assert f".env:7 FLOWISE_SECRETKEY_OVERWRITE: has 5 bytes, {WEAK}: it stays, because with another one" in said
    assert ".env:6 DATABASE_PASSWORD: has only 1 different characters, and can be guessed: change it after" in said
    assert ".env:12 REDIS_URL: has 7 bytes, and fewer than 12 can be guessed: change it after the move" in said
    assert "EXPRESS_SESSION_SECRET, .env:10 TOKEN_HASH_SECRET: is not known, because Flowise made it itself" in said
    assert ".env:16 MY_TOOL: is not read by Flowise 3.1.3 itself: leave it out unless" in said
    assert "JWT_REFRESH" not in said
    assert err.splitlines()[-1] == f"{LAST}: 5"
    assert "hunter2" not in err


def test_where_nothing_must_be_done_the_last_line_says_so(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    env, compose = tmp_path / ".env", tmp_path / "compose.yml"
    keys = ("FLOWISE_SECRETKEY_OVERWRITE", "JWT_AUTH_TOKEN_SECRET", "JWT_REFRESH_TOKEN_SECRET", "TOKEN_HASH_SECRET")
    values = (f"{name}={number}123456789abcdef0123456789abcdef" for number, name in enumerate(keys))
    env.write_text("\n".join([*values, "EXPRESS_SESSION_SECRET=fedcba98765432100123456789abcdef"]))
    compose.write_text("services: {flowise: {image: 'flowiseai/flowise:3.1.3', env_file: .env}}\n")
    options = ["--compose", str(compose), "--secrets-output", str(tmp_path / "s.yaml"), "--output", str(tmp_path / "f")]
    code, _, err = run(capsys, str(env), *options)
    assert (code, err.splitlines()[-1]) == (0, f"{LAST}: nothing")
    assert "guessed" not in err


# Any file at all

NAMES = sorted({name for release in RELEASES.values() for name in release.variables})
WORDS = ["true", "false", "queue", "s3", "postgres", "mysql", "redis://r:1", "h.example.com", "/root/.flowise/x", "7"]
VALUES = st.one_of(st.sampled_from(WORDS), st.text(alphabet="aé$\\{}'\"` #:/@,\n\x00\u2028😀", max_size=10))
LINES = st.lists(st.tuples(st.one_of(st.sampled_from(NAMES), st.text("A_b1.-", max_size=4)), VALUES), max_size=12)


def check(raw: bytes, *options: str) -> None:
    out, err = io.StringIO(), io.StringIO()
    stdin, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(raw))
    try:
        with redirect_stdout(out), redirect_stderr(err):
            code = main(["from-env", "-", *options])
    finally:
        sys.stdin = stdin
    words = {line.partition(":")[0] for line in err.getvalue().splitlines()}
    if code == 0:
        assert all(item["kind"] for item in load_documents(out.getvalue(), "made"))
    else:
        assert (out.getvalue(), words) == ("", {"refused" if code == 1 else "error"})


FEW = max(15, settings().max_examples // 6)


@settings(max_examples=FEW)
@given(LINES, st.sampled_from(["flowise", "chat", "Not a name", "redis"]))
def test_any_environment_file(lines: list[tuple[str, str]], name: str) -> None:
    check("\n".join(f"{key}={value}" for key, value in lines).encode(), "--name", name)


@settings(max_examples=FEW // 3)
@given(LINES)
def test_any_file_of_workers_with_a_compose_file(lines: list[tuple[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        worker = Path(folder) / "worker.env"
        worker.write_text("\n".join(f"{key}={value}" for key, value in lines), encoding="utf-8")
        raw = (DATA / "compose.env").read_bytes()
        check(raw, "--compose", str(DATA / "compose.yml"), "--worker-env", str(worker))


@settings(max_examples=FEW)
@given(st.binary(max_size=100))
def test_any_bytes(raw: bytes) -> None:
    check(raw)


def test_a_megabyte() -> None:
    check(b"\n".join(b"A%d=%s" % (number, b"x" * 10**4) for number in range(100)))
    check(b"A='" + b"x\n" * 10**5)
    check(b"${" * 10**5)
    check(b"A=${" + b"B:-${" * 10**4)
