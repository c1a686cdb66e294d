"""The units for systemd in deploy/."""

import shutil
import subprocess
from pathlib import Path

import pytest

UNITS = Path(__file__).resolve().parents[1] / "deploy" / "systemd"
MOST = 30  # tenths: below 3, where 10 is a service that may do anything


@pytest.mark.spec("S-73", "ASVS 13.2.2")
@pytest.mark.parametrize("name", ["gatehouse.service", "gatehouse-prune.service"])
def test_a_service_may_do_little_but_its_work(name: str) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd is not installed")
    options = ["--offline=yes", f"--threshold={MOST - 1}", "--no-pager"]
    command = [program, "security", *options, str(UNITS / name)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
