"""Debian's packages: which are missing, and installing them where the person asked for that."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from devtools.terminal import Problem, say

POLICY = Path("/usr/sbin/policy-rc.d")
POLICY_TEXT = (
    "#!/bin/sh\n# Lent by Gatehouse's dev.py while it installs packages: start no service.\nexit 101\n"
)
CREATE_CLUSTER = Path("/etc/postgresql-common/createcluster.conf")


class SystemPackage(NamedTuple):
    """A Debian package, the file below `/` that shows it is there, and the tests that need it."""

    name: str
    evidence: str
    needed_by: str


SYSTEM_PACKAGES = (
    SystemPackage("chromium", "usr/bin/chromium", "browser tests"),
    SystemPackage("libatomic1", "usr/lib/*/libatomic.so.1", "browser tests, the JavaScript client"),
    SystemPackage("fonts-dejavu-core", "usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", "browser tests"),
    SystemPackage("postgresql", "usr/lib/postgresql/*/bin/postgres", "tests on PostgreSQL"),
    SystemPackage("nginx", "usr/sbin/nginx", "tests behind nginx"),
    SystemPackage("caddy", "usr/bin/caddy", "tests behind Caddy"),
    SystemPackage("systemd", "usr/bin/systemd-analyze", "the units for systemd"),
    SystemPackage("prometheus", "usr/bin/prometheus", "metrics as Prometheus reads them"),
    SystemPackage("curl", "usr/bin/curl", "the documented requests"),
    SystemPackage("openssl", "usr/bin/openssl", "the documented requests, clients with a key pair"),
)
# Debian keeps the means to make a virtual environment in a package of its own.
VENV_PACKAGE = "python3-venv"


def has_venv_module() -> bool:
    """Return whether this Python can make a virtual environment with pip in it."""
    importlib.invalidate_caches()
    return all(importlib.util.find_spec(module) for module in ("venv", "ensurepip"))


def missing_for_venv() -> list[str]:
    """Return the package that a virtual environment needs, if it is missing."""
    return [] if has_venv_module() else [VENV_PACKAGE]


def missing_packages(names: Sequence[str] | None = None) -> list[str]:
    """Return which of the tests' system packages are not installed.

    Args:
        names: the packages to look for; None for all.
    """
    wanted = [package for package in SYSTEM_PACKAGES if names is None or package.name in names]
    return [package.name for package in wanted if not any(Path("/").glob(package.evidence))]


def left_out_packages() -> list[str]:
    """Return the packages that tests need and that are missing, and say which tests are left out.

    Raises:
        Problem: where REQUIRE_ALL=1 forbids leaving tests out.
    """
    missing = missing_packages()
    if missing:
        tests = sorted({package.needed_by for package in SYSTEM_PACKAGES if package.name in missing})
        notice = f"Skipped: {', '.join(tests)}. {how_to_install(missing)}"
        if os.environ.get("REQUIRE_ALL") == "1":
            raise Problem(notice + "\nREQUIRE_ALL=1 forbids leaving tests out.")
        say(notice)
    return missing


def how_to_install(packages: Sequence[str]) -> str:
    """Return what to do to have packages installed, in words."""
    return f"Add --install to have missing Debian packages installed, or:\n\n    {apt_command(packages)}\n"


def apt_command(packages: Sequence[str]) -> str:
    """Return what a person would type to install these packages."""
    return (
        f"{'' if os.geteuid() == 0 else 'sudo '}apt-get install --no-install-recommends {' '.join(packages)}"
    )


def root_prefix() -> list[str] | None:
    """Return what to put before a command so that root runs it; None when that takes a password."""
    if os.geteuid() == 0:
        return []
    sudo = ["sudo", "-n"]
    if (
        shutil.which("sudo")
        and subprocess.run([*sudo, "true"], capture_output=True, check=False).returncode == 0
    ):
        return sudo
    return None


def install(packages: Sequence[str]) -> None:
    """Install Debian packages, and leave no service running and no database cluster behind.

    Raises:
        Problem: when that takes a password, or apt-get fails.
    """
    if not packages:
        return
    if shutil.which("apt-get") is None or root_prefix() is None:
        raise Problem(f"Installing packages needs Debian, and root:\n\n    {apt_command(packages)}\n")
    say(f"Installing Debian packages: {' '.join(packages)}…")
    if "postgresql" in packages:
        write_as_root(CREATE_CLUSTER, without_cluster(read_text(CREATE_CLUSTER)))
    command = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
    with no_service_starts():
        done = as_root("env", "DEBIAN_FRONTEND=noninteractive", *command)
        if done.returncode != 0:  # the package lists may be missing or old
            as_root("apt-get", "update")
            done = as_root("env", "DEBIAN_FRONTEND=noninteractive", *command)
    if done.returncode != 0:
        raise Problem(f"{done.stdout.rstrip()}\n\n{' '.join(command)} failed, see above.")


def without_cluster(configuration: str) -> str:
    """Return the configuration changed so that PostgreSQL's packages make and start no cluster."""
    setting = "create_main_cluster"
    kept = [line for line in configuration.splitlines() if not line.lstrip("# ").startswith(setting)]
    return "\n".join([*kept, f"{setting} = false", ""])


@contextlib.contextmanager
def no_service_starts() -> Iterator[None]:
    """Have Debian's packages start no services: they ask policy-rc.d, and ours says no.

    A policy that somebody else put there stays in force.
    """
    if POLICY.exists() and read_text(POLICY) != POLICY_TEXT:
        yield
        return
    try:
        write_as_root(POLICY, POLICY_TEXT, mode="755")
        yield
    finally:
        as_root("rm", "-f", str(POLICY))


def write_as_root(path: Path, text: str, *, mode: str = "644") -> None:
    """Write a system file, with its folder."""
    script = 'mkdir -p "$(dirname "$1")" && cat > "$1" && chmod "$2" "$1"'
    done = as_root("sh", "-c", script, "sh", str(path), mode, text=text)
    if done.returncode != 0:
        raise Problem(f"Could not write {path}: {done.stdout.strip()}")


def as_root(*command: str, text: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command as root and keep what it says."""
    return subprocess.run(
        [*(root_prefix() or []), *command],
        input=text,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def read_text(path: Path) -> str:
    """Return a file's text; empty when it does not exist."""
    return path.read_text() if path.exists() else ""
