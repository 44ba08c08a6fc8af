"""`NetworkPolicies`: what is refused and warned of, in which words, and what its objects say."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from cdk8s import App, Chart
from deployments import (
    API_KEYS,
    AUTH,
    BACKUP,
    BUCKET,
    BY_IDENTITY,
    CHAT_ROUTE,
    INGRESS,
    MARIADB,
    OWNER,
    PASSWORD,
    POSTGRES,
    ROUTE,
    SOMEWHERE,
    objects,
    queue,
    standalone,
    synthesized,
    with_policies,
)

from flowise_constructs import (
    AzureContainer,
    BundledPostgres,
    BundledRedis,
    Cilium,
    ClusterDns,
    ConfigError,
    ConfigWarning,
    Deployment,
    Destination,
    Doors,
    Flowise,
    FlowiseMain,
    GcsBucket,
    KeyRotation,
    KeyRotationJob,
    Metrics,
    Names,
    NetworkPolicies,
    OutboundProxy,
    OutsideServers,
    PodPeer,
    PostgresDatabase,
    PostgresServer,
    Queue,
    RestoreJob,
    S3Bucket,
    Settings,
)

Make = Callable[[], Any]


def built(build: Any, **given: Any) -> Make:
    return lambda: with_policies(build, **given)(App())


def server(host: str) -> PostgresDatabase:
    return PostgresDatabase(host=host, password=PASSWORD)


REFUSED: tuple[tuple[Make, str], ...] = (
    (PodPeer, r"PodPeer.pods: is empty, and no namespace is named"),
    (lambda: PodPeer(namespace="A"), r"PodPeer.namespace: 'A' must be at most 63 lower-case letters"),
    (
        lambda: PodPeer(namespace="a", namespace_labels={"kubernetes.io/metadata.name": "b"}),
        r"PodPeer.namespace_labels: has 'kubernetes.io/metadata.name' beside 'namespace'",
    ),
    (lambda: Destination(to=["10.0.0.1"]), r"Destination.to: \[0\] '10.0.0.1' must be written as .*'10.0.0.1/32'"),
    (lambda: Destination(to=["10.0.0.1/8"]), r"Destination.to: .* must be a network such as '10.0.0.0/8'"),
    (lambda: Destination(to=["db.example.com"]), r"Destination.to: .* must be a network such as"),
    (lambda: Destination(to=[]), r"Destination.to: is empty, which allows nothing"),
    (lambda: Destination(to=["10.0.0.0/8"], components=[]), r"Destination.components: is empty, which allows nothing"),
    (lambda: Destination(to=["10.0.0.0/8"], protocol="UDP"), r"Destination.protocol: 'UDP' without ports"),
    (lambda: ClusterDns(servers=[], networks=[]), r"ClusterDns.servers: is empty, and networks too"),
    (lambda: ClusterDns(ports=[]), r"ClusterDns.ports: is empty, which would allow every port"),
    (lambda: OutsideServers(database=[]), r"OutsideServers.database: is empty: name its pods or networks"),
    (lambda: OutsideServers(database="public"), r"OutsideServers.database: 'public' must be"),
    (lambda: Cilium(names=["openai"]), r"Cilium.names: \[0\] 'openai' must be a whole DNS name"),
    (lambda: Cilium(patterns=["a.example.com"]), r"Cilium.patterns: \[0\] .* must be a DNS name in lower case with"),
    (lambda: Cilium(patterns=["*"]), r"Cilium.patterns: \[0\] '\*' allows every name"),
    (lambda: Cilium(ports=[]), r"Cilium.ports: is empty, which would allow every port"),
    (
        built(standalone(database=server("db.example.com"))),
        r"OutsideServers.database: None, but the database is 'db.example.com', and a network policy knows addresses and "
        r'pods alone: give its networks, such as database=\["10.20.0.0/24"\]',
    ),
    (
        built(standalone(database=server("postgres.database.svc.cluster.local"))),
        r"OutsideServers.database: .* give its pods, such as database=\[PodPeer\(namespace='database'\)\]",
    ),
    (built(standalone(database=server("db"))), r"OutsideServers.database: .* such as database=\[PodPeer\(pods="),
    (built(queue(database=BundledPostgres())), r"OutsideServers.redis: None, but Redis is 'redis.example.com'"),
    (
        built(standalone(settings=Settings(proxy=OutboundProxy(http=PASSWORD)))),
        r"OutsideServers.proxy: None, but the outbound proxy is a host that is known in the cluster alone",
    ),
    (
        built(standalone(storage=BUCKET), internet="none"),
        r"OutsideServers.store: None, but the object store is on the internet, which is closed: give the networks",
    ),
    (
        built(standalone(storage=BY_IDENTITY), internet="none", servers=OutsideServers(store=["10.0.0.0/8"])),
        r"OutsideServers.tokens: None, but the service that exchanges tokens is on the internet, which is closed",
    ),
    (
        built(standalone(), servers=OutsideServers(mail="internet")),
        r"OutsideServers.mail: has no effect: the deployment connects to no such server",
    ),
    (
        built(standalone(database=BundledPostgres()), servers=OutsideServers(database="internet")),
        r"OutsideServers.database: has no effect: the server is 'flowise-postgresql', a part of the deployment",
    ),
    (built(standalone(ingress=INGRESS), edge=[]), r"NetworkPolicies.edge: is empty, and nobody would reach main through"),
    (built(standalone(route=ROUTE), edge=[]), r"NetworkPolicies.edge: .* reach main through its HttpRoute"),
    (
        built(standalone(doors=Doors(admin=ROUTE, public=CHAT_ROUTE)), edge=[], monitoring=["10.0.0.0/24"]),
        r"NetworkPolicies.edge: .* reach main through its HttpRoute",
    ),
    (
        built(standalone(owner=replace(OWNER, api_keys=API_KEYS), names=Names(namespace="ai"))),
        r"NetworkPolicies.allow: leaves out the API server, for which 'owner' has a token: give allow=\[Destination",
    ),
    (built(standalone(), cilium=Cilium()), r"NetworkPolicies.internet: 'public' allows every public address, and names"),
    (built(standalone(), identity="gke"), r"NetworkPolicies.identity: has no effect: no object store is used without"),
    (
        built(standalone(), allow=[Destination(to=["10.0.0.0/8"], components=["redis"])]),
        r"NetworkPolicies.allow: names 'redis', which this deployment doesn't have",
    ),
    (built(standalone(), edge=["ingress-nginx"]), r"NetworkPolicies.edge: \[0\] 'ingress-nginx' must be a network"),
)  # fmt: skip


@pytest.mark.parametrize(("make", "message"), REFUSED, ids=lambda part: part[:60] if isinstance(part, str) else "")
def test_refused_in_these_words(make: Make, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make()


def test_all_servers_without_a_place_are_found_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        built(queue(settings=SOMEWHERE, storage=BY_IDENTITY, database=MARIADB))()
    found = [finding.where for finding in caught.value.findings]
    assert found == [f"OutsideServers.{name}" for name in ("database", "redis", "mail", "proxy", "proxy", "telemetry")]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (built(standalone(), edge=[]), r"NetworkPolicies.edge: nobody reaches main but `kubectl port-forward`"),
        (
            built(standalone(settings=Settings(metrics=Metrics()))),
            r"NetworkPolicies.monitoring: Prometheus doesn't reach",
        ),
    ],
)
def test_warned_of_in_these_words(make: Make, message: str) -> None:
    with pytest.warns(ConfigWarning, match=message):
        make()


def policies(build: Any, **given: Any) -> Mapping[str, dict[str, Any]]:
    """The specs, by the objects' names."""
    found = objects(with_policies(build, **given))
    return {item["metadata"]["name"]: item["spec"] for item in found if item["kind"] == "NetworkPolicy"}


