"""Who sets the number of pods: the objects that say so, what is left out of the others, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from cdk8s import App
from deployments import (
    AUTH,
    CERTIFICATE,
    EDGE,
    KEDA,
    PASSWORD,
    REDIS,
    REDIS_BY_REFERENCE,
    objects,
    queue,
    standalone,
    with_policies,
)

from flowise_constructs import (
    BundledRedis,
    Chart,
    ConfigError,
    ConfigMapKey,
    CpuScaling,
    External,
    ExternalMetric,
    ExtraClaim,
    Flowise,
    FlowiseMain,
    FlowiseWorker,
    Image,
    Main,
    Names,
    OutsideServers,
    Owner,
    PodOptions,
    Queue,
    QueueScaling,
    Redis,
    RedisTls,
    SecretKey,
    Settings,
    Worker,
)
from flowise_constructs.importers.cowboysysop import importer as cowboysysop
from flowise_constructs.importers.helm import importer as helm
from flowise_constructs.importers.imported import Imported
from flowise_constructs.importers.python_module import python_module
from flowise_constructs.importers.synthesis import synthesize
from flowise_constructs.manifests.yaml_files import load_documents

DATA = Path(__file__).parent / "data"
Object = dict[str, Any]
SCALED = Worker(replicas=QueueScaling(minimum=2, maximum=10))
IN_AI = Names(namespace="ai")


def one(documents: list[Object], kind: str, name: str = "flowise-worker") -> Object:
    [found] = [item for item in documents if item["kind"] == kind and item["metadata"]["name"] == name]
    return found


def kinds(documents: list[Object]) -> set[str]:
    return {item["kind"] for item in documents} & {"ScaledObject", "TriggerAuthentication", "HorizontalPodAutoscaler"}


def on(redis: Redis | BundledRedis, **given: Any) -> list[Object]:
    """A deployment whose workers follow the queues on that Redis."""
    return objects(queue(**{"queue": Queue(redis=redis), "worker": SCALED, **given}))


def login(documents: list[Object]) -> dict[str, tuple[str, str]]:
    """What KEDA's operator reads, by parameter: kind of the object, and name/key."""
    spec = one(documents, "TriggerAuthentication")["spec"]
    return {
        entry["parameter"]: (kind, f"{entry['name']}/{entry['key']}")
        for word, kind in (("secretTargetRef", "Secret"), ("configMapTargetRef", "ConfigMap"))
        for entry in spec.get(word, ())
    }


def metadata(documents: list[Object]) -> dict[str, str]:
    """What every trigger says of Redis."""
    triggers = [dict(trigger["metadata"]) for trigger in one(documents, "ScaledObject")["spec"]["triggers"]]
    for trigger in triggers:
        trigger.pop("listName")
    assert all(trigger == triggers[0] for trigger in triggers)
    found: dict[str, str] = triggers[0]
    return found


def test_without_scaling_nothing_is_made_and_the_number_is_said() -> None:
    documents = objects(queue(worker=Worker(replicas=3)))
    assert one(documents, "Deployment")["spec"]["replicas"] == 3
    assert kinds(documents) == set()


@pytest.mark.parametrize("replicas", [QueueScaling(), QueueScaling(metric=ExternalMetric()), External()])
def test_the_number_of_scaled_workers_is_left_out(replicas: Any) -> None:
    assert "replicas" not in one(objects(queue(worker=Worker(replicas=replicas))), "Deployment")["spec"]


@pytest.mark.parametrize("replicas", [CpuScaling(), External()])
def test_the_number_of_scaled_mains_is_left_out(replicas: Any) -> None:
    assert "replicas" not in one(objects(queue(main=Main(replicas=replicas))), "Deployment", "flowise")["spec"]


def test_somebody_else_needs_no_object() -> None:
    documents = objects(queue(main=Main(replicas=External()), worker=Worker(replicas=External())))
    assert kinds(documents) == set()


@pytest.mark.parametrize(("tag", "kinds_of_jobs"), [("3.1.2", 2), ("3.1.3", 3)])
@pytest.mark.filterwarnings("ignore:Image.tag:flowise_constructs.ConfigWarning")
def test_both_lists_of_every_queue_of_the_release_are_added_up(tag: str, kinds_of_jobs: int) -> None:
    documents = on(REDIS, queue=Queue(redis=REDIS, name="jobs"), image=Image(tag=tag))
    spec = one(documents, "ScaledObject")["spec"]
    lists = {trigger["name"]: trigger["metadata"]["listName"] for trigger in spec["triggers"]}
    kinds = ("prediction", "upsertion", "schedule")[:kinds_of_jobs]
    assert lists == {f"{kind}_{name}": f"bull:jobs-{kind}:{name}" for kind in kinds for name in ("wait", "active")}
    assert spec["advanced"]["scalingModifiers"]["formula"].split(" + ") == list(lists)


