import json
from typing import Any

from django.core.management.base import CommandError, CommandParser

from accounts.management.base import AutomationCommand
from oauthapps.transfer.importing import import_entries
from oauthapps.transfer.next_steps import next_steps
from oauthapps.transfer.places import RefusedError
from oauthapps.transfer.reading import STANDARD_INPUT, read_documents, read_secrets
from oauthapps.transfer.reports import Outcome, Report


class Command(AutomationCommand):
    help = (
        "Make and change the organization, its people, APIs and applications as documents say: all of it or "
        "nothing. A second run changes nothing."
    )

    def add_options(self, parser: CommandParser) -> None:
        parser.add_argument(
            "files",
            nargs="*",
            metavar="FILE",
            help="a document in JSON, tables in CSV (people.csv, applications.csv, …), a folder of these, "
            "or - for JSON on standard input",
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
        parser.add_argument(
            "--secrets",
            metavar="FILE",
            help="a table in CSV with the columns client_id and secret; - reads it from standard input",
        )

    def run(self, **options: Any) -> dict[str, Any]:
        files, secrets, is_trial = options["files"], options["secrets"], options["dry_run"]
        if not files and not secrets:
            raise CommandError("Name a document, or a table with --secrets.")
        if [*files, secrets].count(STANDARD_INPUT) > 1:
            raise CommandError("Only one of them can be read from standard input.")
        try:
            entries = [*read_documents(files), *(read_secrets(secrets) if secrets else ())]
            report = import_entries(entries, actor=self.actor, is_trial=is_trial)
        except RefusedError as refusal:
            report = Report()
            report.refused(refusal)
        advice = [] if report.is_refused or is_trial else list(next_steps(entries))
        told = {**counted(report), "dry_run": is_trial}
        if options["json"]:
            told |= {"lines": [line.as_json() for line in report.lines], "next_steps": advice}
        else:
            for line in [*report.lines, *advice]:
                self.stdout.write(f"{line}")
        if report.is_refused:
            if options["json"]:
                self.stdout.write(json.dumps(told))
            raise CommandError(f"Nothing was imported: {report.counts[Outcome.REFUSED]} refused.")
        return told if options["json"] else {"result": summary(report, is_trial=is_trial)}


def counted(report: Report) -> dict[str, Any]:
    """Return how many things came to each outcome."""
    return {outcome.value: report.counts[outcome] for outcome in Outcome}


def summary(report: Report, *, is_trial: bool) -> str:
    """Return what an import came to in one line."""
    numbers = ", ".join(f"{number} {outcome}" for outcome, number in counted(report).items() if number)
    if not report.writes:
        return f"nothing to change ({numbers or 'the documents are empty'})"
    return f"{numbers}; nothing was written" if is_trial else numbers
