"""Runs, tests and checks Gatehouse from nothing but Python: `python3 dev.py --help`.

Standard library only, because this file is what installs everything else.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import importlib.util
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
REQUIREMENTS = ROOT / "requirements"

POLICY = Path("/usr/sbin/policy-rc.d")
POLICY_TEXT = (
    "#!/bin/sh\n# Lent by Gatehouse's dev.py while it installs packages: start no service.\nexit 101\n"
)
CREATE_CLUSTER = Path("/etc/postgresql-common/createcluster.conf")

PYTEST_NOTHING_SELECTED = 5


class Problem(Exception):  # noqa: N818 - what went wrong in the world, told to the person in one line
    """Something the person at the terminal has to know or do."""


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
    SystemPackage("curl", "usr/bin/curl", "the documented requests"),
    SystemPackage("openssl", "usr/bin/openssl", "the documented requests, clients with a key pair"),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Does what the command line asks for and gives the exit status."""
    asked, rest = command_line().parse_known_args(arguments)
    if rest and asked.command not in (test, browse):
        command_line().error(f"unrecognized arguments: {' '.join(rest)}")
    asked.pytest_arguments = rest
    try:
        status: int = asked.command(asked)
    except (Problem, OSError) as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    return status


def command_line() -> argparse.ArgumentParser:
    """The sub-commands and their options."""
    parser = argparse.ArgumentParser(
        prog="dev.py", description="Runs, tests and checks Gatehouse.", allow_abbrev=False
    )
    parser.set_defaults(command=explain)
    commands = parser.add_subparsers(metavar="COMMAND")

    def add(name: str, command: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
        added.set_defaults(command=command)
        return added

    run_parser = add("run", run, "Set up what is missing and serve the console.")
    run_parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    run_parser.add_argument("--port", type=int, default=8000, help="port to listen on (default: %(default)s)")
    add("test", test, "Run the test suite on SQLite and on PostgreSQL; other arguments go to pytest.")
    add("browse", browse, "Look at every page in every state, width and colour scheme in Chromium.")
    add("screenshots", screenshots, "Take README's pictures anew, from invented data.")
    add("check", check, "Run every static check.")
    lock_parser = add("lock", lock, "Turn requirements/*.in into lock files with hashes.")
    lock_parser.add_argument("--upgrade", action="store_true", help="take the newest versions allowed")
    return parser


def explain(_: argparse.Namespace) -> int:
    """Says what there is to ask for."""
    command_line().print_help()
    return 0


def run(asked: argparse.Namespace) -> NoReturn:
    """Serves: this process becomes `manage.py serve`, so Ctrl-C and exit status are the server's own."""
    python = str(python_with("base"))
    os.chdir(ROOT)
    options = ["--host", asked.host, "--port", str(asked.port)]
    os.execv(python, [python, "manage.py", "serve", *options])  # noqa: S606 - no shell is the point


def test(asked: argparse.Namespace) -> int:
    """Runs the suite on both databases, and says which of the two failed."""
    python = str(python_with("test"))
    on_postgresql = "postgresql" not in left_out_packages() or "TEST_DATABASE_URL" in os.environ
    pytest = [python, "-m", "pytest", "-n", "2", "--dist", "loadgroup"]
    results = {"SQLite": attended([*pytest, *asked.pytest_arguments])}
    if on_postgresql:
        # Browser tests and stories choose their database themselves.
        only = ["--database", "postgresql", "-m", "not browser and not story"]
        results["PostgreSQL"] = attended([*pytest, *only, *asked.pytest_arguments])
    return verdict(results, picked=bool(asked.pytest_arguments))


def browse(asked: argparse.Namespace) -> int:
    """Runs the tests of all pages with everything that the suite leaves out for time's sake."""
    python = str(python_with("test"))
    left_out_packages()
    options = ["-n", "2", "--every-look", "tests/browser/test_every_page.py"]
    return attended([python, "-m", "pytest", *options, *asked.pytest_arguments])


def screenshots(_: argparse.Namespace) -> int:
    """Takes the pictures in docs/images of a database that exists for no longer than that."""
    python = str(python_with("test"))
    left_out_packages()
    return attended([python, "-m", "pytest", "--quiet", "tests/browser/screenshots.py"])


def verdict(results: Mapping[str, int], *, picked: bool) -> int:
    """One exit status for both databases; picked tests need not exist for each of them."""
    ran = {
        name: status for name, status in results.items() if status != PYTEST_NOTHING_SELECTED or not picked
    }
    for name, status in ran.items():
        say(f"{name}: {'passed' if status == 0 else f'FAILED (pytest ended with {status})'}")
    if not ran:
        return PYTEST_NOTHING_SELECTED
    return 1 if any(ran.values()) else 0


def check(_: argparse.Namespace) -> int:
    """Runs every static check, even after one has failed."""
    python_with("test")
    failed = [name for name, command in static_checks() if not passes(name, command)]
    return 1 if failed else 0


def static_checks() -> Iterator[tuple[str, list[str]]]:
    """Each static check's name and command."""
    python = str(VENV / "bin" / "python")
    yield "ruff check", [python, "-m", "ruff", "check", "--quiet"]
    yield "ruff format", [python, "-m", "ruff", "format", "--check", "--quiet"]
    yield "mypy", [python, "-m", "mypy", "."]
    if (ROOT / "templates").is_dir():
        yield "djlint", [python, "-m", "djlint", "templates", "--lint", "--quiet"]
    yield "import contracts", [str(VENV / "bin" / "lint-imports"), "--no-logo"]
    yield "migrations", [python, "manage.py", "makemigrations", "--check", "--dry-run"]
    yield "deployment", [python, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]


def passes(name: str, command: Sequence[str]) -> bool:
    """Runs one check as a deployment would be configured, and shows its words only when it fails."""
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


def lock(asked: argparse.Namespace) -> int:
    """Locks for every supported Python at once; test.in constrains itself to base.txt's versions."""
    uv = python_with("test").with_name("uv")
    options = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-header", "--quiet"]
    options += ["--upgrade"] if asked.upgrade else []
    for name in ("base", "test"):
        say(f"Locking requirements/{name}.txt…")
        files = [f"requirements/{name}.in", "--output-file", f"requirements/{name}.txt"]
        if subprocess.run([uv, "pip", "compile", *options, *files], cwd=ROOT, check=False).returncode != 0:
            raise Problem(f"Locking requirements/{name}.txt failed; uv says why above.")
    return 0


# --- The virtual environment ---------------------------------------------------------------------------


def python_with(lock_name: str) -> Path:
    """The interpreter of `.venv`, in which requirements/<lock_name>.txt is installed."""
    if not is_installed(lock_name):
        own_venv_folder()
        with held(VENV):
            if not is_installed(lock_name):  # another dev.py may have been quicker
                install(lock_name)
    return VENV / "bin" / "python"


def is_installed(lock_name: str) -> bool:
    """Whether `.venv` is this Python's, in its place, and has exactly what the lock file says."""
    stamp = read_stamp()
    if stamp.get("maker") != maker() or not (VENV / "bin" / "python").exists():
        return False
    return stamp.get(lock_name) == digest(lock_name)


def install(lock_name: str) -> None:
    """Makes the environment if needed and installs the lock file; the stamp is written last.

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
    """Installs what the lock file lists; the machine's own pip settings say where from, hashes say what."""
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "--quiet", "--no-input", "--disable-pip-version-check"]
    options = ["--require-hashes", "--only-binary", ":all:", "--requirement", str(lock_file)]
    done = subprocess.run([*pip, "install", *options], check=False)
    if done.returncode != 0:
        raise Problem("Installing Python packages failed; pip says why above.")


