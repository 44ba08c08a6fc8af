"""rotate-encryption-key.js on SQLite files made for it, with Flowise's own modules: no Flowise is started."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from boot.conftest import installed
from boot.install import Release
from flowise_constructs.kubernetes.scripts import scripts

SCRIPT = "rotate-encryption-key.js"
OLD, NEW = "0ld-k3y-of-2019\n", "0123456789abcdef0123456789abcdef"
PLAIN = '{"apiKey":"grüezi 🔑"}'
ALL = {
    "credential": "encryptedData",
    "custom_mcp_server": "authConfig",
    "chat_flow": "webhookSecret",
    "login_method": "config",
}
CRYPT = """
const { AES, enc } = require(process.argv[1] + '/crypto-js')
const [, , how, key, texts] = process.argv
const one = (text) => {
    if (how === 'encrypt') return AES.encrypt(text, key).toString()
    try { return AES.decrypt(text, key).toString(enc.Utf8) } catch { return null }
}
console.log(JSON.stringify(JSON.parse(texts).map(one)))
"""


@dataclass(frozen=True)
class Ended:
    """How a run ended."""

    code: int
    last_line: str


@dataclass(frozen=True)
class World:
    """A database file, and the script beside it."""

    folder: Path
    release: Release

    @property
    def file(self) -> Path:
        return self.folder / "database.sqlite"

    def crypt(self, how: str, key: str, texts: Sequence[str]) -> list[str]:
        command = [str(self.release.node), "-e", CRYPT, str(self.release.modules), how, key, json.dumps(texts)]
        found: list[str] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        return found

    def encrypted(self, *plain: str, key: str = OLD) -> list[str]:
        return self.crypt("encrypt", key, plain)

    def make(self, rows: Mapping[str, Sequence[str | None]], columns: Mapping[str, str] = ALL) -> None:
        with sqlite3.connect(self.file) as database:
            for table, column in columns.items():
                database.execute(f'CREATE TABLE "{table}" (id TEXT, "{column}" TEXT, name TEXT)')
                for number, value in enumerate(rows.get(table, ())):
                    database.execute(f'INSERT INTO "{table}" VALUES (?, ?, ?)', (f"{table}-{number}", value, "kept"))
        database.close()

    def rows(self, columns: Mapping[str, str] = ALL) -> dict[str, list[str | None]]:
        with sqlite3.connect(self.file) as database:
            found = {
                table: [value for [value] in database.execute(f'SELECT "{column}" FROM "{table}" ORDER BY id')]
                for table, column in columns.items()
            }
        database.close()
        return found

    def run(self, *, old: str = OLD, new: str = NEW, **variables: str) -> Ended:
        for name, text in {**scripts(SCRIPT, "rotate-sqlite.js"), "old-key": old, "new-key": new}.items():
            (self.folder / name).write_text(text)
        environment = {
            "PATH": str(self.folder / "bin"),
            "DATABASE_TYPE": "sqlite",
            "DATABASE_PATH": str(self.folder),
            "ROTATION_OLD_KEY_FILE": str(self.folder / "old-key"),
            "ROTATION_NEW_KEY_FILE": str(self.folder / "new-key"),
            "ROTATION_WAIT_SECONDS": "2",
            "ROTATION_MAIN_URL": "http://127.0.0.1:9/api/v1/ping",
            **variables,
        }
        command = [str(self.release.node), str(self.folder / SCRIPT)]
        done = subprocess.run(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        return Ended(done.returncode, done.stdout.rstrip().rpartition("\n")[2])


@pytest.fixture
def world(tmp_path: Path) -> World:
    release = installed("3.1.4")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "flowise").symlink_to(release.modules / "flowise" / "bin" / "run")
    return World(tmp_path, release)


def test_every_column_gets_the_new_key_and_empty_ones_stay(world: World) -> None:
    one, two, three, four = world.encrypted(PLAIN, "{}", '{"secret":"s"}', '{"a":1}')
    made: dict[str, list[str | None]] = {
        "credential": [one, two],
        "chat_flow": [None, three, ""],
        "login_method": [four],
    }
    world.make(made)
    ended = world.run()
    assert ended == Ended(
        0,
        "rotate: done: 4 values got the new key (credential.encryptedData 2, chat_flow.webhookSecret 1, "
        "login_method.config 1), 0 had it already",
    )
    rows = world.rows()
    assert world.crypt("decrypt", NEW, [text for text in rows["credential"] if text]) == [PLAIN, "{}"]
    assert [rows["chat_flow"][0], rows["chat_flow"][2]] == [None, ""]
    assert not {text for texts in rows.values() for text in texts if text} & {one, two, three, four}
    assert world.run() == Ended(0, "rotate: done: 0 values got the new key, 4 had it already")
    assert world.rows() == rows


def test_what_has_the_new_key_already_is_left_alone(world: World) -> None:
    [old], [new] = world.encrypted(PLAIN), world.encrypted(PLAIN, key=NEW)
    world.make({"credential": [old, new]})
    assert world.run().last_line.endswith("1 value got the new key (credential.encryptedData 1), 1 had it already")
    assert world.rows()["credential"][1] == new


def test_before_3_1_3_there_are_two_columns(world: World) -> None:
    columns = {name: ALL[name] for name in ("credential", "login_method")}
    one, two = world.encrypted(PLAIN, PLAIN)
    world.make({"credential": [one], "login_method": [two]}, columns)
    assert world.run().last_line.startswith("rotate: done: 2 values got the new key")


def test_credentials_in_aws_secrets_manager_are_told_and_left(world: World) -> None:
    [text] = world.encrypted(PLAIN)
    world.make({"credential": [text, "FlowiseCredential_1f"]})
    ended = world.run()
    assert (ended.code, world.rows()["credential"][1]) == (0, "FlowiseCredential_1f")
    assert ended.last_line.endswith("0 had it already, 1 are kept in AWS Secrets Manager, without this key")


REFUSALS: Mapping[str, tuple[dict[str, str], str]] = {
    "another key": (
        {"old": "wr0ng"},
        "2 values of 2 can't be read (credential.encryptedData of credential-0, chat_flow.webhookSecret of "
        "chat_flow-0): the old key decrypts none: it is not the key that Flowise has used",
    ),
    # Flowise doesn't take a line end away.
    "the key without its line end": ({"old": OLD.strip()}, "2 values of 2 can't be read"),
    "a line end": ({"new": f"{NEW}\n"}, "the new key ends with a line end or a space"),
    "too short": ({"new": "sh0rt"}, "the new key has 5 characters: make one of 32 or more"),
    "the same": ({"old": NEW}, "the new key is the old one"),
    "empty": ({"old": ""}, "the old key is empty"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_refusals_change_nothing_and_show_no_key(world: World, case: str) -> None:
    given, message = REFUSALS[case]
    one, two = world.encrypted(PLAIN, PLAIN)
    world.make({"credential": [one], "chat_flow": [two]})
    before = world.rows()
    ended = world.run(**given)
    assert (ended.code, world.rows()) == (2, before)
    assert ended.last_line.startswith(f"rotate: REFUSED: {message}")
    assert ended.last_line.endswith("; nothing was changed")
    assert not any(key in ended.last_line for key in (NEW, OLD.strip(), "wr0ng", "sh0rt"))


def test_values_that_nobody_can_read_are_refused_or_left(world: World) -> None:
    [good], [lost] = world.encrypted(PLAIN), world.encrypted(PLAIN, key="lost")
    world.make({"credential": [good, lost, "no ciphertext"]})
    before = world.rows()
    ended = world.run()
    assert (ended.code, world.rows()) == (2, before)
    assert "2 values of 3 can't be read" in ended.last_line
    assert "KeyRotation(leave_unreadable=True)" in ended.last_line
    ended = world.run(ROTATION_LEAVE_UNREADABLE="true")
    assert ended.code == 0
    assert ended.last_line.endswith("0 had it already, 2 that neither key decrypts were left as they are")
    assert world.rows()["credential"][1:] == [lost, "no ciphertext"]


def test_no_file_and_no_flowise_are_refused(world: World) -> None:
    ended = world.run()
    assert (ended.code, ended.last_line) == (
        2,
        f"rotate: REFUSED: there is no file {world.file}: mount the claim that main has its database on; nothing was "
        "changed",
    )
    world.make({}, {"something": "else"})
    ended = world.run()
    assert ended.code == 2
    assert "it is no database of Flowise" in ended.last_line


def test_a_write_that_fails_rolls_back_all(world: World) -> None:
    texts = world.encrypted(*[PLAIN] * 3)
    world.make({"credential": texts})
    with sqlite3.connect(world.file) as database:
        database.execute(
            "CREATE TRIGGER no BEFORE UPDATE ON credential WHEN OLD.id = 'credential-2' "
            "BEGIN SELECT RAISE(ABORT, 'not this one'); END"
        )
    database.close()
    before = world.rows()
    ended = world.run()
    assert (ended.code, world.rows()) == (1, before)
    assert ended.last_line.startswith("rotate: FAILED while encrypting credential.encryptedData of credential-2: ")
    assert ended.last_line.endswith("; nothing was changed")


def test_a_database_that_gives_back_something_else_is_noticed(world: World) -> None:
    world.make({"credential": world.encrypted(PLAIN)})
    with sqlite3.connect(world.file) as database:
        database.execute(
            "CREATE TRIGGER cut AFTER UPDATE ON credential "
            'BEGIN UPDATE credential SET "encryptedData" = substr(NEW."encryptedData", 1, 20) WHERE id = NEW.id; END'
        )
    database.close()
    before = world.rows()
    ended = world.run()
    assert (ended.code, world.rows()) == (1, before)
    assert "it is not what was written" in ended.last_line
