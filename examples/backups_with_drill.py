"""Backups to a bucket, and a test restore every week.

A CronJob dumps the database, archives the uploads, uploads both, reads them back and only then writes the manifest that
makes it a backup. A second CronJob, the drill, restores the newest backup into a server in its own pod and compares the
number of rows in every table. It touches neither Flowise nor its database.

What to know:

- A failed Job is the alarm: alert on `kube_job_status_failed`, and also when none has succeeded for longer than the
  schedule says.
- The five keys are **not** in the backup. Export the Secret `flowise-auth-secrets` and keep it elsewhere: without the
  encryption key no credential stored in Flowise can be read.
- The bucket is another one than Flowise's, best in another account. Its keys need PutObject, GetObject and ListBucket,
  and DeleteObject for the retention.
- What you lose in a disaster is what was written since the last backup began: here, up to six hours.
- The uploads are on a claim that one node holds, so the backup runs on that node, beside main.

Must exist already: the bucket `example-backups`, and the Secrets `flowise-auth-secrets`, `flowise-postgresql-auth` and
`backup-bucket` (keys `access-key`, `secret-key`).

To restore, see "Backup and restore".
"""

from __future__ import annotations

from flowise_constructs import (
    App,
    Auth,
    Backup,
    BucketEncryption,
    BundledPostgres,
    DataClaim,
    Drill,
    Ingress,
    IngressHost,
    Main,
    Retention,
    S3Bucket,
    S3Credentials,
    StandaloneChart,
)


def build(app: App) -> None:
    """Adds the chart to the app."""
    StandaloneChart(
        app,
        "flowise",
        auth=Auth.from_secret("flowise-auth-secrets"),
        database=BundledPostgres(size="20Gi"),
        data=DataClaim(size="10Gi"),
        ingress=Ingress(hosts=[IngressHost(host="flowise.example.com")], class_name="traefik", tls_in_front=True),
        # It has users already. A new installation is given an owner: see with_owner.py.
        main=Main(awaits_owner=False),
        backup=Backup(
            target=S3Bucket(
                bucket="example-backups",
                region="eu-west-1",
                credentials=S3Credentials.from_secret("backup-bucket"),
            ),
            prefix="prod/flowise",
            schedule="0 */6 * * *",
            time_zone="Europe/Berlin",
            retention=Retention(last=8, daily=14, weekly=8, monthly=12),
            encryption=BucketEncryption(method="aws:kms"),
            drill=Drill(schedule="0 5 * * 0", max_age_seconds=24 * 3600),
        ),
    )


if __name__ == "__main__":
    app = App()
    build(app)
    app.synth()
