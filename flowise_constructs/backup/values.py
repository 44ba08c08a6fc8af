"""Backup, restore and drill values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal

from flowise_constructs.core.findings import Finding
from flowise_constructs.core.rules import buckets, naming, quantities, schedules, texts
from flowise_constructs.core.value import Value
from flowise_constructs.kubernetes.images import ServerImage
from flowise_constructs.kubernetes.pod_options import PodOptions, Resources
from flowise_constructs.kubernetes.references import ConfigMapKey, SecretKey
from flowise_constructs.storage.values import AzureContainer, GcsBucket, ObjectStore

_PLACE = "the step decides how and where the dump is written"
_SERVER = "the connection is the application's own"
_SECRET = "the password comes from its Secret alone"
_PARTS = "such a dump lacks tables or rows: name tables in 'without_rows_of'"
_REFUSED = {
    _PLACE: "-F --format -f --file -r --result-file -j --jobs -T --tab --snapshot --help -? -V --version",
    _SERVER: "-h --host -p --port -P -U --username -u --user -d --dbname --protocol -S --socket --role",
    _SECRET: "-W --password -w --no-password --defaults-file --defaults-extra-file --no-defaults",
    _PARTS: """
        -t --table --table-and-children --exclude-table --exclude-table-and-children --tables -n --schema -N
        --exclude-schema --filter -s --schema-only -a --data-only --no-data --no-schema --section -e --extension
        --exclude-extension --exclude-table-data --exclude-table-data-and-children --ignore-table
        --ignore-table-data --ignore-database -B --no-blobs --no-large-objects --where --no-create-info
        --no-create-db --statistics-only --skip-extended-insert --databases -A --all-databases
    """,
}
_WHY = {option: why for why, options in _REFUSED.items() for option in options.split()}


def _dump_argument(value: str) -> str | None:
    """An option that keeps the dump complete, in its place and in a form that can be restored."""
    if not value.isprintable() or not value.startswith("-"):
        return "must be one option, with its value after '=': '--lock-wait-timeout=30s'"
    name = value.partition("=")[0]
    word = name if name.startswith("--") else name[:2]
    return f"is not allowed here: {_WHY[word]}" if word in _WHY else None


def _table(value: str) -> str | None:
    return naming.identifier(value) and "must be the name of a table, such as 'login_sessions'"


def _backup_id(value: str) -> str | None:
    day, _, rest = value.partition("T")
    time, _, run = rest.partition("Z-")
    plain = run and all(character in "abcdefghijklmnopqrstuvwxyz0123456789" for character in run)
    if len(day) == 8 and len(time) == 6 and (day + time).isdigit() and plain:
        return None
    return "must be the name of a backup, as in its manifest: '20260102T030000Z-x7k2p'"


DumpArgument = Annotated[str, _dump_argument]
Table = Annotated[str, _table]
BackupId = Annotated[str, _backup_id]


@dataclass(frozen=True, kw_only=True)
class Retention(Value):
    """Which backups are kept. A backup is kept if any rule keeps it. Days, weeks (from Monday) and months are in UTC.
    Only those that *have* a backup count: after a gap of a year the same number is kept."""

    last: quantities.Positive = 7
    """How many of the newest backups, whenever they were made."""
    daily: quantities.Count = 7
    """How many days that have a backup; the newest of each is kept."""
    weekly: quantities.Count = 4
    """How many weeks that have a backup; the newest of each is kept."""
    monthly: quantities.Count = 6
    """How many months that have a backup; the newest of each is kept."""


@dataclass(frozen=True, kw_only=True)
class BucketEncryption(Value):
    """Encryption by the object store when it stores an object."""

    method: Literal["AES256", "aws:kms"] = "AES256"
    """`x-amz-server-side-encryption`."""
    kms_key: texts.Text | None = None
    """Key for `aws:kms`: its id or ARN. None: the account's default key. Example:
    `"arn:aws:kms:eu-central-1:123456789012:key/..."`."""

    def contradictions(self) -> Iterable[Finding]:
        if self.kms_key is not None and self.method != "aws:kms":
            yield self.finding("kms_key", f"has no effect with {self.method!r}: use method='aws:kms', or leave it out")


@dataclass(frozen=True, kw_only=True)
class Drill(Value):
    """A scheduled test restore: the newest backup is restored into a database server in the drill's own pod, and its
    rows are counted and compared with the manifest. Afterwards the server is deleted with the pod. A drill touches
    neither Flowise nor its database."""

    schedule: schedules.Cron = "0 5 * * 0"
    """`schedule`. Example: `"0 5 1 * *"`, once a month."""
    max_age_seconds: quantities.Positive = 2 * 24 * 3600
    """How old the newest backup may be; with an older one the drill fails. Default: two days."""
    deadline_seconds: quantities.Positive = 2 * 3600
    """`activeDeadlineSeconds` of a drill."""
    database_size: quantities.Size = "20Gi"
    """`sizeLimit` of the volume for the restored database."""
    resources: Resources = Resources(cpu_request="250m", memory_request="512Mi", memory_limit="1Gi")
    """Requests and limits of the step that runs the server."""
    pod: PodOptions = PodOptions()
    """Scheduling, labels, annotations. The pod runs as uid 999: a custom database image must have that user."""


@dataclass(frozen=True, kw_only=True)
class Backup(Value):
    """A scheduled backup of the database, and of uploads and documents, to a bucket. Flowise's five keys are not in it:
    keep their Secret elsewhere. Without the encryption key every credential in the backup is unreadable."""

    target: ObjectStore
    """The bucket or container for the backups; it must exist. It also sets endpoint and keys, or the pod's identity.
    Must be allowed to put, get, list and, for retention, delete objects. Better not Flowise's own bucket: whoever loses
    that loses files and backups at once. Without `prefix` it is warned of."""
    prefix: buckets.Prefix | None = None
    """Key prefix in the bucket, for this installation only: retention treats every backup below it as its own. Default:
    the installation's name. Example: `"prod/flowise"`."""
    schedule: schedules.Cron = "0 3 * * *"
    """`schedule`. A disaster costs you what was written since the last run. Example: `"0 */6 * * *"`."""
    time_zone: schedules.TimeZone = "Etc/UTC"
    """`timeZone` of the schedules. Example: `"Europe/Zurich"`."""
    suspend: bool = False
    """`suspend`: keep the CronJobs, but run nothing."""
    concurrency_policy: Literal["Forbid", "Replace", "Allow"] = "Forbid"
    """`concurrencyPolicy`."""
    starting_deadline_seconds: quantities.Positive | None = 3600
    """`startingDeadlineSeconds`: how late a missed run may still start."""
    deadline_seconds: quantities.Positive = 3600
    """`activeDeadlineSeconds` of a run including its retries."""
    backoff_limit: quantities.Count = 1
    """`backoffLimit`: how often a failed run is retried, each time in a new pod."""
    successful_history: quantities.Count = 3
    """`successfulJobsHistoryLimit`."""
    failed_history: quantities.Count = 3
    """`failedJobsHistoryLimit`."""
    retention: Retention | None = Retention()
    """Which backups are kept. None: nothing is ever deleted, for a bucket with its own lifecycle rules or keys that
    can't delete."""
    encryption: BucketEncryption | None = None
    """Server-side encryption, with an `S3Bucket`; Google and Azure take the bucket's or account's own. None: the
    bucket's default."""
    ca: texts.Certificate | SecretKey | ConfigMapKey | None = None
    """The CA that signed the object store's certificate: PEM text, or a key that holds PEM. Public CAs stay trusted.
    Example: `ConfigMapKey(config_map="corporate-ca", key="ca.crt")`."""
    files: bool = True
    """Whether uploads and documents are backed up too: the storage directory as an archive; with a bucket as storage
    a mirror of that bucket without its `logs/`, to which files are added and from which none is deleted."""
    without_rows_of: Sequence[Table] = ()
    """Tables that are backed up without their rows. Example: `["login_sessions"]`."""
    dump_arguments: Sequence[DumpArgument] = ()
    """Extra options for `pg_dump`, which compresses with gzip at level 1 by default, or for `mariadb-dump`. Example:
    `["--compress=zstd:3"]`, with PostgreSQL 16 or newer."""
    dump_image: ServerImage | None = None
    """An image with bash and the database's client tools, of a major version not older than the server's. Default:
    the image of `BundledPostgres`, and for an existing PostgreSQL `docker.io/library/postgres:18.6-trixie`, whose tools
    dump servers of 18 and older; for MySQL and MariaDB `docker.io/library/mariadb:11.8.3-noble`; for SQLite the
    Flowise image."""
    upload_image: ServerImage = ServerImage(repository="docker.io/rclone/rclone", tag="1.71.2")
    """An image with `rclone`, a POSIX shell, tar and gzip."""
    scratch_size: quantities.Size = "10Gi"
    """`sizeLimit` of the volume that holds a backup until it is uploaded. A larger backup fails and is not uploaded."""
    resources: Resources = Resources(cpu_request="100m", memory_request="256Mi", memory_limit="512Mi")
    """Requests and limits of each step; they run one after the other. Their memory doesn't grow with the data."""
    labels: Mapping[naming.LabelKey, naming.LabelValue] = field(default_factory=dict[str, str])
    """Extra labels for the CronJobs. Example: `{"team": "platform"}`."""
    pod: PodOptions = PodOptions()
    """Scheduling, labels, annotations, volumes."""
    drill: Drill | None = None
    """A scheduled test restore. None: there is none, and nobody knows whether the backups can be restored."""

    def contradictions(self) -> Iterable[Finding]:
        if self.encryption is not None and isinstance(self.target, (GcsBucket, AzureContainer)):
            problem = f"has no effect with {type(self.target).__name__}: leave it out, and set the key on the store"
            yield self.finding("encryption", problem)


@dataclass(frozen=True, kw_only=True)
class Restore(Value):
    """One restore of one backup. Flowise must be stopped: `Main(replicas=0)`, `Worker(replicas=0)`."""

    backup: BackupId | Literal["newest"] = "newest"
    """Which backup: its name, or the newest that has a manifest. Example: `"20260102T030000Z-x7k2p"`."""
    overwrite: bool = False
    """Whether a database and a storage directory that are not empty are emptied first."""
    accept_lost_credentials: bool = False
    """Whether to restore although the data was written with a different encryption key: every credential stored in
    Flowise is then unreadable, for good, and must be entered again."""
    files: bool = True
    """Whether uploads and documents are restored too."""
    deadline_seconds: quantities.Positive = 6 * 3600
    """`activeDeadlineSeconds`."""
    server_wait_seconds: quantities.Positive = 300
    """How long to wait for a database server that doesn't answer: one from the same manifests may start later."""
    resources: Resources = Resources(cpu_request="250m", memory_request="256Mi", memory_limit="1Gi")
    """Requests and limits of each step."""
    pod: PodOptions = PodOptions()
    """Scheduling, labels, annotations, volumes."""
