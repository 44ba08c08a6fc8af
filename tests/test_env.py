"""What Flowise is told: every variable is read by whom it is given to, and says what the value meant."""

from __future__ import annotations

from typing import Any

import pytest
from deployments import (
    AUTH,
    AZURE,
    AZURE_CONNECTION,
    BUCKET,
    CERTIFICATE,
    GOOGLE,
    HOST,
    INGRESS,
    MARIADB,
    MYSQL,
    PASSWORD,
    POSTGRES,
    REDIS,
    SHARED,
)

from flowise_constructs import (
    ConfigError,
    ConfigMapKey,
    ConfigWarning,
    DatabaseTls,
    Flowise,
    Image,
    Ingress,
    IngressHost,
    LocalStorage,
    Main,
    Metrics,
    OutboundProxy,
    PostgresDatabase,
    Queue,
    Redis,
    RedisTls,
    Resources,
    S3Bucket,
    Settings,
    Smtp,
    SqliteDatabase,
    Worker,
)
from flowise_constructs.flowise import releases
from flowise_constructs.flowise.environment import OWNED, main_environment, worker_environment
from flowise_constructs.flowise.unread_variables import unread as variables_unread

EVERYTHING = Settings(
    app_url=f"https://{HOST}",
    cors_origins=["https://a.example.com"],
    disabled_nodes=["a", "b"],
    telemetry_key=PASSWORD,
    http_deny_list=["10.0.0.0/8", "192.168.0.0/16"],
    smtp=Smtp(host="mail", user="flowise", password=PASSWORD, sender="flowise@example.com"),
    proxy=OutboundProxy(http="http://proxy:3128", https="http://proxy:3129", no_proxy=["*.svc", "10.0.0.1"]),
    metrics=Metrics(
        provider="open_telemetry", endpoint="http://otel:4318/v1/metrics", protocol="grpc", service_name="f"
    ),
)
PLAIN_MAIN, PLAIN_WORKER = Main(), Worker()
TLS = DatabaseTls(ca=CERTIFICATE)
REDIS_TLS = Redis(
    host="redis", username="a", password=PASSWORD, tls=RedisTls(ca=PASSWORD, certificate=PASSWORD, private_key=PASSWORD)
)
INSTALLATIONS: dict[str, Flowise] = {
    "sqlite": Flowise(auth=AUTH),
    "everything": Flowise(
        auth=AUTH,
        database=PostgresDatabase(host="db", password=PASSWORD, tls=TLS),
        storage=S3Bucket(bucket="flowise-files", endpoint="http://minio", credentials=BUCKET.credentials),
        queue=Queue(redis=REDIS_TLS, event_stream_length=5),
        settings=EVERYTHING,
    ),
    "mysql": Flowise(auth=AUTH, database=MYSQL, storage=BUCKET),
    "google": Flowise(auth=AUTH, database=MYSQL, storage=GOOGLE),
    "azure": Flowise(auth=AUTH, database=POSTGRES, storage=AZURE, queue=Queue(redis=REDIS)),
    "azure-connection": Flowise(auth=AUTH, database=POSTGRES, storage=AZURE_CONNECTION),
    "shared": Flowise(auth=AUTH, database=POSTGRES, storage=SHARED, queue=Queue(redis=REDIS)),
    "mariadb": Flowise(auth=AUTH, database=MARIADB, storage=BUCKET, queue=Queue(redis=REDIS)),
}
OURS = {"DATABASE_SSL_KEY_FILE", "REDIS_CA_FILE", "REDIS_CERT_FILE", "REDIS_KEY_FILE"}
"""Read by a script of ours, which makes Flowise's variables of them."""
NOT_FOR_WORKERS = {"APP_URL": ("3.1.1", "3.1.2")}
"""What workers are told before the release in which they read it, so that an upgrade of the image changes nothing else."""


def main(main: Main = PLAIN_MAIN, **given: Any) -> dict[str, Any]:
    return main_environment(Flowise(**{"auth": AUTH, **given}), main)


def worker(worker: Worker = PLAIN_WORKER, **given: Any) -> dict[str, Any]:
    values = {"auth": AUTH, "database": POSTGRES, "storage": BUCKET, "queue": Queue(redis=REDIS), **given}
    return worker_environment(Flowise(**values), worker)


