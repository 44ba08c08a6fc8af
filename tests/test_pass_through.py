"""What is passed through to Kubernetes: held against its schema, as plain data or as cdk8s' own structs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import kubernetes_schema
import pytest
from cdk8s_plus_27 import k8s
from deployments import objects, standalone

from flowise_constructs import ConfigError, Main, PodOptions, Volume
from flowise_constructs.core.checking import ProblemError
from flowise_constructs.kubernetes.schema import Passed, attribute_of


@pytest.mark.parametrize(
    ("kind", "data", "problem"),
    [
        ("Volume", {"name": "x", "downwardApi": {}}, "it has no field 'downwardApi'; it knows .*downwardAPI"),
        ("Volume", {"name": "x", "csi": {}}, "csi lacks driver"),
        ("Volume", {"name": "x", "csi": {"driver": None}}, "csi lacks driver"),
        ("Volume", {"emptyDir": {}}, "it lacks name"),
        ("Volume", {"name": "x", "emptyDir": {"sizeLimit": 5}}, "emptyDir.sizeLimit is 5 and must be a quantity"),
        ("Volume", {"name": "x", "projected": {"sources": [1]}}, r"projected.sources\[0\] is 1 and must be a mapping"),
        ("Volume", {"name": "x", "secret": []}, r"secret is \[\] and must be a mapping"),
        ("Volume", {"name": "x", "image": {"reference": "a", "nothing": 1}}, "image has no field 'nothing'"),
        ("Volume", {"name": "x", "secret": {"defaultMode": 2**31}}, "secret.defaultMode is 2147483648 and must be an"),
        ("Volume", {"name": "x", "secret": {"optional": "yes"}}, "secret.optional is 'yes' and must be true or false"),
        (
            "Volume",
            {"name": "x", "nfs": {"server": "a", "path": "0o17"}},
            "nfs.path is '0o17', which would be written to YAML without quotes",
        ),
        ("Toleration", {"tolerationSeconds": 2**53}, "tolerationSeconds is 9007199254740992 and must be an integer"),
        ("Toleration", {"key": 1}, "key is 1 and must be a string"),
        ("Toleration", {5: 1}, "it has no field 5"),
        ("Toleration", [], "must be a mapping"),
        ("Toleration", k8s.Affinity(), "must be a mapping"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_path_to_it(kind: str, data: Any, problem: str) -> None:
    with pytest.raises(ProblemError, match=problem):
        Passed(kind).plain(data)


def test_what_fits_comes_out_as_it_is_spelled() -> None:
    item = {"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}
    given = {"name": "x", "downwardAPI": {"items": [item], "defaultMode": None}}
    assert Passed("Volume").plain(given) == {"name": "x", "downwardAPI": {"items": (item,)}}


def volume_of(source: Any) -> Any:
    build = standalone(
        main=Main(pod=PodOptions(volumes=[Volume(name="further", source=source, mount_path="/further")]))
    )
    [deployment] = [item for item in objects(build) if item["kind"] == "Deployment"]
    return next(entry for entry in deployment["spec"]["template"]["spec"]["volumes"] if entry["name"] == "further")


def test_a_volume_of_an_image_is_what_a_current_kubernetes_has() -> None:
    image = {"reference": "registry.example.com/models:1.2", "pullPolicy": "IfNotPresent"}
    assert volume_of({"image": image}) == {"name": "further", "image": image}


def test_the_source_of_a_volume_may_hold_structs() -> None:
    claim = k8s.PersistentVolumeClaimSpec(
        access_modes=["ReadWriteOnce"],
        resources=k8s.ResourceRequirements(requests={"storage": k8s.Quantity.from_string("1Gi")}),
    )
    template = k8s.PersistentVolumeClaimTemplate(spec=claim)
    assert volume_of({"ephemeral": k8s.EphemeralVolumeSource(volume_claim_template=template)})["ephemeral"] == {
        "volumeClaimTemplate": {
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
        }
    }


TERM = {"matchExpressions": [{"key": "disk", "operator": "In", "values": ["ssd"]}]}
AS_STRUCTS = PodOptions(
    tolerations=[k8s.Toleration(key="a", operator="Exists", effect="NoExecute", toleration_seconds=30)],
    affinity=k8s.Affinity(
        node_affinity=k8s.NodeAffinity(
            required_during_scheduling_ignored_during_execution=k8s.NodeSelector(
                node_selector_terms=[
                    k8s.NodeSelectorTerm(
                        match_expressions=[k8s.NodeSelectorRequirement(key="disk", operator="In", values=["ssd"])]
                    )
                ]
            )
        )
    ),
    topology_spread_constraints=[
        k8s.TopologySpreadConstraint(topology_key="zone", max_skew=1, when_unsatisfiable="ScheduleAnyway")
    ],
)
AS_DATA = PodOptions(
    tolerations=[{"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 30}],
    affinity={"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [TERM]}}},
    topology_spread_constraints=[{"topologyKey": "zone", "maxSkew": 1, "whenUnsatisfiable": "ScheduleAnyway"}],
)

FURTHER_STRUCTS = PodOptions(
    sidecars=[
        k8s.Container(
            name="proxy",
            image="proxy:1",
            ports=[k8s.ContainerPort(container_port=6432, name="sql")],
            startup_probe=k8s.Probe(
                http_get=k8s.HttpGetAction(port=k8s.IntOrString.from_number(9090), path="/startup"), period_seconds=1
            ),
            liveness_probe=k8s.Probe(tcp_socket=k8s.TcpSocketAction(port=k8s.IntOrString.from_string("sql"))),
            resources=k8s.ResourceRequirements(limits={"memory": k8s.Quantity.from_string("64Mi")}),
        )
    ],
    env_from=[k8s.EnvFromSource(prefix="A_", secret_ref=k8s.SecretEnvSource(name="a"))],
    ports=[k8s.ContainerPort(container_port=9229)],
    host_aliases=[k8s.HostAlias(ip="10.0.0.7", hostnames=["db"])],
    dns_config=k8s.PodDnsConfig(options=[k8s.PodDnsConfigOption(name="ndots", value="2")]),
)
FURTHER_DATA = PodOptions(
    sidecars=[
        {
            "name": "proxy",
            "image": "proxy:1",
            "ports": [{"containerPort": 6432, "name": "sql"}],
            "startupProbe": {"httpGet": {"port": 9090, "path": "/startup"}, "periodSeconds": 1},
            "livenessProbe": {"tcpSocket": {"port": "sql"}},
            "resources": {"limits": {"memory": "64Mi"}},
        }
    ],
    env_from=[{"prefix": "A_", "secretRef": {"name": "a"}}],
    ports=[{"containerPort": 9229}],
    host_aliases=[{"ip": "10.0.0.7", "hostnames": ["db"]}],
    dns_config={"options": [{"name": "ndots", "value": "2"}]},
)


def test_further_structs_and_plain_data_are_the_same_value() -> None:
    assert FURTHER_STRUCTS == FURTHER_DATA
    assert objects(standalone(main=Main(pod=FURTHER_STRUCTS))) == objects(standalone(main=Main(pod=FURTHER_DATA)))


def test_structs_and_plain_data_are_the_same_value() -> None:
    assert AS_STRUCTS == AS_DATA
    assert objects(standalone(main=Main(pod=AS_STRUCTS))) == objects(standalone(main=Main(pod=AS_DATA)))


def wrong_toleration() -> object:
    return PodOptions(tolerations=[k8s.Toleration(key="a", toleration_seconds=1)])


def wrong_kind() -> object:
    return PodOptions(tolerations=[k8s.Affinity()])  # type: ignore[list-item]


@pytest.mark.parametrize("make", [wrong_toleration, wrong_kind])
def test_structs_are_held_against_the_same_rules(make: Callable[[], object]) -> None:
    with pytest.raises(ConfigError, match=r"PodOptions.tolerations: \[0\] "):
        make()


def kinds() -> Iterator[tuple[str, Any]]:
    definitions = json.loads(kubernetes_schema.DATA.read_text(encoding="utf-8"))["definitions"]
    classes = {name.lower(): thing for name, thing in vars(k8s).items() if isinstance(thing, type)}
    for name, definition in definitions.items():
        if "properties" in definition and name.lower() in classes:
            yield name, (definition["properties"], classes[name.lower()])


@pytest.mark.parametrize(("kind", "known"), list(kinds()), ids=lambda part: part if isinstance(part, str) else "")
def test_every_field_of_a_struct_is_found(kind: str, known: Any) -> None:
    properties, struct = known
    attributes = {name for name in dir(struct) if not name.startswith("_")}
    # What that class doesn't have is newer than Kubernetes 1.27.
    assert attributes <= {attribute_of(field) for field in properties}, kind


def test_the_schema_is_the_newest_that_is_known() -> None:
    assert kubernetes_schema.DATA.read_text(encoding="utf-8") == kubernetes_schema.written(kubernetes_schema.schema())
