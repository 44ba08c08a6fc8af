"""The command line. Only `from-helm` needs cdk8s and its Node; it loads them when it gets there."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version

from flowise_constructs.core.findings import ConfigError, Finding
from flowise_constructs.jsii_node import missing_node, use_bundled_node
from flowise_constructs.manifests.yaml_files import UnreadableError, read_documents, read_values

DONE, REFUSED, UNUSABLE = 0, 1, 2
_LONGEST = 1000

_EXAMPLES = """\
examples:
  flowise-constructs from-helm values.yaml values-prod.yaml --release flowise > flowise.yaml
  helm get values flowise -o yaml | flowise-constructs from-helm - --format python > flowise_release.py
  flowise-constructs check flowise.yaml
  flowise-constructs secrets flowise.yaml | kubectl create -f -
"""
_FROM_HELM = """\
Reads values files of the Helm chart helmforge/flowise and writes what the release runs as plain YAML, or as the Python
that makes it. Several files are merged as Helm merges them. What is lost, changed or worth a look is told on standard
error; what can't be carried over is refused, all of it at once.
"""
_SECRETS = """\
Prints a manifest for each Secret that the YAML refers to and doesn't hold: Flowise's five keys and the passwords of
bundled servers with fresh random values, a mark that Kubernetes refuses for what only you can know.

Nothing is overwritten if you create, and don't apply, what is printed:
  flowise-constructs secrets flowise.yaml | kubectl create -f -
For Git, seal it first, and keep what is printed nowhere:
  flowise-constructs secrets flowise.yaml | kubeseal --format yaml > sealed-secrets.yaml
Back up the five keys, apart from the database: without the encryption key no stored credential can be read.
  kubectl get secret flowise-auth-secrets -o yaml > flowise-auth-secrets.backup.yaml
"""
_CHECK = """\
Tells, without a cluster, what the YAML refers to that it doesn't hold, what contradicts itself, and the images.
Exits with 1 where something contradicts itself.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code."""
    parsed = _parser().parse_args(arguments)
    try:
        if parsed.command == "from-helm":
            return _from_helm(parsed)
        return _secrets(parsed) if parsed.command == "secrets" else _check(parsed)
    except UnreadableError as error:
        print(f"error: {error}", file=sys.stderr)
        return UNUSABLE


def _parser() -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="flowise-constructs",
        description="Plain Kubernetes YAML for Flowise.",
        epilog=_EXAMPLES,
        formatter_class=raw,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {_version()}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    helm = commands.add_parser(
        "from-helm", help="a Helm release as YAML or Python", description=_FROM_HELM, formatter_class=raw
    )
    helm.add_argument("values", nargs="+", metavar="VALUES", help="values file; - is standard input")
    helm.add_argument(
        "--release", default="flowise", metavar="NAME", help="name of the Helm release (default: flowise)"
    )
    helm.add_argument("--namespace", metavar="NAME", help="put it into every object (default: left to kubectl)")
    helm.add_argument("--format", choices=("yaml", "python"), default="yaml", help="what to write (default: yaml)")

    missing = commands.add_parser(
        "secrets", help="the Secrets that must exist", description=_SECRETS, formatter_class=raw
    )
    missing.add_argument("manifests", nargs="+", metavar="MANIFEST", help="YAML file; - is standard input")
    missing.add_argument("--namespace", metavar="NAME", help="put it into every Secret")
    missing.add_argument(
        "--set", action="append", default=[], metavar="NAME.KEY=VALUE", help="the value of a key; may be given often"
    )
    missing.add_argument("--ask", action="store_true", help="ask for what only you can know, without echo")

    check = commands.add_parser("check", help="what to know before apply", description=_CHECK, formatter_class=raw)
    check.add_argument("manifests", nargs="+", metavar="MANIFEST", help="YAML file; - is standard input")
    check.add_argument("--images", action="store_true", help="print the images alone, one a line")
    return parser


def _version() -> str:
    try:
        return version("flowise-constructs")
    except PackageNotFoundError:
        return "(not installed)"


def _from_helm(parsed: argparse.Namespace) -> int:
    from flowise_constructs.importers.helm.importer import import_values  # noqa: PLC0415 - other commands don't need it

    values = read_values(parsed.values)
    try:
        imported = import_values(values, release=parsed.release, namespace=parsed.namespace)
        use_bundled_node()
        if (problem := missing_node()) is not None:
            raise UnreadableError(problem)
        from flowise_constructs.importers.helm.synthesis import synthesize  # noqa: PLC0415 - starts Node

        yaml, warnings = synthesize(imported)
    except ConfigError as error:
        _tell("refused", error.findings)
        return REFUSED
    _tell("warning", [*imported.remarks, *warnings])
    if parsed.format == "yaml":
        print(yaml, end="")
    else:
        from flowise_constructs.importers.helm.python_module import python_module  # noqa: PLC0415

        print(python_module(imported), end="")
    return DONE


def _secrets(parsed: argparse.Namespace) -> int:
    from flowise_constructs.manifests import missing_secrets as missing  # noqa: PLC0415
    from flowise_constructs.manifests.references import Manifests  # noqa: PLC0415

    manifests = Manifests(document for name in parsed.manifests for document in read_documents(name))
    found = missing.missing_secrets(manifests, parsed.namespace)
    try:
        missing.fill(found, parsed.set, ask=parsed.ask)
    except missing.UnknownKeyError as error:
        print(f"error: {error}", file=sys.stderr)
        return UNUSABLE
    for line in missing.incomplete_secrets(manifests):
        print(f"warning: {line}", file=sys.stderr)
    print("---\n".join(map(missing.manifest, found)), end="")
    if not found:
        print("warning: the manifests miss no Secret", file=sys.stderr)
    return DONE


def _check(parsed: argparse.Namespace) -> int:
    from flowise_constructs.manifests.check import contradictions, report  # noqa: PLC0415
    from flowise_constructs.manifests.references import Manifests  # noqa: PLC0415

    manifests = Manifests(document for name in parsed.manifests for document in read_documents(name))
    if parsed.images:
        print("".join(f"{image}\n" for image in manifests.images()), end="")
        return DONE
    print(report(manifests), end="")
    return REFUSED if contradictions(manifests) else DONE


def _tell(kind: str, findings: Iterable[Finding]) -> None:
    for finding in findings:
        print(f"{kind}: {_printable(str(finding))}", file=sys.stderr)


def _printable(text: str) -> str:
    """One line for one finding, whatever the keys in it."""
    line = "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text[:_LONGEST])
    return line if len(text) <= _LONGEST else f"{line}..."


if __name__ == "__main__":
    sys.exit(main())
