"""What a real API server is asked about single values, and what it said.

A subject is a place in a Kubernetes object. Its values are put there one by one, in an object that is right otherwise,
and the server's answers are kept in `tests/data/api_server/verdicts.json`. Nothing here imports the library.
"""

from api_server import (
    budgets,
    containers,
    edge,
    fit,
    further,
    jobs,
    names,
    policies,
    scaling,
    scheduling,
    security,
    volumes,
)
from api_server.subject import Subject, key

SUBJECTS: dict[str, Subject] = {
    subject.name: subject
    for module in (
        names,
        containers,
        volumes,
        scheduling,
        edge,
        jobs,
        further,
        policies,
        scaling,
        budgets,
        security,
        fit,
    )
    for subject in module.SUBJECTS
}
"""All of them, by name."""

__all__ = ["SUBJECTS", "Subject", "key"]
