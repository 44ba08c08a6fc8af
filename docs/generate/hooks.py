"""What MkDocs calls while it builds the site: pages made of the code, the examples and the changelog.

Nothing here imports cdk8s, so no Node is needed.
"""

from __future__ import annotations

import argparse
import ast
import html
import inspect
import os
import re
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import griffe

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

PACKAGE = "flowise_constructs"
NOTHING = "\N{EN DASH}"
ROOMS = {
    "charts": ("Charts", "The two topologies. Start here."),
    "flowise": ("Flowise", "Keys, image, settings, main and worker."),
    "database": ("Database", "Where flows, messages and users are."),
    "queueing": ("Queue and Redis", "Queue mode."),
    "storage": ("Storage", "Uploads and documents, and the claim."),
    "edge": ("Service, Ingress and routes", "Traffic from outside."),
    "network": ("Network policies", "Who reaches the pods, and what they reach."),
    "monitoring": ("Monitoring", "What Prometheus scrapes, and how it finds it."),
    "kubernetes": ("Kubernetes", "Names, pods, resources, references to Secrets and ConfigMaps."),
    "owner": ("Owner", "The first account, and API keys."),
    "backup": ("Backup", "Backups, restores, drills."),
    "secrets": ("Secrets", "Secrets out of a store, and a new encryption key."),
    "core": ("Errors", "What is raised, and what is warned of."),
}
_ARGUMENT = re.compile(r"^- `(\w+)`: (.*(?:\n  .*)*)", re.MULTILINE)
"""An argument and its words in a docstring."""
OUTSIDE_DOCS = {"CHANGELOG.md": "changelog.md", "CONTRIBUTING.md": "contributing.md", "SECURITY.md": "security.md"}
EXAMPLES = {
    "standalone_sqlite": "Standalone, SQLite",
    "standalone_postgresql": "Standalone, PostgreSQL",
    "with_owner": "With an owner and an API key",
    "queue_bundled": "Queue, bundled servers",
    "queue_managed": "Queue, managed services",
    "queue_google": "Queue, Google Cloud",
    "two_doors": "Two doors, oauth2-proxy",
    "queue_cloudnativepg": "Queue on CloudNativePG",
    "standalone_volumes": "Four volumes, a host from a Secret",
    "two_instances": "Two instances in one app",
    "sidecar": "Cloud SQL through a sidecar",
    "restricted_network": "OpenShift, TLS and a proxy",
    "helm_release": "A migrated Helm release",
    "backups_with_drill": "Backups with a drill",
    "network_policies": "Behind network policies",
    "external_secrets": "Secrets from a store",
}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the generated pages."""
    from mkdocs.structure.files import File  # noqa: PLC0415

    for path, text in pages().items():
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Links to files of the repository that are pages here."""
    depth = page.file.src_uri.count("/")
    for source, target in OUTSIDE_DOCS.items():
        markdown = markdown.replace(f"]({'../' * (depth + 1)}{source})", f"]({'../' * depth}{target})")
    return markdown


def on_post_page(output: str, **_: Any) -> str:
    """Long names in tables may break after a dot, a slash or an underscore, and before a capital."""
    return re.sub(r"(?<=<td>).*?(?=</td>)", lambda cell: re.sub(r"(?<=<code>)[^<]+", _breakable, cell[0]), output)


def _breakable(match: re.Match[str]) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=\w[._/])(?=\w)", "<wbr>", match[0])


def pages() -> dict[str, str]:
    """Every generated page."""
    reference = Reference()
    return {
        **reference.pages(),
        "reference/variables.md": variables_page(),
        "reference/commands.md": commands_page(),
        **{f"examples/{name}.md": example_page(name, title) for name, title in EXAMPLES.items()},
        **{target: outside_page(source) for source, target in OUTSIDE_DOCS.items()},
    }


def outside_page(source: str) -> str:
    """A file of the repository, its links turned to the site's."""
    text = (ROOT / source).read_text(encoding="utf-8").replace("](docs/", "](")
    for other, target in OUTSIDE_DOCS.items():
        text = text.replace(f"]({other})", f"]({target})")
    return text


