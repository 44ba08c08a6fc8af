"""Which user and group the pods run as."""

from __future__ import annotations

from dataclasses import dataclass

from flowise_constructs.core.value import Value


@dataclass(frozen=True, kw_only=True)
class Security(Value):
    """Which user and group the pods run as, of all of a deployment's pods. Whatever is said here, no pod is root, none
    may escalate privileges, all capabilities are dropped and root file systems are read-only."""

    assigned_ids: bool = False
    """Whether the cluster assigns user and groups: `runAsUser`, `runAsGroup` and `fsGroup` are left out. A cluster that
    assigns none then starts only images whose own user is a number, and gives volumes to no group. Default: 1000 for
    Flowise, backups and restores, 999 for PostgreSQL, Redis and drills."""

    @staticmethod
    def openshift() -> Security:
        """For OpenShift's `restricted-v2`, which assigns a user from the namespace's range, with group 0."""
        return Security(assigned_ids=True)
