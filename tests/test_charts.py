"""What charts compose: accounts of their own for every pod, arguments that are checked, the view that features take."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import cluster
import pytest
from cdk8s import App, Chart
from deployments import (
    AUTH,
    BACKUP,
    BUCKET,
    OWNER,
    PASSWORD,
    POSTGRES,
    REDIS,
    VARIANTS,
    objects,
    pods,
    queue,
    standalone,
)

from flowise_constructs import (
    AuthSecret,
    BackupJob,
    BundledPostgres,
    BundledRedis,
    ConfigError,
    Deployment,
    Drill,
    Flowise,
    FlowiseMain,
    FlowiseWorker,
    Main,
    Names,
    OwnerJob,
    PodOptions,
    PostgresBootstrap,
    Queue,
    QueueChart,
    Registry,
    RestoreDrill,
    RestoreJob,
    S3Storage,
    ServerImage,
    ServiceAccount,
    StandaloneChart,
)


def account(name: str) -> Main:
    return Main(pod=PodOptions(service_account=ServiceAccount(name=name)))


PROD = Names(name="flowise", instance="prod")


def test_an_account_may_not_be_called_as_a_bundled_server_s() -> None:
    build = standalone(database=BundledPostgres(), names=PROD, main=account("prod-postgresql"))
    with pytest.raises(ConfigError, match=r"ServiceAccount.name: 'prod-postgresql' would be created twice"):
        objects(build)


@pytest.mark.parametrize("taken", ["flowise-postgresql", "flowise-redis", "prod"])
def test_a_name_that_nobody_has_is_free(taken: str) -> None:
    build = queue(
        database=BundledPostgres(), queue=Queue(redis=BundledRedis()), names=PROD, main=account(taken), backup=BACKUP
    )
    named = [item["metadata"]["name"] for item in objects(build) if item["kind"] == "ServiceAccount"]
    assert taken in named
    assert len(set(named)) == len(named)


CONSTRUCTS: Mapping[Any, Mapping[str, Any]] = {
    AuthSecret: {"existing_secret": 5},
    BackupJob: {"backup": "x", "flowise": "y", "names": 1, "data": 2},
    FlowiseMain: {"flowise": "x", "names": 1, "main": 2, "data": 3},
    FlowiseWorker: {"flowise": "x", "names": 1, "worker": 2},
    OwnerJob: {"owner": "x", "deployment": 1},
    PostgresBootstrap: {"names": "x", "version": 1},
    RestoreDrill: {"backup": "x", "flowise": "y", "drill": 1, "names": 2},
    RestoreJob: {"backup": "x", "flowise": "y", "restore": "x", "names": 1, "data": 2},
    S3Storage: {"bucket": 5, "path_style": "yes"},
    StandaloneChart: {"auth": "x", "database": 1, "backup": "x"},
    QueueChart: {"auth": "x", "database": 1, "queue": 2, "storage": 3, "worker": 4},
}


@pytest.mark.parametrize(("construct", "arguments"), CONSTRUCTS.items(), ids=lambda part: getattr(part, "__name__", ""))
def test_every_wrong_argument_of_a_construct_is_named(construct: Any, arguments: Mapping[str, Any]) -> None:
    with pytest.raises(ConfigError) as refused:
        construct(Chart(App(), "chart"), "construct", **arguments)
    where = [finding.where for finding in refused.value.findings]
    assert where == [f"{construct.__name__}.{name}" for name in arguments]


@pytest.mark.parametrize("construct", CONSTRUCTS, ids=lambda construct: construct.__name__)
def test_an_unknown_argument_is_python_s_own_error(construct: Any) -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'nothing'"):
        construct(Chart(App(), "chart"), "Construct", nothing=1)


def named_in(pod: Any, pattern: str) -> set[str]:
    return set(re.findall(pattern, repr(pod)))


def seen(chart: StandaloneChart | QueueChart) -> Mapping[str, Any]:
    return {f"{workload.kind} {workload.name}": workload for workload in chart.deployment.workloads}


def in_volumes(spec: Any, kind: str, word: str) -> set[str]:
    """The names of Secrets or ConfigMaps that volumes are made of."""
    sources = [
        source for volume in spec.get("volumes", ()) for source in volume.get("projected", {}).get("sources", [])
    ]
    whole = {volume[kind][word] for volume in spec.get("volumes", ()) if kind in volume}
    return whole | {source[kind]["name"] for source in sources if kind in source}


@pytest.mark.filterwarnings("ignore::flowise_constructs.ConfigWarning")
@pytest.mark.parametrize("variant", [name for name in VARIANTS if not name.startswith("key-rotation")])
def test_the_view_says_what_the_manifest_has(variant: str) -> None:
    made: list[Any] = []

    def build(app: App) -> Chart:
        made.append(VARIANTS[variant](app))
        return made[0]  # type: ignore[no-any-return]

    templates = pods(objects(build))
    workloads = seen(made[0])
    assert workloads.keys() == templates.keys()
    for name, spec in templates.items():
        view = workloads[name]
        assert view.service_account == spec["serviceAccountName"]
        containers = [*spec.get("initContainers", ()), *spec["containers"]]
        assert set(view.images) == {container["image"] for container in containers}
        assert set(view.ports.values()) == {
            port["containerPort"] for container in containers for port in container.get("ports", ())
        }
        of_secrets = named_in(spec, r"'secretKeyRef': \{'key': '[^']*', 'name': '([^']*)'")
        of_secrets |= named_in(spec, r"'secretRef': \{'name': '([^']*)'")
        pulled = {entry["name"] for entry in spec.get("imagePullSecrets", ())}
        assert set(view.secrets) == of_secrets | in_volumes(spec, "secret", "secretName") | pulled
        of_config_maps = named_in(spec, r"'configMapKeyRef': \{'key': '[^']*', 'name': '([^']*)'")
        of_config_maps |= named_in(spec, r"'configMapRef': \{'name': '([^']*)'")
        assert set(view.config_maps) == of_config_maps | in_volumes(spec, "configMap", "name")


def test_the_view_of_constructs_without_a_chart_class() -> None:
    chart = Chart(App(), "chart")
    flowise = Flowise(auth=AUTH, database=POSTGRES, storage=BUCKET, queue=Queue(redis=REDIS))
    main = FlowiseMain(chart, "Main", flowise=flowise, names=PROD)
    worker = FlowiseWorker(chart, "Worker", flowise=flowise, names=PROD)
    deployment = Deployment.of(main, worker)
    assert deployment.names == PROD
    assert deployment.flowise is flowise
    assert deployment.main_port == 3000
    found = deployment.workload("worker")
    assert found is not None
    assert found.name == "flowise-worker"
    assert found.secrets[PASSWORD.secret] == {PASSWORD.key}
    assert found.secrets["flowise-auth-secrets"] == {"encryption-key"}
    assert found.config_maps == {"flowise-scripts": frozenset()}
    assert deployment.workload("redis") is None


def test_mains_may_be_called_as_another_tool_called_them() -> None:
    build = queue(names=Names(main_component="flowise"))
    chart = build(App())
    assert isinstance(chart, QueueChart)
    main = chart.deployment.workload("main")
    assert main is not None
    assert main.identity.selector["app.kubernetes.io/component"] == "flowise"
    made = {(item["kind"], item["metadata"]["name"]): item["spec"] for item in objects(build) if "spec" in item}
    assert made["Deployment", "flowise"]["selector"] == {"matchLabels": main.identity.selector}
    assert made["Service", "flowise"]["selector"] == main.identity.selector


def test_scripts_stand_in_one_config_map_and_each_role_has_its_own_checksum() -> None:
    documents = objects(queue())
    held = [item for item in documents if item["kind"] == "ConfigMap" and "gate.js" in item["data"]]
    [config_map] = held
    assert {"main-alive.js", "worker-alive.js"} <= set(config_map["data"])
    checksums = [
        item["spec"]["template"]["metadata"]["annotations"]["checksum/scripts"]
        for item in documents
        if item["kind"] == "Deployment"
    ]
    assert len(set(checksums)) == 2


def job_name(**given: Any) -> str:
    [name] = (
        item["metadata"]["name"] for item in objects(standalone(owner=replace(OWNER, **given))) if item["kind"] == "Job"
    )
    return str(name)


def test_a_job_that_would_have_to_change_has_another_name() -> None:
    assert job_name() == job_name()
    assert job_name(annotations={"a": "b"}) == job_name(), "annotations can be changed"
    names = [
        job_name(),
        job_name(email="b@example.com"),
        job_name(pod=PodOptions(rollout_token="2")),
        job_name(ttl_seconds=9),
    ]
    assert len(set(names)) == len(names)


def test_a_stopped_main_has_no_job_for_its_owner() -> None:
    chart = StandaloneChart(App(), "chart", auth=AUTH, owner=OWNER, main=Main(replicas=0))
    assert not hasattr(chart, "owner")
    assert chart.deployment.workload("owner") is None


def test_an_owner_of_constructs_alone() -> None:
    chart = Chart(App(), "chart")
    main = FlowiseMain(chart, "Main", flowise=Flowise(auth=AUTH, database=POSTGRES), main=Main(awaits_owner=True))
    job = OwnerJob(chart, "Owner", owner=OWNER, deployment=Deployment.of(main))
    assert job.workload.name == job.job.name
    [service] = (
        item["spec"]
        for item in chart.to_json()
        if item["metadata"]["name"] == "flowise-owner" and item["kind"] == "Service"
    )
    assert service["selector"] == main.workload.selector
    assert service["ports"][0]["port"] == main.workload.ports["http"], "a headless Service translates no port"


def files_of(**given: Any) -> Mapping[str, list[Any]]:
    app = App()
    values: dict[str, Any] = {"auth": AUTH, "queue": Queue(redis=BundledRedis()), "storage": BUCKET, **given}
    QueueChart(app, "queue", database=BundledPostgres(), backup=replace(BACKUP, drill=Drill()), owner=OWNER, **values)
    return {chart.node.id: chart.to_json() for chart in app.charts}


def test_scripts_may_have_a_file_of_their_own() -> None:
    files = files_of(scripts_apart=True)
    together = files_of()["queue"]
    assert [item["metadata"]["name"] for item in files["queue-scripts"]] == [
        "flowise-scripts",
        "flowise-backup-scripts",
        "flowise-drill-scripts",
        "flowise-owner-scripts",
    ]
    apart = [*files["queue"], *files["queue-scripts"]]
    assert sorted(map(repr, apart)) == sorted(map(repr, together))


def images_of(files: Mapping[str, list[Any]]) -> set[str]:
    return set(re.findall(r"'image': '([^']*)'", repr(files)))


def test_one_registry_serves_every_image() -> None:
    files = files_of(registry=Registry(address="registry.example.com:5000/mirror", pull_secrets=["mirror"]))
    paths = {image.removeprefix("docker.io/") for image in images_of(files_of())}
    assert images_of(files) == {f"registry.example.com:5000/mirror/{path}" for path in paths}
    for item in files["queue"]:
        if (template := cluster.pod_template(item)) is not None:
            assert template["spec"]["imagePullSecrets"] == [{"name": "mirror"}]


@pytest.mark.parametrize(
    ("repository", "mirrored"),
    [
        ("docker.io/library/redis", "r.example.com/library/redis"),
        ("library/redis", "r.example.com/library/redis"),
        ("localhost/redis", "r.example.com/redis"),
        ("quay.example:5000/a/b", "r.example.com/a/b"),
        ("r.example.com/redis", "r.example.com/redis"),
    ],
)
def test_a_registry_has_images_under_their_own_paths(repository: str, mirrored: str) -> None:
    image = ServerImage(repository=repository, tag="1")
    assert Registry(address="r.example.com").of(image).repository == mirrored


@pytest.mark.parametrize("address", ["mirror", "https://r.example.com", "R.example.com", "r.example.com/"])
def test_a_registry_is_named_by_its_host(address: str) -> None:
    with pytest.raises(ConfigError, match=r"Registry.address: .* must be a registry's host"):
        Registry(address=address)


def test_labels_and_annotations_are_on_every_object() -> None:
    files = files_of(labels={"team": "flows"}, annotations={"example.com/cost": "42"}, scripts_apart=True)
    for item in (item for items in files.values() for item in items):
        assert item["metadata"]["labels"]["team"] == "flows"
        assert item["metadata"]["annotations"]["example.com/cost"] == "42"


def test_labels_and_annotations_are_on_what_joins_a_chart_later() -> None:
    def build(app: App) -> None:
        everywhere = {"labels": {"team": "flows"}, "annotations": {"example.com/cost": "42"}}
        chart: Any = queue(backup=BACKUP, **everywhere)(app)
        made = chart.backup
        RestoreJob(chart, "Restore", backup=made.backup, flowise=made.flowise, names=made.names)
        PostgresBootstrap(chart, "Bootstrap", names=Names(instance="other"))
        S3Storage(chart, "Other", bucket="other", service_account_annotations={"a": "b"})
        FlowiseMain(Chart(app, "elsewhere"), "Main", flowise=replace(made.flowise, queue=None))

    documents = objects(build)
    bare = [item for item in documents if "example.com/cost" not in item["metadata"].get("annotations", {})]
    assert all("team" not in item["metadata"]["labels"] for item in bare)
    assert {item["kind"] for item in bare} == {"ConfigMap", "ServiceAccount", "Deployment", "Service"}
    assert {"flowise-restore", "other-postgresql-initdb"} <= {item["metadata"]["name"] for item in documents}


def test_labels_of_selectors_are_the_objects_own() -> None:
    with pytest.raises(ConfigError, match=r"labels: 'app.kubernetes.io/name' is set by the objects themselves"):
        files_of(labels={"app.kubernetes.io/name": "x"})