class Reference:
    """The public names, from the code as it is written: griffe reads it and runs none of it."""

    def __init__(self) -> None:
        loader = griffe.GriffeLoader(search_paths=[str(ROOT)])
        self.package = cast("griffe.Module", loader.load(PACKAGE))
        loader.resolve_aliases()
        aliases = {name: cast("griffe.Alias", self.package[name]) for name in public_names()}
        self.of_cdk8s = [name for name, alias in aliases.items() if not alias.target_path.startswith(f"{PACKAGE}.")]
        """Names of cdk8s and constructs, which their own documentation describes."""
        self.objects = {name: alias.final_target for name, alias in aliases.items() if name not in self.of_cdk8s}
        self.rooms: dict[str, list[str]] = {}
        for name, found in self.objects.items():
            self.rooms.setdefault(found.path.split(".")[1], []).append(name)
        self.types = _named_types(self.package)
        self.found = _found_elsewhere(self.package)
        self.used: set[str] = set()

    def pages(self) -> dict[str, str]:
        """A page a room, one of the types, and an index."""
        made = {f"reference/{room}.md": self._room(room, names) for room, names in self.rooms.items()}
        return {**made, "reference/types.md": self._types(), "reference/index.md": self._index()}

    def _index(self) -> str:
        lines = ["# Public names", ""]
        for room in [*ROOMS, *sorted(set(self.rooms) - set(ROOMS))]:
            title, summary = ROOMS.get(room, (room.capitalize(), ""))
            links = ", ".join(f"[`{name}`]({room}.md#{name})" for name in sorted(self.rooms[room]))
            lines += [f"**[{title}]({room}.md)**. {summary} {links}", ""]
        lines += [
            "**[Types](types.md)**. What a field accepts.",
            "",
            "All of them are imported from `flowise_constructs`; every other module is private, except",
            "`flowise_constructs.jsii_node`, whose `use_bundled_node()` lets jsii run the Node that comes along.",
            "",
            f"{', '.join(f'`{name}`{{ #{name} }}' for name in self.of_cdk8s)} are cdk8s' own.",
            "Import them from here too: then Node is chosen before cdk8s starts it.",
            "",
        ]
        return "\n".join(lines)

    def _room(self, room: str, names: list[str]) -> str:
        title, summary = ROOMS.get(room, (room.capitalize(), ""))
        lines = [f"# {title}", "", summary, ""]
        for name in sorted(names):
            lines += self._object(name, self.objects[name], room)
        return "\n".join(lines)

    def _object(self, name: str, found: griffe.Object, room: str) -> Iterator[str]:
        yield from (f"## {name} {{ #{name} }}", "", _docstring(found), "")
        if not isinstance(found, griffe.Class):
            yield from (f"<code>{self._annotation(str(getattr(found, 'value', '')), room)}</code>", "")
            return
        refusals = _refusals(found)
        is_value = "dataclass" in found.labels or _is_error(found)
        if (init := found.members.get("__init__")) is not None and not is_value:
            yield from self._arguments(name, cast("griffe.Function", init), room)
        for attribute in _attributes(found):
            yield from (f"### `{attribute.name}` {{ #{name}.{attribute.name} }}", "")
            yield from (self._typed(attribute, room, is_value=is_value), "", _docstring(attribute), "")
            rules = _unwrapped(str(attribute.annotation), attribute.module)[2]
            elsewhere = self.found.get(f"{name}.{attribute.name}", [])
            refused = [("Refused", text) for text in (*rules, *refusals.get(attribute.name, []))]
            for verdict, text in (*refused, *elsewhere):
                yield from (f"*{verdict}:* {text}", "")
        for method in _methods(found):
            yield from (f"### `{method.name}()` {{ #{name}.{method.name} }}", "", _docstring(method), "")
            yield from self._arguments(f"{name}.{method.name}", method, room)

    def _arguments(self, name: str, function: griffe.Function, room: str) -> Iterator[str]:
        shown = [parameter for parameter in function.parameters if parameter.name not in ("self", "scope", "id")]
        text = _docstring(function) if function.name == "__init__" else ""
        words = {name: " ".join(said.split()) for name, said in _ARGUMENT.findall(text)}
        if text and not words:
            yield from (text, "")
        for parameter in shown:
            default = "" if parameter.default is None else f" = `{_default(str(parameter.default))}`"
            kind = "**" if str(parameter.kind) == "variadic keyword" else ""
            accepts = self._annotation(str(parameter.annotation), room)
            said = f". {found[0].upper()}{found[1:]}" if (found := words.get(parameter.name)) else ""
            yield f"- **`{kind}{parameter.name}`**: <code>{accepts}</code>{default}{said}"
        yield ""

    def _typed(self, attribute: griffe.Attribute, room: str, *, is_value: bool) -> str:
        accepts = _unwrapped(str(attribute.annotation), attribute.module)[0]
        kind = f"<code>{self._annotation(accepts, room)}</code>"
        if "property" in attribute.labels:
            return f"{kind}, read only"
        if not is_value:
            return kind
        if attribute.value is None:
            return f"{kind}, required"
        return f"{kind} = `{_default(str(attribute.value))}`"

    def _annotation(self, text: str, room: str) -> str:
        """The annotation, its names linked to what they mean."""
        return "".join(self._token(token, room) for token in re.findall(r"[\w.]+|[^\w.]+", text))

    def _token(self, token: str, room: str) -> str:
        last = token.rpartition(".")[2]
        if last in self.objects:
            target = self.objects[last].path.split(".")[1]
            return f"[{last}]({'' if target == room else f'{target}.md'}#{last})"
        if last in self.types:
            self.used.add(last)
            return f"[{last}]({'' if room == 'types' else 'types.md'}#{last})"
        return (
            html.escape(last).replace("[", "&#91;").replace("]", "&#93;").replace("|", "&#124;").replace("*", "&#42;")
        )

    def _types(self) -> str:
        """Those that the other pages refer to, and those that they refer to."""
        lines = [
            "# Types",
            "",
            "What a field accepts. A value is checked when it is made; the points under a type are the words of the",
            "error.",
            "",
        ]
        wanted, shown = set(self.used), set[str]()
        while missing := wanted - shown:
            shown |= missing
            for name in missing:
                wanted |= {word for word in re.findall(r"\w+", self.types[name].accepts) if word in self.types}
        for name in sorted(shown):
            kind = self.types[name]
            accepts = f"<code>{self._annotation(kind.accepts, 'types')}</code>"
            words = [f"- {message}" for message in kind.messages]
            lines += [f"### `{name}` {{ #{name} }}", "", accepts, "", kind.text, "", *words, ""]
        return "\n".join(lines)


