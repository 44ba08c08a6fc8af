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

REDISES: Mapping[str, _Argument] = {
    "bundled": _Argument("BundledRedis()", ("BundledRedis",)),
    "external": _Argument(
        """Redis(
                host="redis.example.com",
                password=SecretKey(secret="flowise-redis", key="password"),
                tls=RedisTls(),
            )""",
        ("Redis", "RedisTls", "SecretKey"),
    ),
}
"""The Redis of queue mode, by the word of `--redis`."""

BUCKETS: Mapping[str, _Argument] = {
    "keys": _Argument('credentials=S3Credentials.from_secret("flowise-s3-credentials")', ("S3Credentials",)),
    "identity": _Argument(
        """service_account_annotations={
                "eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/flowise",
            }""",
        (),
    ),
}
"""How pods get at the bucket of queue mode, by the word of `--bucket`."""

_QUEUE = """\
        queue=Queue(
            redis={redis},
        ),
        storage=S3Bucket(
            bucket="flowise-files",
            region="us-east-1",
            {bucket},
        ),
        worker=Worker(replicas=2),
"""
_QUEUE_IMPORTS = ("Queue", "S3Bucket", "Worker")
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
        # Scripts have a file of their own, so that a review reads the deployment.
        scripts_apart=True,
    )


if __name__ == "__main__":
    app = App()
    build(app)
    app.synth()
'''
_TEST = '''\
"""dist/ is committed, and is what main.py makes."""

from difflib import unified_diff
from pathlib import Path

import pytest
from flowise_constructs import App

from main import build

DIST = Path(__file__).parent / "dist"


def contents(folder: Path) -> dict[str, list[str]]:
    return {
        path.name: path.read_text(encoding="utf-8").splitlines(keepends=True)
        for path in folder.glob("*.yaml")
    }


def test_the_committed_yaml_is_what_the_app_makes(tmp_path: Path) -> None:
    app = App(outdir=str(tmp_path))
    build(app)
    app.synth()
    committed, made = contents(DIST), contents(tmp_path)
    diff = "".join(
        line
        for name in sorted(committed.keys() | made.keys())
        for line in unified_diff(
            committed.get(name, []),
            made.get(name, []),
            f"dist/{name}",
            f"main.py: {name}",
        )
    )
    if diff:
        accept = "To accept it: flowise-constructs synth, and commit dist/"
        problem = f"main.py makes other YAML than dist/ has. {accept}\\n{diff}"
        pytest.fail(problem, pytrace=False)
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
"""


def files(database: str, *, queue: bool, redis: str = "bundled", bucket: str = "keys") -> dict[str, str]:
    """Maps names to contents."""
    chart, argument = "QueueChart" if queue else "StandaloneChart", DATABASES[database]
    of_queue = (*_QUEUE_IMPORTS, *REDISES[redis].imports, *BUCKETS[bucket].imports) if queue else ()
    imports = {*_IMPORTS, chart, *argument.imports, *of_queue}
    main = _MAIN.format(
        imports="\n".join(f"    {name}," for name in sorted(imports)),
        chart=chart,
        database=argument.code,
        queue=_QUEUE.format(redis=REDISES[redis].code, bucket=BUCKETS[bucket].code) if queue else "",
    )
    return {
        "main.py": main,
        "cdk8s.yaml": _CDK8S,
        "requirements.txt": f"{requirement().lines}pytest\n",
        ".gitignore": _IGNORED,
        "test_main.py": _TEST,
    }


class Requirement(NamedTuple):
    """How the app asks for this package."""

    lines: str
    """Its lines in requirements.txt."""
    problem: str | None = None
    """What keeps others from installing it."""


def requirement() -> Requirement:
    """This package as it is installed: by its version, or from the repository that pip got it from."""
    try:
        installed = distribution("flowise-constructs")
    except PackageNotFoundError:
        return Requirement("flowise-constructs\n")
    source: dict[str, Any] = json.loads(installed.read_text("direct_url.json") or "{}")
    repository: dict[str, str] = source.get("vcs_info", {})
    if repository:
        address = f"{repository['vcs']}+{source['url']}@{repository['commit_id']}"
        return Requirement(f"flowise-constructs @ {address}\n")
    pinned, url = f"flowise-constructs=={installed.version}\n", str(source.get("url", ""))
    if not url.startswith("file:"):
        return Requirement(f"flowise-constructs @ {url}\n" if url else pinned)
    problem = "this version was installed from a file of this machine, which others don't have"
    mend = "put it on your index, or its wheel beside this file, and write ./NAME.whl here"
    return Requirement(f"# {problem[0].upper()}{problem[1:]}:\n# {mend}.\n{pinned}", f"{problem}: {mend}")
