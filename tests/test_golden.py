"""The YAML of the reference app, byte for byte."""

from __future__ import annotations

import difflib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cdk8s import App

import main

SNAPSHOTS = Path(__file__).parent / "snapshots"


def synthesized(directory: Path) -> dict[str, bytes]:
    """The files below a directory, by topology."""
    return {path.name.removesuffix(".k8s.yaml"): path.read_bytes() for path in sorted(directory.glob("*"))}


def synthesize(directory: Path) -> dict[str, bytes]:
    """What the reference app writes, by topology."""
    app = App(outdir=str(directory))
    main.build(app)
    app.synth()
    return synthesized(directory)


def run_main(
    outdir: Path, *, seed: str = "0", script: str = "import main; raise SystemExit(main.main())"
) -> subprocess.CompletedProcess[str]:
    """The reference app in a process of its own, as `make synth` starts it."""
    environment = {**os.environ, "CDK8S_OUTDIR": str(outdir), "PYTHONHASHSEED": seed}
    root = Path(main.__file__).parent
    return subprocess.run(
        [sys.executable, "-c", script], cwd=root, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return synthesize(tmp_path_factory.mktemp("synth"))


def test_snapshots_are_what_synth_writes(written: dict[str, bytes], request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update-golden"):
        accept(written)
    differences = [difference for name in written for difference in differ(name, written[name])]
    assert not differences, "\n" + "\n".join(differences) + "\n(make golden accepts this)"


def test_every_topology_has_one_snapshot_and_no_other(written: dict[str, bytes]) -> None:
    assert {path.name for path in SNAPSHOTS.glob("*")} == {f"{name}.yaml" for name in written}


def test_the_four_documented_deployments_are_among_them(written: dict[str, bytes]) -> None:
    assert {"standalone-sqlite", "standalone-postgresql", "queue", "external-postgresql"} <= set(written)


def test_the_same_values_give_the_same_bytes(written: dict[str, bytes], tmp_path: Path) -> None:
    assert synthesize(tmp_path) == written


@pytest.mark.parametrize("seed", ["1", "2"])
def test_the_command_writes_the_same_bytes_whatever_the_hash_seed(
    seed: str, written: dict[str, bytes], tmp_path: Path
) -> None:
    done = run_main(tmp_path, seed=seed)
    assert (done.returncode, done.stderr) == (0, "")
    assert synthesized(tmp_path) == written


TWO_CONTRADICTIONS = """
import sys, main
from flowise_constructs import Main
main.StandaloneChart = lambda *a, chart=main.StandaloneChart, **k: chart(*a, **{**k, "main": Main(replicas=2, strategy="RollingUpdate", awaits_owner=False)})
sys.exit(main.main())
"""


def test_wrong_input_is_told_in_full_and_nothing_is_written(tmp_path: Path) -> None:
    done = run_main(tmp_path / "out", script=TWO_CONTRADICTIONS)
    assert done.returncode == 1
    told = done.stderr.splitlines()
    assert told[0] == "2 findings:"
    assert [line.split(":")[0] for line in told[1:]] == ["- Main.replicas", "- Main.strategy"]
    assert not (tmp_path / "out").exists()


def differ(name: str, synthesized: bytes) -> list[str]:
    snapshot = SNAPSHOTS / f"{name}.yaml"
    if not snapshot.exists():
        return [f"{snapshot.name} is missing"]
    before, after = snapshot.read_bytes(), synthesized
    if before == after:
        return []
    lines = (before.decode().splitlines(), after.decode().splitlines())
    names = (f"snapshots/{name}.yaml", "synthesized")
    difference = difflib.unified_diff(lines[0], lines[1], *names, lineterm="")
    return list(difference) or [f"{name}: line ends differ"]


def accept(written: dict[str, bytes]) -> None:
    SNAPSHOTS.mkdir(exist_ok=True)
    for stale in SNAPSHOTS.glob("*"):
        stale.unlink()
    for name, content in written.items():
        (SNAPSHOTS / f"{name}.yaml").write_bytes(content)
