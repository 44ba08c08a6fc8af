"""Text that YAML would lose is refused; all other text comes through as it is."""

from __future__ import annotations

import pytest
from deployments import environment, objects, standalone

from flowise_constructs import ConfigError, PodOptions, Settings

LOST_IN_YAML = (
    *("0o17", "0O17", "+0o1", "0B1", "0X1F", "1e1_0", "7E18_", "+_1", "-_0", "+_.087"),
    *("\ta\nb", "\n\ta", " \t\n\ta", "a\n  ", "a\n\t", "a\r\nb", "a\u2028b", "a\u2029b", "\ufeffa"),
)
"""Text that cdk8s writes, and Kubernetes reads as something else or not at all."""
KEPT_IN_YAML = (
    *("1e3", "0x1F", "017", "09", "1_000", "12:30:45", "1:2", "~", "null", "y", "N", "on", "yes", "True", "=", "<<"),
    *("2001-01-01", ".inf", "-.inf", ".nan", "0b11", "+1", "1.", ".5", "-", "--", "---", "...", "a: b", "a #b", "- a"),
    *("!t", "&a", "*a", "%a", "@a", "`a", "'a", '"a', "\\", "a\\nb", " a", "a ", "\ta", "a\t", "a\nb", "a\n", "a\n\n"),
    *("\na", "\n\na", " a\nb", "é", "🐘", "x" * 300, "word " * 80 + "end", "a  \nb", "{a", "[a", "|", "> x", "key:"),
    *("1e5.", "6.02e23", "-0", "00", "1e", "0x", "1,000", "+", "-.5", "_", "a\tb\n\tc", "$(HOME)", "\U0010ffff"),
)


@pytest.mark.parametrize("text", LOST_IN_YAML, ids=repr)
def test_text_that_yaml_would_lose_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"Settings\.extra_env"):
        Settings(extra_env={"NODE_X": text})
    with pytest.raises(ConfigError, match=r"PodOptions\.annotations"):
        PodOptions(annotations={"a": text})
    with pytest.raises(ConfigError, match=r"PodOptions\.affinity"):
        PodOptions(affinity={"a": text})


def test_text_comes_through_yaml_as_it_is() -> None:
    given = {f"NODE_{number}": text for number, text in enumerate(KEPT_IN_YAML)}
    read = environment(objects(standalone(settings=Settings(extra_env=given))), "flowise")
    assert {name: read[name] for name in given} == given
