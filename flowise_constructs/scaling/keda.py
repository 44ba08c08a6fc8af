"""KEDA's objects: a ScaledObject over the lists of all queues, and how its operator logs in to Redis."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from cdk8s import ApiObject
from constructs import Construct

from flowise_constructs.core.findings import ConfigError, Finding
from flowise_constructs.core.rules import network
from flowise_constructs.kubernetes.certificates import Certificates
from flowise_constructs.kubernetes.identity import Identity
from flowise_constructs.kubernetes.objects import Manifest, api_object, object_meta
from flowise_constructs.kubernetes.references import ConfigMapKey, Pem, SecretKey
from flowise_constructs.queueing.values import Queue, Redis
from flowise_constructs.queueing.variables import BUSY_LISTS, list_key
from flowise_constructs.scaling.autoscaler import behavior, target_of
from flowise_constructs.scaling.values import QueueScaling

API_VERSION = "keda.sh/v1alpha1"


@dataclass(frozen=True)
class RedisAccess:
    """How KEDA's operator, which is in a namespace of its own, reaches the deployment's Redis."""

    queue: Queue
    identity: Identity
    authorities: Pem | None
    certificates: Certificates
    existing: str | None
    """A TriggerAuthentication that exists."""

    @property
    def redis(self) -> Redis:
        """The server."""
        redis = self.queue.redis
        assert isinstance(redis, Redis)
        return redis

    @property
    def name(self) -> str | None:
        """The TriggerAuthentication's name, if there is one."""
        return self.existing or (self.identity.name if self.parameters else None)

    @cached_property
    def parameters(self) -> dict[str, SecretKey | ConfigMapKey]:
        """What the operator reads from Secrets and ConfigMaps, by KEDA's names."""
        redis, tls = self.redis, self.redis.tls
        given = {"host": redis.host, "port": redis.port, "username": redis.username, "password": redis.password}
        found = {name: value for name, value in given.items() if isinstance(value, (SecretKey, ConfigMapKey))}
        if tls is None:
            return found
        # It checks the server's certificate; beside public authorities, by these.
        pems = {"ca": tls.ca if tls.ca is not None else self.authorities, "cert": tls.certificate}
        return {**found, **self._files({**pems, "key": tls.private_key})}

    def _files(self, pems: dict[str, Pem | None]) -> dict[str, SecretKey | ConfigMapKey]:
        return {name: self._place_of(pem) for name, pem in pems.items() if pem is not None}

    def _place_of(self, pem: Pem) -> SecretKey | ConfigMapKey:
        if not isinstance(pem, str):
            return pem
        return ConfigMapKey(config_map=self.certificates.config_map, key=self.certificates.keys[pem])

    @property
    def metadata(self) -> dict[str, str]:
        """What stands in each trigger."""
        redis = self.redis
        host = self._host(redis.host) if isinstance(redis.host, str) else None
        port = str(redis.port) if isinstance(redis.port, int) else None
        username = redis.username if isinstance(redis.username, str) and self.existing is None else None
        if host and port:
            address = {"address": f"[{host}]:{port}" if ":" in host else f"{host}:{port}"}
        else:
            address = {**({"host": host} if host else {}), **({"port": port} if port else {})}
        tls = {"enableTLS": "true"} if redis.tls else {}
        return {**address, **({"username": username} if username else {}), **tls}

    def _host(self, host: str) -> str:
        """The host as another namespace sees it."""
        return host if "." in host or network.is_address(host) else f"{host}.{self.identity.namespace}.svc"

    def findings(self) -> Iterator[Finding]:
        """What KEDA can't work with."""
        host, tls = self.redis.host, self.redis.tls
        if isinstance(host, str) and network.is_loopback(host):
            problem = f"KEDA asks Redis from its own pod, and Redis.host {host!r} is the pod itself"
            mend = "give metric=ExternalMetric() of an exporter, or replicas=External()"
            yield Finding("QueueScaling", f"{problem}: {mend}")
        elif isinstance(host, str) and "." not in host and not network.is_address(host) and not self.identity.namespace:
            problem = f"KEDA is in a namespace of its own, where {host!r} is no host"
            yield Finding("QueueScaling", f"{problem}: give Names(namespace='...'), or Redis.host with its namespace")
        if tls is not None and tls.ca_base64 is not None and self.existing is None:
            problem = "KEDA wants the authority as PEM, and RedisTls.ca_base64 is base64 of it"
            mend = "give RedisTls.ca a key that holds PEM (an ExternalSecret makes it of the same entry, with "
            mend += "RemoteRef(decoding='Base64')), or QueueScaling.authentication"
            yield Finding("QueueScaling", f"{problem}: {mend}")


def trigger_authentication(scope: Construct, access: RedisAccess) -> ApiObject | None:
    """What the operator reads; None where there is nothing to read, or it is given. ConfigError where KEDA can't."""
    if findings := list(access.findings()):
        raise ConfigError(findings)
    if access.existing is not None or not access.parameters:
        return None
    secrets = [
        {"parameter": name, "name": place.secret, "key": place.key}
        for name, place in access.parameters.items()
        if isinstance(place, SecretKey)
    ]
    config_maps = [
        {"parameter": name, "name": place.config_map, "key": place.key}
        for name, place in access.parameters.items()
        if isinstance(place, ConfigMapKey)
    ]
    return api_object(
        scope,
        "TriggerAuthentication",
        api_version=API_VERSION,
        kind="TriggerAuthentication",
        metadata=object_meta(access.identity),
        spec={"secretTargetRef": secrets or None, "configMapTargetRef": config_maps or None},
    )


def scaled_object(
    scope: Construct, scaling: QueueScaling, access: RedisAccess, kinds: Sequence[str], jobs: Decimal
) -> ApiObject:
    """The sum of all lists: several triggers alone would give the largest."""
    lists = {f"{kind}_{name}": list_key(access.queue, kind, name) for kind in kinds for name in BUSY_LISTS}
    return api_object(
        scope,
        "ScaledObject",
        api_version=API_VERSION,
        kind="ScaledObject",
        metadata=object_meta(access.identity),
        spec={
            "scaleTargetRef": target_of(access.identity),
            "minReplicaCount": scaling.minimum,
            "maxReplicaCount": scaling.maximum,
            "advanced": {
                "horizontalPodAutoscalerConfig": {"behavior": behavior(scaling)},
                "scalingModifiers": {
                    "formula": " + ".join(lists),
                    "target": f"{jobs.normalize():f}",
                    "metricType": "AverageValue",
                },
            },
            "triggers": [_trigger(access, name, key) for name, key in lists.items()],
        },
    )


def _trigger(access: RedisAccess, name: str, key: str) -> Manifest:
    return {
        "type": "redis",
        "name": name,
        "metadata": {**access.metadata, "listName": key},
        "authenticationRef": {"name": access.name} if access.name else None,
    }
