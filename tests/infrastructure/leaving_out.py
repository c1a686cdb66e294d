"""What a test does when the machine lacks something it needs: skip, or fail where nothing may be left out."""

import os
from typing import NoReturn

import pytest

from devtools.debian import apt_command, missing_packages


def require(*packages: str) -> None:
    """Leaves the test out unless these Debian packages (in `SYSTEM_PACKAGES`) are installed."""
    missing = missing_packages(packages)
    if missing:
        leave_out(f"needs {', '.join(missing)}; to bring it: {apt_command(missing)}")


def leave_out(reason: str) -> NoReturn:
    """Skips the test; REQUIRE_ALL=1 turns that into a failure."""
    if os.environ.get("REQUIRE_ALL") == "1":
        pytest.fail(f"REQUIRE_ALL=1, but this test {reason}", pytrace=False)
    pytest.skip(reason)
