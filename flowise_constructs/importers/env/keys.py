"""Flowise's five keys: those of the file, and where the others are."""

from __future__ import annotations

from typing import Any

from flowise_constructs import Auth
from flowise_constructs.flowise.auth import VARIABLES
from flowise_constructs.importers.directories import ROOT_DATA_DIRECTORY
from flowise_constructs.importers.env.tables import IGNORED, SECRETS
from flowise_constructs.importers.env.variables import EnvironmentVariables, Known
from flowise_constructs.importers.guide import GUIDE
from flowise_constructs.importers.notes import Notes

ENCRYPTION_KEY = VARIABLES["encryption_key"]


def auth(
    notes: Notes, variables: EnvironmentVariables, secrets: Known, *, encryption_key: str | None, service: str
) -> Auth:
    """The Secret of the five keys, with what is known of it."""
    _encryption_key(notes, variables, secrets, encryption_key, service)
    places = {name: variables.where(name) for name in VARIABLES.values() if name != ENCRYPTION_KEY}
    made_up = [where for name, where in places.items() if not _kept(variables, name)]
    if made_up:
        notes.remark(
            ", ".join(made_up),
            "is not known, because Flowise made it itself, as it does where the sample's value is given: a new random "
            "one comes into the Secret, and everybody has to log in again",
        )
    whom: dict[str, Any] = {}
    for name, field in (("JWT_ISSUER", "jwt_issuer"), ("JWT_AUDIENCE", "jwt_audience")):
        if (text := variables.take_text(name)) is not None:
            whom[field] = text
    secret = f"{secrets.prefix}-auth"
    return notes.make(Auth.from_secret, "JWT_ISSUER", Auth.from_secret("refused"), existing_secret=secret, **whom)


def _kept(variables: EnvironmentVariables, name: str) -> bool:
    value = variables.value(name)
    if isinstance(value, str) and value.strip() == IGNORED[name]:
        variables.take(name)
        return False
    return variables.take_secret(name) is not None


def _encryption_key(
    notes: Notes, variables: EnvironmentVariables, secrets: Known, given: str | None, service: str
) -> None:
    where, value = variables.where(ENCRYPTION_KEY), variables.value(ENCRYPTION_KEY)
    if value is not None:
        variables.take_secret(ENCRYPTION_KEY)
        if given is not None and given != value:
            notes.refuse(where, "and --encryption-key differ, and Flowise takes this one: leave out --encryption-key")
        return
    if given is not None:
        secrets.keep(*SECRETS[ENCRYPTION_KEY], given)
        return
    if variables.value("SECRETKEY_STORAGE_TYPE") == "aws":
        name = variables.value("SECRETKEY_AWS_NAME") or "FlowiseEncryptionKey"
        take = f"aws secretsmanager get-secret-value --secret-id {name} --query SecretString --output text"
        place = "in AWS Secrets Manager"
    else:
        directory = variables.value("SECRETKEY_PATH") or ROOT_DATA_DIRECTORY
        take = f"docker compose cp {service}:{str(directory).rstrip('/')}/encryption.key encryption.key"
        place = "in encryption.key on the volume"
    notes.remark(
        where,
        f"is not given: Flowise's key is {place}, and with another one every stored credential is lost. Take it from "
        f"there ({take}), and run this command again with --encryption-key encryption.key; {GUIDE}",
        "do",
    )