@pytest.mark.parametrize(
    ("concurrency", "share", "target", "quantity"),
    [(10, 0.7, "7", "7"), (5, 0.7, "3.5", "3500m"), (1000, 1, "1000", "1k"), (3, 0.35, "1.05", "1050m"), (2, 0.1, "0.2", "200m")],
)  # fmt: skip
def test_the_target_is_a_share_of_a_workers_slots(concurrency: int, share: float, target: str, quantity: str) -> None:
    scaling = QueueScaling(target_busy=share)
    by_keda = objects(queue(worker=Worker(replicas=scaling, concurrency=concurrency)))
    assert one(by_keda, "ScaledObject")["spec"]["advanced"]["scalingModifiers"] == {
        "formula": "prediction_wait + prediction_active + upsertion_wait + upsertion_active + schedule_wait + "
        "schedule_active",
        "target": target,
        "metricType": "AverageValue",
    }
    by_metric = replace(scaling, metric=ExternalMetric())
    [metric] = one(
        objects(queue(worker=Worker(replicas=by_metric, concurrency=concurrency))), "HorizontalPodAutoscaler"
    )["spec"]["metrics"]
    assert metric["external"]["target"] == {"type": "AverageValue", "averageValue": quantity}


def test_up_at_once_down_one_at_a_time_with_the_servers_defaults_written_out() -> None:
    spec = one(on(REDIS), "ScaledObject")["spec"]
    assert (spec["minReplicaCount"], spec["maxReplicaCount"]) == (2, 10)
    assert spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"] == {
        "scaleUp": {
            "stabilizationWindowSeconds": 0,
            "selectPolicy": "Max",
            "policies": [{"type": "Pods", "value": 10, "periodSeconds": 15}],
        },
        "scaleDown": {
            "stabilizationWindowSeconds": 300,
            "selectPolicy": "Max",
            "policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}],
        },
    }


