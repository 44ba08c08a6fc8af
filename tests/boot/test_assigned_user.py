"""A user that the cluster assigns, as OpenShift's restricted-v2 does: 1000660000, in group 0, with no name."""

from __future__ import annotations

import json
from functools import partial

import pytest
from cdk8s import App

from boot.client import REPLY, Browser, direct_reply
from boot.deployment import SECRETS, Build, deployed, queue
from boot.figures import Figures
from boot.install import Release
from boot.kubelet import ASSIGNED_IDS, Pod
from flowise_constructs import Auth, Image, Security, StandaloneChart

pytestmark = pytest.mark.parametrize("release", ["3.1.4"], indirect=True)
# What a flow's own programs do: npx has a cache in HOME, and a name is nobody's.
WRITES = """
const os = require('os'), fs = require('fs')
fs.mkdirSync(os.homedir() + '/.npm/_npx/1', { recursive: true })
fs.writeFileSync(os.homedir() + '/.npm/_npx/1/a', 'x')
fs.writeFileSync('/tmp/a', 'x')
let name
try { name = os.userInfo().username } catch (error) { name = error.code }
console.log(JSON.stringify([process.getuid(), process.getgid(), process.getgroups(), os.homedir(), name]))
"""


def standalone(app: App, image: Image) -> StandaloneChart:
    """SQLite, logs and files on volumes of which nobody says whose they are."""
    auth = Auth.from_secret("flowise-auth-secrets")
    return StandaloneChart(app, "assigned", auth=auth, image=image, security=Security.openshift())


def is_assigned(pod: Pod) -> None:
    context = pod.spec["securityContext"]
    assert not {"runAsUser", "runAsGroup", "fsGroup"} & set(context)
    assert pod.process is not None
    found = pod.process.run(["node", "-e", WRITES], 30)
    user, group, groups, home, name = json.loads(found.output)
    assert (user, group) == (ASSIGNED_IDS["runAsUser"], 0)
    assert ASSIGNED_IDS["fsGroup"] in groups
    assert (home, name) == ("/home/node", "ERR_SYSTEM_ERROR")


def test_standalone_answers_and_finds_its_data_again(release: Release, figures: Figures) -> None:
    with deployed(release, standalone, figures) as deployment:
        [main] = deployment.start("flowise")
        is_assigned(main)
        browser = Browser(main.address)
        browser.sign_up()
        flow = browser.make_flow("smoke", direct_reply())
        assert browser.predict(flow) == REPLY
        main.delete()
        [again] = deployment.start("flowise")
        assert browser.at(again.address).predict(flow) == REPLY, "the data outlive the pod"
        assert not [line for line in again.log().splitlines() if "EACCES" in line or "EROFS" in line]


def test_worker_answers(release: Release, figures: Figures) -> None:
    build: Build = partial(queue, security=Security.openshift())
    with deployed(release, build, figures, SECRETS) as deployment:
        main, worker = deployment.start("flowise", "flowise-worker")
        is_assigned(main)
        is_assigned(worker)
        browser = Browser(main.address)
        browser.sign_up()
        flow = browser.make_flow("smoke", direct_reply())
        assert browser.predict(flow) == REPLY
        assert "Completed job" in worker.log()
        assert not [line for line in (main.log() + worker.log()).splitlines() if "EACCES" in line or "EROFS" in line]
