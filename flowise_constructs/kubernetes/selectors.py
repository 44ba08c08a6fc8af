"""Rules of the API server for label selectors and node selectors that its schema doesn't contain."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from flowise_constructs.core.findings import shown
from flowise_constructs.core.rules import naming

Fields = Mapping[str, Any]
"""An object that fits the schema: what is required is there, and everything is of its type."""

_OF_SETS = ("In", "NotIn", "Exists", "DoesNotExist")
_OF_NUMBERS = ("Gt", "Lt")
# A label's value starts with a letter or a digit, and the scheduler reads 64 bits.
_INTEGER = re.compile(r"[0-9]{1,18}")


def wrong(word: str, text: str, rule: Callable[[str], str | None]) -> Iterator[str]:
    """What the rule has against a field's text."""
    if (problem := rule(text)) is not None:
        yield f"has {word} {shown(text)}, which {problem}"


def labels(word: str, given: Mapping[str, str]) -> Iterator[str]:
    """Keys and values of labels."""
    for key, value in given.items():
        yield from wrong(f"the key in {word}", key, naming.label_key)
        yield from wrong(f"{word}[{shown(key)}]", value, naming.label_value)


def label_keys(word: str, keys: Sequence[str]) -> Iterator[str]:
    """Keys in a list."""
    for key in keys:
        yield from wrong(word, key, naming.label_key)


def label_selector(selector: Fields) -> Iterator[str]:
    """`matchLabels` and `matchExpressions`."""
    yield from labels("matchLabels", selector.get("matchLabels", {}))
    for expression in selector.get("matchExpressions", ()):
        yield from _expression(expression, _OF_SETS)


def held_twice(fields: Fields, selector: Fields) -> Iterator[str]:
    """`matchLabelKeys` that the selector beside them holds too."""
    held = {*selector.get("matchLabels", {}), *(item["key"] for item in selector.get("matchExpressions", ()))}
    for key in fields.get("matchLabelKeys", ()):
        if key in held:
            yield f"has matchLabelKeys {shown(key)}, which its labelSelector holds too: leave it out of one"


def node_term(term: Fields) -> Iterator[str]:
    """One of `nodeSelectorTerms`, or a `preference`."""
    for expression in term.get("matchExpressions", ()):
        yield from _expression(expression, (*_OF_SETS, *_OF_NUMBERS))
    for field in term.get("matchFields", ()):
        yield from _node_field(field)


def _expression(expression: Fields, operators: Sequence[str]) -> Iterator[str]:
    operator, values = expression["operator"], expression.get("values", ())
    yield from wrong("the key in matchExpressions", expression["key"], naming.label_key)
    if operator not in operators:
        yield f"has operator {shown(operator)}: one of {', '.join(operators)}"
    elif operator in _OF_NUMBERS:
        yield from _number(operator, values)
    elif operator in ("In", "NotIn"):
        yield from _members(operator, values)
    elif values:
        yield f"has operator {operator} with values: leave them out"


def _number(operator: str, values: Sequence[str]) -> Iterator[str]:
    if len(values) != 1 or not _INTEGER.fullmatch(values[0]):
        yield f"has operator {operator} with values {shown(list(values))}: it takes one integer, such as ['3']"


def _members(operator: str, values: Sequence[str]) -> Iterator[str]:
    if not values:
        yield f"has operator {operator} without values: name at least one"
    for value in values:
        yield from wrong(f"the value of operator {operator}", value, naming.label_value)


def _node_field(field: Fields) -> Iterator[str]:
    """One of `matchFields`: a node has one field that can be selected, and takes one value for it."""
    operator, values = field["operator"], field.get("values", ())
    if field["key"] != "metadata.name":
        yield f"has the key {shown(field['key'])} in matchFields, which know 'metadata.name' alone"
    if operator not in ("In", "NotIn"):
        yield f"has operator {shown(operator)} in matchFields: In or NotIn"
    if len(values) != 1:
        yield f"has {len(values)} values in matchFields, which take one: write a term for each node"
    for value in values:
        yield from wrong("the node in matchFields", value, naming.dns_subdomain)
