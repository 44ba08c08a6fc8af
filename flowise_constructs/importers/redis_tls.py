"""Encryption of the connections to Redis, from variables: no chart has values for it."""

from __future__ import annotations

from flowise_constructs import RedisTls
from flowise_constructs.importers.fields import authority
from flowise_constructs.importers.notes import Notes
from flowise_constructs.importers.variables import Variables


def redis_tls(notes: Notes, variables: Variables) -> RedisTls | None:
    """Encryption, where a variable asks for it."""
    on = variables.take_flag("REDIS_TLS")
    where = {
        "ca": variables.where("REDIS_CA"),
        "ca_base64": variables.where("REDIS_CA"),
        "certificate": variables.where("REDIS_CERT"),
        "private_key": variables.where("REDIS_KEY"),
    }
    if not on:
        return None
    ca = variables.take("REDIS_CA")
    inline = authority(notes, where["ca"], ca) if isinstance(ca, str) else None
    return notes.make(
        RedisTls,
        where,
        RedisTls(),
        ca=inline,
        ca_base64=None if isinstance(ca, str) else ca,
        certificate=variables.take_secret("REDIS_CERT"),
        private_key=variables.take_secret("REDIS_KEY"),
    )