def networks(spec: Mapping[str, Any]) -> list[tuple[str, list[int]]]:
    """The networks of a policy's egress, but for the internet."""
    return [
        (peer["ipBlock"]["cidr"], [port["port"] for port in rule.get("ports", ()) if "port" in port])
        for rule in spec.get("egress", ())
        for peer in rule["to"]
        if "ipBlock" in peer and "except" not in peer["ipBlock"]
    ]


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("10.20.0.5", [("10.20.0.5/32", [5432])]),
        ("2001:db8::1", [("2001:db8::1/128", [5432])]),
        # A proxy in the pod itself.
        ("127.0.0.1", []),
        ("localhost", []),
    ],
)
def test_an_address_needs_no_place(host: str, expected: list[Any]) -> None:
    assert networks(policies(standalone(database=server(host)))["flowise"]) == expected


def test_a_port_that_only_the_cluster_knows_is_every_port_of_its_place() -> None:
    proxy = OutboundProxy(http=PASSWORD)
    given = policies(
        standalone(settings=Settings(proxy=proxy)), servers=OutsideServers(proxy=["10.20.0.9/32"]), internet="none"
    )
    [rule] = given["flowise"]["egress"]
    assert rule == {"to": [{"ipBlock": {"cidr": "10.20.0.9/32"}}], "ports": [{"protocol": "TCP"}]}


def test_what_goes_through_the_proxy_needs_no_rule_of_its_own() -> None:
    settings = Settings(proxy=OutboundProxy(http="http://10.20.0.9:3128"))
    given = policies(standalone(storage=BUCKET, backup=BACKUP, settings=settings), internet="none")
    assert networks(given["flowise"]) == networks(given["flowise-backup"]) == [("10.20.0.9/32", [3128])]


