"""The pod of a job, or of a small process: our containers, and what the user adds to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from constructs import Construct

from flowise_constructs.kubernetes import pods, volumes
from flowise_constructs.kubernetes.claim_objects import make_claims
from flowise_constructs.kubernetes.claims import by_name
from flowise_constructs.kubernetes.further_containers import OwnPart, further_ports, init_containers
from flowise_constructs.kubernetes.identity import Identity
from flowise_constructs.kubernetes.objects import Manifest
from flowise_constructs.kubernetes.pod_options import PodOptions
from flowise_constructs.kubernetes.security import Security


def pod_template(
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
    ends: bool,
) -> Manifest:
    """The pod template. The last of our containers is the pod's, the others run before it; `ends`: it is a job's, which
    isn't started again. Makes the user's claims."""
    pods.mesh_refusals(options, (), ends=ends)
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
            "restartPolicy": "Never" if ends else None,
            "securityContext": security_context,
            "terminationGracePeriodSeconds": options.termination_grace_seconds,
            "initContainers": init_containers(options, own),
            "containers": [further_ports(containers[-1], options)],
            "volumes": all_volumes or None,
            **pods.from_options(options, identity),
        },
    }
