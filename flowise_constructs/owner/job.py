"""`OwnerJob`: makes the owner of an empty installation."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

from cdk8s import ApiObject
from constructs import Construct

from flowise_constructs.core.checking import checked
from flowise_constructs.core.findings import ConfigError, Finding
from flowise_constructs.flowise.deployment import Deployment
from flowise_constructs.flowise.probe_paths import OWNED
from flowise_constructs.flowise.variables import PORT
from flowise_constructs.kubernetes import pods, volumes
from flowise_constructs.kubernetes.environment import Environment
from flowise_constructs.kubernetes.further_containers import env_from
from flowise_constructs.kubernetes.identity import Identity, derived, flowise_identity
from flowise_constructs.kubernetes.mounted_files import MountedFiles, config_map
from flowise_constructs.kubernetes.objects import Manifest, api_object, object_meta
from flowise_constructs.kubernetes.pod_template import pod_template
from flowise_constructs.kubernetes.scripts import SCRIPTS_DIRECTORY, scripts
from flowise_constructs.kubernetes.workload import Workload
from flowise_constructs.owner.access import ACCESS_DIRECTORY, role, token_mount, token_volume
from flowise_constructs.owner.values import PASSWORD_FILE, Owner

UID = 1000
BACK_OFF_LIMIT = 6
SUFFIX = "-owner"
PASSWORD_DIRECTORY = "/run/secrets/owner"


class OwnerJob(Construct):
    """The owner of an empty installation: Job `{name}-owner-{hash}`, headless Service `{name}-owner` by which it
    reaches a main that isn't Ready, its scripts and service account; with `Owner.api_keys` a Role and a RoleBinding.

    The Job registers the owner by Flowise's own API. Where an owner exists it changes nothing, and says whether the
    password in the Secret is the owner's. It fails where Flowise refuses the password or the e-mail address.

    A Job can't be changed, so its name has a hash of what it runs: the same values give the same Job, which is not run
    again; other values, another image among them, a new one.

    Must exist already: main with `Main(awaits_owner=True)`, and the Secret of the password.
    Attributes: `.job`, `.service`, `.owner`, `.workload`.

    Raises ConfigError if main doesn't await the owner, if names are too long, or for API keys without a namespace.
    """

    @checked
    def __init__(
        self, scope: Construct, id: str, *, owner: Owner, deployment: Deployment, scripts: Construct | None = None
    ) -> None:
        """`deployment` is what the owner is for: `chart.deployment`, or `Deployment.of(main)`. `scripts` is where the
        ConfigMap of scripts is made; None: here."""
        super().__init__(scope, id)
        self.owner = owner
        self._flowise = deployment.flowise
        _refuse_open_main(deployment)
        names = deployment.names
        identity = flowise_identity(names, "owner", suffix=SUFFIX, version=self._flowise.image.tag)
        self._url = f"http://{identity.name}:{PORT}"
        self.service = self._service(identity, flowise_identity(names, names.main_component))
        content = _scripts(owner)
        files = config_map(
            scripts or self, "Scripts" if scripts is None else "OwnerScripts", identity, "-scripts", content
        )
        spec = self._spec(identity, files)
        identity = replace(identity, name=derived(identity.name, f"-{_hash(spec)}"))
        self.workload = Workload(
            kind="Job",
            identity=identity,
            template=spec["template"],
            makes_service_account=owner.pod.service_account.create,
        )
        self.job = self._job(identity, spec)

    def _service(self, identity: Identity, main: Identity) -> ApiObject:
        return api_object(
            self,
            "Service",
            api_version="v1",
            kind="Service",
            metadata=object_meta(identity),
            spec={
                "clusterIP": "None",
                "publishNotReadyAddresses": True,
                "selector": dict(main.selector),
                "ports": [{"name": "http", "port": PORT, "targetPort": "http"}],
            },
        )

    def _job(self, identity: Identity, spec: Manifest) -> ApiObject:
        return api_object(
            self,
            "Resource",
            api_version="batch/v1",
            kind="Job",
            metadata=object_meta(identity, annotations=self.owner.annotations),
            spec=spec,
        )

    def _spec(self, identity: Identity, files: MountedFiles) -> Manifest:
        return {
            "backoffLimit": BACK_OFF_LIMIT,
            "ttlSecondsAfterFinished": self.owner.ttl_seconds,
            "template": self._template(identity, files),
        }

    def _template(self, identity: Identity, files: MountedFiles) -> Manifest:
        options, image = self.owner.pod, self._flowise.image
        account = pods.service_account(self, identity, options)
        if self.owner.api_keys:
            role(self, identity, self.owner.api_keys.secret, account)
        return pod_template(
            self,
            identity,
            options,
            account=account,
            containers=[self._container()],
            own_volumes=self._volumes(files),
            security=self._flowise.security,
            security_context=pods.pod_security(UID, self._flowise.security),
            pull_secrets=[{"name": name} for name in image.pull_secrets],
            checksums=files.checksum,
            ends=True,
        )

    def _container(self) -> Manifest:
        image, owner = self._flowise.image, self.owner
        own = [
            volumes.mount("scripts", SCRIPTS_DIRECTORY, read_only=True),
            volumes.mount("password", PASSWORD_DIRECTORY, read_only=True),
            *([token_mount()] if owner.api_keys else []),
        ]
        return {
            "name": "owner",
            "image": image.reference,
            "imagePullPolicy": image.pull_policy,
            "command": ["node", f"{SCRIPTS_DIRECTORY}/owner.js"],
            "env": pods.variables(self._environment()),
            "envFrom": env_from(owner.pod),
            "resources": pods.requirements(owner.resources),
            "securityContext": pods.container_security(),
            # The last line says what is wrong; so it is in `kubectl describe pod`.
            "terminationMessagePolicy": "FallbackToLogsOnError",
            "volumeMounts": volumes.mounts(owner.pod, own),
        }

    def _environment(self) -> Environment:
        owner = self.owner
        return {
            "OWNER_FLOWISE_URL": self._url,
            "OWNER_EMAIL": owner.email,
            **({"OWNER_NAME": owner.name} if owner.name else {}),
            PASSWORD_FILE: f"{PASSWORD_DIRECTORY}/password",
            "OWNER_KEPT_IN": f"key {owner.password.key} of Secret {owner.password.secret}",
            "OWNER_DEADLINE_SECONDS": str(owner.deadline_seconds),
            **(_api_keys_environment(owner) if owner.api_keys else {}),
        }

    def _volumes(self, files: MountedFiles) -> list[Manifest]:
        return [
            files.volume("scripts"),
            volumes.secret_files("password", {"password": self.owner.password}),
            *([token_volume()] if self.owner.api_keys else []),
        ]


def _api_keys_environment(owner: Owner) -> Environment:
    assert owner.api_keys is not None
    keys = {name: list(permissions) for name, permissions in owner.api_keys.keys.items()}
    return {
        "OWNER_API_KEYS": json.dumps(keys, sort_keys=True),
        "OWNER_API_KEYS_KEPT_IN": owner.api_keys.secret,
        "OWNER_ACCESS_DIRECTORY": ACCESS_DIRECTORY,
        "NODE_EXTRA_CA_CERTS": f"{ACCESS_DIRECTORY}/ca.crt",
    }


def _scripts(owner: Owner) -> dict[str, str]:
    return dict(scripts("owner.js", *(["owner-api-keys.js"] if owner.api_keys else [])))


def _hash(spec: Manifest) -> str:
    return hashlib.sha256(json.dumps(spec, sort_keys=True, default=dict).encode()).hexdigest()[:8]


def _refuse_open_main(deployment: Deployment) -> None:
    main = deployment.workload("main")
    assert main is not None
    if main.template["spec"]["containers"][0]["readinessProbe"]["httpGet"]["path"] != OWNED:
        problem = "has a main that is Ready before there is an owner, so that anybody may come first"
        raise ConfigError([Finding("OwnerJob.deployment", f"{problem}: give Main(awaits_owner=True)")])
