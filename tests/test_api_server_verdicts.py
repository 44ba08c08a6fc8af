"""The library is held against what a real API server said: it refuses what the server refuses, and little more."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import cluster
import pytest
from api_server import SUBJECTS, fit, key, security
from api_server.verdicts import differences, recording, refusal, spelt_as_admitted, verdicts
from public_values import WAYS
from test_properties import VALUES

from flowise_constructs import AlertThresholds, ConfigError, ScrapeJobs

pytestmark = pytest.mark.filterwarnings("ignore::flowise_constructs.ConfigWarning")

CASES = [(subject, way) for subject, ways in WAYS.items() for way in ways]
WITHOUT_THE_LIBRARY = {security.NAME, fit.NAME, "image", "container name", "port name", "ConfigMap key"}
"""Subjects that are no field's value. Images have rules of their own that go far beyond the server's."""
WORDS = {
    *("name of a Service", "name of a ServiceAccount", "label key", "label value", "container name", "port name"),
    *("variable name", "secretKeyRef key", "ConfigMap key"),
}


def test_the_server_was_asked_about_every_value() -> None:
    asked = {name: set(verdicts(name)) for name in recording()["subjects"]}
    assert asked == {name: {key(value) for value in subject.values} for name, subject in SUBJECTS.items()}
    assert {*WAYS, *WITHOUT_THE_LIBRARY} == set(SUBJECTS)


def taken(make: Callable[[Any], object], value: Any) -> bool:
    try:
        make(value)
    except ConfigError:
        return False
    return True


def listed(kind: str, subject: str, way: str) -> set[str]:
    """Values for which a difference is known, of every field or of this one."""
    reasons = [differences(kind).get(place, {}) for place in (subject, f"{subject} / {way}")]
    return {key(value) for values in reasons for each in values.values() for value in each}


@pytest.mark.parametrize(("subject", "way"), CASES, ids=map(" / ".join, CASES))
def test_what_the_server_refuses_is_refused_here(subject: str, way: str) -> None:
    refused = [value for value in SUBJECTS[subject].values if refusal(subject, value) is not None]
    assert {key(value) for value in refused if taken(WAYS[subject][way], value)} == listed("laxer", subject, way)


@pytest.mark.parametrize(("subject", "way"), CASES, ids=map(" / ".join, CASES))
def test_what_the_server_admits_is_taken_unless_a_reason_is_listed(subject: str, way: str) -> None:
    admitted = [value for value in SUBJECTS[subject].values if refusal(subject, value) is None]
    assert {key(value) for value in admitted if not taken(WAYS[subject][way], value)} == listed(
        "stricter", subject, way
    )


@pytest.mark.parametrize("kind", ["laxer", "stricter"])
def test_listed_differences_are_of_fields(kind: str) -> None:
    places = {*WAYS, *(f"{subject} / {way}" for subject, way in CASES)}
    assert set(differences(kind)) <= places


# --- no field is forgotten

OF_FLOWISE = {
    *(
        "text",
        "literal",
        "host",
        "server_host",
        "file_size",
        "repository",
        "tag",
        "digest",
        "url",
        "origin",
        "cors_origin",
    ),
    *("frame_source", "listed", "bucket", "region", "prefix", "queue_name", "identifier", "certificate", "_proxies"),
    *("_dns_name", "_dns_pattern", "_share"),
    *("_address", "_dump_argument", "_table", "_backup_id", "_json", "all_annotations"),
}
"""Rules of what Flowise, a registry, a bucket or YAML reads: the API server has no opinion on it."""
NOT_IN_AN_OBJECT = {
    *("Drill.max_age_seconds", "Restore.server_wait_seconds", "Worker.concurrency", "Redis.keep_alive_seconds"),
    *("Retention.last", "Retention.daily", "Retention.weekly", "Retention.monthly", "Queue.remove_on_age_seconds"),
    *("Queue.remove_on_count", "Queue.event_stream_length", "MariadbDatabase.port", "MysqlDatabase.port"),
    *("PostgresDatabase.port", "Redis.port", "Smtp.port", "LocalStorage.path", "SqliteDatabase.directory"),
    *("Istio.exclude_outbound_ports", "Linkerd.exclude_outbound_ports"),
    *("BundledPostgres.config", "Queue.name", "Smtp.sender", "KeyRotation.wait_seconds"),
    *("Owner.email", "Owner.name", "Owner.deadline_seconds"),
    *("GcsBucket.bucket", "GcsBucket.project", "AzureContainer.account", "AzureContainer.container"),
    "Settings.model_list",
    # Of a custom resource.
    *("StoreRef.name", "SyncPolicy.refresh_seconds", "Cilium.ports"),
    *("GatewayRef.name", "GatewayRef.namespace", "GatewayRef.section_name", "GatewayRef.port", "HttpRoute.name"),
    *("HttpRoute.hosts", "HttpRoute.annotations", "RouteRule.paths", "RouteRule.request_timeout"),
    *("RouteRule.backend_request_timeout", "Doors.paths", "QueueScaling.authentication"),
    *("Scrape.interval_seconds", "Scrape.timeout_seconds"),
    *(f"ScrapeJobs.{field.name}" for field in fields(ScrapeJobs)),
    *(f"AlertThresholds.{field.name}" for field in fields(AlertThresholds)),
}
"""Numbers, ports and paths for programs: they stand in variables and files, where the API server reads nothing."""


def rules(hint: Any) -> Iterator[str]:
    """The names of all rules in an annotation."""
    if get_origin(hint) is Annotated:
        yield from (getattr(rule, "__name__", type(rule).__name__) for rule in get_args(hint)[1:])
        yield from rules(get_args(hint)[0])
    else:
        for part in get_args(hint):
            yield from rules(part)


def kubernetes_fields() -> Mapping[str, set[str]]:
    """Fields of public values with rules that are Kubernetes'."""
    found: dict[str, set[str]] = {}
    for cls in VALUES:
        hints = get_type_hints(cls, include_extras=True)
        for field in fields(cls):  # type: ignore[arg-type]
            found[f"{cls.__name__}.{field.name}"] = set(rules(hints[field.name])) - OF_FLOWISE
    return {name: names for name, names in found.items() if names}


