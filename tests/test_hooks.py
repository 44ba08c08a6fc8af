"""What a subclass's hooks return is held like any value, and what they change reaches the pods beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from cdk8s import App, Chart
from deployments import AUTH, BACKUP, BUCKET, PASSWORD, POSTGRES, environment, objects, pods

from flowise_constructs import (
    ConfigError,
    ConfigMapKey,
    ConfigWarning,
    Flowise,
    FlowiseMain,
    FlowiseWorker,
    Queue,
    Redis,
    RestoreJob,
    SecretKey,
    StandaloneChart,
)

HOST = SecretKey(secret="flowise-db-app", key="host")
QUEUED = Flowise(auth=AUTH, database=POSTGRES, storage=BUCKET, queue=Queue(redis=Redis(host="redis")))


def main_of(*, returned: Any = None, changed: Mapping[str, Any] | None = None, without: str = "") -> type[FlowiseMain]:
    """A main whose hook returns something, or changes its own environment."""

    class Main(FlowiseMain):
        def env(self) -> Any:
            if changed is None and not without:
                return returned
            own = {name: value for name, value in super().env().items() if name != without}
            return {**own, **(changed or {})}

    return Main


def commanded(command: Any) -> type[FlowiseMain]:
    class Main(FlowiseMain):
        def command(self) -> Any:
            return command

    return Main


REFUSED: dict[str, tuple[type[FlowiseMain], str]] = {
    "no environment": (main_of(), r"FlowiseMain.env\(\): None must be a mapping: return {\*\*super\(\).env\(\)"),
    "a list": (main_of(returned=["A=b"]), r"FlowiseMain.env\(\): \['A=b'\] must be a mapping"),
    "without its own": (main_of(returned={"A": "b"}), r"lacks FLOWISE_SECRETKEY_OVERWRITE"),
    "without a key": (main_of(without="JWT_AUTH_TOKEN_SECRET"), r"lacks JWT_AUTH_TOKEN_SECRET"),
    "another port": (main_of(changed={"PORT": "8080"}), r"changes PORT, which can't be changed: the container's port"),
    "another home": (main_of(changed={"HOME": "/root"}), r"changes HOME, which can't be changed"),
    "a literal key": (
        main_of(changed={"FLOWISE_SECRETKEY_OVERWRITE": "hunter2"}),
        r"gives FLOWISE_SECRETKEY_OVERWRITE as text \(not shown\)",
    ),
    "a literal password": (main_of(changed={"DATABASE_PASSWORD": "hunter2"}), r"gives DATABASE_PASSWORD as text"),
    "a number": (
        main_of(changed={"LANGUAGE": 5}),
        r"env\['LANGUAGE'\]: the value, of type int and not shown, must be str",
    ),
    "a wrong name": (main_of(changed={"A B": "c"}), r"env\['A B'\]: must be the name of an environment variable"),
    "a command as text": (commanded("flowise start"), r"FlowiseMain.command\(\): 'flowise start' must be a list"),
    "an empty command": (commanded([]), r"FlowiseMain.command\(\): \[\] is empty"),
    "a command of numbers": (commanded(["flowise", 1]), r"FlowiseMain.command\(\): \[1\] 1 must be str"),
}


@pytest.mark.parametrize(("main", "message"), REFUSED.values(), ids=REFUSED)
def test_what_a_hook_must_not_return_is_refused(main: type[FlowiseMain], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as refused:
        main(Chart(App(), "chart"), "Main", flowise=Flowise(auth=AUTH, database=POSTGRES))
    assert "hunter2" not in str(refused.value)


def test_a_worker_s_hooks_are_held_too() -> None:
    class Worker(FlowiseWorker):
        def env(self) -> Any:
            return None

    with pytest.raises(ConfigError, match=r"FlowiseWorker.env\(\): None must be a mapping"):
        Worker(Chart(App(), "chart"), "Worker", flowise=QUEUED)


def chart_of(main: type[FlowiseMain]) -> type[StandaloneChart]:
    class Ours(StandaloneChart):
        main_class = main

    return Ours


def backed_up(main: type[FlowiseMain], **given: Any) -> list[dict[str, Any]]:
    values = {"auth": AUTH, "database": POSTGRES, "storage": BUCKET, "data": None, "backup": BACKUP, **given}
    return objects(lambda app: chart_of(main)(app, "flowise", **values))


def dump_of(documents: list[dict[str, Any]]) -> dict[str, Any]:
    [container] = [
        item for item in pods(documents)["CronJob flowise-backup"]["initContainers"] if item["name"] == "dump"
    ]
    return {item["name"]: item.get("value", item.get("valueFrom")) for item in container["env"]}


def test_a_backup_follows_where_main_s_hook_finds_the_database() -> None:
    other = SecretKey(secret="flowise-db-app", key="password")
    user = ConfigMapKey(config_map="names", key="user")
    documents = backed_up(main_of(changed={"DATABASE_HOST": HOST, "DATABASE_USER": user, "DATABASE_PASSWORD": other}))
    reference = {"secretKeyRef": {"name": "flowise-db-app", "key": "host"}}
    assert environment(documents, "flowise")["DATABASE_HOST"] == reference
    dump = dump_of(documents)
    assert dump["DATABASE_HOST"] == reference
    assert dump["DATABASE_USER"] == {"configMapKeyRef": {"name": "names", "key": "user"}}
    assert "'name': 'flowise-db-app'" in repr(pods(documents)["CronJob flowise-backup"]["volumes"])


def test_a_restore_takes_the_same() -> None:
    chart = Chart(App(), "chart")
    main = main_of(changed={"DATABASE_HOST": HOST})(chart, "Main", flowise=QUEUED)
    RestoreJob(chart, "Restore", backup=BACKUP, flowise=QUEUED, environment=main.environment)
    [job] = [item for item in chart.to_json() if item["kind"] == "Job"]
    assert "'name': 'flowise-db-app'" in repr(job)
    assert "db.example.com" not in repr(job)


NOT_FOLLOWED: dict[str, tuple[dict[str, Any], str]] = {
    "another type": ({"DATABASE_TYPE": "mysql"}, "changes DATABASE_TYPE, which a backup can't follow"),
    "another bucket": (
        {"S3_STORAGE_BUCKET_NAME": "other"},
        "changes S3_STORAGE_BUCKET_NAME: a backup would copy another",
    ),
    "Google's bucket beside": (
        {"GOOGLE_CLOUD_STORAGE_BUCKET_NAME": "other"},
        "changes GOOGLE_CLOUD_STORAGE_BUCKET_NAME: a backup would copy another",
    ),
    "another store": ({"STORAGE_TYPE": "gcs"}, "changes STORAGE_TYPE: a backup would copy another storage's files"),
    "a password of a ConfigMap": (
        {"DATABASE_PASSWORD": ConfigMapKey(config_map="a", key="b")},
        "gives DATABASE_PASSWORD otherwise than by SecretKey",
    ),
}


@pytest.mark.parametrize(("changed", "message"), NOT_FOLLOWED.values(), ids=NOT_FOLLOWED)
def test_a_backup_refuses_what_it_can_not_follow(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        backed_up(main_of(changed=changed))


def test_a_hook_that_adds_changes_no_backup() -> None:
    added = backed_up(main_of(changed={"LANGUAGE": "en", "POD_NAME": PASSWORD}))
    assert dump_of(added) == dump_of(backed_up(FlowiseMain))


def test_a_secret_that_a_hook_adds_as_text_is_warned_of() -> None:
    made = main_of(changed={"HTTPS_PROXY": "http://flowise:hunter2@proxy:3128"})
    with pytest.warns(ConfigWarning, match=r"FlowiseMain.env\(\): HTTPS_PROXY looks like a secret") as warned:
        made(Chart(App(), "chart"), "Main", flowise=Flowise(auth=AUTH, database=POSTGRES))
    assert "hunter2" not in str(warned[0].message)
