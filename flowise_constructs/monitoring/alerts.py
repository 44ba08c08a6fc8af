"""`AlertRules`: what somebody on call is told, as a PrometheusRule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from cdk8s import ApiObject
from constructs import Construct

from flowise_constructs.core.checking import checked
from flowise_constructs.core.findings import ConfigError, Finding
from flowise_constructs.core.rules import naming, network, texts
from flowise_constructs.flowise.deployment import Deployment
from flowise_constructs.kubernetes.identity import derived
from flowise_constructs.kubernetes.objects import Manifest, api_object
from flowise_constructs.monitoring.alert_rules.jobs import job_rules
from flowise_constructs.monitoring.alert_rules.main import main_rules
from flowise_constructs.monitoring.alert_rules.queue import queue_rules
from flowise_constructs.monitoring.alert_rules.rule import Rule, duration
from flowise_constructs.monitoring.alert_rules.servers import server_rules
from flowise_constructs.monitoring.thresholds import AlertThresholds, LabelName, ScrapeJobs
from flowise_constructs.monitoring.watched import watched

NONE: Mapping[str, str] = MappingProxyType({})
PAGE = "how-to/alerts"
"""The page with a section for each alert: what it means, how to look, what to do."""


class AlertRules(Construct):
    """Alerts on one deployment: PrometheusRule `{name}-alerts` (`monitoring.coreos.com/v1`), with those that the
    deployment has the parts for: none on a queue in standalone, none on backups without a backup.

    Each selects the series of its own deployment, by namespace and names of objects, so that two deployments in one
    cluster don't fire each other's. Labels of an alert: `severity` (`critical`: now; `warning`: in working hours),
    `namespace`, and `flowise` with the deployment's name.

    Must exist already: the Prometheus Operator, and a Prometheus that selects the object (`labels`) and scrapes
    kube-state-metrics, the kubelets (volumes) and the targets of `jobs`. The certificate's age comes from cert-manager
    or a blackbox exporter, whichever is scraped; where neither is, that alert never fires.

    `.prometheus_rule` is the object; `.alerts` are the names of the alerts in it.

    Raises ConfigError where nobody says the namespace, and for alerts in `without` that aren't there.
    """

    prometheus_rule: ApiObject
    """The object."""
    alerts: tuple[str, ...]
    """The names of the alerts in it."""

    @checked
    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        deployment: Deployment,
        thresholds: AlertThresholds = AlertThresholds(),
        jobs: ScrapeJobs | None = None,
        namespace: naming.DnsLabel | None = None,
        runbooks: network.Url | None = None,
        labels: Mapping[naming.LabelKey, naming.LabelValue] = NONE,
        alert_labels: Mapping[LabelName, texts.Text] = NONE,
        without: Sequence[texts.Text] = (),
    ) -> None:
        """`deployment` is `chart.deployment`, with the exporters that `Deployment.including` adds, and with Jobs such
        as a `RestoreJob` for an alert if they fail.

        `jobs`: which targets are scraped. Default: main, if it has metrics for Prometheus, and the exporters among the
        deployment's workloads. `namespace`: where the deployment is, if neither `Names.namespace` nor the chart says
        it; it is in the alerts alone, and the object goes where the others go.

        `runbooks`: the address under which your readers find the page `how-to/alerts` of this documentation; each
        alert gets `runbook_url`, which is that address with `#` and its section. None: the annotation `runbook`, with
        the command that prints the page. `labels`: of the object, which Prometheus' `ruleSelector` may ask for.
        `alert_labels`: further labels of every alert, which Alertmanager's routes may ask for. `without`: alerts that
        are left out. Example: `runbooks="https://docs.example.com/how-to/alerts.html"`,
        `labels={"release": "kube-prometheus-stack"}`, `alert_labels={"team": "platform"}`,
        `without=["FlowiseDrillTooOld"]`.
        """
        super().__init__(scope, id)
        seen = watched(self, "AlertRules", deployment, namespace, jobs)
        parts = {"main": main_rules, "queue": queue_rules, "servers": server_rules, "jobs": job_rules}
        groups = {part: list(rules(seen, thresholds)) for part, rules in parts.items()}
        made = [rule.alert for rules in groups.values() for rule in rules]
        if findings := [*_unknown(without, made), *_taken(alert_labels)]:
            raise ConfigError(findings)
        further = {**alert_labels, "namespace": seen.namespace, "flowise": seen.name}
        kept = {part: [rule for rule in rules if rule.alert not in without] for part, rules in groups.items()}
        self.alerts = tuple(alert for alert in made if alert not in without)
        self.prometheus_rule = api_object(
            self,
            "Resource",
            api_version="monitoring.coreos.com/v1",
            kind="PrometheusRule",
            metadata={
                "name": derived(seen.name, "-alerts"),
                "namespace": deployment.names.namespace,
                "labels": {**seen.labels, **labels},
            },
            spec={
                "groups": [
                    {"name": f"{seen.name}-{part}", "rules": [_body(rule, further, runbooks) for rule in rules]}
                    for part, rules in kept.items()
                    if rules
                ]
            },
        )


def _body(rule: Rule, labels: Mapping[str, str], runbooks: str | None) -> Manifest:
    own = f"flowise-constructs docs {PAGE}, section {rule.alert}"
    page: dict[str, Any] = {"runbook_url": f"{runbooks}#{rule.alert.lower()}"} if runbooks else {"runbook": own}
    return {
        "alert": rule.alert,
        "expr": rule.expr,
        "for": duration(rule.for_seconds) if rule.for_seconds else None,
        "labels": {"severity": rule.severity, **labels},
        "annotations": {"summary": rule.summary, "description": rule.description, **page},
    }


def _unknown(without: Sequence[str], made: Sequence[str]) -> Iterable[Finding]:
    for alert in without:
        if alert not in made:
            problem = f"{alert!r} is no alert of this deployment; those are: {', '.join(made)}"
            yield Finding("AlertRules.without", problem)


def _taken(labels: Mapping[str, str]) -> Iterable[Finding]:
    for label in sorted({"severity", "namespace", "flowise", "alertname"} & labels.keys()):
        yield Finding("AlertRules.alert_labels", f"{label!r} is set by the construct: leave it out")
