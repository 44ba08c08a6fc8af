"""Write down what installed Flowise packages read, one pair of files per release.

    python tests/data/flowise_variables/regenerate.py PATH_OF_INSTALL [...]

PATH_OF_INSTALL is a folder where `npm install flowise@X flowise-components@X flowise-ui@X` was run. It makes, beside
this script:

- `X.txt`: every environment variable that the compiled JavaScript reads, with the parts that read it:
  `server` (flowise/dist, flowise/bin), `components` (flowise-components/dist/src), `nodes` (the rest of its dist).
  Main and worker load the same modules, so which of the two reads a name can't be told from here.
- `X.json`: the options that the command line declares, the Node.js version, the queues, the number of migrations.

Names that packages under flowise read (Node.js, SDKs, global-agent) are not looked for.
"""

import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

HERE = Path(__file__).parent
NAME = r"[A-Z][A-Z0-9_]*"
DATABASES = ("mariadb", "mysql", "postgres", "sqlite")

PARTS = {
    "server": ("flowise/dist", "flowise/bin"),
    "components": ("flowise-components/dist/src",),
    "nodes": (
        "flowise-components/dist/nodes",
        "flowise-components/dist/credentials",
        "flowise-components/dist/evaluation",
    ),
}

COMMENT = re.compile(r"^\s*(?://|/?\*).*$", re.MULTILINE)
DIRECT = re.compile(rf"process\.env\??\.({NAME})\b(?!\s*=[^=])")
QUOTED = re.compile(rf"""process\.env(?:\?\.)?\[['"`]({NAME})['"`]\](?!\s*=[^=])""")
DESTRUCTURED = re.compile(r"\{([^{}]*)\}\s*=\s*process\.env\b(?![.\[?])")
ALIAS = re.compile(r"\b(?:const|let|var)\s+(\w+)\s*=\s*process\.env\s*[;,\n]")
HELPER = re.compile(rf"""(?:getEnvironmentVariable|getEnv|readEnv)\)?\(['"]({NAME})['"]""")
COMPUTED = re.compile(r"process\.env\[(\w+)\](?!\s*=[^=])")


def javascript(folder: Path) -> Iterator[Path]:
    """The scripts under `folder` that run, without tests."""
    for path in sorted(folder.rglob("*")):
        is_test = path.name.endswith(".test.js") or {"__tests__", "__mocks__", "test"} & set(path.parts)
        if path.is_file() and not is_test and (path.suffix == ".js" or path.parent.name == "bin"):
            yield path


def read_outright(code: str) -> Iterator[str]:
    """Names that stand where the environment is read."""
    for pattern in (DIRECT, QUOTED, HELPER):
        yield from pattern.findall(code)
    for group in DESTRUCTURED.findall(code):
        yield from re.findall(rf"(?:^|,)\s*({NAME})\b", group)
    for alias in ALIAS.findall(code):
        yield from re.findall(rf"\b{alias}\.({NAME})\b", code)


def read_by_key(scripts: Sequence[str]) -> Iterator[str]:
    """Names behind `process.env[key]`: each literal that any of the scripts gives to a variable or field `key`."""
    keys = {key for code in scripts for key in COMPUTED.findall(code)}
    for code in scripts:
        for key in keys:
            yield from re.findall(rf"""\b{key}\s*[:=]\s*['"]({NAME})['"]""", code)


def variables(modules: Path) -> dict[str, set[str]]:
    """Every name that is read, with the parts that read it."""
    readers: dict[str, set[str]] = defaultdict(set)
    for part, folders in PARTS.items():
        paths = [path for folder in folders for path in javascript(modules / folder)]
        scripts = [COMMENT.sub("", path.read_text(encoding="utf-8")) for path in paths]
        for name in chain(read_by_key(scripts), *map(read_outright, scripts)):
            readers[name].add(part)
    return readers


def facts(modules: Path) -> dict[str, object]:
    """What else the table says of a release and the package can be asked for."""
    server = modules / "flowise" / "dist"
    package = json.loads((modules / "flowise" / "package.json").read_text(encoding="utf-8"))
    options = (server / "commands" / "base.js").read_text(encoding="utf-8").partition("BaseCommand.flags = {")[2]
    queues = (server / "queue" / "QueueManager.js").read_text(encoding="utf-8")
    return {
        "declared": sorted(re.findall(rf"^\s*({NAME}): core_1\.Flags", options, re.MULTILINE)),
        "migrations": {database: migrations(server, database) for database in DATABASES},
        "node": package["engines"]["node"],
        "queues": re.findall(r"`\$\{QUEUE_NAME\}-(\w+)`", queues),
    }


def migrations(server: Path, database: str) -> int:
    """The length of the list that TypeORM is handed."""
    index = (server / "database" / "migrations" / database / "index.js").read_text(encoding="utf-8")
    listed = re.search(rf"exports\.{database}Migrations = \[(.*?)\];", index, re.DOTALL)
    assert listed, f"no list of migrations for {database}"
    return len([entry for entry in listed[1].split(",") if entry.strip()])


def write(install: Path) -> None:
    modules = install / "node_modules"
    versions = {
        json.loads((modules / package / "package.json").read_text(encoding="utf-8"))["version"]
        for package in ("flowise", "flowise-components")
    }
    if len(versions) != 1:
        raise SystemExit(f"{install}: flowise and flowise-components differ ({', '.join(sorted(versions))})")
    (version,) = versions
    found = variables(modules)
    lines = [f"{name} {' '.join(sorted(parts))}\n" for name, parts in sorted(found.items())]
    (HERE / f"{version}.txt").write_text("".join(lines), encoding="utf-8")
    (HERE / f"{version}.json").write_text(json.dumps(facts(modules), indent=2) + "\n", encoding="utf-8")
    print(f"{version}: {len(lines)} variables")


if __name__ == "__main__":
    installs = [Path(argument) for argument in sys.argv[1:]]
    if not installs:
        raise SystemExit(__doc__)
    for install in installs:
        write(install)
