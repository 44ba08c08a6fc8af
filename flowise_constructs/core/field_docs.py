"""The docstrings of a class's fields, in the `__doc__` that `help()` shows.

Python drops the string below a field when it compiles a class. It is read from the source, when somebody asks.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterable, Iterator
from itertools import pairwise

_PACKAGE = __name__.partition(".")[0]


def show_field_docs(things: Iterable[object]) -> None:
    """Makes the `__doc__` of each class end with the docstrings of its fields. Leaves alone what is no class."""
    for cls in things:
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


def _described(cls: type) -> Iterator[str]:
    for heading, words in _fields(cls).items():
        yield f"  {heading}"
        yield textwrap.indent(inspect.cleandoc(words), "      ")


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
