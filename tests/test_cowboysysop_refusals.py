"""What the importer of cowboysysop/flowise refuses: everything at once, each with its path, its value and its mend."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import yaml
from helm_values import Tree, leaves
from hypothesis import given
from hypothesis import strategies as st

from flowise_constructs import ConfigError
from flowise_constructs.cli import main
from flowise_constructs.importers.cowboysysop.importer import import_values
from flowise_constructs.importers.cowboysysop.known import KEYS

S3 = [{"name": "STORAGE_TYPE", "value": "s3"}, {"name": "S3_STORAGE_BUCKET_NAME", "value": "files"}]
QUEUED: Tree = {
    "config": {"mode": "queue"},
    "worker": {"enabled": True},
    "extraEnvVars": S3,
    "externalPostgresql": {"enabled": True},
    "externalRedis": {"enabled": True},
}


def with_env(*variables: Tree) -> Tree:
    return {"extraEnvVars": list(variables)}


REFUSED: list[tuple[Tree, str, str]] = [
    ({"extraEnvVar": []}, "extraEnvVar", "is not a key of the chart: did you mean 'extraEnvVars'?"),
    ({"worker": {"replicas": 2}}, "worker.replicas", "did you mean 'replicaCount'?"),
    ({"storageClass": "x"}, "storageClass", "did you mean 'persistence.storageClass'?"),
    ({"postgresql": {"primary": {"persistance": {}}}}, "postgresql.primary.persistance", "did you mean 'persistence'?"),
    ({"replicaCount": "many"}, "replicaCount", "'many' must be a whole number"),
    ({"config": {"encryptionKey": 5}}, "config.encryptionKey", "the value (not shown) must be text"),
    ({"config": {"mode": "worker"}}, "config.mode", "'worker' must be 'main' or 'queue'"),
    ({"config": {"username": "a"}}, "config.username", "versions before 5.0.0"),
    ({**QUEUED, "worker": {}}, "worker.enabled", "false in queue mode"),
    ({"worker": {"enabled": True}}, "config.mode", "worker.enabled is true: workers wait for nothing"),
    ({**QUEUED, "externalRedis": {}}, "redis.enabled", "names no Redis"),
    ({**QUEUED, "externalRedis": {"enabled": True, "host": ""}}, "externalRedis.host", "names no Redis"),
    ({**QUEUED, "externalPostgresql": {}}, "database", "SqliteDatabase"),
    ({**QUEUED, "extraEnvVars": []}, "extraEnvVars", "lacks STORAGE_TYPE=s3 in queue mode"),
    ({**QUEUED, "worker": {"enabled": True, "image": {"tag": "3.1.1"}}}, "worker.image.tag", "set both to the same"),
    ({"replicaCount": 0}, "replicaCount", "0 leaves nobody to do the work"),
    ({"replicaCount": 2}, "replicaCount", "2 outside queue mode"),
    ({"image": {"tag": "3.0.3"}}, "image.tag", "'3.0.3' is older than the releases that this library writes"),
    ({"image": {"tag": "2.2.4"}}, "image.tag", "make the first account there"),
    ({"image": {"tag": "3.1.4"}}, "image.tag", "doesn't start with SQLite"),
    ({"mariadb": {"enabled": True}, "postgresql": {"enabled": True}}, "mariadb.enabled, postgresql.enabled", "more than one database"),
    ({**QUEUED, "redis": {"enabled": True}}, "redis.enabled, externalRedis.enabled", "more than one Redis"),
    ({"externalPostgresql": {"enabled": True, "host": ""}}, "externalPostgresql.host", "is empty"),
    ({"externalPostgresql": {"enabled": True, "password": ""}}, "externalPostgresql.password", "name the Secret"),
    ({"externalMariadb": {"enabled": True}, "mariadb": {"auth": {"existingSecret": "x"}}}, "mariadb.auth.existingSecret", "remove it here"),
    ({"postgresql": {"enabled": True}, "externalPostgresql": {"existingSecret": "x"}}, "externalPostgresql.existingSecret", "remove it here"),
    ({"postgresql": {"enabled": True, "auth": {"username": "postgres"}}}, "postgresql.auth.username", "name a user of its own"),
    ({**QUEUED, "externalRedis": {}, "redis": {"enabled": True, "auth": {"enabled": False}}}, "redis.auth.enabled", "set it to true"),
    ({**QUEUED, "externalRedis": {}, "redis": {"enabled": True, "sentinel": {"enabled": True}}}, "redis.sentinel.enabled", "speaks to no Sentinel"),
    ({"extraEnvVarsSecret": "env"}, "extraEnvVarsSecret", "name each in extraEnvVars with valueFrom.secretKeyRef"),
    ({"extraEnvVarsCM": "env"}, "extraEnvVarsCM", "name each in extraEnvVars with valueFrom.configMapKeyRef"),
    ({"extraArgs": {"DEBUG": True}}, "extraArgs.DEBUG", "give it as the variable that it sets"),
    ({"podLabels": {"app.kubernetes.io/name": "x"}}, "podLabels['app.kubernetes.io/name']", "is a label of the selector"),
    ({"commonLabels": {"app.kubernetes.io/version": "x"}}, "commonLabels['app.kubernetes.io/version']", "remove it"),
    ({"podAnnotations": {"a": "{{ .Release.Name }}"}}, "podAnnotations.a", "holds a template"),
    ({"extraDeploy": ["kind: {{ x }}"]}, "extraDeploy[0]", "holds a template"),
    ({"extraDeploy": [{"kind": "Secret"}]}, "extraDeploy[0]", "must be a manifest with apiVersion, kind and metadata.name"),
    ({"pdb": {"create": True, "maxUnavailable": 1}}, "pdb", "both are given"),
    ({"pdb": {"create": True, "minAvailable": 0}}, "pdb", "neither is given"),
    ({"pdb": {"create": True, "minAvailable": "half"}}, "pdb.minAvailable", "must be a number or a percentage"),
    ({"ingress": {"enabled": True, "hosts": [{"host": "a", "paths": [{"path": "/"}]}]}}, "ingress.hosts[0].paths", "must be a list of texts"),
    ({"ingress": {"enabled": True, "hosts": []}}, "ingress.hosts", "name the host"),
    ({"persistence": {"enabled": True, "size": "big"}}, "persistence.size", "'big'"),
    (with_env({"name": "FLOWISE_SECRETKEY_OVERWRITE", "value": "k"}), "extraEnvVars[0]", "must come from a Secret"),
    (with_env({"name": "DATABASE_TYPE", "value": "oracle"}), "extraEnvVars[0]", "none of sqlite, postgres, mysql and mariadb"),
    (with_env({"name": "DATABASE_TYPE", "value": "postgres"}), "extraEnvVars", "lacks DATABASE_PASSWORD"),
    (with_env({"name": "STORAGE_TYPE", "value": "gcs"}), "extraEnvVars[0]", "must be 'local' or 's3'"),
    (with_env({"name": "STORAGE_TYPE", "value": "s3"}), "extraEnvVars", "lacks S3_STORAGE_BUCKET_NAME"),
    (with_env({"name": "DATABASE_PATH", "value": "/srv"}), "extraEnvVars", "is not on a volume that keeps files"),
]  # fmt: skip


@pytest.mark.parametrize(("values", "path", "words"), REFUSED)
def test_refused_with_path_and_mend(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, values: Tree, path: str, words: str
) -> None:
    file, output = tmp_path / "values.yaml", tmp_path / "out.yaml"
    file.write_text(yaml.safe_dump(values), encoding="utf-8")
    assert main(["from-helm", str(file), "--chart", "cowboysysop", "--output", str(output)]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert [line for line in lines if f"{path}" in line.partition(" ")[2] and words in line], lines
    assert all(line.startswith("refused: ") for line in lines)
    assert not output.exists()


@pytest.mark.parametrize(
    ("release", "values", "words"),
    [
        ("Not a name", {}, "is not a Helm release name"),
        ("my-postgresql", {"postgresql": {"enabled": True}}, "Flowise looks for 'my-postgresql-postgresql'"),
    ],
)
def test_names_that_the_chart_garbles(release: str, values: Tree, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        import_values(values, release=release)


def test_all_at_once() -> None:
    values: Tree = {"replicaCount": 0, "image": {"tag": "1.0.0"}, "extraEnvVarsSecret": "a", "extraArg": {}}
    with pytest.raises(ConfigError) as caught:
        import_values(values)
    assert {finding.where for finding in caught.value.findings} == {
        "replicaCount",
        "image.tag",
        "extraEnvVarsSecret",
        "extraArg",
    }


def test_a_namespace_twice() -> None:
    with pytest.raises(ConfigError, match="namespaceOverride: 'a' is another namespace than --namespace"):
        import_values({"namespaceOverride": "a"}, namespace="b")
    assert import_values({"namespaceOverride": "a"}, namespace="a").arguments["names"].namespace == "a"


WAYS = [way for way, _ in leaves(KEYS)]
WORDS = st.sampled_from(
    ["", "a", "0", "-1", "x" * 70, "é", "/", "3.1.3", "true", "1Gi", "a b", "\x07", "None", "queue"]
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), WORDS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["name", "value", "host", "paths", "kind", "metadata", "a/b"]), inner, max_size=3
        ),
    ),
    max_leaves=6,
)
BASES: list[Tree] = [
    {},
    QUEUED,
    {"ingress": {"enabled": True}, "persistence": {"enabled": True}, "pdb": {"create": True}},
]


@given(
    st.sampled_from(BASES), st.lists(st.tuples(st.sampled_from(WAYS), VALUES), max_size=4), st.sampled_from(["ai", "-"])
)
def test_any_values_import_or_are_refused(
    base: Tree, changes: list[tuple[tuple[str, ...], object]], release: str
) -> None:
    values = copy.deepcopy(base)
    for way, value in changes:
        section = values
        for key in way[:-1]:
            if not isinstance(section.get(key), dict):
                section[key] = {}
            section = section[key]
        section[way[-1]] = value
    try:
        import_values(values, release=release)
    except ConfigError as error:
        problems = [finding.problem for finding in error.findings]
    else:
        problems = ["none"]
    assert all(problems)
