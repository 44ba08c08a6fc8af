"""`secrets`: manifests for the Secrets that others refer to and don't hold."""

from __future__ import annotations

import ast
import base64
import io
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from flowise_constructs.cli import main
from flowise_constructs.importers.helm.importer import import_values
from flowise_constructs.importers.helm.values_files import read_values
from flowise_constructs.importers.synthesis import synthesize
from flowise_constructs.manifests.yaml_files import load_documents

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(__file__).parent / "data" / "helm"
FIVE = {
    "encryption-key",
    "jwt-auth-token-secret",
    "jwt-refresh-token-secret",
    "express-session-secret",
    "token-hash-secret",
}


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["secrets", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def made(text: str) -> dict[str, dict[str, Any]]:
    return {item["metadata"]["name"]: item for item in load_documents(text, "printed")}


def decoded(secret: dict[str, Any], key: str) -> str:
    return base64.b64decode(secret["data"][key], validate=True).decode()


@pytest.fixture(scope="module")
def queue(tmp_path_factory: pytest.TempPathFactory) -> str:
    values = read_values([str(DATA / "queue.yaml")])
    for server in ("postgresql", "redis"):
        del values[server]["auth"]
    file = tmp_path_factory.mktemp("manifests") / "queue.yaml"
    file.write_text(synthesize(import_values(values))[0], encoding="utf-8")
    return str(file)


def test_keys_and_passwords_of_our_servers_are_random_and_the_rest_is_marked(
    capsys: pytest.CaptureFixture[str], queue: str
) -> None:
    code, out, _ = run(capsys, queue)
    found = made(out)
    assert code == 0
    assert set(found) == {"team-flowise-keys", "chat-bucket", "flowise-postgresql-auth", "flowise-redis-auth"}
    expected = {
        "team-flowise-keys": FIVE,
        "flowise-postgresql-auth": {"postgres-password", "user-password"},
        "flowise-redis-auth": {"redis-password"},
    }
    values: list[str] = []
    for name, keys in expected.items():
        assert set(found[name]["data"]) == keys
        values += [decoded(found[name], key) for key in keys]
    assert len(set(values)) == len(values)
    assert all(re.fullmatch(r"[0-9a-f]{64}", value) for value in values)
    assert found["chat-bucket"]["data"] == {
        "access-key": "<FILL IN: S3_STORAGE_ACCESS_KEY_ID of Deployment flowise>",
        "secret-key": "<FILL IN: S3_STORAGE_SECRET_ACCESS_KEY of Deployment flowise>",
    }
    for secret in found.values():
        assert secret["type"] == "Opaque"
        assert secret["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "flowise-constructs"


def test_the_mark_is_no_base64_so_that_no_reader_of_secrets_takes_it(
    capsys: pytest.CaptureFixture[str], queue: str
) -> None:
    _, out, _ = run(capsys, queue)
    for value in made(out)["chat-bucket"]["data"].values():
        with pytest.raises(ValueError, match=r"[Bb]ase64|padding"):
            base64.b64decode(value, validate=True)


def test_each_run_makes_new_values(capsys: pytest.CaptureFixture[str], queue: str) -> None:
    assert run(capsys, queue)[1] != run(capsys, queue)[1]


def test_values_are_given_with_set(capsys: pytest.CaptureFixture[str], queue: str) -> None:
    given = ["--set", "chat-bucket.access-key=id", "--set", "chat-bucket.secret-key=a=b"]
    _, out, _ = run(capsys, queue, *given, "--set", "team-flowise-keys.encryption-key=old key")
    found = made(out)
    assert (decoded(found["chat-bucket"], "access-key"), decoded(found["chat-bucket"], "secret-key")) == ("id", "a=b")
    assert decoded(found["team-flowise-keys"], "encryption-key") == "old key"
    assert "FILL IN" not in out


@pytest.mark.parametrize(
    "given", ["chat-bucket.other=x", "nothing", "chat-bucket.access-key", "chat-bucket.access-key="]
)
def test_set_of_what_nobody_misses_is_a_usage_error(capsys: pytest.CaptureFixture[str], queue: str, given: str) -> None:
    code, out, err = run(capsys, queue, "--set", given)
    assert (code, out) == (2, "")
    assert err.startswith("error: --set ")


def test_ask_asks_for_what_only_the_user_knows(
    capsys: pytest.CaptureFixture[str], queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def answer(prompt: str) -> str:
        asked.append(prompt)
        return "mine" if len(asked) == 1 else ""

    monkeypatch.setattr("getpass.getpass", answer)
    _, out, _ = run(capsys, queue, "--ask")
    assert [prompt.partition(" ")[0] for prompt in asked] == ["chat-bucket.access-key", "chat-bucket.secret-key"]
    assert decoded(made(out)["chat-bucket"], "access-key") == "mine"
    assert made(out)["chat-bucket"]["data"]["secret-key"].startswith("<FILL IN")


def test_namespace_is_said_or_the_referring_objects(
    capsys: pytest.CaptureFixture[str], queue: str, tmp_path: Path
) -> None:
    assert {item["metadata"].get("namespace") for item in made(run(capsys, queue)[1]).values()} == {None}
    assert {item["metadata"]["namespace"] for item in made(run(capsys, queue, "--namespace", "n")[1]).values()} == {"n"}
    file = tmp_path / "namespaced.yaml"
    file.write_text(synthesize(import_values({}, namespace="chat"))[0], encoding="utf-8")
    assert made(run(capsys, str(file))[1])["flowise-auth"]["metadata"]["namespace"] == "chat"


def test_an_external_database_and_its_password_are_the_users(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "external.yaml"
    imported = import_values(read_values([str(DATA / "external-postgresql.yaml")]))
    file.write_text(synthesize(imported)[0], encoding="utf-8")
    found = made(run(capsys, str(file))[1])
    assert found["chat-database"]["data"] == {"database-password": "<FILL IN: DATABASE_PASSWORD of Deployment flowise>"}


OTHERS = """
apiVersion: v1
kind: List
items:
- apiVersion: networking.k8s.io/v1
  kind: Ingress
  metadata: {name: plain}
  spec: {tls: [{secretName: own-tls, hosts: [a]}]}
- apiVersion: networking.k8s.io/v1
  kind: Ingress
  metadata: {name: issued, annotations: {cert-manager.io/cluster-issuer: x}}
  spec: {tls: [{secretName: issued-tls, hosts: [b]}]}
- apiVersion: external-secrets.io/v1
  kind: ExternalSecret
  metadata: {name: e}
  spec: {target: {name: from-vault}, data: [{secretKey: a}]}
- apiVersion: bitnami.com/v1alpha1
  kind: SealedSecret
  metadata: {name: sealed}
  spec: {encryptedData: {a: x}}
- apiVersion: v1
  kind: Secret
  metadata: {name: here}
  stringData: {a: x}
- apiVersion: batch/v1
  kind: CronJob
  metadata: {name: job}
  spec:
    jobTemplate:
      spec:
        template:
          spec:
            imagePullSecrets: [{name: registry}]
            containers:
            - name: c
              envFrom: [{secretRef: {name: whole}}]
              env:
              - {name: A, valueFrom: {secretKeyRef: {name: from-vault, key: a}}}
              - {name: B, valueFrom: {secretKeyRef: {name: sealed, key: a}}}
              - {name: C, valueFrom: {secretKeyRef: {name: here, key: a}}}
              - {name: D, valueFrom: {secretKeyRef: {name: maybe, key: a, optional: true}}}
              - {name: E, valueFrom: {secretKeyRef: {name: here, key: b}}}
            volumes:
            - {name: v, secret: {secretName: mounted}}
"""


def test_what_is_here_made_in_the_cluster_or_optional_is_left_out(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(OTHERS.encode())))
    code, out, err = run(capsys, "-")
    found = made(out)
    assert code == 0
    assert {name: item["type"] for name, item in found.items()} == {
        "own-tls": "kubernetes.io/tls",
        "registry": "kubernetes.io/dockerconfigjson",
        "whole": "Opaque",
        "mounted": "Opaque",
    }
    assert set(found["own-tls"]["data"]) == {"tls.crt", "tls.key"}
    assert "warning: Secret here: lacks key 'b', used by CronJob job: add it, or remove the whole Secret" in err


def test_nothing_missing_is_said(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "empty.yaml"
    file.write_text(
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: n}\n---\n- odd\n---\nkind: 3\n", encoding="utf-8"
    )
    assert run(capsys, str(file)) == (0, "", "warning: no Secret is missing from the manifests\n")


# --- Formats for Git

VALUES = ("--set", "chat-bucket.access-key=id", "--set", "chat-bucket.secret-key=s3cr3t-0f-th3-buck3t")
STAND_IN = """\
#!{python}
import pathlib, sys
given = sys.stdin.read() if "/dev/stdin" not in sys.argv else pathlib.Path("/dev/stdin").read_text()
with open({log!r}, "a") as log:
    log.write(repr((sys.argv[1:], given)) + "\\n")
{rest}
"""


class Program:
    """A stand-in for kubeseal or sops at the head of PATH, which notes what it gets."""

    def __init__(self, folder: Path, name: str, rest: str) -> None:
        self._log = folder / f"{name}.log"
        program = folder / name
        program.write_text(STAND_IN.format(python=sys.executable, log=str(self._log), rest=rest))
        program.chmod(0o755)

    @property
    def runs(self) -> list[tuple[list[str], str]]:
        """Arguments and standard input of each run."""
        return [ast.literal_eval(line) for line in self._log.read_text().splitlines()]


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all of PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_kubeseal_gets_each_secret_by_its_standard_input(
    capsys: pytest.CaptureFixture[str], queue: str, path: Path
) -> None:
    kubeseal = Program(path, "kubeseal", 'print("---\\nkind: SealedSecret\\n")')
    arguments = ("--format", "sealed", "--namespace", "chat", "--new-installation", "--argument=--cert=public.pem")
    code, out, err = run(capsys, queue, *VALUES, *arguments)
    assert (code, out, err) == (0, "---\n".join(["kind: SealedSecret\n"] * 4), "")
    assert {tuple(given) for given, _ in kubeseal.runs} == {("--format", "yaml", "--cert=public.pem")}
    sealed = [made(text) for _, text in kubeseal.runs]
    assert [list(secrets) for secrets in sealed] == [
        ["chat-bucket"],
        ["flowise-postgresql-auth"],
        ["flowise-redis-auth"],
        ["team-flowise-keys"],
    ]
    assert decoded(sealed[0]["chat-bucket"], "access-key") == "id"
    assert {item["metadata"]["namespace"] for secrets in sealed for item in secrets.values()} == {"chat"}
    assert "s3cr3t" not in str([given for given, _ in kubeseal.runs])


def test_sops_gets_all_of_them_at_once(capsys: pytest.CaptureFixture[str], queue: str, path: Path) -> None:
    sops = Program(path, "sops", 'print("encrypted")')
    code, out, _ = run(capsys, queue, *VALUES, "--format", "sops", "--new-installation", "--argument=--age=age1")
    assert (code, out) == (0, "encrypted\n")
    [(arguments, text)] = sops.runs
    assert arguments[:3] == ["--encrypt", "--filename-override", "secrets.yaml"]
    assert arguments[-2:] == ["--age=age1", "/dev/stdin"]
    assert len(made(text)) == 4


@pytest.mark.parametrize("program", ["sealed", "sops"])
def test_without_the_program_it_says_which_and_where_from(
    capsys: pytest.CaptureFixture[str], queue: str, path: Path, program: str
) -> None:
    code, out, err = run(
        capsys,
        queue,
        *VALUES,
        "--format",
        program,
        "--namespace",
        "chat",
        "--new-installation",
        "--only",
        "chat-bucket",
    )
    assert (code, out) == (2, "")
    assert re.match(r"error: (kubeseal|sops) is not on PATH: .*brew install", err)


def test_a_programs_complaint_is_passed_on_without_values(
    capsys: pytest.CaptureFixture[str], queue: str, path: Path
) -> None:
    Program(path, "sops", 'print("no key for", given, file=sys.stderr); sys.exit(3)')
    code, out, err = run(capsys, queue, *VALUES, "--format", "sops", "--only", "chat-bucket")
    assert (code, out) == (2, "")
    assert err.startswith("error: sops: exit code 3: no key for apiVersion: v1 kind: Secret")
    assert "s3cr3t" not in err
    assert base64.b64encode(b"s3cr3t-0f-th3-buck3t").decode() not in err


@pytest.mark.parametrize("form", ["sealed", "sops"])
def test_what_an_installation_must_keep_is_made_only_on_request(
    capsys: pytest.CaptureFixture[str], queue: str, path: Path, form: str
) -> None:
    code, out, err = run(capsys, queue, *VALUES, "--format", form, "--namespace", "chat")
    assert (code, out) == (2, "")
    wanted = ["flowise-postgresql-auth.postgres-password", "flowise-redis-auth.redis-password"]
    wanted += ["flowise-postgresql-auth.user-password", "team-flowise-keys.encryption-key"]
    assert sorted(re.findall(r"^error: (\S+): has no value", err, re.MULTILINE)) == sorted(wanted)
    assert "every credential stored in Flowise is lost without it: --new-installation makes a new one" in err


def test_a_new_encryption_key_is_warned_of(capsys: pytest.CaptureFixture[str], queue: str) -> None:
    warned = "warning: Secret team-flowise-keys: 'encryption-key' is new: for a new installation alone, since every "
    assert warned in run(capsys, queue)[2]
    assert run(capsys, queue, "--new-installation")[2] == ""
    old = f"team-flowise-keys.encryption-key={'0123456789abcdef' * 4}"
    assert "team-flowise-keys" not in run(capsys, queue, "--set", old)[2]


# Values that can't be meant


@pytest.fixture
def owned() -> str:
    """Manifests with an owner, whose password is mounted."""
    return str(ROOT / "examples" / "with_owner.yaml")


RULES = (
    "the value (not shown) breaks Flowise's rules for passwords: 8 to 128 characters, among them a lower-case letter"
)


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("weak", RULES),
        ("all-lower-case-1", RULES),
        ("ALL-UPPER-CASE-1", RULES),
        ("No-digit-here", RULES),
        ("NoOther1character", RULES),
        (f"Aa1-{'x' * 125}", RULES),
        (
            "Good-pass1\n",
            "the value (not shown) has a line end, which nobody can type: leave it out (printf %s, or $(cat",
        ),
    ],
)
def test_a_password_that_flowise_refuses_is_refused(
    capsys: pytest.CaptureFixture[str], owned: str, password: str, problem: str
) -> None:
    code, out, err = run(capsys, owned, "--new-installation", "--set", f"flowise-owner.password={password}")
    assert (code, out) == (2, "")
    assert err.startswith(f"error: flowise-owner.password: {problem}")
    assert password.strip() not in err.replace("password", "")


@pytest.mark.parametrize("password", ["Good-pass1", "Gut é1 X", f"Aa1-{'x' * 124}", "pässWort1"])
def test_what_flowise_takes_is_taken(capsys: pytest.CaptureFixture[str], owned: str, password: str) -> None:
    code, out, err = run(capsys, owned, "--new-installation", "--set", f"flowise-owner.password={password}")
    assert (code, err) == (0, "")
    assert decoded(made(out)["flowise-owner"], "password") == password


def test_who_is_asked_is_asked_again(
    capsys: pytest.CaptureFixture[str], owned: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def answer(prompt: str) -> str:
        asked.append(prompt)
        return "weak" if len(asked) == 1 else "Good-pass1"

    monkeypatch.setattr("getpass.getpass", answer)
    code, out, _ = run(capsys, owned, "--ask")
    assert (code, decoded(made(out)["flowise-owner"], "password")) == (0, "Good-pass1")
    assert asked[0].startswith("flowise-owner.password (OWNER_PASSWORD_FILE of Job flowise-owner-")
    assert asked[1].startswith("The value breaks Flowise's rules for passwords: 8 to 128 characters")
    assert asked[1].endswith(asked[0])


def test_a_line_end_is_refused_where_it_would_be_part_of_the_value(
    capsys: pytest.CaptureFixture[str], queue: str, tmp_path: Path
) -> None:
    given = ["--set", "chat-bucket.access-key=id\n", "--set", "chat-bucket.secret-key=secret\r\n"]
    code, out, err = run(capsys, queue, *given)
    assert (code, out) == (2, "")
    mend = "ends with a line end, which becomes part of it: leave it out (printf %s, or $(cat FILE))"
    keys = ("access-key", "secret-key")
    assert err.splitlines() == [f"error: chat-bucket.{key}: the value (not shown) {mend}" for key in keys]
    # Certificates have line ends.
    tls = tmp_path / "tls.yaml"
    tls.write_text(OTHERS)
    assert run(capsys, str(tls), "--only", "own-tls", "--set", "own-tls.tls.crt=one line\n")[0] == 0


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("jwt-auth-token-secret", "secret123", "has 9 bytes, and fewer than 32 can be guessed: leave it out"),
        ("token-hash-secret", "ab" * 20, "has only 2 different characters, and can be guessed: leave it out"),
        ("encryption-key", "mykey", "has 5 bytes, and fewer than 32 can be guessed: keep it where there are data"),
    ],
)
def test_a_weak_key_is_warned_of(
    capsys: pytest.CaptureFixture[str], queue: str, key: str, value: str, told: str
) -> None:
    code, out, err = run(capsys, queue, "--new-installation", "--set", f"team-flowise-keys.{key}={value}")
    assert (code, decoded(made(out)["team-flowise-keys"], key)) == (0, value)
    assert err.startswith(f"warning: team-flowise-keys.{key}: the value (not shown) {told}")
    assert value not in err


