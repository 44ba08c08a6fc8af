"""What a Flowise that plain variables started leaves behind is found by the YAML of its environment file."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
import yaml

from boot.client import REPLY, Browser, direct_reply
from boot.deployment import deployed, standalone_sqlite
from boot.figures import Figures
from boot.install import Release
from boot.manifests import Manifests
from flowise_constructs.cli import main as command
from flowise_constructs.flowise.auth import VARIABLES

USER = "kept-for-years"
ENVIRONMENT = """
PORT=3000
DATABASE_PATH=/root/.flowise
SECRETKEY_PATH=/root/.flowise
LOG_PATH=/root/.flowise/logs
BLOB_STORAGE_PATH=/root/.flowise/storage
JWT_AUTH_TOKEN_SECRET='AABBCCDDAABBCCDDAABBCCDDAABBCCDDAABBCCDD'
JWT_REFRESH_TOKEN_SECRET='AABBCCDDAABBCCDDAABBCCDDAABBCCDDAABBCCDD'
"""

pytestmark = pytest.mark.parametrize("release", ["3.1.3", "3.1.4"], indirect=True)


def take_keys_away(manifests: Manifests) -> None:
    """As an environment file without keys: Flowise makes them itself, in files beside its database."""
    [container] = manifests.template("flowise")["containers"]
    container["env"] = [entry for entry in container["env"] if entry["name"] not in VARIABLES.values()]


def imported(folder: Path, tag: str, key: Path) -> Manifests:
    """What `from-env` writes, with its Secrets."""
    env, compose = folder / ".env", folder / "docker-compose.yml"
    output, secrets = folder / "flowise.yaml", folder / "secrets.yaml"
    env.write_text(ENVIRONMENT)
    service = {"image": f"registry.example.com/flowise:{tag}", "env_file": [".env"], "ports": ["${PORT}:${PORT}"]}
    compose.write_text(yaml.safe_dump({"services": {"flowise": service}}))
    given = [str(env), "--compose", str(compose), "--encryption-key", str(key)]
    assert command(["from-env", *given, "--output", str(output), "--secrets-output", str(secrets)]) == 0
    content = {
        item["metadata"]["name"]: {name: base64.b64decode(text).decode() for name, text in item["data"].items()}
        for item in yaml.safe_load_all(secrets.read_text())
    }
    return Manifests.read(output.read_text(), content)


def test_sqlite_and_the_key_of_the_volume(release: Release, figures: Figures, tmp_path: Path) -> None:
    with deployed(release, standalone_sqlite, figures) as deployment:
        take_keys_away(deployment.manifests)
        [main] = deployment.start("flowise")
        browser = Browser(main.address)
        browser.sign_up()
        flow, credential = browser.make_flow("kept", direct_reply()), browser.store_credential(USER)
        main.delete(force=True)
        key = deployment.claim("flowise-data") / "encryption.key"
        assert key.is_file()
        deployment.take_over(imported(tmp_path, release.version, key))
        [main] = deployment.start("flowise")
        newcomer = Browser(main.address)
        newcomer.log_in()
        assert newcomer.read_credential(credential) == USER
        assert browser.at(main.address).predict(flow) == REPLY
        assert browser.at(main.address).request("GET", "apikey").status == 401, "a session of the old key"
