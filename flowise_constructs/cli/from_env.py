"""`from-env`: an installation of Docker Compose, or of plain environment variables, as YAML or Python."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence

from flowise_constructs.cli.common import DONE, REFUSED, Commands, UnusableError, add_command, report
from flowise_constructs.cli.importing import add_output, written
from flowise_constructs.cli.output import STANDARD_OUTPUT, Output, refuse_existing, write_all
from flowise_constructs.core.findings import ConfigError, Finding
from flowise_constructs.importers.env.files import Files, read_source
from flowise_constructs.importers.env.importer import import_environment, of_constructs
from flowise_constructs.importers.env.secrets import secrets_of
from flowise_constructs.importers.notes import Notes, Weight
from flowise_constructs.manifests.missing_secrets import manifest
from flowise_constructs.manifests.needed_secrets import NeededSecret

_SECRETS = "--secrets-output"

_DESCRIPTION = """\
Reads the environment file of a Flowise that Docker Compose runs, or that runs by itself, and writes the same
deployment as plain YAML, or as the Python that makes it. Every variable becomes a value, is passed on, or is dropped
with a word on standard error; what can't be carried over is refused, all of it at once, and nothing is written then.

Without --compose the file is read as Node's dotenv reads it, with it as Docker Compose does; the Compose file also
tells the image, which variables main and worker are given, and which servers come along.

No secret comes into the YAML: it names Secrets, and --secrets-output writes them to a file of their own, which only
you can read. Keep that file out of Git, or seal it. The way of the data:
  flowise-constructs docs from-docker
"""


def add(commands: Commands) -> None:
    """Adds the command."""
    parser = add_command(
        commands, "from-env", summary="a Docker Compose set-up as YAML or Python", description=_DESCRIPTION
    )
    parser.add_argument("env", metavar="FILE", help="environment file of main; - is standard input")
    parser.add_argument("--worker-env", metavar="FILE", help="environment file of the workers (default: main's)")
    parser.add_argument("--compose", metavar="FILE", help="Compose file in which the environment file is used")
    parser.add_argument(
        "--encryption-key", metavar="FILE", help="encryption.key of the volume, without FLOWISE_SECRETKEY_OVERWRITE"
    )
    parser.add_argument("--name", default="flowise", help="name of the deployment's objects (default: flowise)")
    add_output(parser)
    parser.add_argument("--secrets-output", metavar="FILE", help="write the Secrets to FILE, which only you can read")
    parser.set_defaults(run=run)


def run(parsed: argparse.Namespace) -> int:
    """Writes the deployment and its Secrets, or reports all that stands against it."""
    _refuse_outputs(parsed)
    notes = Notes()
    files = Files(
        main=parsed.env, worker=parsed.worker_env, compose=parsed.compose, encryption_key=parsed.encryption_key
    )
    try:
        source = read_source(notes, files)
        environment = import_environment(source, notes, name=parsed.name, namespace=parsed.namespace)
        yaml, text, warnings = written(environment.imported, parsed.format)
    except ConfigError as error:
        report("refused", [*notes.findings, *error.findings])
        return REFUSED
    secrets = secrets_of(yaml, environment.secrets)
    outputs = [Output(parsed.output, text)]
    if parsed.secrets_output is not None:
        manifests = "---\n".join(map(manifest, secrets))
        outputs.append(Output(parsed.secrets_output, manifests, _SECRETS, is_private=True))
    write_all(outputs, force=parsed.force)
    remarks: dict[Finding, Weight] = {
        **environment.remarks,
        **dict(of_constructs(source, warning) for warning in warnings),
        **dict.fromkeys(_of_secrets(parsed, secrets), "do"),
    }
    _tell(remarks)
    return DONE


_HEADINGS: Mapping[Weight, str] = {
    "left out": "Left out",
    "know": "Works, and behaves otherwise or is weak",
    "do": "To do before you apply",
}


def _tell(remarks: Mapping[Finding, Weight]) -> None:
    """All remarks on standard error, the most important ones last, where a terminal shows them."""
    for weight, heading in _HEADINGS.items():
        found = [remark for remark, of in remarks.items() if of == weight]
        if found:
            print(f"{heading} ({len(found)}):", file=sys.stderr)
            report("warning", found)
    number = sum(weight == "do" for weight in remarks.values())
    print(f"To be done before you apply: {number or 'nothing'}", file=sys.stderr)


def _refuse_outputs(parsed: argparse.Namespace) -> None:
    refuse_existing(parsed.output, force=parsed.force)
    if parsed.secrets_output is None:
        return
    if parsed.secrets_output in (STANDARD_OUTPUT, parsed.output):
        raise UnusableError(f"{_SECRETS} {parsed.secrets_output}: name a file of its own, apart from --output")
    refuse_existing(parsed.secrets_output, force=parsed.force, option=_SECRETS)


def _of_secrets(parsed: argparse.Namespace, secrets: Sequence[NeededSecret]) -> Iterator[Finding]:
    names = ", ".join(repr(secret.name.name) for secret in secrets)
    if parsed.secrets_output is None:
        yield Finding(_SECRETS, f"is not given: Secrets {names} must exist before the first apply; it writes them")
        return
    unknown = [f"{secret.name.name}.{key}" for secret in secrets for key, it in secret.keys.items() if it.value is None]
    if unknown:
        told = f"holds a placeholder, which Kubernetes refuses, for {', '.join(unknown)}: fill it in"
        yield Finding(f"{_SECRETS} {parsed.secrets_output}", told)
