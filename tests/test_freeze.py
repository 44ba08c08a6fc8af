"""The bytes of every manifest, held while files move: a change of the layout alone changes none of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import deployments
import pytest
from deployments import synthesized
from test_helm_import import DOCUMENTED, documented
from test_options import FIELDS

from flowise_constructs.importers.helm.python_module import python_module
from flowise_constructs.importers.helm.synthesis import synthesize

FROZEN = Path(__file__).parent / "data" / "frozen.json"

pytestmark = pytest.mark.filterwarnings("ignore::flowise_constructs.ConfigWarning")


def manifests() -> Iterator[tuple[str, str]]:
    for name, text in deployments.reference().items():
        yield f"reference {name}", text
    for name in deployments.VARIANTS:
        yield f"variant {name}", deployments.variant(name)
    for option, name in FIELDS:
        changed = replace(option.value, **{name: option.changes[name], **option.together.get(name, {})})
        yield f"option {type(option.value).__name__}.{name}", synthesized(option.place(changed))
    for name in DOCUMENTED:
        yield f"from-helm {name}", synthesize(documented(name))[0]
        yield f"from-helm {name} python", python_module(documented(name))


def test_every_manifest_is_the_frozen_one() -> None:
    found = {name: hashlib.sha256(text.encode()).hexdigest()[:20] for name, text in manifests()}
    if not FROZEN.exists():
        FROZEN.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    frozen = json.loads(FROZEN.read_text(encoding="utf-8"))
    assert [name for name in found if found[name] != frozen.get(name)] == []
    assert found.keys() == frozen.keys()
