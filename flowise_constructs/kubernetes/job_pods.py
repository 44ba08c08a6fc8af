"""Jobs: the pod, with our containers and what the user adds to it, and the object of one that is run by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cdk8s import ApiObject
from constructs import Construct

from flowise_constructs.kubernetes import pods, volumes
from flowise_constructs.kubernetes.claim_objects import make_claims
from flowise_constructs.kubernetes.claims import by_name
from flowise_constructs.kubernetes.further_containers import OwnPart, further_ports, init_containers
from flowise_constructs.kubernetes.identity import Identity
from flowise_constructs.kubernetes.objects import Manifest, api_object, object_meta
from flowise_constructs.kubernetes.pod_options import PodOptions
from flowise_constructs.kubernetes.security import Security


def job_pod(
    scope: Construct,
    identity: Identity,
    options: PodOptions,
    *,
    account: str,
    containers: Sequence[Manifest],
    own_volumes: Sequence[Manifest],
    security: Security,
    security_context: Manifest,
    pull_secrets: Sequence[Manifest] | None,
    checksums: Mapping[str, str],
    labels: Mapping[str, str] | None = None,
) -> Manifest:
    """The pod template. The last of our containers is the pod's, the others run before it. Makes the user's claims."""
    pods.mesh_refusals(options, (), ends=True)
    all_volumes = volumes.all_of(options, list(own_volumes), identity)
    own = OwnPart(
        init=containers[:-1],
        container=containers[-1],
        volumes=[volume["name"] for volume in all_volumes],
        security=security,
        grace_seconds=options.termination_grace_seconds,
    )
    make_claims(scope, identity, by_name(options.claims))
    return {
        "metadata": pods.template_meta(options, identity, checksums, labels=labels),
        "spec": {
            "serviceAccountName": account,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "imagePullSecrets": list(pull_secrets or ()) or None,
            "restartPolicy": "Never",
            "securityContext": security_context,
            "terminationGracePeriodSeconds": options.termination_grace_seconds,
            "initContainers": init_containers(options, own),
            "containers": [further_ports(containers[-1], options)],
            "volumes": all_volumes,
            **pods.from_options(options, identity),
        },
    }


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
