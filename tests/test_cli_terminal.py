"""What the command line shows on a terminal: colours, examples, completion."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from flowise_constructs.cli import main
from flowise_constructs.cli.examples import EXAMPLES

COMMANDS = ["init", "synth", "check", "secrets", "from-helm", "from-env", "docs", "completion"]


def on_terminal(*arguments: str, **environment: str) -> str:
    """What a command prints on a terminal."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "flowise_constructs", *arguments]
    inherited = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    with subprocess.Popen(command, stdout=theirs, stderr=theirs, env={**inherited, "TERM": "xterm", **environment}):
        os.close(theirs)
        shown = b""
        try:
            while part := os.read(ours, 10_000):
                shown += part
        except OSError:  # What Linux answers when the other end is closed.
            pass
    os.close(ours)
    return shown.decode()


def test_a_terminal_gets_colours() -> None:
    assert "\x1b[1;31merror\x1b[0m: none.yaml: No such file" in on_terminal("check", "none.yaml")
    assert "\x1b[" in on_terminal("--help")


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_nobody_gets_colours_against_their_will(environment: dict[str, str]) -> None:
    assert on_terminal("check", "none.yaml", **environment) == "error: none.yaml: No such file or directory\r\n"
    assert "\x1b" not in on_terminal("--help", **environment)


def test_a_pipe_gets_none() -> None:
    command = [sys.executable, "-m", "flowise_constructs", "check", "none.yaml"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stderr == "error: none.yaml: No such file or directory\n"


def test_a_reader_that_stops_is_no_error() -> None:
    command = f"{sys.executable} -m flowise_constructs completion bash | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("141\n", "")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_help_has_examples(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    out, _ = capsys.readouterr()
    assert out.endswith("examples:\n" + "".join(f"  {line}\n" for line in EXAMPLES[command]))


# Completion


def script(shell: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["completion", shell]) == 0
    return capsys.readouterr().out


COMPLETE = """
source {script}
COMP_WORDS=({words})
COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
function=$(complete -p flowise-constructs | sed 's/.*-F \\([^ ]*\\) .*/\\1/')
$function flowise-constructs "${{COMP_WORDS[COMP_CWORD]}}" "${{COMP_WORDS[COMP_CWORD-1]}}"
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("flowise-constructs ''", set(COMMANDS)),
        ("flowise-constructs sy", {"synth"}),
        ("flowise-constructs synth --st", {"--stdout"}),
        ("flowise-constructs init --database maria", {"mariadb"}),
        ("flowise-constructs check flow", {"flowise.yaml"}),
        ("flowise-constructs from-helm flow", {"flowise.yaml"}),
        ("flowise-constructs from-env --compose flow", {"flowise.yaml"}),
    ],
)
def test_bash_completes(words: str, expected: set[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "flowise.yaml").touch()
    (tmp_path / "script").write_text(script("bash", capsys))
    asked = COMPLETE.format(script=tmp_path / "script", words=words)
    done = subprocess.run(["bash", "-c", asked], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert expected <= set(done.stdout.split()), done
    assert "" in expected or not words.endswith("sy") or set(done.stdout.split()) == expected


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_other_shells_have_a_script_of_every_command(
    shell: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = script(shell, capsys)
    assert [command for command in COMMANDS if command not in text] == []
    assert "stdout" in text
    if shutil.which(shell):
        (tmp_path / "script").write_text(text)
        subprocess.run([shell, "-n", str(tmp_path / "script")], check=True)
