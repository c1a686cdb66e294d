"""What the doctor says of one thing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from common.key_file import KeyFile
from server.doctor.findings import Check, Finding, Level

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_django.fixtures import Settings


def only(check: Check) -> Finding:
    """The one finding of a check."""
    (finding,) = check()
    assert finding.sentence.endswith(".")
    assert bool(finding.advice) is (finding.level is not Level.OK)
    return finding


@pytest.fixture
def key_file(tmp_path: Path, settings: Settings) -> KeyFile:
    """The secret key of an installation of its own in `tmp_path`."""
    file = KeyFile(tmp_path / "secret_key")
    file.read()
    file.keep()
    settings.KEY_FILE, settings.VAR_DIR = file, tmp_path
    return file