@pytest.mark.filterwarnings("ignore::flowise_constructs.ConfigWarning")
@pytest.mark.parametrize("tag", releases.SUPPORTED_TAGS)
@pytest.mark.parametrize("name", [name for name in INSTALLATIONS if name != "sqlite"])
def test_every_variable_is_read_by_whom_it_is_given_to(name: str, tag: str) -> None:
    flowise = INSTALLATIONS[name]
    given = {field: getattr(flowise, field) for field in ("auth", "database", "storage", "queue", "settings")}
    flowise = Flowise(image=Image(tag=tag), **given)
    release = releases.RELEASES[tag]
    told: set[tuple[releases.Role, str]] = {("main", variable) for variable in main_environment(flowise, Main())}
    if flowise.queue is not None:
        told |= {("worker", variable) for variable in worker_environment(flowise, Worker())}
    unread = {(role, variable) for role, variable in told if variables_unread(variable, release, role)}
    unread = {(role, variable) for role, variable in unread if variable not in OURS}
    assert unread == {("worker", variable) for variable, tags in NOT_FOR_WORKERS.items() if tag in tags} & told


def test_every_variable_that_is_set_is_owned() -> None:
    """So that none can be set twice, by a value and as an extra one."""
    everything = INSTALLATIONS["everything"]
    told = {*main_environment(everything, Main()), *worker_environment(everything, Worker())}
    told |= set(main_environment(INSTALLATIONS["sqlite"], Main()))
    assert told <= set(OWNED)


@pytest.mark.parametrize("variable", OWNED)
def test_no_owned_variable_can_be_set_as_an_extra_one(variable: str) -> None:
    with pytest.raises(ConfigError, match=rf"Settings\.extra_env: '{variable}' (is set by|can't be given)"):
        main(settings=Settings(extra_env={variable: "x"}))
    with pytest.raises(ConfigError, match=rf"Main\.extra_env: '{variable}' (is set by|can't be given)"):
        main(main=Main(extra_env={variable: "x"}))
    with pytest.raises(ConfigError, match=rf"Worker\.extra_env: '{variable}' (is set by|can't be given)"):
        worker(worker=Worker(extra_env={variable: "x"}))


def test_a_role_s_own_variable_wins_over_the_shared_one() -> None:
    shared = Settings(extra_env={"TZ": "UTC", "LANG": "C"})
    told = main(settings=shared, main=Main(extra_env={"TZ": "Europe/Zurich"}))
    assert (told["TZ"], told["LANG"]) == ("Europe/Zurich", "C")


@pytest.mark.parametrize(
    ("variable", "message"),
    [
        ("NUMBER_OF_PROXIES", "set TRUST_PROXY"),
        ("DISABLE_FLOWISE_TELEMETRY", "nothing is sent unless"),
        ("ENABLE_METRIC", "did you mean ENABLE_METRICS"),
        ("CUSTOM_MCP_ALLOWED_COMMANDS", "new in 3.1.4"),
        ("MY_TOOLS_URL", "leave it out unless"),
    ],
)
def test_a_variable_that_nobody_reads_is_reported(variable: str, message: str) -> None:
    with pytest.warns(ConfigWarning, match=message):
        main(settings=Settings(extra_env={variable: "x"}))


def test_a_variable_of_main_is_told_where_a_worker_gets_it() -> None:
    with pytest.warns(ConfigWarning, match="is read by main only"):
        worker(worker=Worker(extra_env={"PASSWORD_SALT_HASH_ROUNDS": "12"}))


def test_the_database_path_is_a_directory() -> None:
    assert main()["DATABASE_PATH"] == "/home/node/.flowise"
    elsewhere = SqliteDatabase(directory="/home/node/.flowise/database.sqlite")
    assert main(database=elsewhere)["DATABASE_PATH"] == "/home/node/.flowise/database.sqlite"


def test_files_are_below_the_data_directory() -> None:
    assert main()["BLOB_STORAGE_PATH"] == "/home/node/.flowise/storage"
    assert main(storage=LocalStorage(path="/files"))["BLOB_STORAGE_PATH"] == "/files"


