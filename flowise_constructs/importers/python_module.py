"""A deployment as this library's values -> the Python module that generates the same YAML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flowise_constructs import (
    Auth,
    DataClaim,
    Image,
    LocalStorage,
    Main,
    Names,
    S3Credentials,
    SecretKey,
    Settings,
    SqliteDatabase,
    Worker,
)
from flowise_constructs.core.plain import is_list, is_map, is_sequence
from flowise_constructs.core.value import Value, differing
from flowise_constructs.flowise.auth import KEYS
from flowise_constructs.importers.imported import Imported, Patch
from flowise_constructs.importers.synthesis import object_id, patches

WIDTH = 88

_HEAD = '''"""{title}. Run it to write dist/{file}.k8s.yaml."""

'''

_TAIL = """

if __name__ == "__main__":
    app = App()
    build(app)
    app.synth()
"""

_LABELS = """    for child in chart.node.find_all():
        if isinstance(child, ApiObject):
            for name, value in LABELS.items():
                child.metadata.add_label(name, value)
"""

_DEFAULTS: Mapping[str, Any] = {
    "database": SqliteDatabase(),
    "storage": LocalStorage(),
    "data": DataClaim(),
    "image": Image(),
    "settings": Settings(),
    "main": Main(),
    "worker": Worker(),
    "names": Names(),
}
"""The default arguments of the charts."""


class Call:
    """A call, as source."""

    def __init__(self, name: str, positional: list[Any], named: Mapping[str, Any]) -> None:
        self.name = name
        self.positional = positional
        self.named = named


class Name:
    """A name, as source."""

    def __init__(self, name: str) -> None:
        self.name = name


def python_module(imported: Imported) -> str:
    """The module's source."""
    arguments = {
        name: _source(value) for name, value in imported.arguments.items() if not _is_default(imported, name, value)
    }
    chart = Call(imported.chart, [Name("app"), imported.name], arguments)
    further = [
        *(["ApiObject"] if imported.labels or imported.objects else []),
        *(["JsonPatch"] if imported.objects or imported.patches else []),
    ]
    names = sorted({"App", imported.chart, *further, *_names(chart)}, key=_isort_key)
    head = _HEAD.format(title=imported.title, file=imported.name)
    labels = f"\nLABELS = {_written(dict(imported.labels), 0, len('LABELS = '))}\n" if imported.labels else ""
    rest = "".join([*map(_patch, imported.patches), *map(_object, imported.objects)])
    rest += _LABELS if imported.labels else ""
    kept = "    chart = " if rest else "    "
    build = f'def build(app: App) -> None:\n    """Every chart of the app."""\n{kept}{_written(chart, 4, len(kept))}\n'
    return f"{head}{_import(names)}{labels}\n\n{build}{rest}{_TAIL}"


def _import(names: list[str]) -> str:
    line = f"from flowise_constructs import {', '.join(names)}\n"
    if len(line) <= WIDTH + 1:
        return line
    return "from flowise_constructs import (\n" + "".join(f"    {name},\n" for name in names) + ")\n"


def _isort_key(name: str) -> tuple[bool, str]:
    return not name.isupper(), name


def _is_default(imported: Imported, name: str, value: Any) -> bool:
    if imported.chart == "QueueChart" and name in ("database", "storage"):
        return False
    return bool(value == _DEFAULTS.get(name))


def _object(item: Mapping[str, Any]) -> str:
    head = {"api_version": item["apiVersion"], "kind": item["kind"]}
    call = Call("ApiObject", [Name("chart"), object_id(item)], head)
    added = [Call("JsonPatch.add", [pointer, value], {}) for pointer, value in patches(item).items()]
    patch = Call("made.add_json_patch", added, {})
    return f"    made = {_written(call, 4, len('    made = '))}\n    {_written(patch, 4, 4)}\n"


def _patch(patch: Patch) -> str:
    call = Call(
        f"chart.{patch.construct}.add_json_patch", [Call("JsonPatch.add", [patch.pointer, patch.value], {})], {}
    )
    return f"    {_written(call, 4, 4)}\n"


