"""Helm's engine on the objects of a release, beside the synthesis of `synth.py`.

The chart is made from the release's own YAML, in the manner of charts: names, labels and whatever a user might say come
from helpers and values, through `tpl`; scripts are files. So both write the same objects. What a chart grows besides is
not in it: options, checks, subcharts. So its time is the least that a chart of these objects can take. `--chart` of
synth.py measures a real one.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

HELPERS = """{{- define "release.name" -}}{{ .Release.Name | trunc 53 | trimSuffix "-" }}{{- end }}
{{- define "release.render" -}}{{ tpl (toYaml .value) .context }}{{- end }}
{{- define "release.labels" -}}
{{- include "release.render" . }}
{{- end }}
"""
NAME = "{{ include `release.name` . }}"
OPEN = 6
"""How deep a template is written out; deeper parts are a value as a whole, as the probe of a container is."""


def write_chart(text: str, name: str, folder: Path) -> None:
    """A chart of the objects in this YAML of the release with that name."""
    values: dict[str, Any] = {}
    (folder / "templates").mkdir(parents=True)
    for document in json.loads(json.dumps(list(yaml.safe_load_all(text))).replace(name, NAME)):
        key = f"object{len(values)}"
        values[key] = {}
        files = document.pop("data", {})
        lines = list(_lines(document, f".Values.{key}", values[key], ()))
        if files:
            (folder / "files" / key).mkdir(parents=True)
            for file, content in files.items():
                (folder / "files" / key / file).write_text(content)
            lines.append(f'data:\n  {{{{- (.Files.Glob "files/{key}/*").AsConfig | nindent 2 }}}}')
        (folder / "templates" / f"{key}.yaml").write_text("\n".join(lines) + "\n")
    (folder / "templates" / "_helpers.tpl").write_text(HELPERS)
    (folder / "values.yaml").write_text(json.dumps(values))
    (folder / "Chart.yaml").write_text("apiVersion: v2\nname: release\nversion: 0.1.0\n")


def _lines(part: dict[str, Any], source: str, values: dict[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    """A template of a mapping; what it doesn't write itself becomes a value."""
    indent = "  " * len(path)
    for field, item in part.items():
        if field in ("apiVersion", "kind", "name") or not isinstance(item, (dict, list, str)):
            yield f"{indent}{field}: {json.dumps(item) if not isinstance(item, str) else item}"
        elif isinstance(item, dict) and len(path) < OPEN and field not in ("labels", "matchLabels", "selector"):
            yield f"{indent}{field}:"
            yield from _lines(item, source, values, (*path, field))
        else:
            value = re.sub(r"\W", "_", "_".join((*path, field)))
            values[value] = item
            helper = "release.labels" if field == "labels" else "release.render"
            call = f'include "{helper}" (dict "value" {source}.{value} "context" $) | nindent {len(indent) + 2}'
            yield f"{indent}{field}:\n{indent}  {{{{- {call} }}}}"


def render(folder: str, values: str, count: int) -> tuple[list[float], str]:
    """Milliseconds of each release, rendered and written to a file, and the YAML of the last."""
    import helm_python  # noqa: PLC0415 - the extra `bench`

    given = yaml.safe_load(Path(values).read_text()) if values else {}
    took, text = [], ""
    with helm_python.Chart.load(folder) as chart:
        for number in range(count):
            start = time.perf_counter()
            rendered = chart.render(given, name=f"team-{number}", namespace="default")
            text = "---\n".join(item for item in rendered.values() if item.strip())
            Path(folder, "rendered.yaml").write_text(text)
            took.append((time.perf_counter() - start) * 1000)
    return took, text


def objects(text: str) -> list[str]:
    """The objects of YAML, whatever their order."""
    return sorted(json.dumps(item, sort_keys=True) for item in yaml.safe_load_all(text) if item)


if __name__ == "__main__":
    milliseconds, yaml_text = render(sys.argv[1], sys.argv[2], int(sys.argv[3]))
    print(json.dumps({"took": milliseconds, "yaml": yaml_text}))
