"""`AlertRules`: promtool is asked what each alert does; what is in the YAML is looked at everywhere."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from alert_cases import CASES, END, HEALTHY, Case, elsewhere
from cdk8s import App, Chart
from deployments import (
    AUTH,
    BACKUP,
    BUCKET,
    DRILLED,
    HOST,
    INGRESS,
    METRICS_KEY,
    OWNER,
    POSTGRES,
    ROUTE,
    SERVERS_SCRAPED,
    objects,
    queue,
    standalone,
    with_alerts,
)
from metric_names import selected, unknown

from flowise_constructs import (
    AlertRules,
    AlertThresholds,
    BundledPostgres,
    BundledRedis,
    ConfigError,
    Deployment,
    Flowise,
    FlowiseMain,
    Image,
    Metrics,
    Monitoring,
    Names,
    Queue,
    QueueChart,
    Restore,
    RestoreJob,
    ScrapeJobs,
    Settings,
    StandaloneChart,
)

pytestmark = pytest.mark.filterwarnings("ignore::flowise_constructs.ConfigWarning")

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "how-to" / "alerts.md"
RUNBOOKS = "https://docs.example.com/how-to/alerts.html"
promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool isn't on the PATH")


def everything(app: App) -> Chart:
    """A deployment with all parts that an alert is about."""
    names, settings = Names(namespace="ai"), Settings(metrics=Metrics())
    chart = QueueChart(
        app,
        "queue",
        auth=AUTH,
        database=BundledPostgres(),
        queue=Queue(redis=BundledRedis()),
        storage=BUCKET,
        backup=DRILLED,
        owner=OWNER,
        ingress=INGRESS,
        settings=settings,
        names=names,
    )
    flowise = chart.deployment.flowise
    restore = RestoreJob(chart, "Restore", backup=BACKUP, flowise=flowise, restore=Restore(), names=names)
    monitoring = Monitoring(chart, "Monitoring", deployment=chart.deployment, api_key=METRICS_KEY, **SERVERS_SCRAPED)
    AlertRules(chart, "Alerts", deployment=monitoring.deployment.including(restore), runbooks=RUNBOOKS)
    return chart


@cache
def rules() -> dict[str, dict[str, Any]]:
    """The alerts of that deployment, by name."""
    return rules_of(objects(everything))


def rules_of(documents: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    [document] = [item for item in documents if item["kind"] == "PrometheusRule"]
    every = [rule for group in document["spec"]["groups"] for rule in group["rules"]]
    found = {rule["alert"]: rule for rule in every}
    assert len(found) == len(every)
    return found


def alerts_of(deployment: Any, **given: Any) -> set[str]:
    return set(rules_of(objects(with_alerts(deployment, **{"namespace": "ai", **given}))))


# --- what promtool says


@cache
def groups() -> dict[str, dict[str, Any]]:
    """The groups of alerts, by name."""
    [document] = [item for item in objects(everything) if item["kind"] == "PrometheusRule"]
    return {group["name"]: group for group in document["spec"]["groups"]}


def asked(*arguments: str | Path) -> str:
    answer = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, check=False)
    return "" if answer.returncode == 0 else answer.stdout + answer.stderr


def unit_test(case: Case, known: Iterable[str]) -> dict[str, Any]:
    """A case in promtool's words: which of the known alerts fire at its end."""
    series = {name: values for name, values in {**HEALTHY, **case.changes}.items() if values is not None}
    return {
        "name": case.name,
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [
            {
                "expr": 'count by (alertname) (ALERTS{alertstate="firing"})',
                "eval_time": f"{END}s",
                "exp_samples": [
                    {"labels": f'{{alertname="{alert}"}}', "value": 1} for alert in sorted({*case.fires} & {*known})
                ],
            }
        ],
    }


def alerts_in(group: dict[str, Any]) -> list[str]:
    return [rule["alert"] for rule in group["rules"]]


def verdict(folder: Path, asked_groups: Iterable[dict[str, Any]], tests: Iterable[dict[str, Any]]) -> str:
    """What promtool objects to. It evaluates every second minute, which halves its time."""
    (folder / "rules.yaml").write_text(json.dumps({"groups": list(asked_groups)}))
    content = {"rule_files": ["rules.yaml"], "evaluation_interval": "2m", "tests": list(tests)}
    (folder / "tests.yaml").write_text(json.dumps(content))
    return asked("test", "rules", folder / "tests.yaml")


