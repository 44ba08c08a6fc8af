"""The ExternalSecret for the five keys."""

from __future__ import annotations

from typing import Any

from flowise_constructs.importers.helm.names import full_name
from flowise_constructs.importers.release import Release


def external_secret(release: Release) -> list[dict[str, Any]]:
    """The ExternalSecret that creates the Secret of the five keys, as in the chart."""
    at = "externalSecrets"
    if not release.flag(f"{at}.enabled"):
        return []
    return [
        {
            "apiVersion": release.text(f"{at}.apiVersion"),
            "kind": "ExternalSecret",
            "metadata": {"name": f"{full_name(release)}-auth"},
            "spec": {
                "refreshInterval": release.text(f"{at}.refreshInterval"),
                "secretStoreRef": {
                    "name": release.text(f"{at}.secretStoreRef.name"),
                    "kind": release.text(f"{at}.secretStoreRef.kind"),
                },
                "target": {
                    "name": release.text("auth.existingSecret"),
                    "creationPolicy": release.text(f"{at}.target.creationPolicy"),
                },
                "data": [entry for _, entry in release.entries(f"{at}.data")],
            },
        }
    ]
