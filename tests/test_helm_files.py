"""How values files are read and merged."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from flowise_constructs.importers.helm.values_files import merge, read_values
from flowise_constructs.manifests.yaml_files import MAX_BYTES, UnreadableError, load_documents


def read(text: str) -> object:
    return load_documents(text, "values.yaml")[0]


def test_maps_are_merged_lists_replaced_and_a_null_stays_to_delete(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("flowise: {a: 1, b: {c: 1}, l: [1, 2]}\nz: 1\n")
    (tmp_path / "b.yaml").write_text("flowise: {b: {d: 2}, l: [3]}\nz: null\n")
    (tmp_path / "empty.yaml").write_text("# nothing\n")
    files = [str(tmp_path / name) for name in ("a.yaml", "empty.yaml", "b.yaml")]
    assert read_values(files) == {"flowise": {"a": 1, "b": {"c": 1, "d": 2}, "l": [3]}, "z": None}


def test_a_map_over_a_null_and_a_null_over_a_map() -> None:
    assert merge({"x": None}, {"x": {"a": 1}}) == {"x": {"a": 1}}
    assert merge({"x": {"a": 1}}, {"x": None}) == {"x": None}


def test_merging_leaves_the_files_as_they_were() -> None:
    under: dict[str, object] = {"x": {"a": 1}}
    merge(under, {"x": {"b": 2}})
    assert under == {"x": {"a": 1}}


def test_a_dash_is_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a: 1\n")))
    assert read_values(["-"]) == {"a": 1}


def test_scalars_are_those_of_helm() -> None:
    text = "a: 1e3\nb: 010\nc: 2001-01-01\nd: 1:30\ne: yes\nf: ~\ng: 0x1F\nh: '1'\ni: 1_000\nj: 0o17\n"
    expected = {"a": 1000.0, "b": 8, "c": "2001-01-01", "d": "1:30", "e": True, "f": None, "g": 31, "h": "1"}
    assert read(text) == {**expected, "i": 1000, "j": 15}


def test_anchors_and_merge_keys_are_followed() -> None:
    assert read("a: &a {x: 1, z: 2}\nb: {<<: *a, z: 3}\nc: [*a]") == {
        "a": {"x": 1, "z": 2},
        "b": {"x": 1, "z": 3},
        "c": [{"x": 1, "z": 2}],
    }


LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{after}: &{after} [{', '.join([f'*{before}'] * 10)}]\n"
    for before, after in zip("abcdefgh", "bcdefghi", strict=True)
)
MERGED_LAUGHS = "m0: &m0 {x: 1}\n" + "".join(
    f"m{n + 1}: &m{n + 1} {{<<: [*m{n}, *m{n}], k{n}: 1}}\n" for n in range(60)
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\na: 2", "the key 'a' is there twice at line 2"),
        ("x:\n  b: {a: 1, a: 2}", "is there twice"),
        ("1: 2", "a key is not a string"),
        ("on: 2", "a key is not a string"),
        ("y: 2", "a key is not a string"),
        ("? [a]\n: 1", "a key is not a string"),
        ("a: b: c", "is not YAML"),
        ("a: [1", "is not YAML"),
        ("a: \x00", "is not YAML"),
        ("!!python/object/apply:os.system [x]", "could not determine a constructor"),
        ("a: !!binary eA==", "could not determine a constructor"),
        ("a: !!timestamp 2001-01-01", "could not determine a constructor"),
        ("a: !!int x", "can't be read"),
        ("a: " + "9" * 5000, "an integer of 5000 digits"),
        (LAUGHS, "too large with its aliases"),
        ("a: &a {b: *a}", "nested more than 100"),
        ("[" * 200 + "]" * 200, "nested more than 100"),
        # Some releases of libyaml have a bound of their own.
        ("[" * 1_000_000, "nested more than 100|maximum nesting depth"),
        ("{" * 100_000, "nested more than 100|maximum nesting depth"),
        ("<<: 3", "is not YAML"),
        ("a: *b", "is not YAML"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_is_no_plain_yaml_is_refused(text: str, message: str) -> None:
    with pytest.raises(UnreadableError, match=message):
        read(text)


def test_merge_keys_that_double_at_each_turn_stay_small() -> None:
    assert isinstance(read(MERGED_LAUGHS), dict)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a: " + b"x" * MAX_BYTES, "is larger than 2 MiB"),
        (b"a: \xff", "is not UTF-8"),
        (b"- 1", "contains a list, but values are a mapping"),
        (b"a: 1\n---\nb: 2\n", "contains 2 YAML documents"),
    ],
)
def test_files_that_are_no_values(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "values.yaml"
    file.write_bytes(content)
    with pytest.raises(UnreadableError, match=message):
        read_values([str(file)])


def test_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="No such file"):
        read_values([str(tmp_path / "none.yaml")])
    with pytest.raises(UnreadableError, match="Is a directory"):
        read_values([str(tmp_path)])
    with pytest.raises(UnreadableError, match="null"):
        read_values(["a\0b"])


def test_without_pyyaml_the_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(UnreadableError, match=r"pip install PyYAML"):
        load_documents("a: 1", "values.yaml")


def test_a_megabyte_is_read() -> None:
    assert read("a: " + "x" * 10**6) == {"a": "x" * 10**6}
    with pytest.raises(UnreadableError, match="too large"):
        read(f"[{'1, ' * 200_000}1]")