class Kind(NamedTuple):
    """A named type: what it accepts, what it is, what its rules say."""

    accepts: str
    text: str
    messages: list[str]


def _named_types(package: griffe.Module) -> dict[str, Kind]:
    """The names that annotations use, beside classes."""
    found: dict[str, Kind] = {}
    for module in _modules(package):
        for attribute in module.attributes.values():
            value = str(attribute.value or "")
            if attribute.is_alias or not re.match(r"[A-Z][a-z]", attribute.name) or not value:
                continue
            accepts, text, messages = _unwrapped(value, module)
            found.setdefault(attribute.name, Kind(accepts, _docstring(attribute) or text, messages))
    return found


def _unwrapped(annotation: str, module: griffe.Module) -> tuple[str, str, list[str]]:
    """An annotation without its rules, and what the rules are and say where they stand in the same module."""
    tree = ast.parse(annotation, mode="eval").body
    if not isinstance(tree, ast.Subscript) or ast.unparse(tree.value) != "Annotated":
        return annotation, "", []
    assert isinstance(tree.slice, ast.Tuple)
    kind, *rules = tree.slice.elts
    functions = [found for rule in rules if (found := module.functions.get(ast.unparse(rule))) is not None]
    text = " ".join(_docstring(function) for function in functions)
    passed = any(ast.unparse(rule).startswith("Passed(") for rule in rules)
    text = "As in YAML, under Kubernetes' names; or the struct of cdk8s-plus." if passed else text
    return ast.unparse(kind), text, [message for function in functions for message in _messages(function)]


def public_names() -> list[str]:
    """`__all__`, without the import of a construct."""
    return list(import_module(PACKAGE).__all__)


def _modules(module: griffe.Module) -> Iterator[griffe.Module]:
    yield module
    for child in module.modules.values():
        if not child.is_alias and "importers" not in child.path:
            yield from _modules(child)


def _is_error(found: griffe.Class) -> bool:
    return any(str(base) in ("ValueError", "UserWarning", "NamedTuple", "Protocol") for base in found.bases)


