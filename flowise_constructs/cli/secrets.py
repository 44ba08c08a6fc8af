"""`secrets`: manifests for the Secrets that must exist."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from flowise_constructs.cli.common import (
    DONE,
    UNUSABLE,
    Commands,
    UnusableError,
    add_command,
    add_manifests,
    manifests_of,
    read_files,
    report,
)
from flowise_constructs.cli.secret_formats import external_secrets, sealed, with_sops
from flowise_constructs.cli.terminal import say
from flowise_constructs.core.findings import Finding
from flowise_constructs.core.rules.secrets import KEY_BYTES, guessable
from flowise_constructs.flowise.auth import VARIABLES
from flowise_constructs.manifests import missing_secrets as missing
from flowise_constructs.manifests.needed_secrets import NeededKey, NeededSecret
from flowise_constructs.owner.values import PASSWORD_FILE, password_problem

_DESCRIPTION = """\
Prints a manifest for each Secret that the YAML refers to but doesn't contain. Flowise's five keys and the passwords of
bundled servers get new random values; a value that only you can know gets a placeholder that Kubernetes refuses.

Create the output, don't apply it, and nothing is overwritten:
  flowise-constructs secrets flowise.yaml | kubectl create -f -
For Git, and don't store the plain output anywhere:
  flowise-constructs secrets flowise.yaml --ask --format sealed --namespace flowise > sealed-secrets.yaml
  flowise-constructs secrets flowise.yaml --ask --format sops > secrets.sops.yaml
With values in a store of the External Secrets Operator:
  flowise-constructs secrets flowise.yaml --format external-secrets --store vault --keys '{secret}' --properties '{key}'
What is sealed or encrypted replaces what is in the cluster. So with these formats the encryption key and the passwords
of bundled servers are new only with --new-installation: an installation that has data must keep them.
Back up the five keys separately from the database: without the encryption key no stored credential can be read.
  kubectl get secret flowise-auth-secrets -o yaml > flowise-auth-secrets.backup.yaml
"""
_OVERWRITING = {"sealed": sealed, "sops": with_sops}
_LOSS = "every credential stored in Flowise is lost without it"
_LOCK_OUT = "the server keeps the one of its first start"


def add(commands: Commands) -> None:
    """Adds the command."""
    parser = add_command(commands, "secrets", summary="the Secrets that must exist", description=_DESCRIPTION)
    add_manifests(parser)
    parser.add_argument(
        "--format",
        choices=("kubernetes", "external-secrets", "sealed", "sops"),
        default="kubernetes",
        help="Secrets; ExternalSecrets; SealedSecrets, by kubeseal; Secrets encrypted by sops",
    )
    parser.add_argument("--namespace", metavar="NAME", help="namespace of every Secret")
    parser.add_argument("--only", action="append", metavar="NAME", help="this Secret alone; may be repeated")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME.KEY=VALUE", help="the value of a key; may be repeated"
    )
    parser.add_argument("--ask", action="store_true", help="ask for the values that only you can know, without echo")
    parser.add_argument(
        "--new-installation",
        action="store_true",
        help="there are no data yet: sealed and sops may make a new encryption key and passwords of servers",
    )
    parser.add_argument(
        "--argument",
        action="append",
        default=[],
        metavar="ARGUMENT",
        help="a further argument for kubeseal or sops, such as --argument=--cert=public.pem; may be repeated",
    )
    parser.add_argument("--store", metavar="NAME", help="external-secrets: the store")
    parser.add_argument(
        "--store-kind",
        choices=("SecretStore", "ClusterSecretStore"),
        default="SecretStore",
        help="external-secrets: its kind; default: %(default)s",
    )
    parser.add_argument(
        "--keys",
        metavar="PATTERN",
        default="{secret}/{key}",
        help="external-secrets: the name of a value in the store; default: %(default)s",
    )
    parser.add_argument("--properties", metavar="PATTERN", help="external-secrets: its field, such as {key}")
    parser.set_defaults(run=run)


def run(parsed: argparse.Namespace) -> int:
    """Prints the manifests."""
    manifests = manifests_of(read_files(parsed.manifests))
    # Flowise's five keys; upstream makes them as 32 bytes in hexadecimal.
    found = _chosen(missing.missing_secrets(manifests, parsed.namespace, frozenset(VARIABLES.values())), parsed.only)
    incomplete = missing.incomplete_secrets(manifests)
    report("warning", [Finding(f"Secret {secret.name.name}", secret.problem) for secret in incomplete])
    if parsed.format == "external-secrets":
        print(external_secrets(found, parsed), end="")
    else:
        try:
            missing.fill(found, parsed.set, ask=parsed.ask, kept=_kept(found, parsed), problem=_problem)
        except missing.UnknownKeyError as error:
            say("error", str(error))
            return UNUSABLE
        if wrong := list(_judged(found, _problem)):
            report("error", wrong)
            return UNUSABLE
        report("warning", _judged(found, _weakness))
        print(_written(found, parsed), end="")
    if not found:
        say("warning", "no Secret is missing from the manifests")
    return DONE


def _problem(key: NeededKey, value: str) -> str | None:
    """Why a value can't be meant for the key, or is refused by who reads it."""
    if PASSWORD_FILE in key.variables:
        return password_problem(value)
    # Certificates, keys and JSON have line ends, and are read from files.
    is_read_as_it_is = any(use.isupper() for use in key.variables)
    if is_read_as_it_is and value.endswith(("\n", "\r")) and len(value.splitlines()) == 1:
        return "ends with a line end, which becomes part of it: leave it out (printf %s, or $(cat FILE))"
    return None


