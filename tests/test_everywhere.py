"""A setting of the installation reaches every pod that talks to others: of all variants, jobs and init containers too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import cluster
import deployments
import pytest
from cdk8s import ApiObject, App, Chart
from deployments import (
    AUTH,
    AZURE,
    BACKUP,
    BUCKET,
    CERTIFICATE,
    CNPG,
    GOOGLE_BY_IDENTITY,
    MARIADB,
    MYSQL,
    PASSWORD,
    POSTGRES,
    REDIS,
    REDIS_BY_REFERENCE,
    SHARED,
    objects,
    pods,
    queue,
)

from flowise_constructs import (
    Backup,
    BundledPostgres,
    BundledRedis,
    ConfigMapKey,
    DatabaseTls,
    DataClaim,
    Drill,
    Flowise,
    FlowiseMain,
    Image,
    Main,
    OutboundProxy,
    PodOptions,
    PostgresDatabase,
    Queue,
    QueueChart,
    Redis,
    RedisTls,
    Registry,
    RestoreJob,
    S3Bucket,
    SecretKey,
    Security,
    Settings,
    SqliteDatabase,
    StandaloneChart,
)

CA = ConfigMapKey(config_map="corporate-ca", key="ca.crt")
PROXY = OutboundProxy(http=SecretKey(secret="proxy", key="url"), no_proxy=["*.corp.example.com"])
SETTINGS = Settings(proxy=PROXY, authorities=CA)
WITH_DRILL = Backup(target=S3Bucket(bucket="flowise-backups", endpoint="http://minio:9000"), drill=Drill())
TLS_POSTGRES = PostgresDatabase(host="pg.example.com", password=PASSWORD, tls=DatabaseTls())
TLS_REDIS = Redis(host="redis.example.com", password=PASSWORD, tls=RedisTls())
DIRECTORY = "/etc/flowise-constructs/certificates"


def standalone_with_restore(database: Any, **given: Any) -> Any:
    def build(app: App) -> Chart:
        chart = StandaloneChart(
            app, "chart", auth=AUTH, database=database, settings=SETTINGS, backup=WITH_DRILL, data=DataClaim(), **given
        )
        flowise = chart.deployment.flowise
        RestoreJob(chart, "Restore", backup=WITH_DRILL, flowise=flowise, data=DataClaim())
        return chart

    return build


DEPLOYMENTS: dict[str, Any] = {
    "sqlite": standalone_with_restore(SqliteDatabase()),
    "postgres": standalone_with_restore(TLS_POSTGRES),
    "mysql": standalone_with_restore(MYSQL),
    "mariadb-s3": standalone_with_restore(MARIADB, storage=BUCKET),
    "postgres-google": standalone_with_restore(POSTGRES, storage=GOOGLE_BY_IDENTITY),
    "queue-azure": queue(storage=AZURE, settings=SETTINGS, backup=WITH_DRILL),
    "queue-shared": queue(storage=SHARED, settings=SETTINGS, backup=WITH_DRILL),
    "queue": queue(database=TLS_POSTGRES, queue=Queue(redis=TLS_REDIS), settings=SETTINGS, backup=WITH_DRILL),
    "queue-by-reference": queue(
        database=CNPG, queue=Queue(redis=REDIS_BY_REFERENCE), settings=SETTINGS, backup=WITH_DRILL
    ),
    "queue-bundled": queue(
        **{"database": BundledPostgres(), "queue": Queue(redis=BundledRedis())},
        settings=SETTINGS,
        backup=WITH_DRILL,
    ),
}


def containers(name: str) -> Iterator[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]]:
    """What each container is called, itself, its variables, its pod."""
    for called, pod in pods(objects(DEPLOYMENTS[name])).items():
        for container in [*pod.get("initContainers", ()), *pod["containers"]]:
            variables = {item["name"]: item.get("value", item.get("valueFrom")) for item in container.get("env", ())}
            yield f"{called}/{container['name']}", container, variables, pod


def runs_flowise(called: str) -> bool:
    return called.endswith(("/flowise", "/flowise-worker"))


def reaches_a_bucket(variables: dict[str, Any]) -> bool:
    return "RCLONE_CONFIG_TARGET_TYPE" in variables


def reaches_a_server(variables: dict[str, Any]) -> bool:
    return "DATABASE_HOST" in variables


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_the_proxy_reaches_all_that_talk_to_the_outside_over_http(name: str) -> None:
    reached = 0
    reference = {"secretKeyRef": {"name": "proxy", "key": "url"}}
    for called, _, variables, _ in containers(name):
        if runs_flowise(called) or reaches_a_bucket(variables):
            reached += 1
            assert variables["HTTP_PROXY"] == variables["HTTPS_PROXY"] == reference, called
            without = variables["NO_PROXY"].split(",")
            assert {"localhost", "*.svc", "*.cluster.local", "*.corp.example.com"} <= set(without), called
            hosts = [host for word in ("DATABASE_HOST", "REDIS_HOST") if (host := variables.get(word))]
            assert all(host in without for host in hosts if isinstance(host, str)), called
        else:
            assert "HTTP_PROXY" not in variables, called
        if runs_flowise(called):
            assert variables["NODE_USE_ENV_PROXY"] == "1"
            assert variables["GLOBAL_AGENT_HTTP_PROXY"] == variables["GLOBAL_AGENT_HTTPS_PROXY"] == reference
            assert variables["GLOBAL_AGENT_NO_PROXY"] == variables["NO_PROXY"]
        if reaches_a_bucket(variables):
            assert "minio" in variables["NO_PROXY"].split(",")
    # Main, and what uploads, downloads and mirrors.
    assert reached >= 3


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_authorities_reach_all_that_hold_a_certificate_against_them(name: str) -> None:
    for called, container, variables, pod in containers(name):
        mounted = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
        if runs_flowise(called) or called.endswith("/gate"):
            assert variables["NODE_EXTRA_CA_CERTS"] == f"{DIRECTORY}/authorities.pem", called
            assert "--require=/opt/flowise-constructs/certificate-variables.js" in variables["NODE_OPTIONS"]
        elif reaches_a_bucket(variables) or reaches_a_server(variables):
            assert variables["FURTHER_AUTHORITIES"] == f"{DIRECTORY}/authorities.pem", called
        else:
            continue
        assert mounted["certificates"] == DIRECTORY, called
        [volume] = [volume for volume in pod["volumes"] if volume["name"] == "certificates"]
        assert {
            "configMap": {"name": "corporate-ca", "items": [{"key": "ca.crt", "path": "authorities.pem"}]}
        } in volume["projected"]["sources"]


SECRET = SecretKey(secret="flowise-db-ca", key="ca.crt")


def certificate_sources(documents: list[dict[str, Any]]) -> dict[str, list[Any]]:
    found = {name: [v for v in pod["volumes"] if v["name"] == "certificates"] for name, pod in pods(documents).items()}
    return {name: volumes[0]["projected"]["sources"] for name, volumes in found.items() if volumes}


def test_a_database_s_authority_by_reference_is_mounted_by_all_that_connect() -> None:
    database = PostgresDatabase(host="db", password=PASSWORD, tls=DatabaseTls(ca=SECRET))
    sources = certificate_sources(objects(queue(database=database, backup=WITH_DRILL)))
    expected = {"secret": {"name": "flowise-db-ca", "items": [{"key": "ca.crt", "path": "database-ca.pem"}]}}
    # A drill restores into a server of its own.
    assert {name for name, found in sources.items() if expected in found} == {
        "Deployment flowise",
        "Deployment flowise-worker",
        "CronJob flowise-backup",
    }


def test_a_certificate_that_is_given_as_text_stands_in_the_yaml_once() -> None:
    database = PostgresDatabase(host="db", password=PASSWORD, tls=DatabaseTls(ca=CERTIFICATE))
    build = queue(
        database=database,
        queue=Queue(redis=REDIS),
        settings=Settings(authorities=CERTIFICATE.replace("MII", "AII")),
        backup=BACKUP,
    )
    documents = objects(build)
    assert repr(documents).count("MIIBszCCAVmgAwIBAgIU") == 1
    [config_map] = [item for item in documents if item["metadata"]["name"] == "flowise-certificates"]
    assert set(config_map["data"]) == {"authorities.pem", "database-ca.pem"}


@pytest.mark.parametrize(
    ("other", "config_map", "key"),
    [
        (CERTIFICATE, "flowise-certificates", "authorities.pem"),
        (CERTIFICATE.replace("BszCC", "X"), "flowise-backup-certificates", "s3-ca.pem"),
    ],
    ids=["as the installation's", "its own"],
)
def test_a_certificate_of_backups_drills_and_restores_stands_there_once_too(
    other: str, config_map: str, key: str
) -> None:

    def build(app: App) -> None:
        made = StandaloneChart(
            app,
            "standalone",
            auth=AUTH,
            database=PostgresDatabase(host="db", password=PASSWORD, tls=DatabaseTls(ca=CERTIFICATE)),
            settings=Settings(authorities=CERTIFICATE),
            backup=replace(WITH_DRILL, ca=other),
        ).backup
        chart = Chart(app, "restore")
        RestoreJob(chart, "Restore", backup=made.backup, flowise=made.flowise, names=made.names, data=made.data)

    documents = objects(build)
    assert repr(documents).count("MIIBszCCAVmgAwIBAgIU") == 1
    assert repr(documents).count(repr(other)) == 1
    volume = {"name": "s3-ca", "configMap": {"name": config_map, "items": [{"key": key, "path": "ca.pem"}]}}
    jobs = {name: pod["volumes"] for name, pod in pods(documents).items() if "Job" in name}
    assert set(jobs) == {"CronJob flowise-backup", "CronJob flowise-drill", "Job flowise-restore"}
    assert all(volume in volumes for volumes in jobs.values())


def test_a_bundle_as_large_as_a_cloud_s_is_taken() -> None:
    """Amazon's for its databases has 166 KB; a variable may have 128 KiB, an object 256."""
    body = ("A" * 63 + "\n") * 25
    bundle = f"-----BEGIN CERTIFICATE-----\n{body}-----END CERTIFICATE-----\n" * 100
    assert len(bundle) > 160_000
    database = PostgresDatabase(host="db", password=PASSWORD, tls=DatabaseTls(ca=bundle))
    documents = objects(queue(database=database))
    assert max(len(repr(item)) for item in documents) < 250_000


