"""A construct that a chart makes only if a value asks for it."""

from __future__ import annotations

from typing import Generic, TypeVar, overload

T = TypeVar("T")


class Part(Generic[T]):
    """An attribute that holds the construct. Without one, reading it says what to give; `hasattr` is False."""

    def __init__(self, value: str) -> None:
        """`value` is the argument of the chart that makes it."""
        self._value = value
        self._name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, chart: None, owner: type) -> Part[T]: ...

    @overload
    def __get__(self, chart: object, owner: type) -> T: ...

    def __get__(self, chart: object, owner: type) -> Part[T] | T:
        if chart is None:
            return self
        try:
            part: T = vars(chart)[self._name]
            return part
        except KeyError:
            mend = f"give {self._value}, or ask first: hasattr(chart, {self._name!r})"
            raise AttributeError(f"{owner.__name__}.{self._name}: this chart has none: {mend}") from None

    def __set__(self, chart: object, part: T) -> None:
        vars(chart)[self._name] = part
