"""The object store's CA, where it is given as text: in the YAML once, whatever mounts it."""

from __future__ import annotations

from dataclasses import replace

from constructs import Construct

from flowise_constructs.backup.values import Backup
from flowise_constructs.flowise.certificates import certificates_of
from flowise_constructs.flowise.values import Flowise
from flowise_constructs.kubernetes.certificates import CERTIFICATES_SUFFIX
from flowise_constructs.kubernetes.identity import Identity
from flowise_constructs.kubernetes.mounted_files import config_map
from flowise_constructs.kubernetes.names import Names
from flowise_constructs.kubernetes.references import ConfigMapKey

KEY = "s3-ca.pem"


def with_ca_by_reference(
    scope: Construct, identity: Identity, backup: Backup, flowise: Flowise, names: Names
) -> Backup:
    """The backup with a text in a ConfigMap: the installation's, if it has this text already, else one of its own."""
    if not isinstance(backup.ca, str):
        return backup
    known = certificates_of(flowise, names)
    if backup.ca in known.keys:
        return replace(backup, ca=ConfigMapKey(config_map=known.config_map, key=known.keys[backup.ca]))
    made = config_map(scope, "Certificates", identity, CERTIFICATES_SUFFIX, {KEY: backup.ca})
    return replace(backup, ca=ConfigMapKey(config_map=made.config_map, key=KEY))
