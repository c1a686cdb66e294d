"""`manage.py housekeeping`, for a timer."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.utils import timezone

from audit.models import HousekeepingRun
from common.work import Work
from server.housekeeping import running
from server.housekeeping.job import Job
from server.housekeeping.jobs import counters, expired
from server.housekeeping.lease import Lease

pytestmark = [pytest.mark.django_db, pytest.mark.spec("O-35", "operation")]


def said(*options: str) -> str:
    printed = StringIO()
    call_command("housekeeping", *options, stdout=printed)
    return printed.getvalue()


def test_it_does_what_is_due_and_says_so() -> None:
    Session.objects.create(session_key="x", expire_date=timezone.now() - timedelta(1))
    lines = said().splitlines()
    assert "expired: 1 session" in lines
    assert "emails: nothing to do" in lines
    assert said() == ""
    assert "manage.py housekeeping, process " in HousekeepingRun.objects.get().instance


def test_its_status_says_that_a_job_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Work) -> None:
        raise ConnectionResetError

    failing = Job(name=expired.JOB.name, every=expired.JOB.every, do=fail)
    monkeypatch.setattr(running, "JOBS", (failing, counters.JOB))
    printed = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("housekeeping", "--json", stdout=printed)
    assert ended.value.code == 1
    result: dict[str, Any] = json.loads(printed.getvalue())
    assert result == {"did": {"expired": {}, "counters": {}}, "failed": {"expired": "ConnectionResetError"}}


def test_it_leaves_it_to_a_server_that_is_at_it() -> None:
    assert Lease.take("gatehouse-1:8000")
    assert said() == "skipped: gatehouse-1:8000 does housekeeping now\n"
