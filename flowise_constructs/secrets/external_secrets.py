"""`ExternalSecrets`: the Secrets of a deployment out of a store, by way of the External Secrets Operator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from cdk8s import ApiObject
from constructs import Construct

from flowise_constructs.core.checking import checked
from flowise_constructs.core.findings import ConfigError, Finding
from flowise_constructs.core.rules import naming
from flowise_constructs.flowise.auth import KEYS
from flowise_constructs.flowise.deployment import Deployment
from flowise_constructs.kubernetes.identity import derived, flowise_identity
from flowise_constructs.kubernetes.objects import Manifest, api_object
from flowise_constructs.kubernetes.references import SecretKey
from flowise_constructs.manifests.needed_secrets import NeededSecret, needed_secrets
from flowise_constructs.secrets.external_secret import (
    API_VERSION,
    GENERATOR_API_VERSION,
    generated_spec,
    password_spec,
    remote_ref,
    spec,
)
from flowise_constructs.secrets.refusals import external_secrets_findings
from flowise_constructs.secrets.values import Pattern, RemoteRef, StoreRef, SyncPolicy

_NO_OVERRIDES: Mapping[SecretKey, RemoteRef] = MappingProxyType({})
_NO_WHOLE: Mapping[str, RemoteRef] = MappingProxyType({})


class ExternalSecrets(Construct):
    """An ExternalSecret (`external-secrets.io/v1`) for each Secret that the deployment's pods use: the five keys,
    database, Redis, buckets, mail, proxy login, authorities, backups, registry, and what `extra_env` and volumes name.

    Must exist already: External Secrets Operator 0.17 or newer, the store, and in it the values. Not among them: the
    TLS Secrets of the Ingress, which no pod reads and cert-manager mostly makes; and what others make, such as a
    database operator: name those in `exclude`.

    The five keys are only ever fetched. There is no generator for them, under no policy: a generator keeps nothing, and
    when the Secret is deleted or changed even `CreatedOnce` makes new values. A new encryption key loses every
    credential that is stored in Flowise.

    `.external_secrets` are the objects by the names of their Secrets.

    Raises ConfigError with every finding: a Secret whose keys are not known, keys that share one entry of the store,
    names that the deployment doesn't refer to, passwords that can't be generated.
    """

    external_secrets: Mapping[str, ApiObject]
    """The objects by the names of their Secrets."""

    @checked
    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        deployment: Deployment,
        store: StoreRef,
        keys: Pattern,
        properties: Pattern | None = None,
        overrides: Mapping[SecretKey, RemoteRef] = _NO_OVERRIDES,
        whole: Mapping[naming.ObjectName, RemoteRef] = _NO_WHOLE,
        exclude: Sequence[naming.ObjectName | SecretKey] = (),
        policy: SyncPolicy = SyncPolicy(),
        generate_server_passwords: bool = False,
    ) -> None:
        """`deployment` is `chart.deployment`, or `chart.deployment.including(job)` where a Job reads Secrets too.

        `keys` is the name of a value in the store, in which `{secret}` and `{key}` stand for the names of the Secret
        and its key; `properties`, if given, the field of that entry: `keys="flowise/prod/{secret}"`,
        `properties="{key}"`. `overrides`: single values that are elsewhere. `whole`: the entry, each of whose fields
        becomes a key, for a Secret that a volume mounts as a whole. `exclude`: Secrets or single keys that are made
        otherwise. A key that a volume calls optional is fetched too: the operator makes no Secret while one is missing.

        `generate_server_passwords`: the operator makes the passwords of the bundled PostgreSQL and Redis, once, and the
        Secret outlives its ExternalSecret. They are kept nowhere else: PostgreSQL takes its password at the first start
        alone, so that a Secret that was deleted comes back with one that the server doesn't know (`ALTER ROLE`).
        """
        super().__init__(scope, id)
        self.deployment, self._store, self._policy = deployment, store, policy
        self._keys, self._properties, self._overrides, self._whole = keys, properties, overrides, whole
        references = [reference for workload in deployment.workloads for reference in workload.references]
        needed = needed_secrets(references)
        kept = [secret for item in needed if (secret := _without(item, exclude)) is not None]
        generated = [item for item in kept if generate_server_passwords and _is_of_servers(item)]
        stored = [item for item in kept if item not in generated]
        findings = [
            *external_secrets_findings(needed, stored, overrides=overrides, whole=whole, exclude=exclude),
            *self._shared_entries(stored),
            *(self._not_generated(kept, generated) if generate_server_passwords else []),
        ]
        if findings:
            raise ConfigError(findings)
        self._labels = flowise_identity(deployment.names, "secrets").labels
        made = {item.name.name: self._stored(item) for item in stored}
        self.external_secrets = {**made, **self._generated(generated)}

    def _stored(self, secret: NeededSecret) -> ApiObject:
        name = secret.name.name
        references = {key: self._reference(name, key) for key in secret.keys}
        whole = self._whole.get(name)
        body = spec(name, references, store=self._store, policy=self._policy, type=secret.type, whole=whole)
        return self._external_secret(name, body)

    def _reference(self, secret: str, key: str) -> RemoteRef:
        given = self._overrides.get(SecretKey(secret=secret, key=key))
        return given or remote_ref(self._keys, self._properties, secret=secret, key=key)

    def _generated(self, secrets: list[NeededSecret]) -> dict[str, ApiObject]:
        if not secrets:
            return {}
        generator = derived(self.deployment.names.name, "-server-passwords")
        self._object("Generator", GENERATOR_API_VERSION, "Password", generator, password_spec())
        return {
            item.name.name: self._external_secret(
                item.name.name, generated_spec(item.name.name, list(item.keys), generator=generator)
            )
            for item in secrets
        }

    def _external_secret(self, name: str, body: Manifest) -> ApiObject:
        return self._object(f"ExternalSecret-{name}", API_VERSION, "ExternalSecret", name, body)

    def _object(self, id: str, api_version: str, kind: str, name: str, body: Manifest) -> ApiObject:
        metadata = {"name": name, "namespace": self.deployment.names.namespace, "labels": self._labels}
        return api_object(self, id, api_version=api_version, kind=kind, metadata=metadata, spec=body)

    def _shared_entries(self, secrets: list[NeededSecret]) -> list[Finding]:
        """Two keys for which the patterns give one entry; overrides may."""
        found: dict[RemoteRef, str] = {}
        findings: list[Finding] = []
        for secret in secrets:
            for key in secret.keys:
                where = SecretKey(secret=secret.name.name, key=key)
                reference, name = self._reference(where.secret, key), f"{where.secret}.{key}"
                if where not in self._overrides and found.setdefault(reference, name) != name:
                    problem = f"gives {name} and {found[reference]} one entry, {reference.key!r}"
                    findings.append(
                        Finding("ExternalSecrets.keys", f"{problem}: put both {{secret}} and {{key}} into it")
                    )
        return findings[:1]

    def _not_generated(self, kept: list[NeededSecret], generated: list[NeededSecret]) -> list[Finding]:
        """Passwords of servers that are asked for and can't be made."""
        where = "ExternalSecrets.generate_server_passwords"
        five = {getattr(self.deployment.flowise.auth, name) for name in KEYS}
        mixed = [item for item in kept if item not in generated and any(key.is_own for key in item.keys.values())]
        mend = "give the servers' passwords a Secret of their own"
        findings = [
            Finding(where, f"the Secret {item.name.name!r} holds more than passwords of bundled servers: {mend}")
            for item in mixed
        ]
        findings += [
            Finding(where, f"the Secret {name!r} holds one of the five keys, which are never generated: {mend}")
            for name in sorted({key.secret for key in five} & {item.name.name for item in generated})
        ]
        if not generated and not mixed:
            findings.append(Finding(where, "there is no bundled server with a password: leave it out"))
        return findings


def _is_of_servers(secret: NeededSecret) -> bool:
    return secret.whole is None and all(key.is_own for key in secret.keys.values())


def _without(secret: NeededSecret, exclude: Sequence[str | SecretKey]) -> NeededSecret | None:
    """The Secret without the keys that are made otherwise; None if nothing of it is left."""
    name = secret.name.name
    if name in exclude:
        return None
    kept = {key: use for key, use in secret.keys.items() if SecretKey(secret=name, key=key) not in exclude}
    if not kept and not secret.whole:
        return None
    return NeededSecret(secret.name, secret.type, kept, secret.whole)
