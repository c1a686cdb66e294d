"""The dashboard and the list of alerts ask for metrics, labels and values that there are."""

import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

from server.metrics import labels
from server.metrics.exposition import exposition
from server.metrics.recorder import Recorder
from server.outcomes import OUTCOMES
from tests.infrastructure.alerts import alerts, dashboard, panels
from tests.server.test_metrics import counting

pytestmark = pytest.mark.django_db

__all__ = ["counting"]

EXPRESSIONS = [*panels(), *((alert.name, alert.expression) for alert in alerts())]
METRIC = re.compile(r"\b(gatehouse_\w+)(?:\{([^}]*)\})?")
MATCHER = re.compile(r'(\w+)=~?"([^"]*)"')
BY = re.compile(r"\bby \(([^)]*)\)")
# What Prometheus adds.
ADDED = {"job", "instance"}


@pytest.fixture
def known(counting: Recorder) -> dict[str, set[str]]:
    """The labels of every series that there can be."""
    for name in counting.counters.names.values():
        counting.counters.requests.labels(name, "ok").observe(0.1)
    counting.counters.refused.labels("refresh_token", "invalid_grant").inc()
    return {
        sample.name: set(sample.labels)
        for family in text_string_to_metric_families(exposition().decode())
        for sample in family.samples
    }


@pytest.mark.spec("O-13", "operation")
@pytest.mark.parametrize(("title", "expression"), EXPRESSIONS)
def test_what_is_asked_for_exists(
    known: dict[str, set[str]], counting: Recorder, title: str, expression: str
) -> None:
    values = {
        "endpoint": {
            *counting.counters.names.values(),
            labels.PAGE,
            labels.AUTHORIZE,
            labels.STATIC,
            labels.OTHER,
        },
        "outcome": set(OUTCOMES),
        "grant": {*labels.GRANTS.values(), labels.OTHER},
        "error": {*labels.ERRORS, labels.OTHER},
    }
    names = METRIC.findall(expression)
    assert names or "up{" in expression
    for name, matchers in names:
        assert name in known, name
        for label, value in MATCHER.findall(matchers):
            assert label in known[name] | ADDED
            assert label in ADDED or set(value.split("|")) <= values[label], value
    there = set().union(*(known[name] for name, _ in names)) | ADDED
    assert {label.strip() for by in BY.findall(expression) for label in by.split(",")} <= there


@pytest.mark.spec("O-13", "operation")
def test_the_dashboard_shows_every_metric(known: dict[str, set[str]]) -> None:
    shown = {name for _, expression in panels() for name, _ in METRIC.findall(expression)}
    metrics = {re.sub(r"_(bucket|sum|count)$", "", name) for name in known if name.startswith("gatehouse_")}
    assert metrics <= {re.sub(r"_(bucket|sum|count)$", "", name) for name in shown}
    assert len({panel["id"] for panel in dashboard()["panels"]}) == len(dashboard()["panels"])
