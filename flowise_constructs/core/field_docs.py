"""The docstrings of a class's fields, in the `__doc__` that `help()` shows, and the arguments of constructs.

Python drops the string below a field when it compiles a class. It is read from the source, when somebody asks.
"""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
import types
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Annotated, Any, Literal, Union, get_args, get_origin

_PACKAGE = __name__.partition(".")[0]


def show_field_docs(things: Iterable[object]) -> None:
    """Makes the `__doc__` of each class end with the docstrings of its fields, and gives constructs the signature of
    their `__init__`. Leaves alone what is no class."""
    for cls in things:
        # The metaclass of jsii takes anything, so that is what pydoc would say.
        if isinstance(cls, type) and type(cls) is not type and _is_ours(cls):
            type.__setattr__(cls, "__signature__", _Signature())
        # pydoc reads the `__doc__` of a class with a metaclass of its own without asking the descriptor.
        if type(cls) is type and not isinstance(vars(cls).get("__doc__"), _FieldDocs):
            type.__setattr__(cls, "__doc__", _FieldDocs(cls.__doc__))


class _FieldDocs:
    """A `__doc__` that is put together when it is read, and only once."""

    def __init__(self, own: str | None) -> None:
        self._own = own
        self._whole: str | None = None

    def __get__(self, instance: object, owner: type) -> str | None:
        if self._whole is None:
            fields = "\n".join(_described(owner))
            self._whole = f"{inspect.cleandoc(self._own or '')}\n\nFields:\n{fields}" if fields else self._own
        return self._whole


class _Signature:
    """The arguments of a class, a subclass's own where it has some."""

    def __get__(self, instance: object, owner: type) -> inspect.Signature:
        signature = inspect.signature(owner.__init__)  # type: ignore[misc]
        return signature.replace(parameters=list(signature.parameters.values())[1:])


def _described(cls: type) -> Iterator[str]:
    for heading, words in _fields(cls).items():
        yield f"  {heading}"
        yield from (f"      {alias}" for alias in _aliases(cls, heading))
        yield textwrap.indent(inspect.cleandoc(words), "      ")


def _aliases(cls: type, heading: str) -> Iterator[str]:
    """What the names in a field's annotation stand for, where they are neither classes nor words of Python."""
    field = ast.parse(heading).body[0]
    assert isinstance(field, ast.AnnAssign)
    names = [node.id for node in ast.walk(field.annotation) if isinstance(node, ast.Name)]
    for name in dict.fromkeys(names):
        found = (vars(sys.modules[base.__module__]).get(name) for base in cls.__mro__ if _is_ours(base))
        hint = next((hint for hint in found if hint is not None), None)
        if get_origin(hint) in (Union, types.UnionType, Annotated, Literal):
            yield f"{name} is {_spelled(hint)}"


def _spelled(hint: Any) -> str:
    """A type without this package's names for unions and rules."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _spelled(arguments[0])
    if origin in (Union, types.UnionType):
        return " | ".join(dict.fromkeys(map(_spelled, arguments)))
    if origin is Literal:
        return " | ".join(map(repr, arguments))
    if origin is not None:
        return f"{origin.__name__}[{', '.join(map(_spelled, arguments))}]"
    return "None" if hint is type(None) else str(getattr(hint, "__name__", hint))


def _fields(cls: type) -> dict[str, str]:
    """Maps each documented field, as its source has it, to its docstring; inherited ones first."""
    bodies = [_body(base) for base in reversed(cls.__mro__) if _is_ours(base)]
    return {
        ast.unparse(field): text.value.value
        for body in bodies
        for field, text in pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }


def _body(cls: type) -> list[ast.stmt]:
    try:
        parsed = ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0]
    except (OSError, TypeError):  # There is no source, as in an archive of compiled modules.
        return []
    return parsed.body if isinstance(parsed, ast.ClassDef) else []


def _is_ours(cls: type) -> bool:
    return cls.__module__.startswith(f"{_PACKAGE}.")
