"""How Playwright starts Debian's Chromium."""

import os
import shutil
from typing import Any

from tests.infrastructure.leaving_out import require

# Chromium calls home at every start; a test machine may have nowhere to call.
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)


def launch_arguments() -> dict[str, Any]:
    """Values for Playwright's `launch`, for the fixture `browser_type_launch_args`."""
    require("chromium", "libatomic1", "fonts-dejavu-core")
    # Root may not use Chromium's sandbox; the pages that it opens here are ours.
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {"executable_path": shutil.which("chromium"), "args": [*QUIET, "--disable-gpu", *sandbox]}