@pytest.mark.parametrize(
    ("tls", "told"),
    [
        (None, {}),
        (DatabaseTls(), {"DATABASE_SSL": "true"}),
        (
            TLS,
            {
                "DATABASE_SSL": "true",
                "DATABASE_SSL_KEY_FILE": "/etc/flowise-constructs/certificates/database-ca.pem",
                "DATABASE_REJECT_UNAUTHORIZED": "true",
            },
        ),
        (
            DatabaseTls(ca_base64=ConfigMapKey(config_map="ca", key="ca"), verify=False),
            {
                "DATABASE_SSL": "true",
                "DATABASE_SSL_KEY_BASE64": ConfigMapKey(config_map="ca", key="ca"),
                "DATABASE_REJECT_UNAUTHORIZED": "false",
            },
        ),
    ],
)
def test_tls_of_the_database(tls: DatabaseTls | None, told: dict[str, Any]) -> None:
    environment = main(database=PostgresDatabase(host="db", password=PASSWORD, tls=tls))
    names = ("DATABASE_SSL", "DATABASE_SSL_KEY_FILE", "DATABASE_SSL_KEY_BASE64", "DATABASE_REJECT_UNAUTHORIZED")
    assert {name: environment[name] for name in names if name in environment} == told


@pytest.mark.parametrize(
    ("given", "url", "secure"),
    [
        ({}, None, None),
        ({"ingress": INGRESS}, f"https://{HOST}", "true"),
        ({"ingress": Ingress(hosts=[IngressHost(host=HOST)])}, f"http://{HOST}", "false"),
        ({"ingress": Ingress(hosts=[IngressHost(host=HOST)], tls_in_front=True)}, f"https://{HOST}", "true"),
        ({"ingress": Ingress(hosts=[IngressHost(host="*.example.com")])}, None, None),
        ({"settings": Settings(app_url="https://a.example.com/")}, "https://a.example.com", "true"),
        ({"settings": Settings(app_url="http://localhost:3000")}, "http://localhost:3000", "false"),
        ({"settings": Settings(app_url="http://localhost:3000", secure_cookies=True)}, "http://localhost:3000", "true"),
        ({"settings": Settings(secure_cookies=True)}, None, "true"),
        ({"settings": Settings(app_url="https://a.example.com"), "ingress": INGRESS}, "https://a.example.com", "true"),
    ],
)
def test_cookies_follow_the_public_url(given: dict[str, Any], url: str | None, secure: str | None) -> None:
    told = main(**given)
    assert (told.get("APP_URL"), told.get("SECURE_COOKIES")) == (url, secure)


@pytest.mark.parametrize(
    ("proxies", "told"), [(0, "false"), (2, "2"), ("loopback, 10.0.0.0/8", "loopback, 10.0.0.0/8")]
)
def test_trusted_proxies(proxies: int | str, told: str) -> None:
    assert main(settings=Settings(trusted_proxies=proxies))["TRUST_PROXY"] == told


def test_retention_is_told_to_main_which_adds_the_jobs() -> None:
    kept = Queue(redis=REDIS, remove_on_age_seconds=1_000_000, remove_on_count=None)
    told = main(database=POSTGRES, storage=BUCKET, queue=kept)
    assert told["REMOVE_ON_AGE"] == "1000000"
    assert "REMOVE_ON_COUNT" not in told


def test_keep_alive_is_told_in_milliseconds() -> None:
    told = worker(queue=Queue(redis=Redis(host="redis", keep_alive_seconds=45)))
    assert told["REDIS_KEEP_ALIVE"] == "45000"
    assert "REDIS_PASSWORD" not in told


def test_the_heap_fits_the_memory() -> None:
    told = main(main=Main(resources=Resources(memory_limit="4Gi")))
    assert told["NODE_OPTIONS"] == "--max-old-space-size=2867"


def test_lists_are_joined() -> None:
    told = main_environment(INSTALLATIONS["everything"], Main())
    assert told["DISABLED_NODES"] == "a,b"
    assert told["HTTP_DENY_LIST"] == "10.0.0.0/8,192.168.0.0/16"
    assert told["NO_PROXY"] == "localhost,127.0.0.1,*.svc,*.cluster.local,db,redis,minio,10.0.0.1"


def test_older_releases_are_told_what_newer_ones_do_by_themselves() -> None:
    """3.1.1 and 3.1.2 let every page frame the chat and nodes start processes, unless told."""
    told = main()
    assert (told["IFRAME_ORIGINS"], told["CUSTOM_MCP_PROTOCOL"]) == ("'self'", "sse")