def _docstring(found: Any) -> str:
    text = inspect.cleandoc(found.docstring.value) if found.docstring else ""
    # A key in angle brackets would be a tag.
    return re.sub(r"(?<!`)<(\w+)>", r"&lt;\1&gt;", text)


def _family(found: griffe.Class) -> Iterator[griffe.Class]:
    """The class, after its bases in this package."""
    for base in reversed(list(found.mro())):
        if base.path.startswith(PACKAGE) and base.name != "Value":
            yield base
    yield found


def _attributes(found: griffe.Class) -> Iterator[griffe.Attribute]:
    seen: set[str] = set()
    for owner in _family(found):
        for attribute in owner.attributes.values():
            if not attribute.name.startswith("_") and attribute.docstring and attribute.name not in seen:
                seen.add(attribute.name)
                yield attribute


def _methods(found: griffe.Class) -> Iterator[griffe.Function]:
    for owner in _family(found):
        for method in owner.functions.values():
            hidden = method.name.startswith("_") or method.name in ("contradictions", "finding")
            if not hidden and method.docstring and "property" not in method.labels:
                yield method


def _default(text: str) -> str:
    factory = re.fullmatch(r"field\(default_factory=(dict|list).*\)", text)
    return ("{}" if factory[1] == "dict" else "[]") if factory else text.rpartition("releases.")[2]


def _source(found: griffe.Object) -> ast.AST:
    return ast.parse(dedent("\n".join(found.lines)))