def test_the_metric_is_that_of_bullmqs_exporter() -> None:
    scaling = QueueScaling(metric=ExternalMetric(labels={"namespace": "ai"}))
    documents = objects(queue(worker=Worker(replicas=scaling), queue=Queue(redis=REDIS, name="jobs")))
    assert kinds(documents) == {"HorizontalPodAutoscaler"}
    spec = one(documents, "HorizontalPodAutoscaler")["spec"]
    assert spec["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "flowise-worker"}
    [metric] = spec["metrics"]
    assert metric["external"]["metric"] == {
        "name": "bullmq_job_count",
        "selector": {
            "matchLabels": {"namespace": "ai"},
            "matchExpressions": [
                {"key": "queue", "operator": "In", "values": ["jobs-prediction", "jobs-upsertion", "jobs-schedule"]},
                {"key": "state", "operator": "In", "values": ["waiting", "active"]},
            ],
        },
    }


def test_mains_follow_the_cpu_of_their_own_container() -> None:
    documents = objects(queue(main=Main(replicas=CpuScaling(2, 5, target_percent=60))))
    spec = one(documents, "HorizontalPodAutoscaler", "flowise")["spec"]
    assert (spec["minReplicas"], spec["maxReplicas"]) == (2, 5)
    assert spec["metrics"] == [
        {
            "type": "ContainerResource",
            "containerResource": {
                "name": "cpu",
                "container": "flowise",
                "target": {"type": "Utilization", "averageUtilization": 60},
            },
        }
    ]
    [container] = one(documents, "Deployment", "flowise")["spec"]["template"]["spec"]["containers"]
    assert container["name"] == "flowise"
    assert "cpu" in container["resources"]["requests"]


# How KEDA's operator reaches Redis


def test_a_password() -> None:
    documents = on(REDIS)
    assert metadata(documents) == {"address": "redis.example.com:6379"}
    assert login(documents) == {"password": ("Secret", "credentials/password")}
    assert {item["authenticationRef"]["name"] for item in one(documents, "ScaledObject")["spec"]["triggers"]} == {
        "flowise-worker"
    }


def test_an_open_redis_needs_no_login() -> None:
    documents = on(Redis(host="redis.cache.svc"))
    assert kinds(documents) == {"ScaledObject"}
    assert all("authenticationRef" not in item for item in one(documents, "ScaledObject")["spec"]["triggers"])


def test_a_service_of_the_namespace_is_named_as_other_namespaces_see_it() -> None:
    assert metadata(on(BundledRedis(), names=IN_AI))["address"] == "flowise-redis-client.ai.svc:6379"
    assert metadata(on(Redis(host="redis"), names=IN_AI))["address"] == "redis.ai.svc:6379"
    assert metadata(on(Redis(host="redis.cache")))["address"] == "redis.cache:6379"
    assert metadata(on(Redis(host="10.0.0.7", port=7000)))["address"] == "10.0.0.7:7000"
    assert metadata(on(Redis(host="fd00::7")))["address"] == "[fd00::7]:6379"


TLS = RedisTls(ca=PASSWORD, certificate=SecretKey(secret="client", key="tls.crt"), private_key=SecretKey(secret="client", key="tls.key"))  # fmt: skip


def test_an_acl_user_and_tls_with_a_client_certificate() -> None:
    documents = on(replace(REDIS, username="flowise", tls=TLS, port=6380))
    assert metadata(documents) == {
        "address": "redis.example.com:6380",
        "username": "flowise",
        "enableTLS": "true",
    }
    assert login(documents) == {
        "password": ("Secret", "credentials/password"),
        "ca": ("Secret", "credentials/password"),
        "cert": ("Secret", "client/tls.crt"),
        "key": ("Secret", "client/tls.key"),
    }


def test_authorities_as_text_are_read_where_they_stand() -> None:
    own, of_all = CERTIFICATE, CERTIFICATE.replace("MIIBszCCAVmgAwIBAgIU", "MIIBszCCAVmgAwIBAgIV")
    documents = on(replace(REDIS, tls=RedisTls(ca=own)), settings=Settings(authorities=of_all))
    kind, place = login(documents)["ca"]
    name, _, key = place.partition("/")
    assert one(documents, kind, name)["data"][key] == own
    documents = on(replace(REDIS, tls=RedisTls()), settings=Settings(authorities=of_all))
    kind, place = login(documents)["ca"]
    name, _, key = place.partition("/")
    assert one(documents, kind, name)["data"][key] == of_all
    assert "ca" not in login(on(replace(REDIS, tls=RedisTls())))
    assert "ca" not in login(on(REDIS, settings=Settings(authorities=of_all)))


def test_a_redis_by_reference() -> None:
    documents = on(REDIS_BY_REFERENCE)
    assert metadata(documents) == {}
    assert login(documents) == {
        "host": ("ConfigMap", "redis/host"),
        "port": ("Secret", "redis/port"),
        "username": ("Secret", "redis/username"),
        "password": ("Secret", "redis/password"),
    }
    assert metadata(on(replace(REDIS, host=PASSWORD))) == {"port": "6379"}
    assert metadata(on(replace(REDIS, port=PASSWORD))) == {"host": "redis.example.com"}


def test_a_login_of_ones_own() -> None:
    scaling = QueueScaling(authentication="redis-for-keda")
    redis = replace(REDIS, username="flowise", tls=RedisTls(ca_base64=PASSWORD))
    documents = on(redis, worker=Worker(replicas=scaling))
    assert kinds(documents) == {"ScaledObject"}
    assert metadata(documents) == {"address": "redis.example.com:6379", "enableTLS": "true"}
    [name] = {item["authenticationRef"]["name"] for item in one(documents, "ScaledObject")["spec"]["triggers"]}
    assert name == "redis-for-keda"


def test_constructs_alone_scale_too() -> None:
    chart = Chart(App(), "chart")
    flowise = Flowise(
        auth=AUTH, database=queue_values().database, storage=queue_values().storage, queue=Queue(redis=REDIS)
    )
    main = FlowiseMain(chart, "Main", flowise=flowise, main=Main(replicas=CpuScaling(), awaits_owner=False))
    worker = FlowiseWorker(chart, "Worker", flowise=flowise, worker=SCALED)
    assert list(main.scaling) == ["Autoscaler"]
    assert list(worker.scaling) == ["TriggerAuthentication", "ScaledObject"]
    assert (main.workload.scaler, worker.workload.scaler) == ("HorizontalPodAutoscaler", "ScaledObject")


def queue_values() -> Flowise:
    chart: Any = queue()(App())
    flowise: Flowise = chart.deployment.flowise
    return flowise


# What looks at the number besides


def test_the_owners_job_is_made_where_mains_are_scaled() -> None:
    owner = Owner(email="admin@example.com", password=PASSWORD)
    documents = objects(queue(owner=owner, main=Main(replicas=CpuScaling())))
    assert "Job" in {item["kind"] for item in documents}


def test_the_bundled_redis_lets_kedas_operator_in() -> None:
    values = {"queue": Queue(redis=BundledRedis()), "names": IN_AI, "worker": SCALED}
    documents = objects(with_policies(queue(**values), scalers=[KEDA], servers=OutsideServers(database="internet")))
    [rule] = one(documents, "NetworkPolicy", "flowise-redis")["spec"]["ingress"]
    keda = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "keda"}},
        "podSelector": {"matchLabels": {"app": "keda-operator"}},
    }
    assert rule["from"][-1] == keda
    assert rule["ports"] == [{"port": 6379, "protocol": "TCP"}]
    others = [
        item for item in documents if item["kind"] == "NetworkPolicy" and item["metadata"]["name"] != "flowise-redis"
    ]
    assert str(keda) not in str(others)


