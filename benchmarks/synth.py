"""How long synthesis takes and how much memory it needs, against a bare cdk8s app and Helm's engine in the same run.

Prints medians of whole processes, run in turn so that a slow moment of the machine meets both. Helm's engine is the
package helm-python-sdk, `pip install -e '.[bench]'`; without it, that line is left out.
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
from importlib.util import find_spec
from pathlib import Path

import helm

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

COUNT = 12
"""Releases in a process. The first two are left out: Node and Python aren't warm yet."""
NO_HELM = "not measured: pip install -e '.[bench]'"


def environment(outdir: str) -> dict[str, str]:
    wheel = bundled_node()
    node = {"JSII_NODE": str(wheel)} if wheel else {}
    # As an installed package, which is compiled once.
    given = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**node, **given, "CDK8S_OUTDIR": outdir, "PYTHONPATH": str(ROOT)}


def run(*arguments: str, outdir: str = "") -> tuple[float, str]:
    """Wall seconds and output of one whole process."""
    with tempfile.TemporaryDirectory() as temporary:
        given = environment(outdir or temporary)
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, *arguments], check=True, capture_output=True, text=True, env=given, cwd=ROOT
        )
        return time.perf_counter() - start, done.stdout


def against_bare(runs: int) -> None:
    run("-c", BARE), run("main.py")
    pairs = [(run("-c", BARE)[0], run("main.py")[0]) for _ in range(runs)]
    bare, reference = (statistics.median(times) for times in zip(*pairs, strict=True))
    print(f"bare cdk8s app      {bare:6.3f} s   median of {runs}")
    print(f"reference app       {reference:6.3f} s   median of {runs}")
    print(f"ratio               {reference / bare:6.2f}     reach: 1.2 or less")


def one_more(runs: int, chart: str, values: str) -> None:
    """What a queue release adds to a process that has made others: its constructs, and its part of writing the files;
    beside it, Helm's engine on the same objects, or on a given chart."""
    with tempfile.TemporaryDirectory() as folder:
        by_helm = [chart or release_chart(folder), values, str(COUNT)] if find_spec("helm_python") else []
        ours, theirs = [], []
        for _ in range(runs):
            ours.append(json.loads(run("-c", RELEASES, str(COUNT))[1]))
            if by_helm:
                theirs += json.loads(run(str(ROOT / "benchmarks" / "helm.py"), *by_helm)[1])["took"][2:]
    construct = statistics.median(seconds for result in ours for seconds in result["construct"][2:])
    synth = statistics.median(result["synth"] / COUNT for result in ours)
    parts = f"{construct * 1000:.0f} constructs, {synth * 1000:.0f} writing"
    print(f"one more release    {(construct + synth) * 1000:6.0f} ms   reach: 40; {parts}")
    found = f"{statistics.median(theirs):6.0f} ms   {chart or 'a chart of the same objects'}" if theirs else NO_HELM
    print(f"Helm's engine       {found}")


def release_chart(folder: str) -> str:
    """A Helm chart of one of the releases, which is seen to render the same objects."""
    run("-c", RELEASES, "1", outdir=folder)
    text = Path(folder, "team-0.k8s.yaml").read_text()
    helm.write_chart(text, "team-0", Path(folder, "chart"))
    rendered = json.loads(run(str(ROOT / "benchmarks" / "helm.py"), f"{folder}/chart", "", "1")[1])["yaml"]
    assert helm.objects(rendered) == helm.objects(text)
    return f"{folder}/chart"


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
    parser.add_argument("--chart", default="", help="directory of another Helm chart to measure, with its dependencies")
    parser.add_argument("--values", default="", help="file of values for it")
    options = parser.parse_args()
    against_bare(options.runs)
    one_more(max(1, options.runs // 2), options.chart, options.values)
    growth(options.releases)


if __name__ == "__main__":
    main()