def _refusals(found: griffe.Class) -> dict[str, list[str]]:
    """What contradictions() says, by field; what depends on the value is an ellipsis."""
    refusals: dict[str, list[str]] = {}
    for owner in _family(found):
        for node in ast.walk(_source(owner)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "finding":
                field, message = node.args
                if isinstance(field, ast.Constant) and (text := _text(message)):
                    refusals.setdefault(str(field.value), []).append(text)
    return refusals


def _found_elsewhere(package: griffe.Module) -> dict[str, list[tuple[str, str]]]:
    """What constructs refuse and warn of, by the field that they name."""
    found: dict[str, list[tuple[str, str]]] = {}
    for module in _modules(package):
        for node in ast.walk(ast.parse(cast("Path", module.filepath).read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or not node.args:
                continue
            texts = [text for argument in node.args for string in _strings(argument) if (text := _text(string))]
            if node.func.id == "Finding" and len(node.args) == 2 and len(texts) > 1:
                found.setdefault(texts[0], []).append(("Refused", " / ".join(texts[1:])))
            elif node.func.id == "warn" and texts and (match := re.fullmatch(r"(\w+\.[\w&#;]+): (.*)", texts[0])):
                found.setdefault(html.unescape(match[1]), []).append(("Warned of", match[2]))
    return {html.unescape(where): said for where, said in found.items()}


def _text(node: ast.expr) -> str:
    """A string as it is written, for Markdown."""
    if isinstance(node, ast.Constant):
        text = str(node.value)
    elif isinstance(node, ast.JoinedStr):
        text = "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
    else:
        return ""
    return html.escape(text, quote=False).replace("*", "&#42;").replace("[", "&#91;").replace("_", "&#95;")


def _messages(rule: griffe.Function) -> list[str]:
    """What a rule returns."""
    found: list[str] = []
    for node in ast.walk(_source(rule)):
        if isinstance(node, ast.Return) and node.value is not None:
            found += (text for part in _strings(node.value) if len(text := _text(part)) > 12)
    return found


def _strings(node: ast.expr) -> Iterator[ast.expr]:
    """The strings that an expression may be; not the parts of one."""
    if isinstance(node, (ast.Constant, ast.JoinedStr)):
        yield node
    elif isinstance(node, ast.IfExp):
        yield from (*_strings(node.body), *_strings(node.orelse))
    elif isinstance(node, ast.BoolOp):
        yield from (string for value in node.values for string in _strings(value))


def variables_page() -> str:
    """Every variable that a supported release reads."""
    from flowise_constructs.flowise.environment import OWNED  # noqa: PLC0415
    from flowise_constructs.flowise.releases import RELEASES  # noqa: PLC0415

    names = sorted({name for release in RELEASES.values() for name in release.variables} | set(OWNED))
    rows = [f"| `{name}` | {_reader(name, RELEASES)} | {_owner(OWNED.get(name))} |" for name in names]
    dead = {name: instead for release in RELEASES.values() for name, instead in release.dead.items()}
    return "\n".join(
        [
            "# Variables by release",
            "",
            f"The environment variables that Flowise {', '.join(RELEASES)} read, by the code of their npm packages.",
            "Where a field sets the variable, it is refused in `extra_env`; all others may be given there:",
            "[`Settings.extra_env`](flowise.md#Settings.extra_env), [`Main.extra_env`](flowise.md#Main.extra_env),",
            "[`Worker.extra_env`](flowise.md#Worker.extra_env). A variable that the release, or the role, doesn't read",
            "is warned of. The default release is the image tag of [`Image`](flowise.md#Image.tag).",
            "",
            "## Read, or set by a field",
            "",
            "| variable | read by | set by |",
            "| --- | --- | --- |",
            *rows,
            "",
            "## Set by many, read by none",
            "",
            "| variable | instead |",
            "| --- | --- |",
            *(f"| `{name}` | {f'`{live}`' if live else NOTHING} |" for name, live in sorted(dead.items())),
            "",
        ]
    )


def _reader(name: str, releases: Mapping[str, Any]) -> str:
    """Who reads it, and since when or until when."""
    by = {tag: release.variables[name] for tag, release in releases.items() if name in release.variables}
    if not by:
        return "Node, or a script of this library"
    words = {"both": "main, worker"}
    since: dict[str, str] = {}
    for tag, reader in by.items():
        since.setdefault(words.get(reader, reader), tag)
    oldest, newest = next(iter(releases)), list(releases)[-1]
    parts = [reader if tag == oldest else f"from {tag}: {reader}" for reader, tag in since.items()]
    return "; ".join(parts) + ("" if newest in by else f"; not after {list(by)[-1]}")


def _owner(owner: Any) -> str:
    if owner is None:
        return NOTHING
    return f"`{owner.value}`" if owner.value else f"nothing: {owner.follows}"


def commands_page() -> str:
    """What `--help` says."""
    os.environ["COLUMNS"] = "100"
    from flowise_constructs import cli  # noqa: PLC0415

    parser: argparse.ArgumentParser = cli._parser()
    action = next(item for item in parser._actions if isinstance(item, argparse._SubParsersAction))
    lines = ["# Commands", "", "They need the extras `cli` and `node`. Exit codes: 0 done, 1 refused, 2 unusable.", ""]
    lines += ["```text", parser.format_help().rstrip(), "```", ""]
    for name, command in action.choices.items():
        lines += [f"## {name}", "", "```text", command.format_help().rstrip(), "```", ""]
    return "\n".join(lines)


def example_page(name: str, title: str) -> str:
    """An example: its comment, its code, and its YAML without the scripts."""
    source = (ROOT / "examples" / f"{name}.py").read_text(encoding="utf-8")
    comment = inspect.cleandoc(ast.get_docstring(ast.parse(source)) or "")
    code = source.split('"""', 2)[2].lstrip()
    values = ROOT / "examples" / f"{name}.values.yaml"
    given = (
        ["", "## Values", "", "```yaml", values.read_text(encoding="utf-8").rstrip(), "```"] if values.exists() else []
    )
    yaml = _without_scripts((ROOT / "examples" / f"{name}.yaml").read_text(encoding="utf-8"))
    return "\n".join(
        [
            *(f"# {title}", "", comment, *given, "", f"## examples/{name}.py", "", "```python", code.rstrip(), "```"),
            *("", "## The YAML", "", f"The whole file is `examples/{name}.yaml`. Scripts are left out here.", ""),
            *("```yaml", yaml.rstrip(), "```", ""),
        ]
    )


def _without_scripts(yaml: str) -> str:
    """The YAML, the text of each script replaced by a comment."""
    shown: list[str] = []
    script = False
    for line in yaml.splitlines():
        if script and (not line or line.startswith("    ")):
            continue
        script = re.fullmatch(r"  \S+\.(js|sh|awk|py|sql|mjs|cjs): \|-?", line) is not None
        shown.append(f"{line} # …" if script else line)
    return "\n".join(shown)
