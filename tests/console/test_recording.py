"""Record everything for an hour: who starts and stops it, and that it stops by itself."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from audit.actors import Actor
from audit.models import Event, EventKind
from common.times import short_time
from oauthapps.models import Application
from oauthapps.services.recording import is_recorded, start_recording, stop_recording
from tests.console.pages import Browser

NOW = datetime(2026, 12, 1, 14, 4, 30, tzinfo=UTC)


def page_of(application: Application) -> str:
    return reverse("console:application-requests", args=[application.client_id])


@pytest.mark.spec("U-55", "the product's request inspector")
def test_everything_is_recorded_for_an_hour_and_the_page_says_until_when(
    console: Browser, web: Application, administrator: User
) -> None:
    page = console.get(page_of(web))
    assert "Refused requests are recorded" in page.text
    before = timezone.now()
    page = console.follow(console.send(page, reverse("console:start-recording", args=[web.client_id])))
    web.refresh_from_db()
    assert web.recorded_until is not None
    assert before < web.recorded_until - timedelta(hours=1) < timezone.now()
    assert f"All requests are recorded until {short_time(web.recorded_until)}." in page.messages
    assert "Stop recording" in page.buttons()
    event = Event.objects.get(kind=EventKind.RECORDING_STARTED)
    assert (event.actor, event.application) == (administrator, web)
    assert event.after == {"Until": short_time(web.recorded_until)}
    Application.objects.update(recorded_until=timezone.now())
    assert "Record everything for an hour" in console.get(page_of(web)).buttons()


@pytest.mark.spec("U-55", "the product's request inspector")
def test_it_can_be_stopped_before_and_what_was_recorded_stays(
    console: Browser, web: Application, administrator: User
) -> None:
    start_recording(web, actor=Actor(user=administrator))
    page = console.get(page_of(web))
    stop = reverse("console:stop-recording", args=[web.client_id])
    after = console.follow(console.send(page, stop))
    assert "What was recorded stays here." in after.messages
    assert Event.objects.get(kind=EventKind.RECORDING_STOPPED).actor == administrator
    assert "already stopped" in console.follow(console.post(stop)).messages
    assert Event.objects.filter(kind=EventKind.RECORDING_STOPPED).count() == 1


def test_starting_again_is_for_an_hour_from_then(web: Application, administrator: User) -> None:
    actor = Actor(user=administrator)
    with time_machine.travel(NOW, tick=False):
        start_recording(web, actor=actor)
    with time_machine.travel(NOW + timedelta(minutes=30), tick=False):
        assert start_recording(web, actor=actor) == NOW + timedelta(minutes=90)


def test_a_deleted_application_is_not_recorded(web: Application, administrator: User) -> None:
    actor = Actor(user=administrator)
    Application.objects.filter(pk=web.pk).update(deleted_at=NOW, slot=None)
    with pytest.raises(Application.DoesNotExist):
        start_recording(web, actor=actor)
    assert not stop_recording(web, actor=actor)
    assert not Event.objects.filter(kind__startswith="recording:").exists()


def test_what_has_run_out_is_not_recorded(web: Application) -> None:
    with time_machine.travel(NOW, tick=False):
        assert not is_recorded(web)
        web.recorded_until = NOW
        assert not is_recorded(web)
        web.recorded_until = NOW + timedelta(seconds=1)
        assert is_recorded(web)
