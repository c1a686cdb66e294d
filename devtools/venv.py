"""The virtual environments `.venv` and, for `dev.py audit`, `.venv-audit`, kept as the lock files say."""

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
# What looks for vulnerabilities of the packages in `.venv` shares none with them.
AUDIT_VENV = ROOT / ".venv-audit"
REQUIREMENTS = ROOT / "requirements"
# Lock files that hold everything others do, in the same versions.
INCLUDED = {"test": ("base",)}


def python_with(lock_name: str) -> Path:
    """Return the interpreter of the environment in which requirements/<lock_name>.txt is installed."""
    folder = folder_of(lock_name)
    if not is_installed(lock_name):
        own_folder(folder)
        with held(folder):
            if not is_installed(lock_name):  # another dev.py may have been quicker
                install(lock_name)
    return folder / "bin" / "python"


def folder_of(lock_name: str) -> Path:
    """Return the environment that a lock file is for."""
    return AUDIT_VENV if lock_name == "audit" else VENV


def is_installed(lock_name: str) -> bool:
    """Return whether its environment is this Python's, in its place, and has exactly what the file says."""
    folder = folder_of(lock_name)
    stamp = read_stamp(folder)
    if stamp.get("maker") != maker(folder) or not (folder / "bin" / "python").exists():
        return False
    return stamp.get(lock_name) == digest(lock_name)


def install(lock_name: str) -> None:
    """Make the environment if needed and install the lock file; the stamp is written last.

    Without a stamp nothing is trusted: an interrupted install is thrown away by the next one. Neither is an
    environment kept whose lock file changed: pip adds what is new, and leaves what is no longer listed.
    """
    folder = folder_of(lock_name)
    included = INCLUDED.get(lock_name, ())
    only_adds = bool(included) and all(map(is_installed, included)) and lock_name not in read_stamp(folder)
    stamp_file(folder).unlink(missing_ok=True)
    if not only_adds:
        make_venv(folder)
    say("Installing Python packages…")
    pip_install(folder, REQUIREMENTS / f"{lock_name}.txt")
    digests = {name: digest(name) for name in (*included, lock_name)}
    stamp_file(folder).write_text(json.dumps({"maker": maker(folder), **digests}))


def pip_install(folder: Path, lock_file: Path) -> None:
    """Install what the lock file lists; the machine's own pip settings say where from, hashes say what."""
    pip = [str(folder / "bin" / "python"), "-m", "pip", "--quiet", "--no-input"]
    options = [
        "--disable-pip-version-check",
        "--require-hashes",
        "--only-binary",
        ":all:",
        "--requirement",
        str(lock_file),
    ]
    done = subprocess.run([*pip, "install", *options], check=False)
    if done.returncode != 0:
        raise Problem("Installing Python packages failed. See pip's output above.")


def stamp_file(folder: Path) -> Path:
    """Return the file that says what an environment holds; it is absent while that is being changed."""
    return folder / "gatehouse.json"


def read_stamp(folder: Path) -> dict[str, str]:
    """Return the stamp's content; empty when there is none."""
    try:
        return dict(json.loads(stamp_file(folder).read_text()))
    except (OSError, ValueError, TypeError):
        return {}


def maker(folder: Path) -> str:
    """Return which Python an environment belongs to, and where: scripts inside hold absolute paths."""
    return f"{sys.implementation.cache_tag} {sys.base_prefix} {folder.resolve()}"


def digest(lock_name: str) -> str:
    """Return the fingerprint of a lock file."""
    return hashlib.sha256((REQUIREMENTS / f"{lock_name}.txt").read_bytes()).hexdigest()


def own_folder(folder: Path) -> None:
    """Make an environment this copy's folder; a link to another copy's is dropped, never written through."""
    if folder.is_symlink():
        folder.unlink(missing_ok=True)
    folder.mkdir(exist_ok=True)


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


def make_venv(folder: Path) -> None:
    """Make a virtual environment anew, inside the same folder: the folder is the lock that is held."""
    if missing := missing_for_venv():
        raise Problem(f"Python's venv module is missing. {how_to_install(missing)}")
    say(f"Creating {folder.name}…")
    for old in folder.iterdir():
        if old.is_dir() and not old.is_symlink():
            shutil.rmtree(old)
        else:
            old.unlink()
    # The Python below this one: a `.venv` that runs dev.py has just been emptied.
    done = subprocess.run([base_python(), "-m", "venv", folder], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Problem(f"{done.stdout}{done.stderr}{base_python()} couldn't create a virtual environment.")


def base_python() -> str:
    """Return the Python that environments are made from, also when this one runs in such an environment."""
    return os.path.realpath(sys.executable)
