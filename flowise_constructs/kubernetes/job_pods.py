"""The object of a Job that is run by hand."""

from __future__ import annotations

from cdk8s import ApiObject
from constructs import Construct

from flowise_constructs.kubernetes.identity import Identity
from flowise_constructs.kubernetes.objects import Manifest, api_object, object_meta


def job_of_one_try(scope: Construct, identity: Identity, template: Manifest, deadline_seconds: int) -> ApiObject:
    """A Job whose failure must be looked at, not retried."""
    return api_object(
        scope,
        "Resource",
        api_version="batch/v1",
        kind="Job",
        metadata=object_meta(identity),
        spec={"backoffLimit": 0, "activeDeadlineSeconds": deadline_seconds, "template": template},
    )