# Refusals


def made(build: Callable[[App], Any]) -> Callable[[], Any]:
    return lambda: build(App())


def policies(**given: Any) -> Callable[[], Any]:
    values = {"queue": Queue(redis=BundledRedis()), "names": IN_AI, "worker": SCALED}
    outside = OutsideServers(database="internet")
    return made(with_policies(queue(**values), servers=outside, edge=[EDGE], **given))


ONE_POD = PodOptions(claims=[ExtraClaim(name="models", mount_path="/models", access_mode="ReadWriteOnce")])
REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "none": (lambda: QueueScaling(minimum=0), r"QueueScaling.minimum: 0 makes every call hang while there is no worker, and stops schedules, .*: use 1 or more"),
    "minimum above maximum": (lambda: QueueScaling(minimum=5, maximum=4), r"QueueScaling.minimum: 5 is above maximum 4"),
    "nothing to scale": (lambda: CpuScaling(3, 3), r"CpuScaling.minimum: 3 is the maximum too, so nothing is scaled: .* a number in the place of CpuScaling"),
    "share": (lambda: QueueScaling(target_busy=70), r"QueueScaling.target_busy: 70 must be a share from 0.1 to 1"),
    "too fast": (lambda: QueueScaling(scale_down_seconds=30), r"QueueScaling.scale_down_seconds: 30 must be from 31 to 1800 seconds: Flowise gives the jobs"),
    "all at once": (lambda: QueueScaling(stabilization_seconds=45), r"QueueScaling.stabilization_seconds: 45 is below scale_down_seconds 60: all that was just added could go"),
    "all mains at once": (lambda: CpuScaling(stabilization_seconds=0), r"CpuScaling.stabilization_seconds: 0 is below scale_down_seconds 60"),
    "window": (lambda: CpuScaling(stabilization_seconds=3601), r"CpuScaling.stabilization_seconds: 3601 must be from 0 to 3600 seconds"),
    "two ways": (lambda: QueueScaling(metric=ExternalMetric(), authentication="a"), r"QueueScaling.authentication: is KEDA's, and 'metric' is for clusters without it"),
    "metric": (lambda: ExternalMetric(name="bullmq-job-count"), r"ExternalMetric.name: 'bullmq-job-count' must be the name of a metric of Prometheus"),
    "labels": (lambda: ExternalMetric(labels={"queue": "a"}), r"ExternalMetric.labels: 'queue' is set by the construct"),
    "cpu for workers": (lambda: Worker(replicas=CpuScaling()), r"Worker.replicas: CpuScaling.* must be int or QueueScaling or External"),  # type: ignore[arg-type]
    "queues for mains": (lambda: Main(replicas=QueueScaling()), r"Main.replicas: QueueScaling.* must be int or CpuScaling or External"),  # type: ignore[arg-type]
    "one worker takes all": (lambda: Worker(replicas=QueueScaling(), concurrency=1001), r"Worker.concurrency: 1001 with QueueScaling: one worker takes all jobs, and none is ever added: 1000 or less"),
    "grace": (lambda: Worker(replicas=QueueScaling(), grace_seconds=90), r"Worker.replicas: scale_down_seconds 60 is below grace_seconds 90: a worker would go while the one before"),
    "standalone": (made(standalone(main=Main(replicas=CpuScaling()))), r"Main.replicas: CpuScaling outside queue mode: each main would run every schedule"),
    "standalone elsewhere": (made(standalone(main=Main(replicas=External()))), r"Main.replicas: External outside queue mode"),
    "claim of one pod": (made(queue(main=Main(replicas=CpuScaling(), pod=ONE_POD))), r"Main.replicas: CpuScaling with the claim 'models', which one pod may use"),
    "no namespace": (made(queue(queue=Queue(redis=BundledRedis()), worker=SCALED)), r"QueueScaling: KEDA is in a namespace of its own, where 'flowise-redis-client' is no host: give Names\(namespace"),
    "loopback": (made(queue(queue=Queue(redis=Redis(host="127.0.0.1")), worker=SCALED)), r"QueueScaling: KEDA asks Redis from its own pod, and Redis.host '127.0.0.1' is the pod itself"),
    "base64": (made(queue(queue=Queue(redis=replace(REDIS, tls=RedisTls(ca_base64=ConfigMapKey(config_map="a", key="b")))), worker=SCALED)), r"QueueScaling: KEDA wants the authority as PEM, and RedisTls.ca_base64 is base64 of it: give RedisTls.ca .*RemoteRef\(decoding='Base64'\)"),
    "policies": (policies(), r"NetworkPolicies.scalers: is empty, and KEDA's operator doesn't reach the bundled Redis"),
    "no bundled redis": (made(with_policies(standalone(), scalers=[KEDA])), r"NetworkPolicies.scalers: has no effect: there is no bundled Redis"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.filterwarnings("ignore::flowise_constructs.ConfigWarning")
def test_what_cant_work_is_refused(name: str) -> None:
    make, told = REFUSED[name]
    with pytest.raises(ConfigError, match=told):
        make()


# Releases whose own manifests scale them


def scaler_manifest(kind: str, name: str) -> Object:
    target = {"kind": "Deployment", "name": name} if kind == "HorizontalPodAutoscaler" else {"name": name}
    version = "autoscaling/v2" if kind == "HorizontalPodAutoscaler" else "keda.sh/v1alpha1"
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name}, "spec": {"scaleTargetRef": target}}