@promtool
def test_the_rules_are_valid(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(json.dumps({"groups": list(groups().values())}))
    assert asked("check", "rules", "--lint-fatal", tmp_path / "rules.yaml") == ""


@promtool
@pytest.mark.parametrize("part", sorted(groups()))
def test_each_alert_fires_on_its_fault_alone(tmp_path: Path, part: str) -> None:
    known = alerts_in(groups()[part])
    cases = [case for case in CASES if case.about in known]
    assert cases
    assert verdict(tmp_path, [groups()[part]], [unit_test(case, known) for case in cases]) == ""


@promtool
def test_nothing_fires_in_normal_load_and_on_faults_of_other_deployments(tmp_path: Path) -> None:
    cases = [case for case in CASES if not case.about]
    others = list(elsewhere())
    assert [len(other.changes) > 30 for other in others] == [True, True]
    assert verdict(tmp_path, groups().values(), [unit_test(case, rules()) for case in (*cases, *others)]) == ""


@promtool
def test_an_alert_that_does_not_fire_would_be_noticed(tmp_path: Path) -> None:
    told = verdict(tmp_path, groups().values(), [unit_test(Case("wrong", {}, ("FlowiseDown",)), rules())])
    assert "FlowiseDown" in told


@promtool
def test_what_somebody_is_told(tmp_path: Path) -> None:
    [case] = [case for case in CASES if case.name == "FlowiseVolumeFull is silent"]
    changes = dict.fromkeys(case.changes, "0.5e9x26")
    labels = {"severity": "critical", "namespace": "ai", "flowise": "flowise"}
    told = {
        "eval_time": f"{END}s",
        "alertname": "FlowiseVolumeFull",
        "exp_alerts": [
            {
                "exp_labels": {**labels, "persistentvolumeclaim": "data-flowise-redis-0"},
                "exp_annotations": {
                    "summary": "A volume of Flowise is almost full: its server stops writing",
                    "description": "The claim data-flowise-redis-0 is 98 % full.",
                    "runbook_url": f"{RUNBOOKS}#flowisevolumefull",
                },
            }
        ],
    }
    test = {**unit_test(case._replace(changes=changes), ()), "promql_expr_test": [], "alert_rule_test": [told]}
    assert verdict(tmp_path, [groups()["flowise-servers"]], [test]) == ""


# --- what is in the YAML


def test_each_alert_has_series_that_fire_it_and_series_that_do_not() -> None:
    fired = {case.about for case in CASES if case.about in case.fires}
    silent = {case.about for case in CASES if case.about not in case.fires}
    assert fired == silent - {""} == set(rules())


@pytest.mark.parametrize("alert", sorted(rules()))
def test_each_alert_says_what_to_do(alert: str) -> None:
    rule = rules()[alert]
    assert rule["labels"] == {"severity": rule["labels"]["severity"], "namespace": "ai", "flowise": "flowise"}
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}
    page, section = rule["annotations"]["runbook_url"].split("#")
    assert (page, section) == (RUNBOOKS, alert.lower())


