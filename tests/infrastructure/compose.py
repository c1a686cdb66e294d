"""What stands in deploy/container/compose.yaml."""

import re
from typing import Any

import yaml

from tests.infrastructure.installation import ROOT

COMPOSE = ROOT / "deploy" / "container" / "compose.yaml"


def read_compose() -> dict[str, Any]:
    """The file, as YAML has it."""
    read: dict[str, Any] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    return read


def environment_of(service: dict[str, Any], given: dict[str, str]) -> dict[str, str]:
    """A service's environment, where `given` is that of whoever starts it."""
    return {
        name: re.sub(r"\$\{(\w+)[^}]*\}", lambda found: given[found[1]], value)
        for name, value in service["environment"].items()
    }
