"""What the documents tell Prometheus and Grafana to ask: the list of alerts, and the dashboard."""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.infrastructure.installation import ROOT

OPERATING = ROOT / "docs" / "operating.md"
DASHBOARD = ROOT / "deploy" / "grafana" / "gatehouse.json"
ROW = re.compile(r"^\| ([A-Z][^|]+) \| `([^`]+)` \| (\d+[smh]) \| ([^|]+) \|$", re.MULTILINE)
# What Grafana puts in place of its variables.
VARIABLES = {"$__rate_interval": "1m", "$job": ".*", "$instance": ".*"}


class Alert(NamedTuple):
    """A row of the list."""

    name: str
    expression: str
    lasts: str
    what_to_do: str


def alerts() -> list[Alert]:
    section = OPERATING.read_text(encoding="utf-8").partition("\n## Alerts\n")[2].partition("\n## ")[0]
    found = [Alert(*row) for row in ROW.findall(section)]
    assert len(found) == section.count("\n| ") - 1, "a row of the list cannot be read"
    return found


def dashboard() -> dict[str, Any]:
    made: dict[str, Any] = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    return made


def panels() -> Iterator[tuple[str, str]]:
    """The expressions of the dashboard, each with the title of its panel."""
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", ()):
            expression: str = target["expr"]
            for variable, value in VARIABLES.items():
                expression = expression.replace(variable, value)
            yield panel["title"], expression