def sections() -> dict[str, str]:
    """The sections of the page, by alert."""
    found = re.split(r"^### (\w+)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(found[1::2], found[2::2], strict=True))


def test_the_page_has_a_section_for_each_alert_and_for_no_other() -> None:
    assert set(sections()) == set(rules())


@pytest.mark.parametrize("alert", sorted(rules()))
def test_a_section_says_what_it_means_how_to_look_and_what_to_do(alert: str) -> None:
    text = sections()[alert]
    for part in ("**What it means.**", "**How to look.**", "**What to do.**"):
        assert text.count(part) == 1
    assert text.lstrip().startswith(f"*{rules()[alert]['labels']['severity'].title()}.* ")


def test_every_metric_and_label_is_one_that_somebody_gives() -> None:
    found = {name for rule in rules().values() for name in unknown(rule["expr"])}
    assert found == set()
    assert unknown('rate(flowise_queue_lenght{job="a"}[5m])') == ["flowise_queue_lenght"]
    assert unknown('flowise_queue_workers{kind="a"}') == ["flowise_queue_workers{kind}"]


def test_every_series_is_of_this_deployment() -> None:
    for alert, rule in rules().items():
        found = list(selected(rule["expr"]))
        assert found, alert
        for metric, matchers in found:
            if metric == "probe_ssl_earliest_cert_expiry":
                assert HOST.replace(".", "[.]") in matchers["instance"]
                continue
            assert "=ai" in (matchers.get("namespace"), matchers.get("exported_namespace")), (alert, metric)
            own = {"job", "deployment", "cronjob", "job_name", "pod", "persistentvolumeclaim", "name"} & set(matchers)
            assert any("flowise" in matchers[label] for label in own), (alert, metric)


QUEUE_ALERTS = {"FlowiseQueueUnreachable", "FlowiseQueueStuck", "FlowiseQueueBacklog", "FlowiseQueueWaits"}
WORKER_ALERTS = {"FlowiseNoWorkers", "FlowiseWorkersMissing"}
OF_MAINS = {"FlowiseDown", "FlowiseNotReady", "FlowiseGateLoops", "FlowiseRestarts", "FlowiseStateUnknown"}
OF_FIGURES = {
    "FlowiseScrapeLost",
    "FlowisePredictionsFail",
    "FlowiseServerErrors",
    "FlowiseEventLoopLag",
    "FlowiseWrongRelease",
}
VOLUMES = {"FlowiseVolumeFills", "FlowiseVolumeFull"}
METRICS = Settings(metrics=Metrics())


@pytest.mark.parametrize(
    ("deployment", "alerts"),
    [
        (standalone(), OF_MAINS | VOLUMES),
        (standalone(data=None, database=POSTGRES), OF_MAINS),
        (standalone(settings=METRICS), OF_MAINS | VOLUMES | OF_FIGURES),
        (standalone(settings=Settings(metrics=Metrics(node_metrics=False))), OF_MAINS | VOLUMES | OF_FIGURES - {"FlowiseEventLoopLag"}),
        (standalone(settings=Settings(metrics=Metrics(provider="open_telemetry", endpoint="http://a.b"))), OF_MAINS | VOLUMES),
        (standalone(ingress=INGRESS), OF_MAINS | VOLUMES | {"FlowiseCertificateExpires"}),
        (standalone(route=ROUTE), OF_MAINS | VOLUMES | {"FlowiseCertificateExpires"}),
        (standalone(owner=OWNER), OF_MAINS | VOLUMES | {"FlowiseJobFailed"}),
        (standalone(database=BundledPostgres(), backup=BACKUP), OF_MAINS | VOLUMES | {"FlowiseBackupTooOld", "FlowiseBackupFailed"}),
        (queue(), OF_MAINS | WORKER_ALERTS),
        (queue(settings=METRICS), OF_MAINS | WORKER_ALERTS | OF_FIGURES),
    ],
)  # fmt: skip
def test_only_alerts_that_the_deployment_has_the_parts_for(deployment: Any, alerts: set[str]) -> None:
    assert alerts_of(deployment) == alerts


def test_jobs_that_are_given_are_the_ones_that_are_scraped() -> None:
    found = rules_of(objects(with_alerts(queue(settings=METRICS), namespace="ai", jobs=ScrapeJobs(queue="bullmq"))))
    assert set(found) == OF_MAINS | WORKER_ALERTS | QUEUE_ALERTS | {"FlowiseScrapeLost"}
    assert 'job="bullmq"' in found["FlowiseQueueStuck"]["expr"]


def test_a_deployment_of_constructs_alone_has_alerts_too() -> None:
    def build(app: App) -> Chart:
        chart = Chart(app, "chart", namespace="ai")
        main = FlowiseMain(chart, "Main", flowise=Flowise(auth=AUTH, database=POSTGRES))
        AlertRules(chart, "Alerts", deployment=Deployment.of(main))
        return chart

    assert set(rules_of(objects(build))) == OF_MAINS


def test_names_are_those_of_the_deployment() -> None:
    given = {"names": Names(name="chat-bot", instance="prod", main_component="flowise")}
    deployment = queue(**given, database=BundledPostgres(), backup=BACKUP, image=Image(tag="3.1.4"), settings=METRICS)
    text = json.dumps(rules_of(objects(with_alerts(deployment, namespace="ai"))))
    for name in (
        'deployment=\\"chat-bot\\"',
        'deployment=\\"chat-bot-worker\\"',
        'cronjob=\\"chat-bot-backup\\"',
        'job=\\"chat-bot\\"',
        '=~\\"data-prod-postgresql-0\\"',
        'version!~\\"v?3[.]1[.]4\\"',
    ):
        assert name in text, name


def test_claims_are_those_that_pods_mount() -> None:
    found = rules_of(objects(with_alerts(standalone(database=BundledPostgres()), namespace="ai")))
    assert 'persistentvolumeclaim=~"flowise-data|data-flowise-postgresql-0"' in found["FlowiseVolumeFull"]["expr"]


def test_labels_runbooks_and_what_is_left_out() -> None:
    build = with_alerts(
        standalone(names=Names(namespace="ai")),
        labels={"release": "kube-prometheus-stack"},
        alert_labels={"team": "platform"},
        without=["FlowiseRestarts"],
    )
    documents = objects(build)
    [document] = [item for item in documents if item["kind"] == "PrometheusRule"]
    assert document["metadata"]["name"] == "flowise-alerts"
    assert document["metadata"]["namespace"] == "ai"
    assert document["metadata"]["labels"]["release"] == "kube-prometheus-stack"
    found = rules_of(documents)
    assert "FlowiseRestarts" not in found
    assert found["FlowiseDown"]["labels"]["team"] == "platform"
    runbook = found["FlowiseDown"]["annotations"]["runbook"]
    assert runbook == "flowise-constructs docs how-to/alerts, section FlowiseDown"
    assert PAGE.is_file()


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({}, "AlertRules.namespace: is not known: without it the alerts and panels of two deployments would see each other's figures; give AlertRules(namespace='ai'), or Names.namespace"),
    ({"namespace": "ai", "without": ["FlowiseQueueStuck"]}, "AlertRules.without: 'FlowiseQueueStuck' is no alert of this deployment; those are: FlowiseDown, FlowiseNotReady, FlowiseGateLoops, FlowiseRestarts, FlowiseStateUnknown, FlowiseVolumeFills, FlowiseVolumeFull"),
    ({"namespace": "ai", "alert_labels": {"severity": "page"}}, "AlertRules.alert_labels: 'severity' is set by the construct: leave it out"),
    ({"namespace": "ai", "alert_labels": {"a-b": "c"}}, "AlertRules.alert_labels: key 'a-b' must be a label of Prometheus: letters, digits and '_', such as 'team'"),
    ({"namespace": "ai", "runbooks": "docs"}, "AlertRules.runbooks: 'docs' must be an http:// or https:// URL with a host"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "message"), REFUSED)
