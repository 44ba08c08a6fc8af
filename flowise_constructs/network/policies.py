"""`NetworkPolicies`: default deny for the pods of a deployment, and what they need."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Literal

from cdk8s import ApiObject
from constructs import Construct

from flowise_constructs.core.checking import checked
from flowise_constructs.core.findings import ConfigError, Finding, Findings, warn
from flowise_constructs.core.rules import network
from flowise_constructs.flowise.deployment import Deployment
from flowise_constructs.kubernetes.identity import derived
from flowise_constructs.kubernetes.labels import INSTANCE, NAME
from flowise_constructs.kubernetes.objects import Manifest, api_object
from flowise_constructs.kubernetes.workload import Workload
from flowise_constructs.network import addresses
from flowise_constructs.network.cilium import cilium_policy
from flowise_constructs.network.edges import ON_THE_INTERNET, Edges, selector
from flowise_constructs.network.reach import Surroundings, ports, without_effect
from flowise_constructs.network.servers import BUNDLED, USERS, identities_of, role_of
from flowise_constructs.network.values import Cilium, ClusterDns, Destination, Identity, OutsideServers, Peers


class NetworkPolicies(Construct):
    """Network policies: the pods of a deployment accept and open no connection but those that are listed here. One
    NetworkPolicy `{name}-default` for all Flowise pods, which denies everything but DNS, and one a workload.

    - Main accepts `edge`, `monitoring` and `nodes` at its own port, the exporters of `Monitoring` accept `monitoring`
      and `nodes` at theirs. No other pod accepts anything, but for the bundled PostgreSQL and Redis, which accept the
      pods of this deployment that use them, and Redis `scalers`.
    - Mains and workers, with their gates, reach the database, Redis, the object store, the mail server, the proxy, and
      with `internet="public"` every public address: no private, link-local or carrier-grade one, and so no metadata.
    - Backups and restores reach the database and the object stores, drills the object store of the backups.
    - The bundled servers open no connection at all.
    - Whatever uses an object store without keys reaches the address on the node that gives the pod its identity.

    What the pods use is read from the deployment's values: what a hook of a subclass changes isn't seen.

    Must exist already: a cluster whose network enforces policies; many do nothing and say nothing. Policies add up:
    another policy of the namespace that selects the same pods allows more. Attributes: `.policies` by the name of the
    object; with `cilium` also `.cilium_policy`.

    Raises ConfigError for a server that a policy can't find (see `OutsideServers`), for places without effect, and for
    an Ingress whose controller isn't let in.
    """

    cilium_policy: ApiObject | None = None
    """The CiliumNetworkPolicy, if there is one."""

    @checked
    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        deployment: Deployment,
        edge: Peers = (),
        monitoring: Peers = (),
        nodes: Sequence[network.Network] = (),
        scalers: Peers = (),
        servers: OutsideServers = OutsideServers(),
        identity: Identity | None = None,
        internet: Literal["public", "none"] = "public",
        private: Sequence[network.Network] = (),
        allow: Sequence[Destination] = (),
        dns: ClusterDns = ClusterDns(),
        cilium: Cilium | None = None,
    ) -> None:
        """`edge`: who passes requests on to main: the pods of the Ingress controller or gateway, or the networks of
        load balancers. `monitoring`: who else reaches main's port, and those of exporters: Prometheus. `nodes`:
        networks of the nodes, where the cluster's network doesn't exempt the kubelet's probes. `scalers`: who asks the
        bundled Redis for the length of its queues: KEDA's operator,
        `[PodPeer(namespace="keda", pods={"app": "keda-operator"})]`.

        `servers`: where the servers outside are. `identity`: how pods show an object store without keys who they are:
        `"eks-pod-identity"`; `"gke"`, its metadata server; `"token"`, one of the service account, exchanged at a public
        address (IRSA, Azure). Default: what the bucket's annotations say; an S3Bucket without any is EKS Pod Identity.

        `internet`: `"none"` leaves mains and workers what is listed. `private`: further networks that are not the
        internet, such as public addresses of nodes or of the API server. `allow`: further destinations. `dns`: the
        cluster's DNS servers. `cilium`: host names instead of addresses; it goes with `internet="none"`.
        """
        super().__init__(scope, id)
        self._deployment = deployment
        around = Surroundings(
            outside=servers,
            internet=addresses.internet(private),
            is_open=internet == "public",
            knows_names=cilium is not None,
            has_proxy=deployment.flowise.settings.proxy is not None,
        )
        callers, scrapers = (*edge, *monitoring, *nodes), (*monitoring, *nodes)
        edges = Edges(
            deployment=deployment,
            around=around,
            callers=callers,
            scrapers=scrapers,
            scalers=scalers,
            identity=identity,
            allow=allow,
        )
        findings = Findings()
        findings.attempt(lambda: _refuse_contradictions(edges, edge, cilium))
        egress = {name: findings.attempt(partial(edges.egress, item)) for name, item in edges.groups.items()}
        findings.settle()
        _warn(deployment, callers, monitoring)
        self.policies = {
            name: self._policy(name, item, edges.ingress(item), egress[name] or [])
            for name, item in edges.groups.items()
        }
        self._default(dns, by_cilium=cilium is not None)
        if cilium is not None:
            self.cilium_policy = cilium_policy(self, edges, cilium, dns)

    def _policy(self, name: str, workload: Workload, ingress: list[Manifest], egress: list[Manifest]) -> ApiObject:
        return api_object(
            self,
            role_of(self._deployment, workload).title().replace("-", ""),
            api_version="networking.k8s.io/v1",
            kind="NetworkPolicy",
            metadata={"name": name, "namespace": workload.identity.namespace, "labels": workload.identity.labels},
            spec={
                "podSelector": selector(workload),
                "policyTypes": ["Ingress", "Egress"],
                "ingress": ingress or None,
                "egress": egress or None,
            },
        )

    def _default(self, dns: ClusterDns, *, by_cilium: bool) -> None:
        """For every Flowise pod, those of jobs that nobody has listed too. The bundled servers need no DNS."""
        names = self._deployment.names
        name, labels = derived(names.name, "-default"), {NAME: names.app, INSTANCE: names.release}
        servers: Manifest = {
            "to": addresses.peers((*dns.servers, *dns.networks)),
            "ports": ports(dns.ports, ("UDP", "TCP")),
        }
        self.policies[name] = api_object(
            self,
            "Resource",
            api_version="networking.k8s.io/v1",
            kind="NetworkPolicy",
            metadata={"name": name, "namespace": names.namespace, "labels": labels},
            spec={
                "podSelector": {"matchLabels": labels},
                "policyTypes": ["Ingress", "Egress"],
                # Cilium's own policy has the rule, with its DNS proxy in it.
                "egress": None if by_cilium else [servers],
            },
        )


def _refuse_contradictions(edges: Edges, edge: Peers, cilium: Cilium | None) -> None:
    found = [
        *without_effect(edges.deployment, edges.around.outside, edges.identity),
        *_contradictions(edges, edge, cilium),
    ]
    if found:
        raise ConfigError(found)


def _contradictions(edges: Edges, edge: Peers, cilium: Cilium | None) -> Iterator[Finding]:
    deployment = edges.deployment
    entrances = deployment.flowise.entrances
    if (entrances.first or entrances.public) is not None and not edge:
        problem = f"is empty, and nobody would reach main through its {entrances.name}: give the controller's pods"
        yield _finding("edge", f"{problem}, such as [PodPeer(namespace='ingress-nginx')]")
    yield from _of_scalers(edges)
    reached = {name for item in edges.allow for name in item.components}
    for component in (role_of(deployment, item) for item in deployment.workloads if item.has_token):
        if component not in reached:
            fix = f"allow=[Destination(to=[its networks], ports=[6443], components=[{component!r}])]"
            yield _finding("allow", f"leaves out the API server, for which {component!r} has a token: give {fix}")
    if cilium is not None and edges.around.is_open:
        problem = "'public' allows every public address, and names beside it nothing more: use internet='none'"
        yield _finding("internet", problem)
    present = {*ON_THE_INTERNET, *(role_of(deployment, item) for item in deployment.workloads)}
    for name in dict.fromkeys(name for item in edges.allow for name in item.components if name not in present):
        yield _finding("allow", f"names {name!r}, which this deployment doesn't have: leave it out")
    if edges.identity is not None and not any(identities_of(deployment, name) for name in USERS):
        yield _finding("identity", "has no effect: no object store is used without keys; leave it out")


def _of_scalers(edges: Edges) -> Iterator[Finding]:
    bundled = edges.deployment.workload("redis") is not None
    asked = any(item.scaler == "ScaledObject" for item in edges.deployment.workloads)
    if bundled and asked and not edges.scalers:
        problem = "is empty, and KEDA's operator doesn't reach the bundled Redis, whose queues it asks for"
        fix = "[PodPeer(namespace='keda', pods={'app': 'keda-operator'})]"
        yield _finding("scalers", f"{problem}: give its pods, such as {fix}")
    if edges.scalers and not bundled:
        yield _finding("scalers", "has no effect: there is no bundled Redis; leave it out")


def _warn(deployment: Deployment, callers: Sequence[object], monitoring: Peers) -> None:
    metrics = deployment.flowise.settings.metrics
    if not callers:
        warn("NetworkPolicies.edge: nobody reaches main but `kubectl port-forward`: give who passes requests on")
    if metrics is not None and metrics.provider == "prometheus" and not monitoring:
        warn("NetworkPolicies.monitoring: Prometheus doesn't reach main's metrics: give its pods")
    for item in deployment.workloads:
        if role_of(deployment, item) not in (*USERS, *BUNDLED.values()):
            problem = f"{item.name!r} is none of the workloads whose servers are known: it gets DNS alone"
            warn(f"NetworkPolicies.deployment: {problem}; a policy of your own may allow more")


def _finding(argument: str, problem: str) -> Finding:
    return Finding(f"NetworkPolicies.{argument}", problem)
