"""Backups of the deployment's data to a bucket, and the way back."""

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
from flowise_constructs.storage.values import S3Bucket

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
    """An option that leaves the dump whole, where it is and as it is read again."""
    if not value.isprintable() or not value.startswith("-"):
        return "must be one option, its value behind '=': '--lock-wait-timeout=30s'"
    name = value.partition("=")[0]
    word = name if name.startswith("--") else name[:2]
    return f"is not for here: {_WHY[word]}" if word in _WHY else None


def _table(value: str) -> str | None:
    return naming.identifier(value) and "must be the name of a table, such as 'login_sessions'"


def _backup_id(value: str) -> str | None:
    day, _, rest = value.partition("T")
    time, _, run = rest.partition("Z-")
    plain = run and all(character in "abcdefghijklmnopqrstuvwxyz0123456789" for character in run)
    if len(day) == 8 and len(time) == 6 and (day + time).isdigit() and plain:
        return None
    return "must be the name of a backup, as its manifest has it: '20260102T030000Z-x7k2p'"


DumpArgument = Annotated[str, _dump_argument]
Table = Annotated[str, _table]
BackupId = Annotated[str, _backup_id]


@dataclass(frozen=True, kw_only=True)
class Retention(Value):
    """Which backups stay. A backup stays if any rule keeps it. Days, weeks (from Monday) and months are those of UTC
    that *have* a backup: after a gap of a year the newest are as many as before."""

    last: quantities.Positive = 7
    """The newest so many, whenever they were made."""
    daily: quantities.Count = 7
    """The newest backup of each of the last so many days that have one."""
    weekly: quantities.Count = 4
    """The newest backup of each of the last so many weeks that have one."""
    monthly: quantities.Count = 6
    """The newest backup of each of the last so many months that have one."""


@dataclass(frozen=True, kw_only=True)
class BucketEncryption(Value):
    """Encryption that the object store does when it takes an object."""

    method: Literal["AES256", "aws:kms"] = "AES256"
    """`x-amz-server-side-encryption`."""
    kms_key: texts.Text | None = None
    """Key of `aws:kms`: its id or ARN. None: the account's own. Example:
    `"arn:aws:kms:eu-central-1:123456789012:key/..."`."""

    def contradictions(self) -> Iterable[Finding]:
        if self.kms_key is not None and self.method != "aws:kms":
            yield self.finding("kms_key", f"has no effect with {self.method!r}: take method='aws:kms', or leave it out")


@dataclass(frozen=True, kw_only=True)
class Drill(Value):
    """A scheduled trial: the newest backup is restored into a database server that lives in the trial's own pod,
    counted against its manifest, and goes with the pod. It touches neither Flowise nor its database."""

    schedule: schedules.Cron = "0 5 * * 0"
    """`schedule`. Example: `"0 5 1 * *"`, once a month."""
    max_age_seconds: quantities.Positive = 2 * 24 * 3600
    """How old the newest backup may be; an older one fails the trial. Default: two days."""
    deadline_seconds: quantities.Positive = 2 * 3600
    """`activeDeadlineSeconds` of a trial."""
    database_size: quantities.Size = "20Gi"
    """`sizeLimit` of the volume that holds the restored database."""
    resources: Resources = Resources(cpu_request="250m", memory_request="512Mi", memory_limit="1Gi")
    """Requests and limits of the step that runs the server."""
    pod: PodOptions = PodOptions()
    """Scheduling, labels, annotations. Custom database images: the pod runs as uid 999, which the image must know."""


