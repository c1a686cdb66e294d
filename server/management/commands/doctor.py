import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from server.doctor.examination import examine
from server.doctor.findings import Finding, Level


class Command(BaseCommand):
    help = (
        "Say what is configured, what is missing, and what strangers could reach. Changes nothing. "
        "The exit status is 0, 1 with warnings, or 2 with errors."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument("--mail-to", default="", metavar="ADDRESS", help="send a test email there")
        parser.add_argument(
            "--accept",
            action="append",
            default=[],
            metavar="CHECK",
            help="a check whose warnings leave the exit status 0; can be repeated",
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        findings = list(examine(options["mail_to"]))
        worst = max(level_of(finding, options["accept"]) for finding in findings)
        if options["json"]:
            checks = [as_json(finding) for finding in findings]
            self.stdout.write(json.dumps({"status": worst.word, "checks": checks}))
        else:
            for finding in findings:
                self.stdout.write(as_line(finding))
        sys.exit(worst)


def level_of(finding: Finding, accepted: list[str]) -> Level:
    """Return what a finding counts as: a warning that was accepted, as nothing."""
    is_accepted = finding.level is Level.WARNING and finding.check in accepted
    return Level.OK if is_accepted else finding.level


def as_json(finding: Finding) -> dict[str, str]:
    """Return a finding for scripts."""
    return {
        "check": finding.check,
        "level": finding.level.word,
        "message": finding.sentence,
        "advice": finding.advice,
    }


def as_line(finding: Finding) -> str:
    """Return a finding for people."""
    text = f"{finding.sentence} {finding.advice}".strip()
    return f"{finding.level.word:<9}{finding.check}: {text}"
