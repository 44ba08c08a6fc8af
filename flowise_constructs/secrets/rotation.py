"""`KeyRotationJob`: what Flowise keeps encrypted in its database gets a new encryption key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from constructs import Construct

from flowise_constructs.core.checking import checked
from flowise_constructs.core.findings import ConfigError, Finding
from flowise_constructs.core.rules.paths import is_below
from flowise_constructs.database.values import SqliteDatabase
from flowise_constructs.database.variables import CA_FILE, PREFIX, TYPE
from flowise_constructs.flowise.certificates import certificates_of
from flowise_constructs.flowise.deployment import Deployment
from flowise_constructs.flowise.directories import DATA_DIRECTORY
from flowise_constructs.flowise.probe_paths import PING
from flowise_constructs.flowise.variables import AUTHORITIES_FILE
from flowise_constructs.kubernetes import pods, volumes
from flowise_constructs.kubernetes.certificates import Certificates
from flowise_constructs.kubernetes.further_containers import env_from
from flowise_constructs.kubernetes.identity import flowise_identity
from flowise_constructs.kubernetes.job_pods import job_of_one_try
from flowise_constructs.kubernetes.mounted_files import MountedFiles, config_map
from flowise_constructs.kubernetes.objects import Manifest
from flowise_constructs.kubernetes.pod_template import pod_template
from flowise_constructs.kubernetes.scripts import SCRIPTS_DIRECTORY, scripts
from flowise_constructs.kubernetes.workload import Workload
from flowise_constructs.secrets.values import KeyRotation

SCRIPT = "rotate-encryption-key.js"
DATABASE_SCRIPTS = {
    "sqlite": "rotate-sqlite.js",
    "postgres": "rotate-postgres.js",
    "mysql": "rotate-mysql.js",
    "mariadb": "rotate-mysql.js",
}
"""The module that the script loads for each database type."""
KEYS = "/run/secrets/rotation"
_AUTHORITIES = "NODE_EXTRA_CA_CERTS"


class KeyRotationJob(Construct):
    """A new encryption key for the data of one deployment: Job `{name}-key-rotation`, its scripts and service account.

    The Job runs in the Flowise image with Flowise's own modules. In one transaction it encrypts anew what Flowise keeps
    encrypted (`credential.encryptedData`, `custom_mcp_server.authConfig`, `chat_flow.webhookSecret`,
    `login_method.config`), decrypts each value again before and after it is written, and commits. Whatever fails, even
    a lost node, leaves everything as it was. A second run skips what has the new key already, and says how much.

    Must exist already: the Secrets of both keys, and the database with a schema of this release. Flowise must be
    stopped, `Main(replicas=0)` and `Worker(replicas=0)`: the Job waits while others are connected to the database
    as Flowise's user, or main answers, and gives up after `KeyRotation.wait_seconds`. Afterwards name the new key in
    `Auth.encryption_key`, and start Flowise. Backups made before need the old key: keep it as long as they.

    The log's last line says what was done, or why not. Exit codes: 0 everything has the new key; 1 failed and 2
    refused, nothing was changed; 3 the connection was lost while committing: run it again, which finishes it.

    Raises ConfigError: a new key that is the old one, or another of the five; SQLite without its volume.
    """

    @checked
    def __init__(self, scope: Construct, id: str, *, deployment: Deployment, rotation: KeyRotation) -> None:
        """`deployment` is `chart.deployment`, whose database the Job finds as main does."""
        super().__init__(scope, id)
        self.deployment, self.rotation = deployment, rotation
        self._main = deployment.workloads[0].template
        self._old_key = rotation.old_key or deployment.flowise.auth.encryption_key
        self._refuse_contradictions()
        self._identity = flowise_identity(
            deployment.names, "key-rotation", suffix="-key-rotation", version=deployment.flowise.image.tag
        )
        content = scripts(SCRIPT, DATABASE_SCRIPTS[str(self._environment[TYPE]["value"])])
        files = config_map(self, "Scripts", self._identity, "-scripts", content)
        self.workload = Workload(
            kind="Job",
            identity=self._identity,
            template=self._template(files),
            makes_service_account=rotation.pod.service_account.create,
        )
        self.job = job_of_one_try(self, self._identity, self.workload.template, rotation.deadline_seconds)

    def _refuse_contradictions(self) -> None:
        findings = [*self._wrong_keys(), *self._unreachable()]
        if findings:
            raise ConfigError(findings)

    def _wrong_keys(self) -> list[Finding]:
        auth, new = self.deployment.flowise.auth, self.rotation.new_key
        others = ("jwt_auth_token_secret", "jwt_refresh_token_secret", "express_session_secret", "token_hash_secret")
        same = f"{new.key!r} of the Secret {new.secret!r}"
        findings = [
            Finding("KeyRotation.new_key", f"{same} is {name!r} already: give the encryption a key of its own")
            for name in others
            if getattr(auth, name) == new
        ]
        if new == self._old_key:
            fix = "put the new key under a name of its own; if Auth.encryption_key names it already, give old_key"
            findings.append(Finding("KeyRotation.new_key", f"{same} is the old key: {fix}"))
        return findings

    def _unreachable(self) -> list[Finding]:
        """SQLite's file, where this pod has no volume with it."""
        database = self.deployment.flowise.database
        if not isinstance(database, SqliteDatabase):
            return []
        directory = database.directory or DATA_DIRECTORY
        if is_below(directory, DATA_DIRECTORY):
            fix = "give the chart 'data'; what is in main's pod alone goes with it"
            return [] if self._claim else [Finding("deployment", f"its SQLite database is on no claim: {fix}")]
        places = [volume.mount_path for volume in self.rotation.pod.volumes if volume.mount_path is not None]
        if any(is_below(directory, place) for place in places):
            return []
        problem = f"no volume at {directory!r}, where the SqliteDatabase is: mount it as main does, read_only=False"
        return [Finding("KeyRotation.pod", problem)]

    @property
    def _container(self) -> Manifest:
        """Main's container."""
        container: Manifest = self._main["spec"]["containers"][0]
        return container

    @property
    def _environment(self) -> Mapping[str, Manifest]:
        """Main's variables, as a hook may have changed them."""
        return {entry["name"]: entry for entry in self._container["env"]}

    @property
    def _claim(self) -> list[Manifest]:
        """Main's data volume, if the database is a file on it."""
        if not isinstance(self.deployment.flowise.database, SqliteDatabase):
            return []
        return [item for item in self._main["spec"]["volumes"] if item["name"] == "data"]

    @property
    def _certificates(self) -> Certificates:
        deployment = self.deployment
        return certificates_of(deployment.flowise, deployment.names).only(AUTHORITIES_FILE, CA_FILE)

    def _template(self, files: MountedFiles) -> Manifest:
        options, main = self.rotation.pod, self._main["spec"]
        return pod_template(
            self,
            self._identity,
            options,
            account=pods.service_account(self, self._identity, options),
            containers=[self._step()],
            own_volumes=self._volumes(files),
            security=self.deployment.flowise.security,
            security_context=main["securityContext"],
            pull_secrets=main.get("imagePullSecrets"),
            checksums={**files.checksum, **self._certificates.checksum},
            ends=True,
        )

    def _step(self) -> Manifest:
        main = self._container
        mounts = [
            volumes.mount("tmp", "/tmp"),
            volumes.mount("scripts", SCRIPTS_DIRECTORY, read_only=True),
            volumes.mount("keys", KEYS, read_only=True),
            *self._certificates.mount(),
            *([volumes.mount("data", DATA_DIRECTORY)] if self._claim else []),
        ]
        return {
            "name": "rotate",
            "image": main["image"],
            "imagePullPolicy": main.get("imagePullPolicy"),
            "command": ["node", f"{SCRIPTS_DIRECTORY}/{SCRIPT}"],
            "env": [*self._connection(), *pods.variables(self._own_variables())],
            "envFrom": env_from(self.rotation.pod),
            # The last line says what failed; this puts it in the pod's status.
            "terminationMessagePolicy": "FallbackToLogsOnError",
            "resources": pods.requirements(self.rotation.resources),
            "securityContext": main["securityContext"],
            "volumeMounts": volumes.mounts(self.rotation.pod, mounts),
        }

    def _connection(self) -> list[Manifest]:
        """How main reaches its database."""
        return [entry for name, entry in self._environment.items() if name.startswith(PREFIX) or name == _AUTHORITIES]

    def _own_variables(self) -> dict[str, Any]:
        names, rotation = self.deployment.names, self.rotation
        return {
            "ROTATION_OLD_KEY_FILE": f"{KEYS}/old-key",
            "ROTATION_NEW_KEY_FILE": f"{KEYS}/new-key",
            "ROTATION_WAIT_SECONDS": str(rotation.wait_seconds),
            "ROTATION_MAIN_URL": f"http://{names.name}:{self.deployment.main_port}{PING}",
            **({"ROTATION_LEAVE_UNREADABLE": "true"} if rotation.leave_unreadable else {}),
        }

    def _volumes(self, files: MountedFiles) -> list[Manifest]:
        return [
            volumes.empty_dir("tmp", "64Mi", medium="Memory"),
            files.volume("scripts"),
            volumes.secret_files("keys", {"old-key": self._old_key, "new-key": self.rotation.new_key}),
            *self._certificates.volume(),
            *self._claim,
        ]