@dataclass(frozen=True, kw_only=True)
class Backup(Value):
    """A scheduled backup of the database, and of uploads and documents, into a bucket. Flowise's five keys are not in
    it: keep their Secret elsewhere, without the encryption key every credential in the backup is unreadable."""

    target: S3Bucket
    """The bucket that takes the backups; it must exist. Endpoint, path style and keys, or the pod's identity, are said
    there. Needs PutObject, GetObject, ListBucket and, for retention, DeleteObject; better not Flowise's own bucket."""
    prefix: buckets.Prefix | None = None
    """Key prefix in the bucket, of this installation alone: retention takes every backup below it for its own. Default:
    the installation's name. Example: `"prod/flowise"`."""
    schedule: schedules.Cron = "0 3 * * *"
    """`schedule`. What was written since the last run is what a disaster costs. Example: `"0 */6 * * *"`."""
    time_zone: schedules.TimeZone = "Etc/UTC"
    """`timeZone` of the schedules. Example: `"Europe/Zurich"`."""
    suspend: bool = False
    """`suspend`: keep the CronJobs and run nothing."""
    concurrency_policy: Literal["Forbid", "Replace", "Allow"] = "Forbid"
    """`concurrencyPolicy`."""
    starting_deadline_seconds: quantities.Positive | None = 3600
    """`startingDeadlineSeconds`: how late a missed run may still begin."""
    deadline_seconds: quantities.Positive = 3600
    """`activeDeadlineSeconds` of a run with its further attempts."""
    backoff_limit: quantities.Count = 1
    """`backoffLimit`: how often a failed run is tried again, in a new pod."""
    successful_history: quantities.Count = 3
    """`successfulJobsHistoryLimit`."""
    failed_history: quantities.Count = 3
    """`failedJobsHistoryLimit`."""
    retention: Retention | None = Retention()
    """Which backups stay. None: nothing is ever deleted, for a bucket with rules of its own or keys that can't
    delete."""
    encryption: BucketEncryption | None = None
    """Server-side encryption. None: what the bucket does by itself."""
    ca: texts.Certificate | SecretKey | ConfigMapKey | None = None
    """The authority that signed the object store's certificate: PEM text, or a key that holds PEM. Public authorities
    stay trusted. Example: `ConfigMapKey(config_map="corporate-ca", key="ca.crt")`."""
    files: bool = True
    """Whether uploads and documents are backed up too: the storage directory as an archive; with an `S3Bucket` storage
    a mirror of that bucket without its `logs/`, to which files are added and from which none is taken."""
    without_rows_of: Sequence[Table] = ()
    """Tables of which the structure alone is backed up. Example: `["login_sessions"]`."""
    dump_arguments: Sequence[DumpArgument] = ()
    """Further options of `pg_dump`, which compresses with gzip at level 1 unless told, or of `mariadb-dump`. Example:
    `["--compress=zstd:3"]`, with PostgreSQL 16 or newer."""
    dump_image: ServerImage | None = None
    """The database's client tools, of a major version not older than the server's, with bash. Default:
    the image of `BundledPostgres`; for MySQL and MariaDB `docker.io/library/mariadb:11.8.3-noble`; for SQLite the
    Flowise image."""
    upload_image: ServerImage = ServerImage(repository="docker.io/rclone/rclone", tag="1.71.2")
    """Holds `rclone`, a POSIX shell, tar and gzip."""
    scratch_size: quantities.Size = "10Gi"
    """`sizeLimit` of the volume that holds a backup until it is uploaded. What is larger fails, and is not uploaded."""
    resources: Resources = Resources(cpu_request="100m", memory_request="256Mi", memory_limit="512Mi")
    """Requests and limits of each step; they run one after the other. Their memory doesn't grow with the data."""
    labels: Mapping[naming.LabelKey, naming.LabelValue] = field(default_factory=dict[str, str])
    """Further labels of the CronJobs. Example: `{"team": "platform"}`."""
    pod: PodOptions = PodOptions()
    """Scheduling, labels, annotations, volumes."""
    drill: Drill | None = None
    """A scheduled trial of restoring. None: none, and then nobody knows whether the backups are any good."""


@dataclass(frozen=True, kw_only=True)
class Restore(Value):
    """One restore, of one backup. Flowise must be stopped: `Main(replicas=0)`, `Worker(replicas=0)`."""

    backup: BackupId | Literal["newest"] = "newest"
    """Which one: its name, or the newest that has a manifest. Example: `"20260102T030000Z-x7k2p"`."""
    overwrite: bool = False
    """Whether a database and a storage directory that hold something are emptied first."""
    accept_lost_credentials: bool = False
    """Whether to restore though the encryption key is not the one that the data were written with: every credential
    stored in Flowise is then unreadable, for good, and must be entered again."""
    files: bool = True
    """Whether uploads and documents are restored too."""
    deadline_seconds: quantities.Positive = 6 * 3600
    """`activeDeadlineSeconds`."""
    server_wait_seconds: quantities.Positive = 300
    """How long a database server is waited for that doesn't answer: one of the same manifests may start later."""
    resources: Resources = Resources(cpu_request="250m", memory_request="256Mi", memory_limit="1Gi")
    """Requests and limits of each step."""
    pod: PodOptions = PodOptions()
    """Scheduling, labels, annotations, volumes."""
