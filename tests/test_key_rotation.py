"""`KeyRotationJob`: its pod, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest
from deployments import (
    AUTH,
    BUCKET,
    MYSQL,
    NEW_KEY,
    POSTGRES,
    VARIANTS,
    environment,
    objects,
    queue,
    standalone,
    with_rotation,
)

from flowise_constructs import ConfigError, Image, KeyRotation, Main, PodOptions, Registry, SqliteDatabase, Volume

JOB = "flowise-key-rotation"
ELSEWHERE = SqliteDatabase(directory="/sqlite")
MOUNT = Volume(
    name="sqlite", source={"persistentVolumeClaim": {"claimName": "s"}}, mount_path="/sqlite", read_only=False
)


def job(documents: list[dict[str, Any]]) -> dict[str, Any]:
    [found] = [document for document in documents if document["kind"] == "Job"]
    return found["spec"]  # type: ignore[no-any-return]


def scripts(documents: list[dict[str, Any]]) -> set[str]:
    [found] = [document for document in documents if document["metadata"]["name"] == f"{JOB}-scripts"]
    return {name for name in found["data"] if name.startswith("rotate-")}


def test_it_runs_once_in_mains_image_with_both_keys_as_files() -> None:
    image = Image(pull_secrets=["registry"], pull_policy="Always")
    documents = objects(with_rotation(queue(image=image)))
    spec = job(documents)
    pod = spec["template"]["spec"]
    [container] = pod["containers"]
    assert (spec["backoffLimit"], pod["restartPolicy"]) == (0, "Never")
    assert container["image"] == "docker.io/flowiseai/flowise:3.1.3"
    assert (container["imagePullPolicy"], pod["imagePullSecrets"]) == ("Always", [{"name": "registry"}])
    assert container["terminationMessagePolicy"] == "FallbackToLogsOnError"
    [keys] = [volume["projected"]["sources"] for volume in pod["volumes"] if volume["name"] == "keys"]
    assert [(source["secret"]["name"], *source["secret"]["items"][0].values()) for source in keys] == [
        ("flowise-auth-secrets", "encryption-key", "old-key"),
        (NEW_KEY.secret, NEW_KEY.key, "new-key"),
    ]
    assert "FLOWISE_SECRETKEY_OVERWRITE" not in environment(documents, JOB)


def test_it_finds_the_database_as_main_does() -> None:
    documents = objects(with_rotation(queue()))
    of_main, of_job = environment(documents, "flowise"), environment(documents, JOB)
    wanted = {name: value for name, value in of_main.items() if name.startswith("DATABASE_")}
    assert {name: value for name, value in of_job.items() if not name.startswith("ROTATION_")} == wanted
    assert not any(name.startswith(("S3_", "REDIS_")) for name in of_job)


@pytest.mark.parametrize(
    ("build", "module"),
    [(standalone(), "sqlite"), (standalone(database=POSTGRES), "postgres"), (queue(database=MYSQL), "mysql")],
)
def test_it_has_the_script_of_its_database_alone(build: Any, module: str) -> None:
    assert scripts(objects(with_rotation(build))) & {
        f"rotate-{name}.js" for name in ("sqlite", "postgres", "mysql")
    } == {f"rotate-{module}.js"}


def test_only_sqlite_needs_mains_claim() -> None:
    for build, names in ((standalone(), {"flowise-data"}), (standalone(database=POSTGRES), set[str]())):
        pod = job(objects(with_rotation(build)))["template"]["spec"]
        claims = [volume["persistentVolumeClaim"] for volume in pod["volumes"] if "persistentVolumeClaim" in volume]
        assert {claim["claimName"] for claim in claims} == names


def test_a_sqlite_directory_of_ones_own_is_mounted_by_a_value() -> None:
    main = Main(pod=PodOptions(volumes=[MOUNT]))
    build = standalone(database=ELSEWHERE, storage=BUCKET, main=main)
    documents = objects(with_rotation(build, pod=PodOptions(volumes=[MOUNT])))
    [container] = job(documents)["template"]["spec"]["containers"]
    assert {"name": "sqlite", "mountPath": "/sqlite", "readOnly": False} in container["volumeMounts"]
    with pytest.raises(ConfigError, match=r"KeyRotation\.pod: no volume at '/sqlite', where the SqliteDatabase is"):
        objects(with_rotation(build))


def test_authorities_and_the_database_s_own_are_mounted() -> None:
    documents = objects(VARIANTS["key-rotation-postgres-tls"])
    pod = job(documents)["template"]["spec"]
    variables = environment(documents, JOB)
    directory = "/etc/flowise-constructs/certificates"
    assert variables["NODE_EXTRA_CA_CERTS"] == f"{directory}/authorities.pem"
    assert variables["DATABASE_SSL_KEY_FILE"] == f"{directory}/database-ca.pem"
    [sources] = [volume["projected"]["sources"] for volume in pod["volumes"] if volume["name"] == "certificates"]
    paths = [item["path"] for source in sources for item in source["configMap"]["items"]]
    assert paths == ["authorities.pem", "database-ca.pem"]
    assert {"name": "certificates", "mountPath": directory, "readOnly": True} in pod["containers"][0]["volumeMounts"]


def test_it_asks_mains_service_whether_flowise_runs() -> None:
    assert environment(objects(with_rotation(queue())), JOB)["ROTATION_MAIN_URL"] == "http://flowise:3000/api/v1/ping"


def test_a_mirror_of_images_and_root_reach_it() -> None:
    build = standalone(
        registry=Registry(address="registry.example.com", pull_secrets=["m"]), main=Main(run_as_root=True)
    )
    pod = job(objects(with_rotation(build)))["template"]["spec"]
    assert pod["containers"][0]["image"].startswith("registry.example.com/")
    assert pod["securityContext"]["runAsUser"] == 0


@pytest.mark.parametrize(
    ("build", "given", "message"),
    [
        (
            standalone(),
            {"new_key": AUTH.encryption_key},
            "KeyRotation.new_key: 'encryption-key' of the Secret 'flowise-auth-secrets' is the old key: put the new key "
            "under a name of its own; if Auth.encryption_key names it already, give old_key",
        ),
        (
            standalone(),
            {"new_key": AUTH.token_hash_secret},
            "KeyRotation.new_key: 'token-hash-secret' of the Secret 'flowise-auth-secrets' is 'token_hash_secret' "
            "already: give the encryption a key of its own",
        ),
        (
            standalone(data=None),
            {},
            "deployment: its SQLite database is on no claim: give the chart 'data'; what is in main's pod alone goes with it",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore::flowise_constructs.ConfigWarning")
def test_what_cannot_work_is_refused(build: Any, given: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as refused:
        objects(with_rotation(build, **given))
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"old_key": NEW_KEY}, "KeyRotation.new_key: is the old key: put the new one under a name of its own"),
        (
            {"wait_seconds": 61, "deadline_seconds": 60},
            "KeyRotation.wait_seconds: 61 is above deadline_seconds 60: give less",
        ),
        ({"old_key": "k3y"}, "KeyRotation.old_key: a plain str where a secret belongs (not shown)"),
    ],
)
def test_values_are_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as refused:
        KeyRotation(**{"new_key": NEW_KEY, **given})
    assert str(refused.value).startswith(message)
