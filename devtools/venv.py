"""The virtual environment in `.venv`, kept as the lock files say."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from devtools.debian import how_to_install, missing_for_venv
from devtools.terminal import Problem, say

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
REQUIREMENTS = ROOT / "requirements"


def python_with(lock_name: str) -> Path:
    """Return the interpreter of `.venv`, in which requirements/<lock_name>.txt is installed."""
    if not is_installed(lock_name):
        own_venv_folder()
        with held(VENV):
            if not is_installed(lock_name):  # another dev.py may have been quicker
                install(lock_name)
    return VENV / "bin" / "python"


def is_installed(lock_name: str) -> bool:
    """Return whether `.venv` is this Python's, in its place, and has exactly what the lock file says."""
    stamp = read_stamp()
    if stamp.get("maker") != maker() or not (VENV / "bin" / "python").exists():
        return False
    return stamp.get(lock_name) == digest(lock_name)


def install(lock_name: str) -> None:
    """Make the environment if needed and install the lock file; the stamp is written last.

    Without a stamp nothing is trusted: an interrupted install is thrown away by the next one. Neither is an
    environment kept whose lock file changed: pip adds what is new, and leaves what is no longer listed.
    """
    only_adds = is_installed("base") and lock_name not in read_stamp()
    stamp_file().unlink(missing_ok=True)
    if not only_adds:
        make_venv()
    say("Installing Python packages…")
    pip_install(REQUIREMENTS / f"{lock_name}.txt")
    # test.txt holds everything base.txt does, in the same versions.
    stamp_file().write_text(
        json.dumps({"maker": maker(), "base": digest("base"), lock_name: digest(lock_name)})
    )


def pip_install(lock_file: Path) -> None:
    """Install what the lock file lists; the machine's own pip settings say where from, hashes say what."""
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "--quiet", "--no-input", "--disable-pip-version-check"]
    options = ["--require-hashes", "--only-binary", ":all:", "--requirement", str(lock_file)]
    done = subprocess.run([*pip, "install", *options], check=False)
    if done.returncode != 0:
        raise Problem("Installing Python packages failed. See pip's output above.")


def stamp_file() -> Path:
    """Return the file that says what `.venv` holds; it is absent while that is being changed."""
    return VENV / "gatehouse.json"


def read_stamp() -> dict[str, str]:
    """Return the stamp's content; empty when there is none."""
    try:
        return dict(json.loads(stamp_file().read_text()))
    except (OSError, ValueError, TypeError):
        return {}


def maker() -> str:
    """Return which Python an environment belongs to, and where: scripts inside hold absolute paths."""
    return f"{sys.implementation.cache_tag} {sys.base_prefix} {VENV.resolve()}"


def digest(lock_name: str) -> str:
    """Return the fingerprint of a lock file."""
    return hashlib.sha256((REQUIREMENTS / f"{lock_name}.txt").read_bytes()).hexdigest()


def own_venv_folder() -> None:
    """Make `.venv` a folder of this copy; a link to another copy's is dropped, never written through."""
    if VENV.is_symlink():
        VENV.unlink(missing_ok=True)
    VENV.mkdir(exist_ok=True)


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold a folder for this process alone: two installs at once would tread on each other."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Waiting for another dev.py to finish installing…")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def make_venv() -> None:
    """Make the virtual environment anew, inside the same folder: the folder is the lock that is held."""
    if missing := missing_for_venv():
        raise Problem(f"Python's venv module is missing. {how_to_install(missing)}")
    say("Creating .venv…")
    for old in VENV.iterdir():
        if old.is_dir() and not old.is_symlink():
            shutil.rmtree(old)
        else:
            old.unlink()
    # The Python below this one: a `.venv` that runs dev.py has just been emptied.
    done = subprocess.run([base_python(), "-m", "venv", VENV], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Problem(f"{done.stdout}{done.stderr}{base_python()} couldn't create a virtual environment.")


def base_python() -> str:
    """Return the Python that environments are made from, also when this one runs in such an environment."""
    return os.path.realpath(sys.executable)