def test_a_key_in_base64_goes_straight_into_flowise_s_variable() -> None:
    database = PostgresDatabase(host="db", password=PASSWORD, tls=DatabaseTls(ca_base64=SECRET))
    documents = objects(queue(database=database, queue=Queue(redis=Redis(host="r", tls=RedisTls(ca_base64=SECRET)))))
    variables = deployments.environment(documents, "flowise-worker")
    reference = {"secretKeyRef": {"name": "flowise-db-ca", "key": "ca.crt"}}
    assert variables["DATABASE_SSL_KEY_BASE64"] == variables["REDIS_CA"] == reference
    assert "--require" not in variables["NODE_OPTIONS"]


def test_older_nodes_are_not_told_of_a_variable_that_they_do_not_know() -> None:
    flowise = Flowise(auth=AUTH, database=POSTGRES, image=Image(tag="3.1.2"), settings=Settings(proxy=PROXY))
    made = objects(lambda app: FlowiseMain(Chart(app, "chart"), "Main", flowise=flowise))
    assert "NODE_USE_ENV_PROXY" not in deployments.environment(made, "flowise")


def of_everything(**given: Any) -> dict[str, Any]:
    """The templates of every kind of pod, a restore's too."""

    def build(app: App) -> Chart:
        chart = QueueChart(
            app,
            "chart",
            auth=AUTH,
            database=BundledPostgres(),
            queue=Queue(redis=BundledRedis()),
            storage=BUCKET,
            backup=WITH_DRILL,
            main=Main(
                pod=PodOptions(labels={"team": "of-main"}, sidecars=[{"name": "a", "image": "docker.io/acme/a:1"}])
            ),
            **given,
        )
        RestoreJob(chart, "Restore", backup=WITH_DRILL, flowise=chart.deployment.flowise)
        return chart

    templates = [(item["metadata"]["name"], cluster.pod_template(item)) for item in objects(build)]
    return {name: template for name, template in templates if template is not None}