def _weakness(key: NeededKey, value: str) -> str | None:
    """What is weak about one of the five keys."""
    if not key.variables & set(VARIABLES.values()) or (weak := guessable(value, KEY_BYTES)) is None:
        return None
    if VARIABLES["encryption_key"] in key.variables:
        return f"{weak}: keep it where there are data, since {_LOSS}; flowise-constructs docs rotate-the-keys"
    return f"{weak}: leave it out, and it gets a random value; everybody has to log in again"


def _judged(found: list[NeededSecret], judge: missing.Problem) -> Iterator[Finding]:
    """What is said of the values that were given."""
    for secret in found:
        for name, key in secret.keys.items():
            if key.value is not None and not key.is_new and (said := judge(key, key.value)) is not None:
                yield Finding(f"{secret.name.name}.{name}", f"the value (not shown) {said}")


def _chosen(found: list[NeededSecret], only: list[str] | None) -> list[NeededSecret]:
    """Those that are named, or all."""
    names = {secret.name.name for secret in found}
    for name in only or ():
        if name not in names:
            raise UnusableError(f"--only {name}: is not missing; the missing Secrets are: {', '.join(sorted(names))}")
    return [secret for secret in found if only is None or secret.name.name in only]


def _kept(found: list[NeededSecret], parsed: argparse.Namespace) -> list[NeededKey]:
    """The keys that an installation with data must keep, where the output would replace them."""
    if parsed.format not in _OVERWRITING or parsed.new_installation:
        return []
    return [key for secret in found for key in secret.keys.values() if _loss_of(key)]


def _loss_of(key: NeededKey) -> str | None:
    """What another value costs an installation that has data."""
    if VARIABLES["encryption_key"] in key.variables:
        return _LOSS
    return _LOCK_OUT if key.is_own else None


def _written(found: list[NeededSecret], parsed: argparse.Namespace) -> str:
    if found and (write := _OVERWRITING.get(parsed.format)) is not None:
        _refuse_unknown(found)
        return write([(secret, missing.manifest(secret)) for secret in found], parsed.argument)
    fresh = [
        Finding(f"Secret {secret.name.name}", f"{name!r} is new: for a new installation alone, since {loss}")
        for secret in found
        for name, key in secret.keys.items()
        if key.is_new and (loss := _loss_of(key)) is not None
    ]
    report("warning", [] if parsed.new_installation else fresh)
    return "---\n".join(map(missing.manifest, found))


def _refuse_unknown(found: list[NeededSecret]) -> None:
    """Placeholders can't be encrypted."""
    unknown = [
        Finding(f"{secret.name.name}.{name}", _mend(key))
        for secret in found
        for name, key in secret.keys.items()
        if key.value is None
    ]
    unknown += [
        Finding(secret.name.name, f"is used as a whole ({secret.whole}), so its keys are not known: seal it yourself")
        for secret in found
        if secret.whole
    ]
    if unknown:
        report("error", unknown)
        raise UnusableError(
            "values are missing: give them with --set or --ask, or take other Secrets alone with --only"
        )


def _mend(key: NeededKey) -> str:
    loss = _loss_of(key) if key.is_random else None
    return f"has no value ({key.use})" + (f"; {loss}: --new-installation makes a new one" if loss else "")