def test_a_sealed_secret_needs_a_namespace(capsys: pytest.CaptureFixture[str], queue: str, path: Path) -> None:
    Program(path, "kubeseal", 'print("sealed")')
    only = (*VALUES, "--format", "sealed", "--only", "chat-bucket")
    code, out, err = run(capsys, queue, *only)
    assert (code, out) == (2, "")
    assert err.startswith("error: --namespace: is needed, since 'chat-bucket' is sealed for its namespace and name")
    assert run(capsys, queue, *only, "--argument=--scope=cluster-wide")[:2] == (0, "sealed\n")


def test_external_secrets_hold_no_value(capsys: pytest.CaptureFixture[str], queue: str) -> None:
    store = (
        "--store",
        "vault",
        "--store-kind",
        "ClusterSecretStore",
        "--keys",
        "prod/{secret}",
        "--properties",
        "{key}",
    )
    code, out, err = run(capsys, queue, "--format", "external-secrets", "--namespace", "chat", *store)
    found = made(out)
    assert (code, err) == (0, "")
    assert set(found) == {"team-flowise-keys", "chat-bucket", "flowise-postgresql-auth", "flowise-redis-auth"}
    assert {item["apiVersion"] for item in found.values()} == {"external-secrets.io/v1"}
    spec = found["team-flowise-keys"]["spec"]
    assert {entry["secretKey"] for entry in spec["data"]} == FIVE
    assert spec["secretStoreRef"] == {"kind": "ClusterSecretStore", "name": "vault"}
    [entry] = [entry for entry in spec["data"] if entry["secretKey"] == "encryption-key"]
    assert (entry["remoteRef"]["key"], entry["remoteRef"]["property"]) == ("prod/team-flowise-keys", "encryption-key")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "error: --store: is needed"),
        (("--store", "Vault"), "error: --store: 'Vault' must be"),
        (
            ("--store", "vault", "--keys", "{name}"),
            "error: --keys: '{name}' must be a text in which {secret} and {key}",
        ),
        (("--store", "vault", "--properties", "{"), "error: --properties: '{' must be a text"),
        (("--store", "vault", "--keys", "{secret}"), "error: --keys: two keys of 'chat-bucket' get one entry"),
        (("--store", "vault", "--only", "none"), "error: --only none: is not missing; the missing Secrets are: chat-"),
    ],
)
def test_external_secrets_that_cannot_be(
    capsys: pytest.CaptureFixture[str], queue: str, arguments: tuple[str, ...], message: str
) -> None:
    code, out, err = run(capsys, queue, "--format", "external-secrets", *arguments)
    assert (code, out) == (2, "")
    assert err.startswith(message)


@pytest.mark.skipif(shutil.which("sops") is None or shutil.which("age-keygen") is None, reason="needs sops and age")
def test_the_real_sops_gives_the_same_back(
    capsys: pytest.CaptureFixture[str], queue: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = tmp_path / "key.txt"
    subprocess.run(["age-keygen", "--output", str(key)], check=True, capture_output=True)
    recipient = re.findall(r"public key: (\S+)", key.read_text())[0]
    monkeypatch.setenv("SOPS_AGE_KEY_FILE", str(key))
    given = (queue, *VALUES, "--only", "chat-bucket")
    _, out, _ = run(capsys, *given, "--format", "sops", f"--argument=--age={recipient}")
    assert "ENC[" in out
    assert base64.b64encode(b"s3cr3t-0f-th3-buck3t").decode() not in out
    command = ["sops", "--decrypt", "--input-type", "yaml", "--output-type", "yaml", "/dev/stdin"]
    plain = subprocess.run(command, input=out, text=True, check=True, capture_output=True).stdout
    assert made(plain) == made(run(capsys, *given)[1])