def test_no_pod_says_a_user_that_the_cluster_assigns() -> None:
    found = of_everything(security=Security.openshift())
    assert len(found) == 7
    for name, item in found.items():
        pod = item["spec"]
        contexts = [pod["securityContext"], *(container["securityContext"] for container in cluster.containers(pod))]
        assert not {"runAsUser", "runAsGroup", "fsGroup"} & {word for context in contexts for word in context}, name
        assert pod["securityContext"]["runAsNonRoot"] is True


def test_labels_and_annotations_are_on_pods_where_asked() -> None:
    given: dict[str, Any] = {"labels": {"team": "platform"}, "annotations": {"owner": "us"}}
    for on_pods in (False, True):
        for name, item in of_everything(**given, on_pods=on_pods).items():
            if name == "flowise-restore":
                continue
            metadata = item["metadata"]
            own = {"flowise": "of-main"}.get(name, "platform" if on_pods else None)
            assert metadata["labels"].get("team") == own, name
            assert (metadata.get("annotations") or {}).get("owner") == ("us" if on_pods else None), name


def test_the_namespace_is_that_of_all_objects_and_of_those_that_are_added() -> None:
    def build(app: App) -> Chart:
        chart = StandaloneChart(app, "chart", auth=AUTH, backup=WITH_DRILL, namespace="ai", scripts_apart=True)
        ApiObject(chart, "Added", api_version="v1", kind="ConfigMap")
        return chart

    assert {item["metadata"]["namespace"] for item in objects(build)} == {"ai"}


def test_the_registry_has_further_images_too() -> None:
    found = of_everything(registry=Registry(address="registry.example.com/mirror"))
    for name, item in found.items():
        images = {container["image"] for container in cluster.containers(item["spec"])}
        assert name == "flowise-restore" or all(image.startswith("registry.example.com/mirror/") for image in images)
