"""How `secrets` writes Secrets for Git: by kubeseal and sops, which get them by a pipe, and as ExternalSecrets."""

from __future__ import annotations

import argparse
import base64
import shutil
import subprocess
from collections.abc import Sequence
from typing import Any

import yaml

from flowise_constructs.cli.common import UnusableError
from flowise_constructs.core.checking import problem_with
from flowise_constructs.core.plain import plain_data
from flowise_constructs.core.rules import naming
from flowise_constructs.manifests.missing_secrets import LABELS
from flowise_constructs.manifests.needed_secrets import NeededSecret
from flowise_constructs.secrets.external_secret import API_VERSION, remote_ref, spec
from flowise_constructs.secrets.values import Pattern, StoreRef, SyncPolicy

Written = tuple[NeededSecret, str]
"""A Secret and its plain YAML."""
_SOURCES = {
    "kubeseal": "the client of Sealed Secrets: brew install kubeseal, or from GitHub, bitnami-labs/sealed-secrets",
    "sops": "version 3.9 or newer: brew install sops, or from GitHub, getsops/sops",
}
_NAMESPACED = ("--namespace", "-n", "--scope")


def sealed(secrets: Sequence[Written], arguments: Sequence[str]) -> str:
    """SealedSecrets, each by a run of its own."""
    if not any(argument.startswith(_NAMESPACED) for argument in arguments):
        for secret, _ in secrets:
            if not secret.name.namespace:
                problem = f"--namespace: is needed, since {secret.name.name!r} is sealed for its namespace and name"
                raise UnusableError(f"{problem}; or --argument=--scope=cluster-wide")
    command = ["kubeseal", "--format", "yaml", *arguments]
    return "---\n".join(_without_marks(_run(command, [secret], text)) for secret, text in secrets)


def with_sops(secrets: Sequence[Written], arguments: Sequence[str]) -> str:
    """The Secrets in one file, with encrypted values; its rules are found as for a file of that name."""
    options = ["--input-type", "yaml", "--output-type", "yaml", "--encrypted-regex", "^(data|stringData)$"]
    command = ["sops", "--encrypt", "--filename-override", "secrets.yaml", *options, *arguments, "/dev/stdin"]
    return _run(command, [secret for secret, _ in secrets], "---\n".join(text for _, text in secrets))


def external_secrets(secrets: Sequence[NeededSecret], parsed: argparse.Namespace) -> str:
    """ExternalSecrets: where the values are, and none of them."""
    if not parsed.store:
        raise UnusableError("--store: is needed: the name of the SecretStore or ClusterSecretStore with the values")
    whole = [secret for secret in secrets if secret.whole]
    if whole:
        problem = f"{whole[0].name.name!r} is used as a whole ({whole[0].whole}), so its keys are not known"
        raise UnusableError(f"{problem}: take the others with --only, or the construct ExternalSecrets with 'whole'")
    _hold(parsed)
    objects = [_external_secret(secret, parsed) for secret in secrets]
    dumped = (
        yaml.safe_dump(plain_data(item), sort_keys=True, allow_unicode=True)  # pyright: ignore[reportUnknownMemberType]
        for item in objects
    )
    return "---\n".join(dumped)


def _hold(parsed: argparse.Namespace) -> None:
    """Holds the arguments to the rules of the values that they become."""
    hints: dict[str, Any] = {"store": naming.ObjectName, "keys": Pattern, "properties": Pattern}
    for option, hint in hints.items():
        given = getattr(parsed, option)
        if given is not None and (problem := problem_with(hint, given)) is not None:
            raise UnusableError(f"--{option}: {problem}")


def _external_secret(secret: NeededSecret, parsed: argparse.Namespace) -> dict[str, Any]:
    name = secret.name.name
    keys = {key: remote_ref(parsed.keys, parsed.properties, secret=name, key=key) for key in secret.keys}
    if len({*keys.values()}) < len(keys):
        raise UnusableError(f"--keys: two keys of {name!r} get one entry of the store: put {{key}} into it")
    store = StoreRef(name=parsed.store, kind=parsed.store_kind)
    return {
        "apiVersion": API_VERSION,
        "kind": "ExternalSecret",
        "metadata": {"name": name, "namespace": secret.name.namespace or None, "labels": dict(LABELS)},
        "spec": spec(name, keys, store=store, policy=SyncPolicy(), type=secret.type),
    }


def _run(command: Sequence[str], secrets: Sequence[NeededSecret], text: str) -> str:
    """What the program makes of the text. It gets it by its standard input alone."""
    program = command[0]
    if shutil.which(program) is None:
        raise UnusableError(f"{program} is not on PATH: {_SOURCES[program]}")
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = " ".join(_hidden(done.stderr, secrets).split()) or "it says nothing"
        raise UnusableError(f"{program}: exit code {done.returncode}: {said}")
    return done.stdout


def _hidden(said: str, secrets: Sequence[NeededSecret]) -> str:
    """A program's complaint, without the values that it may quote."""
    for value in (key.value for secret in secrets for key in secret.keys.values() if key.value):
        for form in (base64.b64encode(value.encode()).decode(), value):
            said = said.replace(form, "(not shown)")
    return said


def _without_marks(document: str) -> str:
    """kubeseal begins a document with its mark, and ends it with an empty line."""
    return document.removeprefix("---\n").rstrip("\n") + "\n"
