"""YAML files -> plain data, as Helm and Kubernetes read them, without YAML's other features."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any, ClassVar

from flowise_constructs.core.plain import is_map, is_sequence

MAX_BYTES = 2 * 2**20
MAX_NODES = 200_000
MAX_DEPTH = 100


class UnreadableError(Exception):
    """A file that can't be read, or whose content is not what it should be."""


def read_documents(name: str) -> list[Any]:
    """The YAML documents of a file, or of standard input."""
    return load_documents(read_text(name), name)


def read_text(name: str) -> str:
    """The text of a file, or of standard input."""
    try:
        raw = sys.stdin.buffer.read(MAX_BYTES + 1) if name == "-" else _bytes(Path(name))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UnreadableError(f"{name}: {reason}") from None
    if len(raw) > MAX_BYTES:
        raise UnreadableError(f"{name}: is larger than {MAX_BYTES // 2**20} MiB")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableError(f"{name}: is not UTF-8: {error.reason} at byte {error.start}") from None


def _bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def load_documents(text: str, name: str) -> list[Any]:
    """The YAML documents of a text; JSON is one of them."""
    if (read := _json(text, name)) is not None:
        _bound(read, name)
        return [read]
    module = _yaml()
    try:
        _bound_depth(module, text, name)
        documents = list(module.load_all(text, Loader=_loader()))
    except module.YAMLError as error:
        raise UnreadableError(f"{name}: is not YAML: {_one_line(error)}") from None
    except RecursionError:
        raise UnreadableError(f"{name}: is nested too deeply") from None
    except ValueError as error:
        raise UnreadableError(f"{name}: contains a value that can't be read: {error}") from None
    for document in documents:
        _bound(document, name)
    return documents


def _json(text: str, name: str) -> Any:
    """The object or list of a JSON text. YAML's parser would stumble over its tabs, and over halves of characters."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except _TwiceError as error:
        raise UnreadableError(f"{name}: the key {error.args[0]!r:.60} is there twice: remove one") from None
    except RecursionError:
        raise UnreadableError(f"{name}: is nested more than {MAX_DEPTH} levels deep") from None
    except ValueError:
        # No JSON: YAML in flow style, or templates.
        return None


class _TwiceError(Exception):
    """A key that stands twice in one JSON object."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, item in pairs:
        if key in found:
            raise _TwiceError(key)
        found[key] = item
    return found


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


def _bound_depth(module: Any, text: str, name: str) -> None:
    """Checks the depth before any recursive code reads the text: libyaml's composer would overflow the stack."""
    depth = 0
    for event in module.parse(text, Loader=_loader()):
        if isinstance(event, (module.MappingStartEvent, module.SequenceStartEvent)):
            depth += 1
        elif isinstance(event, (module.MappingEndEvent, module.SequenceEndEvent)):
            depth -= 1
        if depth > MAX_DEPTH:
            raise UnreadableError(f"{name}: is nested more than {MAX_DEPTH} levels deep")


def _yaml() -> Any:
    try:
        import yaml  # noqa: PLC0415 - an optional extra
    except ModuleNotFoundError:
        fix = "pip install PyYAML"
        raise UnreadableError(f"reading YAML needs the package PyYAML, which is not installed: {fix}") from None
    return yaml


def _one_line(error: Exception) -> str:
    return re.sub(r"\s+", " ", str(error).replace('in "<unicode string>", ', "at ")).strip()[:400]


_KINDS = ("null", "bool", "int", "float", "str", "seq", "map")
_MADE: list[Any] = []


def _loader() -> Any:
    """PyYAML's safe loader with the scalars of Helm's parser. It refuses what different parsers read differently."""
    if not _MADE:
        _MADE.append(_make_loader())
    return _MADE[0]


def _make_loader() -> Any:
    import yaml  # noqa: PLC0415 - an optional extra

    # libyaml's parser, if it is built in, is ten times as fast and calls the same constructor.
    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(base):  # type: ignore[misc]
        yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}
        yaml_constructors: ClassVar[dict[str | None, Any]] = {
            tag: make for tag, make in base.yaml_constructors.items() if tag is None or tag.rpartition(":")[2] in _KINDS
        }

        def flatten_mapping(self, node: Any) -> None:
            """Called for each mapping and for those that a merge key (`<<`) names, which may double at each level."""
            if not getattr(node, "is_flat", False):
                node.is_flat = True
                _check_keys(node)
                base.flatten_mapping(self, node)
                node.value = list({key.value: (key, value) for key, value in node.value}.values())

    _resolve_as_helm(Loader)
    return Loader


def _check_keys(node: Any) -> None:
    from yaml.constructor import ConstructorError  # noqa: PLC0415 - an optional extra

    seen: set[str] = set()
    for key, _ in node.value:
        if key.tag == "tag:yaml.org,2002:merge":
            continue
        if key.tag != "tag:yaml.org,2002:str":
            raise ConstructorError(None, None, "a key is not a string: put it in quotes", key.start_mark)
        if key.value in seen:
            raise ConstructorError(None, None, f"the key {key.value!r:.60} is there twice", key.start_mark)
        seen.add(key.value)


def _resolve_as_helm(loader: Any) -> None:
    """Helm reads dates and sexagesimals as text and `1e3` as a number, and integers may be octal."""
    rules = [
        ("bool", r"y|Y|yes|Yes|YES|on|On|ON|true|True|TRUE|n|N|no|No|NO|off|Off|OFF|false|False|FALSE", "yYoOtTnNfF"),
        ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
        ("int", r"[-+]?(0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|0|[1-9][0-9_]*)", "-+0123456789"),
        (
            "float",
            r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
            "-+.0123456789",
        ),
        ("merge", "<<", "<"),
    ]
    for kind, pattern, first in rules:
        loader.add_implicit_resolver(f"tag:yaml.org,2002:{kind}", re.compile(f"^(?:{pattern})$"), list(first))
    loader.add_constructor("tag:yaml.org,2002:bool", _boolean)
    loader.add_constructor("tag:yaml.org,2002:int", _integer)


def _boolean(loader: Any, node: Any) -> bool:
    return str(loader.construct_scalar(node)).lower() in ("y", "yes", "on", "true")


def _integer(loader: Any, node: Any) -> int:
    digits = str(loader.construct_scalar(node)).replace("_", "")
    if len(digits) > 60:
        raise ValueError(f"an integer of {len(digits)} digits")
    octal = re.fullmatch(r"([-+]?)0o?([0-7]+)", digits)
    return int(f"{octal[1]}{octal[2]}", 8) if octal else int(digits, 0)


def _bound(document: Any, name: str) -> None:
    """Measures the document with every alias expanded, and refuses it if it is too large."""
    left, waiting = MAX_NODES, [(document, 0)]
    while waiting:
        item, depth = waiting.pop()
        left -= 1
        if left < 0 or depth > MAX_DEPTH:
            raise UnreadableError(
                f"{name}: is too large with its aliases expanded, or nested more than {MAX_DEPTH} levels deep"
            )
        if isinstance(item, str) and any("\ud800" <= character <= "\udfff" for character in item):
            raise UnreadableError(f"{name}: contains a lone surrogate (half a character)")
        if is_map(item):
            waiting += [(value, depth + 1) for value in item.values()]
        elif is_sequence(item):
            waiting += [(value, depth + 1) for value in item]
