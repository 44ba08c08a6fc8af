"""The synthesized YAML, read back as an API server would serve it: pod templates, Secrets and ConfigMaps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from cdk8s import App

Secrets = Mapping[str, Mapping[str, str]]
"""Content of the Secrets that the YAML refers to, by name and key."""
Object = dict[str, Any]
"""An object, or a part of one, under Kubernetes' own names."""


@dataclass(frozen=True)
class File:
    """A file of a mounted ConfigMap or Secret."""

    content: str
    mode: int


@dataclass(frozen=True)
class Manifests:
    """The objects of one deployment."""

    objects: list[Object]
    secrets: Secrets
    access: Mapping[str, str] = field(default_factory=dict[str, str])
    """How pods reach an API server: `token`, `ca.crt`, `namespace`."""

    @staticmethod
    def synthesize(build: Callable[[App], object], secrets: Secrets, folder: Path) -> Manifests:
        """What `build` adds to an app, by way of the written file."""
        app = App(outdir=str(folder))
        build(app)
        app.synth()
        return Manifests.read("---\n".join(file.read_text() for file in sorted(folder.glob("*.yaml"))), secrets)

    @staticmethod
    def read(text: str, secrets: Secrets) -> Manifests:
        """The objects of a stream."""
        return Manifests(list(yaml.safe_load_all(text)), secrets)

    def get(self, kind: str, name: str) -> Object:
        """The one object of that kind and name."""
        (found,) = (entry for entry in self.objects if entry["kind"] == kind and entry["metadata"]["name"] == name)
        return found

    def template(self, name: str, kind: str = "Deployment") -> Object:
        """The pod spec of a Deployment, or of a Job."""
        spec: Object = self.get(kind, name)["spec"]["template"]["spec"]
        return spec

    def labels(self, name: str, kind: str = "Deployment") -> Mapping[str, str]:
        """The labels of the pods of a Deployment, or of a Job."""
        labels: Mapping[str, str] = self.get(kind, name)["spec"]["template"]["metadata"]["labels"]
        return labels

    def replicas(self, deployment: str) -> int:
        """How many pods a Deployment wants."""
        count: int = self.get("Deployment", deployment)["spec"]["replicas"]
        return count

    def environment(self, container: Object, fields: Mapping[str, str]) -> dict[str, str]:
        """A container's variables; `fields` are the pod's own, for `fieldRef`."""
        return {entry["name"]: self._value(entry, fields) for entry in container.get("env", [])}

    def files(self, volume: Object) -> dict[str, File]:
        """The files of a volume of ConfigMaps or Secrets."""
        [(kind, source)] = [(kind, source) for kind, source in volume.items() if kind != "name"]
        mode = source.get("defaultMode", 0o644)
        parts = source["sources"] if kind == "projected" else [{kind: source}]
        return {path: File(text, mode) for part in parts for path, text in self._part(part).items()}

    def _part(self, part: Object) -> dict[str, str]:
        [(kind, source)] = part.items()
        if kind == "serviceAccountToken":
            return {source["path"]: self.access["token"]}
        if kind == "downwardAPI":
            fields = {"metadata.namespace": self.access["namespace"]}
            return {item["path"]: fields[item["fieldRef"]["fieldPath"]] for item in source["items"]}
        if kind not in ("configMap", "secret"):
            raise NotImplementedError(f"a volume of {kind}")
        name = source.get("secretName") or source["name"]
        content = self._config_map(name) if kind == "configMap" else self.secrets[name]
        paths = {item["key"]: item["path"] for item in source.get("items", [])} or {key: key for key in content}
        return {path: content[key] for key, path in paths.items()}

    def _config_map(self, name: str) -> Mapping[str, str]:
        if name == "kube-root-ca.crt":
            return {"ca.crt": self.access["ca.crt"]}
        data: Mapping[str, str] = self.get("ConfigMap", name)["data"]
        return data

    def _value(self, entry: Object, fields: Mapping[str, str]) -> str:
        if "valueFrom" not in entry:
            return str(entry["value"])
        [(kind, reference)] = entry["valueFrom"].items()
        if kind == "secretKeyRef":
            return self.secrets[reference["name"]][reference["key"]]
        if kind == "configMapKeyRef":
            return self._config_map(reference["name"])[reference["key"]]
        if kind == "fieldRef":
            return fields[reference["fieldPath"]]
        raise NotImplementedError(f"variable {entry['name']}: {kind}")
