"""Asks a real API server about every value, and writes down what it says (make verdicts)."""

from __future__ import annotations

import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import admission
from admission import ApiServer, Verdict

from api_server import SUBJECTS, Subject, security
from api_server.subject import spelling
from api_server.verdicts import ADMITTED, FILE

WIDTH = 118
LONGEST_MESSAGE = 120
# Plug-ins that come after the server's own checks: Pod Security is a subject of its own.
OF_OTHERS = ("violate PodSecurity", "violates PodSecurity", "no PriorityClass with name", "pod rejected: RuntimeClass")
SHORTER = (
    # Only the first of several complaints, and none of the value.
    (r'^.*?"? is (invalid|forbidden): \[?', ""),
    (r'((?:Invalid|Unsupported|Duplicate) value): ("(?:[^"\\]|\\.)*"|[^:\]]*)', r"\1"),
    (r'\[\d+\]|\["[^\]]*"\]', ""),
    (r"\s*\(e\.g\..*", ""),
    (r", (spec|metadata)\..*", ""),
    (r"^.*cannot be handled as an? \w+: ", ""),
    (r"json: cannot unmarshal (\w+).* of type .*", r"\1 is of the wrong type"),
    (r"spec\.template\.spec\.|spec\.template\.(?=\w+:)", ""),
    (r'(fractional byte value) \\"[^"]*\\"', r"\1"),
    (r" \([^()]*\)(?=, |$)(?<=\))", ""),
    (r"(must be less than or equal to \w+ limit) of .*", r"\1"),
    (r"DuringSchedulingIgnoredDuringExecution", ""),
)
Recording = Mapping[str, list[Any]]
"""What is said -> the values of which it is said."""


def recorded(server: ApiServer) -> dict[str, Recording]:
    """What the server says to every subject's values."""
    return {name: _of_subject(server, subject) for name, subject in sorted(SUBJECTS.items())}


def _of_subject(server: ApiServer, subject: Subject) -> Recording:
    found: dict[str, list[Any]] = defaultdict(list)
    for value in subject.values:
        answers = (_told(server.admit(document), subject) for document in _asked(subject.build(value)))
        found[next(filter(None, answers), ADMITTED)].append(spelling(value))
    return {message: sorted(values, key=json.dumps) for message, values in sorted(found.items())}


def _asked(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The object, and the pod that a Deployment would make: the server looks closer at pods than at templates."""
    yield document
    if document["kind"] == "Deployment":
        template = document["spec"]["template"]
        metadata = {**template["metadata"], "name": document["metadata"]["name"][:50].rstrip("-.")}
        yield {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}


def _told(verdict: Verdict, subject: Subject) -> str:
    """An answer without what changes with the value; empty where there is nothing to say."""
    lines = [verdict.error] if verdict.error is not None else [f"warning: {line[6:]}" for line in verdict.warnings]
    if subject.name != security.NAME:
        lines = [line for line in lines if not any(other in line for other in OF_OTHERS)]
    if not lines:
        return ""
    text = lines[0]
    for pattern, by in SHORTER:
        text = re.sub(pattern, by, text, flags=re.DOTALL)
    return f"{text[:LONGEST_MESSAGE]}…" if len(text) > LONGEST_MESSAGE else text


def written(version: str, subjects: Mapping[str, Recording]) -> str:
    """The recording as JSON, with many values to a line."""
    return "\n".join(["{", f'"server": {json.dumps(version)},', '"subjects": {', *listed(subjects), "}", "}", ""])


def listed(subjects: Mapping[str, Recording]) -> Iterator[str]:
    """Lists of values, by subject and by what is said of them."""
    for number, (name, said) in enumerate(subjects.items(), start=1):
        yield f" {json.dumps(name, ensure_ascii=False)}: {{"
        for position, (message, values) in enumerate(said.items(), start=1):
            yield f"  {json.dumps(message, ensure_ascii=False)}: ["
            yield from _wrapped(values)
            yield f"  ]{',' if position < len(said) else ''}"
        yield f" }}{',' if number < len(subjects) else ''}"


def _wrapped(values: list[Any]) -> Iterator[str]:
    line = "  "
    for position, value in enumerate(values, start=1):
        # Characters that a terminal or an editor may not show are escaped.
        text = json.dumps(value, sort_keys=True) + (", " if position < len(values) else "")
        if len(line) + len(text) > WIDTH and line.strip():
            yield line.rstrip()
            line = "  "
        line += f" {text}".rstrip()
    yield line


def main() -> None:
    """Writes the recording."""
    if not admission.ASSETS:
        sys.exit("KUBEBUILDER_ASSETS must name the directory of etcd and kube-apiserver")
    with TemporaryDirectory() as directory:
        server = ApiServer(Path(directory))
        try:
            text = written(server.version(), recorded(server))
        finally:
            server.stop()
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(text, encoding="utf-8")
    print(f"{sum(len(subject.values) for subject in SUBJECTS.values())} verdicts, {len(text.encode()) // 1024} KiB")


if __name__ == "__main__":
    main()
