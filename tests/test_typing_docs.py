"""The words of fields, where people look for them: `help()`, pyright's hover and completion, jedi's."""

from __future__ import annotations

import inspect
import json
import os
import pydoc
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jedi
import pytest

import flowise_constructs
from flowise_constructs import (
    Backup,
    Construct,
    DatabaseTls,
    Flowise,
    Main,
    PostgresDatabase,
    QueueChart,
    StandaloneChart,
)

ROOT = Path(__file__).resolve().parent.parent
WORDS = "0 stops Flowise and keeps all data."

PLAIN: Any = pydoc.plaintext  # type: ignore[attr-defined]

# `help()`


def test_help_shows_each_fields_words() -> None:
    shown = pydoc.render_doc(Main, renderer=PLAIN)
    assert "replicas: quantities.Count | CpuScaling | External = 1\n" in shown
    assert WORDS in shown
    assert "Default: every 10 s in queue mode" in shown


def test_help_shows_a_constructs_words() -> None:
    shown = pydoc.render_doc(QueueChart, renderer=PLAIN)
    assert "Attributes: `.auth`, `.postgres`, `.redis`" in shown


@pytest.mark.parametrize("chart", [QueueChart, StandaloneChart])
def test_each_argument_of_a_chart_has_its_sentence_and_a_short_default(chart: type) -> None:
    shown = pydoc.render_doc(chart, renderer=PLAIN)
    signature = inspect.signature(chart)
    assert "\n |  " + f"{chart.__name__}(scope: 'Construct', id: 'ChartId', *, auth: 'Auth', database: " in shown
    for name, parameter in signature.parameters.items():
        assert f"- `{name}`: " in shown, name
        assert len(repr(parameter.default)) < 60, name
    assert "main: 'Main' = Main(), " in shown


def test_a_subclass_has_its_own_arguments() -> None:
    class Ours(QueueChart):
        def __init__(self, scope: Construct, *, team: str) -> None: ...

    assert list(inspect.signature(Ours).parameters) == ["scope", "team"]


def test_help_says_what_a_name_in_an_annotation_stands_for() -> None:
    def words(value: type) -> str:
        return " ".join(str(value.__doc__).split())

    assert "ca: Pem | None = None Pem is str | SecretKey | ConfigMapKey The authority that signed" in words(DatabaseTls)
    assert "host: AnyHost AnyHost is str | SecretKey | ConfigMapKey DNS name" in words(PostgresDatabase)
    assert "target: ObjectStore ObjectStore is S3Bucket | GcsBucket | AzureContainer The bucket" in words(Backup)
    assert "route: Routes | None = None Routes is HttpRoute | Sequence[HttpRoute] In its place" in words(Flowise)
    assert "Count is" not in words(Main)


@pytest.mark.parametrize("name", flowise_constructs.__all__)
def test_every_documented_field_of_a_public_class_is_in_its_help(name: str) -> None:
    thing = getattr(flowise_constructs, name)
    for field in getattr(thing, "__dataclass_fields__", {}):
        assert f"\n  {field}: " in thing.__doc__


def test_a_class_of_ones_own_keeps_its_own_words() -> None:
    class Ours(QueueChart):
        """Our queue."""

    assert Ours.__doc__ == "Our queue."
    assert str(flowise_constructs.JsonPatch.__doc__).startswith("Utility for applying")


def test_without_its_source_a_class_has_its_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    from flowise_constructs.core.field_docs import _FieldDocs  # noqa: PLC0415

    class Compiled(Main):
        pass

    Compiled.__module__ = "flowise_constructs.nowhere"
    monkeypatch.setattr("inspect.getsource", lambda cls: (_ for _ in ()).throw(OSError()))
    assert _FieldDocs("Its own.").__get__(None, Compiled) == "Its own."


def test_the_source_is_read_when_somebody_asks_and_not_before() -> None:
    script = (
        "import sys, flowise_constructs; print('pydoc' in sys.modules, len(flowise_constructs.Main.__doc__) > 1000)"
    )
    asked = f"import inspect; inspect.getsource = None\n{script.partition('; print')[0]}"
    subprocess.run([sys.executable, "-c", asked], check=True)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "False True\n"


def test_dir_lists_every_public_name() -> None:
    assert dir(flowise_constructs) == sorted([*flowise_constructs.__all__, "__version__"])


# Editors

CODE = "from flowise_constructs import Main\nmain = Main(replicas=2)\nmain.replicas\n"


def test_jedi_shows_a_fields_words() -> None:
    script = jedi.Script(CODE, project=jedi.Project(ROOT), environment=jedi.InterpreterEnvironment())
    assert [name.docstring() for name in script.help(3, 6) if WORDS in name.docstring()]
    completed = [name for name in script.complete(3, 9) if name.name == "replicas"]
    assert WORDS in completed[0].docstring()


class Pyright:
    """A language server, asked about one file."""

    def __init__(self, folder: Path) -> None:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "pyright.langserver", "--stdio"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PATH": path},
        )
        self._uri = (folder / "code.py").as_uri()
        folders = [{"uri": folder.as_uri(), "name": "code"}]
        item = {"documentationFormat": ["plaintext"], "resolveSupport": {"properties": ["documentation"]}}
        capabilities = {"textDocument": {"completion": {"completionItem": item}}}
        self.ask("initialize", {"processId": None, "workspaceFolders": folders, "capabilities": capabilities})
        self._send({"method": "initialized", "params": {}})
        document = {"uri": self._uri, "languageId": "python", "version": 1, "text": CODE}
        self._send({"method": "textDocument/didOpen", "params": {"textDocument": document}})

    def at(self, method: str, line: int, character: int) -> Any:
        position = {"line": line - 1, "character": character}
        return self.ask(f"textDocument/{method}", {"textDocument": {"uri": self._uri}, "position": position})

    def ask(self, method: str, parameters: object) -> Any:
        self._send({"id": method, "method": method, "params": parameters})
        while (answer := self._receive()).get("id") != method or "method" in answer:
            if "id" in answer:
                self._send({"id": answer["id"], "result": None})
        return answer["result"]

    def _send(self, message: dict[str, object]) -> None:
        assert self._process.stdin
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._process.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        assert self._process.stdout
        length = 0
        while line := self._process.stdout.readline().strip():
            if line.startswith(b"Content-Length: "):
                length = int(line.split()[1])
        found: dict[str, Any] = json.loads(self._process.stdout.read(length))
        return found

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture(scope="module")
def pyright(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pyright]:
    folder = tmp_path_factory.mktemp("code")
    settings = {"venvPath": str(Path(sys.prefix).parent), "venv": Path(sys.prefix).name}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    (folder / "code.py").write_text(CODE)
    server = Pyright(folder)
    yield server
    server.close()


@pytest.mark.parametrize(("line", "character"), [(2, 14), (3, 7)], ids=["keyword", "attribute"])
def test_pyright_shows_a_fields_words_on_hover(pyright: Pyright, line: int, character: int) -> None:
    assert WORDS in json.dumps(pyright.at("hover", line, character))


def test_pyright_shows_a_fields_words_in_completion(pyright: Pyright) -> None:
    found: list[Any] = [item for item in pyright.at("completion", 3, 7)["items"] if item["label"] == "replicas"]
    assert WORDS in json.dumps(pyright.ask("completionItem/resolve", found[0]))
