"""Deployments whose main awaits its owner: the values, and what can be seen before there is one."""

from __future__ import annotations

import time

from boot.client import EMAIL, PASSWORD
from boot.deployment import BOOT_SECONDS, SECRETS
from boot.kubelet import Pod, wait_until
from flowise_constructs import ApiKeys, Owner, SecretKey

OWNER = Owner(email=EMAIL, password=SecretKey(secret="flowise-owner", key="password"), name="Admin")
WITH_PASSWORD = {**SECRETS, "flowise-owner": {"password": PASSWORD}}
API_KEYS = ApiKeys(secret="flowise-api-keys", keys={"metrics": ["templates:marketplace"]})
NAMESPACE = "restricted"
"""Where the Job stores API keys."""


def up(*pods: Pod) -> None:
    """Returns when Flowise listens, and each pod was asked twice whether it is Ready."""

    def asked() -> bool:
        return all(any(event.reason == "Up" for event in pod.events) for pod in pods)

    wait_until(asked, BOOT_SECONDS, "Flowise listens", list(pods))
    time.sleep(pods[0].container["readinessProbe"]["periodSeconds"] * 2)