def test_an_identity_that_the_annotations_do_not_tell() -> None:
    build = standalone(storage=S3Bucket(bucket="files"))
    assert ("169.254.170.23/32", [80]) in networks(policies(build)["flowise"])
    assert networks(policies(build, identity="token")["flowise"]) == []
    assert ("169.254.169.252/32", [987, 988]) in networks(policies(build, identity="gke")["flowise"])


GOOGLE = GcsBucket(bucket="flowise-files", project="acme-prod-123456")
BY_STRING = AzureContainer(container="files", connection_string=PASSWORD)
BY_REFERENCE = PostgresDatabase(host=PASSWORD, port=PASSWORD, password=PASSWORD)


def test_google_and_azure() -> None:
    assert ("169.254.169.252/32", [987, 988]) in networks(policies(standalone(storage=GOOGLE))["flowise"])
    assert networks(policies(standalone(storage=replace(GOOGLE, credentials=PASSWORD)))["flowise"]) == []
    by_key = AzureContainer(container="files", account="acmefiles", account_key=PASSWORD)
    assert networks(policies(standalone(storage=by_key))["flowise"]) == []
    with pytest.raises(
        ConfigError, match=r"OutsideServers.store: None, but the object store is a host that is known in"
    ):
        built(standalone(storage=BY_STRING))()
    placed = policies(standalone(storage=BY_STRING), servers=OutsideServers(store=["10.20.0.9/32"]))
    assert networks(placed["flowise"]) == [("10.20.0.9/32", [])]


def test_a_host_that_a_secret_holds_needs_a_place() -> None:
    with pytest.raises(
        ConfigError, match=r"OutsideServers.database: None, but the database is a host that is known in"
    ):
        built(standalone(database=BY_REFERENCE))()
    cluster = PodPeer(pods={"cnpg.io/cluster": "flowise-db"})
    given = policies(standalone(database=BY_REFERENCE), servers=OutsideServers(database=[cluster]))
    assert given["flowise"]["egress"][1] == {
        "to": [{"podSelector": {"matchLabels": {"cnpg.io/cluster": "flowise-db"}}}],
        "ports": [{"protocol": "TCP"}],
    }


def test_a_rotation_of_the_key_reaches_the_database_alone() -> None:
    chart: Any = queue(database=BundledPostgres(), queue=Queue(redis=BundledRedis()))(App())
    job = KeyRotationJob(chart, "Rotation", deployment=chart.deployment, rotation=KeyRotation(new_key=PASSWORD))
    made = NetworkPolicies(chart, "NetworkPolicies", deployment=chart.deployment.including(job), edge=["10.0.0.0/24"])
    [rule] = made.policies[job.workload.name].to_json()["spec"]["egress"]
    assert rule["ports"] == [{"port": 5432, "protocol": "TCP"}]


def test_annotations_beside_keys_open_nothing() -> None:
    annotations = {"iam.gke.io/gcp-service-account": "a@b"}
    build = standalone(storage=replace(BUCKET, service_account_annotations=annotations))
    assert networks(policies(build)["flowise"]) == []


def test_a_server_of_the_same_name_elsewhere_is_not_the_bundled_one() -> None:
    chart = Chart(App(), "chart")
    database = server("flowise-postgresql.other.svc")
    main = FlowiseMain(chart, "Main", flowise=Flowise(auth=AUTH, database=database), names=Names(namespace="ai"))
    bundled = PostgresServer(chart, "Postgres", names=Names(namespace="ai"))
    with pytest.raises(ConfigError, match=r"OutsideServers.database: .*namespace='other'"):
        NetworkPolicies(chart, "NetworkPolicies", deployment=Deployment.of(main, bundled))


def test_further_destinations_are_for_the_named_components() -> None:
    to = Destination(to=["10.0.0.9/32"], ports=[6443], components=["backup"])
    given = policies(
        standalone(database=POSTGRES, backup=BACKUP), servers=OutsideServers(database="internet"), allow=[to]
    )
    assert ("10.0.0.9/32", [6443]) in networks(given["flowise-backup"])
    assert networks(given["flowise"]) == []


def test_own_networks_are_not_the_internet() -> None:
    given = policies(standalone(), private=["198.51.100.0/24", "2001:db8::/32"])
    old, new = given["flowise"]["egress"][0]["to"]
    assert "198.51.100.0/24" in old["ipBlock"]["except"]
    assert {"2001:db8::/32", "64:ff9b::c633:6400/120"} <= set(new["ipBlock"]["except"])


