"""A network of its own: one namespace for the node, its servers and the tests, one for each pod, a bridge between."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import NamedTuple

NODE = "10.88.0.1"
"""The address of the node: the servers listen there, under the names and ports of their Services."""
_CLONE_NEWNET = 0x40000000
# A server or sandbox must not outlive the tests, however they end.
ENDS_WITH_US = ("setpriv", "--pdeathsig", "KILL")


def enter() -> None:
    """Moves this process, and so all that it starts, into a new network namespace with a bridge. Needs root; goes with
    the process, and leaves the machine's own network alone."""
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "unshare: no network namespace")
    _ip("link", "set", "lo", "up")
    _ip("link", "add", "pods", "type", "bridge")
    _ip("addr", "add", f"{NODE}/16", "dev", "pods")
    _ip("link", "set", "pods", "up")


@dataclass(frozen=True)
class PodNetwork:
    """A pod's network namespace and its address. Its processes are in a namespace too, so that all end with `holder`, the
    first one, which does nothing."""

    holder: int
    address: str

    @property
    def enter(self) -> list[str]:
        """A command line's beginning: what follows is run, as a child, in the namespaces."""
        return ["nsenter", f"--target={self.holder}", "--net", "--pid", "--mount"]


class Connection(NamedTuple):
    """A connection that was opened, or a first datagram, as the netfilter of its namespace counted it."""

    source: str
    destination: str
    protocol: str
    port: int
    """Of the destination."""


# Each new connection of a namespace, in and out; never what a process says to itself.
_OBSERVER = """
add table inet observer
add set inet observer seen { typeof ip saddr . ip daddr . meta l4proto . th dport; flags dynamic; }
add set inet observer seen6 { typeof ip6 saddr . ip6 daddr . meta l4proto . th dport; flags dynamic; }
"""
_RULES = """
add chain inet observer NAME { type filter hook NAME priority 0; }
add rule inet observer NAME OTHERS ct state new meta nfproto ipv4 meta l4proto { tcp, udp } add @seen \
{ ip saddr . ip daddr . meta l4proto . th dport }
add rule inet observer NAME OTHERS ct state new meta nfproto ipv6 meta l4proto { tcp, udp } add @seen6 \
{ ip6 saddr . ip6 daddr . meta l4proto . th dport }
"""


def observe(enter: Iterable[str] = (), *, loopback: bool = False) -> None:
    """From now on the namespace keeps each connection, until `observed` is asked."""
    others = {"input": "" if loopback else 'iifname != "lo"', "output": "" if loopback else 'oifname != "lo"'}
    rules = "".join(_RULES.replace("NAME", name).replace("OTHERS", word) for name, word in others.items())
    subprocess.run([*enter, "nft", "-f", "-"], input=_OBSERVER + rules, text=True, check=True)


def observed(enter: Iterable[str] = ()) -> set[Connection]:
    """The connections since `observe`, or since the last question."""
    found: set[Connection] = set()
    for name in ("seen", "seen6"):
        listing = subprocess.run(
            [*enter, "nft", "-j", "list", "set", "inet", "observer", name], check=True, capture_output=True, text=True
        ).stdout
        [kept] = (entry["set"] for entry in json.loads(listing)["nftables"] if "set" in entry)
        found |= {Connection(*element["concat"]) for element in kept.get("elem", ())}
        subprocess.run([*enter, "nft", "flush", "set", "inet", "observer", name], check=True)
    return found


class Observation:
    """What pods connect to, from before anything runs in them to their end."""

    def __init__(self) -> None:
        self._running: list[PodNetwork] = []
        self._found: set[Connection] = set()

    def begin(self, network: PodNetwork) -> None:
        """Before anything runs in that network."""
        observe(network.enter)
        self._running.append(network)

    def end(self, network: PodNetwork) -> None:
        """While the network is still there."""
        self._running.remove(network)
        self._found |= observed(network.enter)

    def connections(self) -> set[Connection]:
        """All so far."""
        for network in list(self._running):
            self._found |= observed(network.enter)
        return self._found


_numbers = count(1)
_observation: Observation | None = None


@contextmanager
def observed_pods() -> Iterator[Observation]:
    """Observes the networks of the pods that are made meanwhile."""
    global _observation  # noqa: PLW0603
    _observation = Observation()
    try:
        yield _observation
    finally:
        _observation = None


@contextmanager
def pod_network() -> Iterator[PodNetwork]:
    """A namespace with `lo` and an `eth0` on the bridge."""
    number = next(_numbers)
    address = f"10.88.{1 + number // 200}.{1 + number % 200}"
    idle = ["sh", "-c", "echo; exec sleep infinity"]
    command = [*ENDS_WITH_US, "unshare", "--net", "--pid", "--mount-proc", "--fork", "--kill-child", *idle]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as parent:
        try:
            assert parent.stdout is not None
            parent.stdout.readline()
            network = PodNetwork(child_of(parent.pid), address)
            peer = ["peer", "name", "eth0", "netns", str(network.holder)]
            _ip("link", "add", f"pod{number}", "type", "veth", *peer)
            _ip("link", "set", f"pod{number}", "master", "pods", "up")
            _ip("link", "set", "lo", "up", within=network)
            _ip("addr", "add", f"{address}/16", "dev", "eth0", within=network)
            _ip("link", "set", "eth0", "up", within=network)
            observation = _observation
            if observation is not None:
                observation.begin(network)
            yield network
            if observation is not None:
                observation.end(network)
        finally:
            parent.kill()


def child_of(pid: int) -> int:
    """The one child of a process."""
    [child] = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(child)


def _ip(*arguments: str, within: PodNetwork | None = None) -> None:
    subprocess.run([*(within.enter if within else []), "ip", *arguments], check=True)


def reason_against() -> str | None:
    """Why pods can't have a network here."""
    if os.geteuid() != 0:
        return "needs root: each pod has a network namespace and a user of its own"
    trial = subprocess.run(
        ["unshare", "--net", "ip", "link", "add", "veth0", "type", "veth", "peer", "name", "veth1"],
        check=False,
        capture_output=True,
        text=True,
    )
    return f"no network namespaces: {trial.stderr.strip()}" if trial.returncode else None