def stamp_file() -> Path:
    """Says what `.venv` holds, and is absent while that is being changed."""
    return VENV / "gatehouse.json"


def read_stamp() -> dict[str, str]:
    """The stamp's content; empty when there is none."""
    try:
        return dict(json.loads(stamp_file().read_text()))
    except (OSError, ValueError, TypeError):
        return {}


def maker() -> str:
    """Which Python an environment belongs to, and where: scripts inside hold absolute paths."""
    return f"{sys.implementation.cache_tag} {sys.base_prefix} {VENV.resolve()}"


def digest(lock_name: str) -> str:
    """Fingerprint of a lock file."""
    return hashlib.sha256((REQUIREMENTS / f"{lock_name}.txt").read_bytes()).hexdigest()


def own_venv_folder() -> None:
    """Makes `.venv` a folder of this copy; a link to another copy's is dropped, never written through."""
    if VENV.is_symlink():
        VENV.unlink(missing_ok=True)
    VENV.mkdir(exist_ok=True)


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """Holds a folder for this process alone: two installs at once would tread on each other."""
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
    """Makes the virtual environment anew, inside the same folder: the folder is the lock that is held."""
    bring_venv_module()
    say("Making .venv…")
    for old in VENV.iterdir():
        if old.is_dir() and not old.is_symlink():
            shutil.rmtree(old)
        else:
            old.unlink()
    # The Python below this one: a `.venv` that runs dev.py has just been emptied.
    done = subprocess.run([base_python(), "-m", "venv", VENV], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Problem(f"{done.stdout}{done.stderr}{base_python()} could not make a virtual environment.")


def base_python() -> str:
    """The Python that environments are made from, also when this one runs in such an environment."""
    return os.path.realpath(sys.executable)


def bring_venv_module() -> None:
    """Debian keeps the means to make a virtual environment in a package of its own."""
    if has_venv_module():
        return
    if not can_install():
        command = apt_command(["python3-venv"])
        raise Problem(f"Python's venv module is missing. Install it and try again:\n\n    {command}\n")
    apt_install(["python3-venv"])
    if not has_venv_module():
        raise Problem(f"{base_python()} has no venv module, and Debian's python3-venv is for another Python.")


def has_venv_module() -> bool:
    """Whether this Python can make a virtual environment with pip in it."""
    importlib.invalidate_caches()
    return all(importlib.util.find_spec(module) for module in ("venv", "ensurepip"))


# --- Debian's packages ---------------------------------------------------------------------------------


def left_out_packages() -> list[str]:
    """Brings what the tests need from Debian; names what could not be had, and the tests it leaves out."""
    missing = missing_packages()
    if missing and can_install():
        try:
            apt_install(missing)
        except Problem as problem:
            print(problem, file=sys.stderr)
        missing = missing_packages()
    if missing:
        tests = sorted({package.needed_by for package in SYSTEM_PACKAGES if package.name in missing})
        notice = f"Left out: {', '.join(tests)}. To bring them:\n\n    {apt_command(missing)}\n"
        if os.environ.get("REQUIRE_ALL") == "1":
            raise Problem(notice + "\nREQUIRE_ALL=1 forbids leaving tests out.")
        say(notice)
    return missing


def missing_packages(names: Sequence[str] | None = None) -> list[str]:
    """Those of the tests' system packages that are not installed."""
    wanted = [package for package in SYSTEM_PACKAGES if names is None or package.name in names]
    return [package.name for package in wanted if not any(Path("/").glob(package.evidence))]


def apt_command(packages: Sequence[str]) -> str:
    """What a person would type to install these packages."""
    return (
        f"{'' if os.geteuid() == 0 else 'sudo '}apt-get install --no-install-recommends {' '.join(packages)}"
    )


def can_install() -> bool:
    """Whether Debian packages can be installed without asking anybody."""
    return shutil.which("apt-get") is not None and root_prefix() is not None


def root_prefix() -> list[str] | None:
    """What to put before a command so that root runs it; None when that takes a password."""
    if os.geteuid() == 0:
        return []
    sudo = ["sudo", "-n"]
    if (
        shutil.which("sudo")
        and subprocess.run([*sudo, "true"], capture_output=True, check=False).returncode == 0
    ):
        return sudo
    return None


def apt_install(packages: Sequence[str]) -> None:
    """Installs Debian packages, and leaves no service running and no database cluster behind."""
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
    """PostgreSQL's packaging makes and starts a cluster unless it is told not to."""
    setting = "create_main_cluster"
    kept = [line for line in configuration.splitlines() if not line.lstrip("# ").startswith(setting)]
    return "\n".join([*kept, f"{setting} = false", ""])


@contextlib.contextmanager
def no_service_starts() -> Iterator[None]:
    """Debian's packages ask policy-rc.d before they start their services; ours says no, and goes again.

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
    """Writes a system file, with its folder."""
    script = 'mkdir -p "$(dirname "$1")" && cat > "$1" && chmod "$2" "$1"'
    done = as_root("sh", "-c", script, "sh", str(path), mode, text=text)
    if done.returncode != 0:
        raise Problem(f"Could not write {path}: {done.stdout.strip()}")


def as_root(*command: str, text: str = "") -> subprocess.CompletedProcess[str]:
    """Runs a command as root and keeps what it says."""
    return subprocess.run(
        [*(root_prefix() or []), *command],
        input=text,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def read_text(path: Path) -> str:
    """A file's text; empty when it does not exist."""
    return path.read_text() if path.exists() else ""


# --- Small things --------------------------------------------------------------------------------------


def say(text: str) -> None:
    """Tells the person what goes on, in order with what the programs it starts say."""
    print(text, flush=True)


def attended(command: Sequence[str]) -> int:
    """Runs a program to its end; on Ctrl-C, which reaches the program too, waits until it has tidied up."""
    interrupted = False

    def remember(*_: object) -> None:
        nonlocal interrupted
        interrupted = True

    before = signal.signal(signal.SIGINT, remember)
    try:
        with subprocess.Popen(command, cwd=ROOT) as process:
            try:
                status = process.wait()
            except BaseException:
                process.terminate()
                raise
    finally:
        signal.signal(signal.SIGINT, before)
    if interrupted:
        raise KeyboardInterrupt
    return status


if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036 - whoever starts this may have an older one
        sys.exit(f"Gatehouse needs Python 3.11 or newer; this is {sys.version.split()[0]}.")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # `finally` holds
    sys.exit(main())
