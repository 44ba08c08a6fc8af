"""How long synthesis takes and how much memory it needs, against a bare cdk8s app in the same run.

Prints medians of whole processes, run in turn so that a slow moment of the machine meets both.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from flowise_constructs.jsii_node import bundled_node

ROOT = Path(__file__).resolve().parent.parent

BARE = """
from cdk8s import App, Chart
from cdk8s_plus_27 import k8s
app = App()
chart = Chart(app, "bare")
k8s.KubeConfigMap(chart, "Resource", metadata=k8s.ObjectMeta(name="bare"), data={"key": "value"})
app.synth()
"""

RELEASES = """
import json, sys, time
from cdk8s import App
from flowise_constructs import *
count = int(sys.argv[1])
app, took = App(), []
for number in range(count):
    start = time.perf_counter()
    name = f"team-{number}"
    QueueChart(
        app, name, names=Names(name=name), auth=Auth.from_secret("auth"),
        database=BundledPostgres(), queue=Queue(redis=BundledRedis()),
        storage=S3Bucket(bucket="files", credentials=S3Credentials.from_secret("s3")),
        ingress=Ingress(hosts=[IngressHost(host=f"{name}.example.com")], tls_in_front=True),
    )
    took.append(time.perf_counter() - start)
start = time.perf_counter()
app.synth()
print(json.dumps({"construct": took, "synth": time.perf_counter() - start}))
"""


def environment(outdir: str) -> dict[str, str]:
    wheel = bundled_node()
    node = {"JSII_NODE": str(wheel)} if wheel else {}
    return {**node, **os.environ, "CDK8S_OUTDIR": outdir, "PYTHONPATH": str(ROOT)}


def run(*arguments: str) -> tuple[float, str]:
    """Wall seconds and output of one whole process."""
    with tempfile.TemporaryDirectory() as outdir:
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, *arguments], check=True, capture_output=True, text=True, env=environment(outdir), cwd=ROOT
        )
        return time.perf_counter() - start, done.stdout


def against_bare(runs: int) -> None:
    run("-c", BARE), run("main.py")
    pairs = [(run("-c", BARE)[0], run("main.py")[0]) for _ in range(runs)]
    bare, reference = (statistics.median(times) for times in zip(*pairs, strict=True))
    print(f"bare cdk8s app      {bare:6.3f} s   median of {runs}")
    print(f"reference app       {reference:6.3f} s   median of {runs}")
    print(f"ratio               {reference / bare:6.2f}     reach: 1.2 or less")


def one_more(runs: int) -> None:
    """What a queue release adds to an app that has others: its constructs, and its part of writing the files."""
    results = [json.loads(run("-c", RELEASES, "12")[1]) for _ in range(runs)]
    construct = statistics.median(seconds for result in results for seconds in result["construct"][2:])
    synth = statistics.median(result["synth"] / 12 for result in results)
    parts = f"{construct * 1000:.0f} constructs, {synth * 1000:.0f} writing"
    print(f"one more release    {(construct + synth) * 1000:6.0f} ms   reach: 80; {parts}")


def growth(counts: list[int]) -> None:
    before = 0
    for count in counts:
        seconds, _ = run("-c", RELEASES, str(count))
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
        each = f", {(peak - before) / count:.2f} MiB a release" if before else ""
        print(f"{count:4} releases       {seconds:6.1f} s   peak {peak} MiB{each}")
        before = before or peak


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--releases", type=int, nargs="*", default=[10, 100, 500])
    options = parser.parse_args()
    against_bare(options.runs)
    one_more(max(1, options.runs // 2))
    growth(options.releases)


if __name__ == "__main__":
    main()
