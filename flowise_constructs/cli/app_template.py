"""The files of a new app."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, distribution
from typing import Any, NamedTuple


class _Argument(NamedTuple):
    """An argument of a chart, and what its code imports."""

    code: str
    imports: tuple[str, ...]


def _server(value: str) -> _Argument:
    code = f"""{value}(
            host="db.example.com",
            password=SecretKey(secret="flowise-database", key="password"),
        )"""
    return _Argument(code, (value, "SecretKey"))


DATABASES: Mapping[str, _Argument] = {
    "sqlite": _Argument("SqliteDatabase()", ("SqliteDatabase",)),
    "bundled-postgresql": _Argument('BundledPostgres(size="8Gi")', ("BundledPostgres",)),
    "postgresql": _server("PostgresDatabase"),
    "mysql": _server("MysqlDatabase"),
    "mariadb": _server("MariadbDatabase"),
}
"""The databases that a new app can have, by the word of `--database`."""

_QUEUE = """\
        queue=Queue(redis=BundledRedis()),
        storage=S3Bucket(
            bucket="flowise-files",
            credentials=S3Credentials.from_secret("flowise-s3-credentials"),
        ),
        worker=Worker(replicas=2),
"""
_QUEUE_IMPORTS = ("BundledRedis", "Queue", "S3Bucket", "S3Credentials", "Worker")
_IMPORTS = ("App", "Auth", "Ingress", "IngressHost", "IngressTls", "Owner", "SecretKey")

_MAIN = '''\
"""Flowise on Kubernetes. `flowise-constructs synth` writes its YAML to dist/."""

from flowise_constructs import (
{imports}
)

HOST = "flowise.example.com"


def build(app: App) -> None:
    """Every chart of the app."""
    {chart}(
        app,
        "flowise",
        auth=Auth.from_secret("flowise-auth-secrets"),
        database={database},
{queue}        ingress=Ingress(
            hosts=[IngressHost(host=HOST)],
            tls=[IngressTls(hosts=[HOST], secret_name="flowise-tls")],
        ),
        owner=Owner(
            email="admin@example.com",
            password=SecretKey(secret="flowise-owner", key="password"),
        ),
    )


if __name__ == "__main__":
    app = App()
    build(app)
    app.synth()
'''
_TEST = '''\
"""The YAML is the one in snapshots/. To accept a change: flowise-constructs synth --output snapshots"""

from pathlib import Path

from flowise_constructs import App

from main import build

SNAPSHOTS = Path(__file__).parent / "snapshots"


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def test_the_yaml_is_the_accepted_one(tmp_path: Path) -> None:
    app = App(outdir=str(tmp_path))
    build(app)
    app.synth()
    assert contents(tmp_path) == contents(SNAPSHOTS)
'''
_CDK8S = """\
language: python
app: python main.py
output: dist
"""
_IGNORED = """\
.venv/
__pycache__/
.pytest_cache/
# Take this line out if you commit the YAML for a GitOps controller.
dist/
"""


def files(database: str, *, queue: bool) -> dict[str, str]:
    """Maps names to contents."""
    chart, argument = "QueueChart" if queue else "StandaloneChart", DATABASES[database]
    imports = {*_IMPORTS, chart, *argument.imports, *(_QUEUE_IMPORTS if queue else ())}
    main = _MAIN.format(
        imports="\n".join(f"    {name}," for name in sorted(imports)),
        chart=chart,
        database=argument.code,
        queue=_QUEUE if queue else "",
    )
    return {
        "main.py": main,
        "cdk8s.yaml": _CDK8S,
        "requirements.txt": f"{_requirement()}\npytest\n",
        ".gitignore": _IGNORED,
        "test_main.py": _TEST,
    }


def _requirement() -> str:
    """This package as it is installed: by its version, or from the address that pip got it from."""
    try:
        installed = distribution("flowise-constructs")
    except PackageNotFoundError:
        return "flowise-constructs"
    source: dict[str, Any] = json.loads(installed.read_text("direct_url.json") or "{}")
    if "url" not in source:
        return f"flowise-constructs=={installed.version}"
    repository: dict[str, str] = source.get("vcs_info", {})
    if repository:
        return f"flowise-constructs @ {repository['vcs']}+{source['url']}@{repository['commit_id']}"
    return f"flowise-constructs @ {source['url']}"
