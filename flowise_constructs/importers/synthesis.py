"""A deployment as this library's values -> YAML."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from operator import attrgetter
from typing import Any

from cdk8s import ApiObject, App, Chart, JsonPatch

from flowise_constructs import ConfigError, ConfigWarning, Finding, QueueChart, StandaloneChart
from flowise_constructs.importers.imported import Imported
from flowise_constructs.importers.objects import identity
from flowise_constructs.manifests.missing_secrets import IncompleteSecret, incomplete_secrets
from flowise_constructs.manifests.references import Manifests
from flowise_constructs.manifests.yaml_files import load_documents

_CHARTS: dict[str, type[Chart]] = {"StandaloneChart": StandaloneChart, "QueueChart": QueueChart}


def synthesize(imported: Imported) -> tuple[str, list[Finding]]:
    """The YAML as one stream of documents, and the constructs' warnings; ConfigError with the source's paths."""
    try:
        return _synthesize(imported)
    except ConfigError as error:
        raise ConfigError([_with_path(finding, imported) for finding in error.findings]) from None


def _synthesize(imported: Imported) -> tuple[str, list[Finding]]:
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always", ConfigWarning)
        app = App()
        build(app, imported)
        yaml = app.synth_yaml()
    incomplete = _incomplete_secrets(str(yaml), imported)
    told = [Finding(*str(warning.message).split(": ", 1)) for warning in raised]
    return str(yaml), [*(_with_path(finding, imported) for finding in dict.fromkeys(told)), *incomplete]


def _incomplete_secrets(yaml: str, imported: Imported) -> list[Finding]:
    """Secrets of the user's own manifests that lack a key are refused; those of the ExternalSecret are told."""
    if not any(item["kind"] in ("Secret", "SealedSecret", "ExternalSecret") for item in imported.objects):
        return []
    found = incomplete_secrets(Manifests(load_documents(yaml, "the YAML")))
    written = [secret for secret in found if secret.is_written]
    if written:
        raise ConfigError([_incomplete(imported.objects_path, item) for item in written])
    return [_incomplete(imported.external_secrets_path, item) for item in found]


def _incomplete(where: str, item: IncompleteSecret) -> Finding:
    return Finding(where, f"Secret {item.name.name!r} {item.problem}")


def _with_path(finding: Finding, imported: Imported) -> Finding:
    return Finding(imported.paths.get(finding.where, finding.where), finding.problem)


def build(app: App, imported: Imported) -> Chart:
    """The chart of the deployment, with its patches, extra objects and labels."""
    chart = _CHARTS[imported.chart](app, imported.name, **imported.arguments)
    _refuse_clashes(chart, imported)
    for patch in imported.patches:
        attrgetter(patch.construct)(chart).add_json_patch(JsonPatch.add(patch.pointer, patch.value))
    for item in imported.objects:
        _add(chart, item)
    if imported.labels:
        for child in chart.node.find_all():
            if isinstance(child, ApiObject):
                for name, value in imported.labels.items():
                    child.metadata.add_label(name, value)
    return chart


def _refuse_clashes(chart: Chart, imported: Imported) -> None:
    if not imported.objects:
        return
    made = {(child.kind, child.name) for child in chart.node.find_all() if isinstance(child, ApiObject)}
    named = [identity(item) for item in imported.objects]
    taken = [(kind, name) for _, kind, _, name in named if (kind, name) in made]
    if taken:
        problem = "is an object of the deployment itself: give yours another name"
        raise ConfigError([Finding(imported.objects_path, f"{kind} {name!r} {problem}") for kind, name in taken])


def object_id(item: Mapping[str, Any]) -> str:
    """The construct id of an extra object."""
    version, kind, namespace, name = identity(item)
    group = version.rpartition("/")[0]
    return "-".join(part.replace("/", ".") for part in (group, kind, namespace, name) if part)


def patches(item: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON patches that give cdk8s an object's content, all but its kind. Maps JSON pointers to values."""
    given = {key: value for key, value in item.items() if key not in ("apiVersion", "kind") and value is not None}
    return {f"/{key.replace('~', '~0').replace('/', '~1')}": value for key, value in given.items()}


def _add(chart: Chart, item: Mapping[str, Any]) -> None:
    made = ApiObject(chart, object_id(item), api_version=item["apiVersion"], kind=item["kind"])
    for pointer, value in patches(item).items():
        made.add_json_patch(JsonPatch.add(pointer, value))
