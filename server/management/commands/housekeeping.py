import os
import socket
import sys
from collections import Counter
from typing import Any

from django.core.management.base import CommandError

from accounts.management.base import AutomationCommand
from server.housekeeping.lease import LostLeaseError, holder
from server.housekeeping.leased_work import LeasedWork
from server.housekeeping.running import run_due


class Command(AutomationCommand):
    help = (
        "Do once what is due: delete what has expired, send emails that are waiting. For a timer, where the "
        "server doesn't (HOUSEKEEPING=0). The exit status is 1 when a job failed."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        self.has_failed = False
        super().handle(*args, **options)
        if self.has_failed:
            sys.exit(1)

    def run(self, **options: Any) -> dict[str, Any]:
        me = f"{socket.gethostname()}, manage.py housekeeping, process {os.getpid()}"
        try:
            works = run_due(me)
        except LostLeaseError as error:
            raise CommandError("Housekeeping was interrupted, and another process has taken over.") from error
        if works is None:
            return {"skipped": f"{holder() or 'another process'} does housekeeping now"}
        failed = {str(work.run.job): work.run.failure for work in works if work.run.failure}
        self.has_failed = bool(failed)
        if not options["json"]:
            return {str(work.run.job): in_words(work) for work in works}
        did: dict[str, Counter[str]] = {}
        for work in works:
            did.setdefault(str(work.run.job), Counter()).update(work.counts)
        return {"did": did, "failed": failed}


def in_words(work: LeasedWork) -> str:
    """Return what a run did."""
    failure = f"failed ({work.run.failure})" if work.run.failure else ""
    return ", ".join(filter(None, (work.run.did_in_words, failure))) or "nothing to do"
