"""The units for systemd in deploy/."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.infrastructure.leaving_out import require

ROOT = Path(__file__).resolve().parents[1]
UNITS = ROOT / "deploy" / "systemd"
RATED = re.compile(r"`systemd-analyze security` rates them (\d+)\.(\d) ")


@pytest.mark.spec("S-73", "ASVS 13.2.2")
@pytest.mark.parametrize("name", ["gatehouse.service", "gatehouse-housekeeping.service"])
def test_a_service_may_do_no_more_than_is_documented(name: str) -> None:
    require("systemd")
    rated = RATED.search(" ".join((ROOT / "docs" / "operating.md").read_text(encoding="utf-8").split()))
    assert rated
    tenths = 10 * int(rated[1]) + int(rated[2])
    options = ["--offline=yes", f"--threshold={tenths}", "--no-pager"]
    command = ["systemd-analyze", "security", *options, str(UNITS / name)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.spec("S-73", "ASVS 13.4.1")
@pytest.mark.parametrize("name", ["gatehouse.service", "gatehouse-housekeeping.service"])
def test_a_service_cannot_read_the_repository_it_was_installed_from(name: str) -> None:
    lines = (UNITS / name).read_text(encoding="utf-8").splitlines()
    folder = next(line for line in lines if line.startswith("WorkingDirectory=")).partition("=")[2]
    assert f"InaccessiblePaths=-{folder}/.git" in lines


@pytest.mark.spec("O-81", "operation")
def test_systemd_does_not_give_up_while_the_database_is_away() -> None:
    """It does after five starts within ten seconds."""
    lines = (UNITS / "gatehouse.service").read_text(encoding="utf-8").splitlines()
    assert "Restart=on-failure" in lines
    seconds = next(int(line.partition("=")[2]) for line in lines if line.startswith("RestartSec="))
    assert 4 * seconds > 10


def installed(folder: Path) -> list[str]:
    """The units as they would be installed, for a Python that exists here."""
    for unit in UNITS.iterdir():
        text = unit.read_text(encoding="utf-8").replace("/opt/gatehouse/.venv/bin/python", sys.executable)
        (folder / unit.name).write_text(text, encoding="utf-8")
    return [str(folder / unit.name) for unit in UNITS.iterdir()]


@pytest.mark.spec("O-81", "operation")
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    require("systemd")
    command = ["systemd-analyze", "verify", "--man=no", *installed(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
