"""Runs, tests and checks Gatehouse from nothing but Python: `python3 dev.py --help`.

Standard library only, here and in devtools, because this is what installs everything else.
"""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NoReturn

from devtools import audit, debian
from devtools.terminal import Problem, attended, say
from devtools.venv import ROOT, VENV, python_with

PYTEST_NOTHING_SELECTED = 5


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks for and return the exit status."""
    asked, rest = command_line().parse_known_args(arguments)
    if rest and asked.command not in (test, browse):
        command_line().error(f"unrecognized arguments: {' '.join(rest)}")
    asked.pytest_arguments = rest
    try:
        if asked.install:
            debian.install(asked.missing())
        status: int = asked.command(asked)
    except (Problem, OSError) as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    return status


def command_line() -> argparse.ArgumentParser:
    """Return the parser of the sub-commands and their options."""
    parser = argparse.ArgumentParser(
        prog="dev.py", description="Runs, tests, and checks Gatehouse.", allow_abbrev=False
    )
    parser.set_defaults(command=explain, install=False)
    commands = parser.add_subparsers(metavar="COMMAND")

    def add(
        name: str, command: Callable[[argparse.Namespace], int], text: str, *, tests: bool = False
    ) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
        added.set_defaults(command=command, missing=missing_for_tests if tests else debian.missing_for_venv)
        added.add_argument("--install", action="store_true", help="install missing Debian packages first")
        return added

    run_parser = add("run", run, "Set up what is missing and serve the console.")
    run_parser.add_argument("--host", default="127.0.0.1", help="host to listen on (default: %(default)s)")
    run_parser.add_argument("--port", type=int, default=8000, help="port to listen on (default: %(default)s)")
    add("setup", setup, "Set up what is missing, and serve nothing.")
    add(
        "test",
        test,
        "Run the test suite on SQLite and on PostgreSQL; other arguments go to pytest.",
        tests=True,
    )
    add(
        "browse",
        browse,
        "Test every page in every state, width, and color scheme in Chromium.",
        tests=True,
    )
    add("screenshots", screenshots, "Retake README's pictures, with made-up data.", tests=True)
    add("check", check, "Run every static check.")
    audit_parser = add(
        "audit",
        look_for_vulnerabilities,
        "Look for known vulnerabilities of the locked packages. The exit status is 0 only if all were looked "
        "up and none has any; 1 if one has; 3 if a source of advisories could not be asked.",
    )
    audit_parser.add_argument(
        "--osv-url", default=audit.OSV_URL, help="advisory service for Python packages (default: %(default)s)"
    )
    lock_parser = add("lock", lock, "Lock requirements/*.in, with hashes.")
    lock_parser.add_argument("--upgrade", action="store_true", help="take the newest versions allowed")
    return parser


def explain(_: argparse.Namespace) -> int:
    """Say what there is to ask for."""
    command_line().print_help()
    return 0


def missing_for_tests() -> list[str]:
    """Return the packages that tests, and the environment they run in, need and that are missing."""
    return [*debian.missing_for_venv(), *debian.missing_packages()]


def run(asked: argparse.Namespace) -> NoReturn:
    """Serve: this process becomes `manage.py serve`, so Ctrl-C and exit status are the server's own."""
    python = str(python_with("base"))
    os.chdir(ROOT)
    options = ["--host", asked.host, "--port", str(asked.port)]
    os.execv(python, [python, "manage.py", "serve", *options])  # noqa: S606 - no shell is the point


def setup(_: argparse.Namespace) -> int:
    """Make `.venv` as the server needs it; the installation stays as it is."""
    python_with("base")
    return 0


def test(asked: argparse.Namespace) -> int:
    """Run the suite on both databases, and say which of the two failed."""
    python = str(python_with("test"))
    on_postgresql = "postgresql" not in debian.left_out_packages() or "TEST_DATABASE_URL" in os.environ
    pytest = [python, "-m", "pytest", "-n", "2"]
    results = {"SQLite": attended([*pytest, *asked.pytest_arguments], ROOT)}
    if on_postgresql:
        # Browser tests and stories choose their database themselves; what needs none runs on SQLite alone.
        only = ["--database", "postgresql", "-m", "not browser and not story"]
        results["PostgreSQL"] = attended([*pytest, *only, *asked.pytest_arguments], ROOT)
    return verdict(results, picked=bool(asked.pytest_arguments))