def _source(value: Any) -> Any:
    """Values as calls, without arguments that equal the default."""
    if isinstance(value, Auth):
        return _auth(value)
    if isinstance(value, S3Credentials):
        return _credentials(value)
    if isinstance(value, Value):
        return Call(type(value).__name__, [], {name: _source(item) for name, item in differing(value).items()})
    if is_map(value):
        return {key: _source(item) for key, item in value.items()}
    if is_sequence(value):
        return [_source(item) for item in value]
    return value


def _auth(auth: Auth) -> Call:
    keys: dict[str, SecretKey] = {name: getattr(auth, name) for name in KEYS}
    whom = {name: getattr(auth, name) for name in ("jwt_issuer", "jwt_audience") if getattr(auth, name) != "Flowise"}
    return Call("Auth.from_secret", *_of_one_secret(keys, KEYS, whom))


def _credentials(keys: S3Credentials) -> Call:
    standard = {"access_key_id": "access-key", "secret_access_key": "secret-key"}
    held: dict[str, SecretKey] = {name: getattr(keys, name) for name in standard}
    if keys.access_key_id.secret != keys.secret_access_key.secret:
        return Call("S3Credentials", [], {name: _source(key) for name, key in held.items()})
    return Call("S3Credentials.from_secret", *_of_one_secret(held, standard, {}))


def _of_one_secret(
    keys: Mapping[str, SecretKey], standard: Mapping[str, str], more: Mapping[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """The arguments of `from_secret`: the Secret that holds most of the keys, and what differs from its defaults."""
    secrets = [key.secret for key in keys.values()]
    secret = max(secrets, key=secrets.count)
    given = {name: key.key if key.secret == secret else _source(key) for name, key in keys.items()}
    return [secret], {**{name: key for name, key in given.items() if key != standard[name]}, **more}


def _names(source: Any) -> set[str]:
    """The names from the library that the source uses."""
    if isinstance(source, Call):
        inner = [*source.positional, *source.named.values()]
        return {source.name.partition(".")[0]}.union(*(_names(item) for item in inner))
    if is_map(source):
        return {name for item in source.values() for name in _names(item)}
    return {name for item in source for name in _names(item)} if is_list(source) else set()


def _written(source: Any, indent: int, column: int, behind: int = 0) -> str:
    """The source as ruff formats it: on one line if it fits, else one item per line, with a trailing comma."""
    line = _line(source)
    if column + len(line) + behind <= WIDTH or not isinstance(source, (Call, dict, list)) or line in ("{}", "[]"):
        return line
    deeper, pad = indent + 4, " " * (indent + 4)
    opening, closing, items = _parts(source)
    lines = [f"{pad}{before}{_written(item, deeper, deeper + len(before), 1)},\n" for before, item in items]
    return f"{opening}\n{''.join(lines)}{' ' * indent}{closing}"


def _parts(source: Any) -> tuple[str, str, list[tuple[str, Any]]]:
    if isinstance(source, Call):
        named = [(f"{name}=", item) for name, item in source.named.items()]
        return f"{source.name}(", ")", [*(("", item) for item in source.positional), *named]
    if is_map(source):
        return "{", "}", [(f"{_text(key)}: ", item) for key, item in source.items()]
    return "[", "]", [("", item) for item in source]


def _line(source: Any) -> str:
    if isinstance(source, Name):
        return source.name
    if isinstance(source, Call) or is_map(source) or is_sequence(source):
        opening, closing, items = _parts(source)
        return opening + ", ".join(f"{before}{_line(item)}" for before, item in items) + closing
    return _text(source) if isinstance(source, str) else repr(source)


def _text(text: str) -> str:
    """A string literal with the quotes that ruff chooses."""
    literal = repr(text)
    if literal.startswith('"') or '"' in text:
        return literal
    return '"' + literal[1:-1].replace("\\'", "'") + '"'
