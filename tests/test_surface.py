"""The public face: every name, with the arguments that it takes and their defaults."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

import flowise_constructs

SURFACE = Path(__file__).parent / "data" / "surface.txt"


def described(name: str) -> str:
    thing = getattr(flowise_constructs, name)
    if not inspect.isclass(thing):
        return f"{name}: {type(thing).__name__}"
    if issubclass(thing, Warning):
        return f"{name}: a warning"
    if thing.__module__ in ("cdk8s", "constructs"):
        return f"{name}: of {thing.__module__}"
    # The signature of a construct's class is jsii's.
    made = inspect.signature(thing if issubclass(thing, tuple) else thing.__init__)
    parameters = [parameter for parameter in made.parameters.values() if parameter.name != "self"]
    return "\n".join(
        [name, *(f"  {parameter.replace(annotation=inspect.Parameter.empty)}" for parameter in parameters)]
    )


def test_the_public_face_is_the_recorded_one(pytestconfig: pytest.Config) -> None:
    found = "\n".join(map(described, flowise_constructs.__all__)) + "\n"
    if pytestconfig.getoption("--update-golden"):
        SURFACE.write_text(found, encoding="utf-8")
    assert found == SURFACE.read_text(encoding="utf-8")