def test_a_restore_has_the_backups_policy_and_alone_one_of_its_own() -> None:
    flowise = Flowise(auth=AUTH, database=server("10.20.0.5"))
    chart = Chart(App(), "chart")
    main = FlowiseMain(chart, "Main", flowise=flowise)
    restore = RestoreJob(chart, "Restore", backup=replace(BACKUP, files=False), flowise=flowise)
    deployment = Deployment.of(main).including(restore)
    assert deployment.stores == {"restore": (BACKUP.target,)}
    made = NetworkPolicies(chart, "NetworkPolicies", deployment=deployment, edge=["10.0.0.0/24"])
    assert sorted(made.policies) == ["flowise", "flowise-default", "flowise-restore"]
    spec = made.policies["flowise-restore"].to_json()["spec"]
    assert networks(spec) == [("10.20.0.5/32", [5432])]
    [expression] = spec["podSelector"]["matchExpressions"]
    assert expression["values"] == ["backup", "restore"]


def test_nothing_changes_but_what_is_added() -> None:
    build = queue(database=BundledPostgres(), queue=Queue(redis=BundledRedis()), backup=BACKUP)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        whole = synthesized(with_policies(build))
    assert whole.startswith(synthesized(build).rstrip("\n"))


def test_main_is_main_by_whatever_label() -> None:
    build = queue(database=BundledPostgres(), queue=Queue(redis=BundledRedis()), names=Names(main_component="server"))
    given = policies(build)
    assert given["flowise"]["ingress"]
    callers = given["flowise-redis"]["ingress"][0]["from"]
    labels = [item["podSelector"]["matchLabels"]["app.kubernetes.io/component"] for item in callers]
    assert labels == ["server", "worker"]


# --- Cilium


def cilium(build: Any, **given: Any) -> list[dict[str, Any]]:
    """The specs of the CiliumNetworkPolicy."""
    [found] = [item for item in objects(with_policies(build, **given)) if item["kind"] == "CiliumNetworkPolicy"]
    specs: list[dict[str, Any]] = found["specs"]
    return specs


def test_with_cilium_public_names_need_no_place_and_names_are_resolved_by_its_proxy() -> None:
    given: dict[str, Any] = {"internet": "none", "cilium": Cilium(names=["api.openai.com"], patterns=["*.azure.com"])}
    build = queue(backup=BACKUP)
    given["servers"] = OutsideServers(store="internet")
    dns, users, *servers = cilium(build, **given)
    assert all(rule["toPorts"][0]["rules"] == {"dns": [{"matchPattern": "*"}]} for rule in dns["egress"])
    assert dns["egress"][0]["toEndpoints"][0]["matchLabels"] == {
        "k8s:io.kubernetes.pod.namespace": "kube-system",
        "k8s-app": "kube-dns",
    }
    assert users["egress"][0]["toFQDNs"] == [{"matchName": "api.openai.com"}, {"matchPattern": "*.azure.com"}]
    reached = {
        spec["endpointSelector"]["matchLabels"]["app.kubernetes.io/component"]: [
            (rule["toFQDNs"][0]["matchName"], rule["toPorts"][0]["ports"][0]["port"]) for rule in spec["egress"]
        ]
        for spec in servers
    }
    both = [("db.example.com", "5432"), ("redis.example.com", "6379")]
    assert reached == {"main": both, "worker": both, "backup": [("db.example.com", "5432")]}
    default = policies(build, **given)["flowise-default"]
    assert "egress" not in default, "a rule for DNS without names would pass Cilium's proxy by"


def test_with_cilium_names_of_the_cluster_still_need_a_place() -> None:
    with pytest.raises(ConfigError, match=r"OutsideServers.database: .*namespace='database'"):
        built(standalone(database=server("db.database.svc")), internet="none", cilium=Cilium())()


def test_the_owner_s_job_reaches_main_and_where_it_stores_keys_the_api_server() -> None:
    server = Destination(to=["10.0.0.1/32"], ports=[6443], components=["owner"])
    build = standalone(owner=replace(OWNER, api_keys=API_KEYS), names=Names(namespace="ai"))
    [name] = (name for name in policies(build, allow=[server]) if "-owner-" in name)
    api_server, main = sorted(
        policies(build, allow=[server])[name]["egress"], key=lambda rule: -rule["ports"][0]["port"]
    )
    assert (api_server["to"], main["ports"]) == (
        [{"ipBlock": {"cidr": "10.0.0.1/32"}}],
        [{"port": 3000, "protocol": "TCP"}],
    )
    without_keys = policies(standalone(owner=OWNER))
    [owner] = (spec for name, spec in without_keys.items() if "-owner-" in name)
    assert [port["port"] for rule in owner["egress"] for port in rule["ports"]] == [3000]


@pytest.mark.parametrize("who", ["edge", "monitoring", "nodes"])
def test_each_of_the_callers_reaches_main(who: str) -> None:
    [rule] = policies(standalone(), **{"edge": ["10.0.0.0/24"], who: ["10.9.0.0/24"]})["flowise"]["ingress"]
    assert {"ipBlock": {"cidr": "10.9.0.0/24"}} in rule["from"]
