"""`S3Storage`: the bucket of a deployment."""

from __future__ import annotations

from collections.abc import Mapping

from constructs import Construct

from flowise_constructs.core.checking import checked
from flowise_constructs.storage.values import S3Bucket, S3Credentials


class S3Storage(Construct):
    """An existing bucket, on S3 or an S3-compatible store. Deploys nothing; exposes `.storage`.

    Must exist already: the bucket, and either the Secret with the credentials or the identity that the service account
    annotations name. Flowise needs PutObject, GetObject, DeleteObject and ListBucket.

    Raises ConfigError if a field is wrong.
    """

    storage: S3Bucket
    """The bucket, for `Flowise.storage`."""

    @checked
    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        bucket: str,
        region: str = "us-east-1",
        endpoint: str | None = None,
        path_style: bool = False,
        credentials: S3Credentials | None = None,
        service_account_annotations: Mapping[str, str] | None = None,
    ) -> None:
        """The fields are those of `S3Bucket`."""
        super().__init__(scope, id)
        self.storage = S3Bucket(
            bucket=bucket,
            region=region,
            endpoint=endpoint,
            path_style=path_style,
            credentials=credentials,
            service_account_annotations=service_account_annotations or {},
        )