def helmforge(*extra: Object, name: str = "queue") -> Imported:
    values = yaml.safe_load((DATA / "helm" / f"{name}.yaml").read_text(encoding="utf-8"))
    return helm.import_values({**values, "extraManifests": list(extra)})


def cowboys(*extra: Object) -> Imported:
    values = yaml.safe_load((DATA / "cowboysysop" / "queue.yaml").read_text(encoding="utf-8"))
    return cowboysysop.import_values({**values, "extraDeploy": list(extra)})


@pytest.mark.parametrize("release", [helmforge, cowboys])
@pytest.mark.parametrize("kind", ["HorizontalPodAutoscaler", "ScaledObject"])
@pytest.mark.filterwarnings("ignore::flowise_constructs.ConfigWarning")
def test_a_release_whose_own_manifest_scales_it_has_no_number(release: Callable[..., Imported], kind: str) -> None:
    name = release().arguments["names"].name
    imported = release(scaler_manifest(kind, f"{name}-worker"))
    assert imported.arguments["worker"].replicas == External()
    assert isinstance(imported.arguments["main"].replicas, int)
    documents = load_documents(synthesize(imported)[0], "release")
    assert "replicas" not in one(documents, "Deployment", f"{name}-worker")["spec"]
    assert "replicas" in one(documents, "Deployment", name)["spec"]
    [told] = [remark for remark in map(str, imported.remarks) if f"the {kind} in extra" in remark]
    assert f"kubectl apply edit-last-applied deployment/{name}-worker" in told
    assert "replicas=External()" in python_module(imported)
    both = release(scaler_manifest(kind, name), scaler_manifest(kind, f"{name}-worker"))
    assert both.arguments["main"].replicas == External()


@pytest.mark.filterwarnings("ignore::flowise_constructs.ConfigWarning")
def test_a_release_with_one_main_isnt_scaled() -> None:
    with pytest.raises(ConfigError, match=r"extraManifests\[0\]: scales 'flowise' outside queue mode, where each main"):
        helmforge(scaler_manifest("HorizontalPodAutoscaler", "flowise"), name="standalone-sqlite")


@pytest.mark.filterwarnings("ignore::flowise_constructs.ConfigWarning")
def test_an_autoscaler_of_something_else_is_carried_over() -> None:
    imported = helmforge(scaler_manifest("HorizontalPodAutoscaler", "other"))
    assert isinstance(imported.arguments["worker"].replicas, int)