def browse(asked: argparse.Namespace) -> int:
    """Run the tests of all pages with everything that the suite leaves out for time's sake."""
    python = str(python_with("test"))
    debian.left_out_packages()
    options = ["-n", "2", "--every-look", "tests/browser/test_every_page.py"]
    return attended([python, "-m", "pytest", *options, *asked.pytest_arguments], ROOT)


def screenshots(_: argparse.Namespace) -> int:
    """Take the pictures in docs/images of a database that exists for no longer than that."""
    python = str(python_with("test"))
    debian.left_out_packages()
    return attended([python, "-m", "pytest", "--quiet", "tests/browser/screenshots.py"], ROOT)


def verdict(results: Mapping[str, int], *, picked: bool) -> int:
    """Return one exit status for both databases; picked tests need not exist for each of them."""
    ran = {
        name: status for name, status in results.items() if status != PYTEST_NOTHING_SELECTED or not picked
    }
    for name, status in ran.items():
        say(f"{name}: {'passed' if status == 0 else f'FAILED (pytest ended with {status})'}")
    if not ran:
        return PYTEST_NOTHING_SELECTED
    return 1 if any(ran.values()) else 0


def check(_: argparse.Namespace) -> int:
    """Run every static check, even after one has failed."""
    python_with("test")
    failed = [name for name, command in static_checks() if not passes(name, command)]
    return 1 if failed else 0


def static_checks() -> Iterator[tuple[str, list[str]]]:
    """Yield each static check's name and command."""
    python = str(VENV / "bin" / "python")
    yield "ruff check", [python, "-m", "ruff", "check", "--quiet"]
    # pyproject.toml leaves migrations out, since Django writes them: they are checked for security alone.
    migrations = [str(folder) for folder in sorted(ROOT.glob("*/migrations"))]
    yield "ruff, migrations", [python, "-m", "ruff", "check", "--isolated", "--select", "S", *migrations]
    yield "ruff format", [python, "-m", "ruff", "format", "--check", "--quiet"]
    yield "mypy", [python, "-m", "mypy", "."]
    if (ROOT / "templates").is_dir():
        yield "djlint", [python, "-m", "djlint", "templates", "--lint", "--quiet"]
    yield "import contracts", [str(VENV / "bin" / "lint-imports"), "--no-logo"]
    yield "migrations", [python, "manage.py", "makemigrations", "--check", "--dry-run"]
    yield "deployment", [python, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]


def passes(name: str, command: Sequence[str]) -> bool:
    """Run one check as a deployment would be configured, and show its words only when it fails."""
    deployed = {
        "BASE_URL": "https://gatehouse.example",
        "BEHIND_PROXY": "1",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "DATABASE_URL": "sqlite:///:memory:",  # checking touches no installation
    }
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | deployed,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    say(f"{name:<18}{'ok' if done.returncode == 0 else 'FAILED'}")
    if done.returncode != 0:
        say(done.stdout.rstrip())
    return done.returncode == 0


def look_for_vulnerabilities(asked: argparse.Namespace) -> int:
    """Audit the lock files; what keeps that from being done is no finding."""
    try:
        return audit.audit(asked.osv_url)
    except (Problem, OSError) as problem:
        print(problem, file=sys.stderr)
        return audit.NOT_AUDITED


def lock(asked: argparse.Namespace) -> int:
    """Lock for every supported Python at once; test.in constrains itself to base.txt's versions."""
    uv = python_with("test").with_name("uv")
    options = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-header", "--quiet"]
    options += ["--upgrade"] if asked.upgrade else []
    for name in ("base", "test", "audit"):
        say(f"Locking requirements/{name}.txt…")
        files = [f"requirements/{name}.in", "--output-file", f"requirements/{name}.txt"]
        if subprocess.run([uv, "pip", "compile", *options, *files], cwd=ROOT, check=False).returncode != 0:
            raise Problem(f"Locking requirements/{name}.txt failed. See uv's output above.")
    return 0


if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036 - whoever starts this may have an older one
        sys.exit(f"Gatehouse needs Python 3.11 or newer; this is {sys.version.split()[0]}.")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # `finally` holds
    sys.exit(main())
