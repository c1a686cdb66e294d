"""The page about housekeeping."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from audit.models import HousekeepingJob
from server.housekeeping.running import run_due
from tests.console.pages import Browser

pytestmark = pytest.mark.spec("O-34", "operation")


def test_it_says_what_each_run_did_and_which_jobs_fail(console: Browser) -> None:
    page = console.get(reverse("console:housekeeping"))
    assert "Nothing done yet" in page.text
    Session.objects.create(session_key="x", expire_date=timezone.now() - timedelta(1))
    run_due("gatehouse-1:8000, process 17")
    HousekeepingJob.objects.filter(name="emails").update(failures=2, failure="ConnectionRefusedError")
    page = console.get(reverse("console:housekeeping"))
    assert page.heading == "Housekeeping"
    for said in (
        "Done: 1 session",
        "gatehouse-1:8000, process 17",
        "Send emails that are waiting",
        "Failed 2 times in a row: ConnectionRefusedError",
        "Runs are kept for 30 days",
    ):
        assert said in page.text


def test_it_says_who_does_it(console: Browser, settings: Settings) -> None:
    assert "one server at a time" in console.get(reverse("console:housekeeping")).text
    settings.HOUSEKEEPING = False
    assert "A timer runs manage.py housekeeping" in console.get(reverse("console:housekeeping")).text


def test_the_activity_page_leads_there(console: Browser) -> None:
    page = console.get(reverse("console:activity"))
    assert page.links()["Housekeeping"] == reverse("console:housekeeping")