def test_what_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        objects(with_alerts(standalone(), **given))
    assert str(error.value) == message


def test_the_namespace_is_the_deployments() -> None:
    with pytest.raises(ConfigError, match=r"AlertRules.namespace: 'b' is not the deployment's 'a': leave it out"):
        objects(with_alerts(standalone(names=Names(namespace="a")), namespace="b"))
    chart = StandaloneChart(App(), "standalone", auth=AUTH, namespace="c")
    assert 'namespace="c"' in json.dumps(
        AlertRules(chart, "A", deployment=chart.deployment).prometheus_rule.to_json()
    ).replace("\\", "")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: AlertThresholds(volume_percent=95), "AlertThresholds.volume_full_percent: 95 is not above volume_percent 95: give more"),
        (lambda: AlertThresholds(redis_memory_percent=100), "AlertThresholds.redis_memory_percent: 100 must be a percentage from 1 to 99"),
        (lambda: AlertThresholds(backlog_jobs=0), "AlertThresholds.backlog_jobs: 0 must be from 1 to 2147483647"),
        (lambda: ScrapeJobs(main="a", queue="a"), "ScrapeJobs.main: 'a' is given for two targets: each has a job of its own"),
        (lambda: ScrapeJobs(redis=""), "ScrapeJobs.redis: '' must be the label 'job' of a target, such as 'flowise'"),
    ],
)  # fmt: skip
def test_values_that_are_refused(make: Any, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        make()
    assert str(error.value) == message