def test_every_field_with_a_rule_of_kubernetes_is_held_against_the_server() -> None:
    covered = {way for ways in WAYS.values() for way in ways}
    assert set(kubernetes_fields()) - covered == NOT_IN_AN_OBJECT


# --- what judges whole manifests in other tests


@pytest.mark.parametrize("name", fit.OBJECTS)
def test_parts_that_dont_fit_are_seen_where_the_server_sees_them(name: str) -> None:
    assert bool(cluster.misfits(fit.OBJECTS[name]())) == (refusal(fit.NAME, name) is not None)


def test_pod_security_is_looked_up_piece_by_piece() -> None:
    pod = {"securityContext": security.FLOWISE, "containers": [{"name": "a", "securityContext": security.CONTAINER}]}
    assert cluster.restricted_violations(pod) == []
    assert cluster.restricted_violations({**pod, "hostNetwork": True}) == [
        'violates PodSecurity "restricted:latest": host namespaces'
    ]
    [told] = cluster.restricted_violations({**pod, "hostWhatever": True, "volumes": [{"name": "a", "csi": {}}]})
    assert told.startswith("the API server was never asked about")


@pytest.mark.parametrize("subject", sorted(WORDS))
def test_words_that_the_server_was_never_asked_about_are_judged_by_their_characters(subject: str) -> None:
    assert spelt_as_admitted(subject, "abc" * 4)
    assert not spelt_as_admitted(subject, "abc=")
    assert not spelt_as_admitted(subject, "x" * 1200)
    assert not spelt_as_admitted(subject, "aé" * 3)
