"""What is deleted, and when, besides tokens (of which tests/oauth2/test_token_cleanup.py speaks)."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from pytest_django import Settings

from audit.actors import Actor
from audit.models import Event, EventKind
from oauthapps.models import Application, ClientSecret, Logo, PublicKey
from oauthapps.rules.app_types import AppType
from oauthapps.services.applications import delete_application
from oauthapps.services.cleanup import prune
from oauthapps.services.credentials import add_key
from tests.factories import make_application
from tests.keys import OTHER_KEY, public_pem
from tests.oauth2.conftest import Machine

pytestmark = pytest.mark.django_db
THERE = Actor.command("tests")


@pytest.mark.spec("S-33", "ASVS 14.2.7")
def test_a_deleted_applications_logo_keys_and_secrets_go_after_thirty_days(machine: Machine) -> None:
    living, now = machine.application, timezone.now()
    gone = make_application(AppType.MACHINE_TO_MACHINE, name="Gone").application
    add_key(gone, public_pem(OTHER_KEY), user=machine.key.user, actor=THERE)
    for application in (living, gone):
        Logo.objects.create(application=application, png=b"png", digest="0" * 64)
    with time_machine.travel(now, tick=False):
        delete_application(gone, actor=THERE)
    with time_machine.travel(now + timedelta(days=29), tick=False):
        removed = prune()
        assert (removed.logos, removed.keys, removed.secrets) == (0, 0, 0)
    with time_machine.travel(now + timedelta(days=31), tick=False):
        removed = prune()
    assert (removed.logos, removed.keys, removed.secrets) == (1, 1, 1)
    for model in (Logo, PublicKey, ClientSecret):
        assert not model._base_manager.filter(application=gone).exists()
        assert model._base_manager.filter(application=living).exists()
    assert Application.objects.filter(pk=gone.pk).exists()
    assert Event.objects.filter(application=gone, kind=EventKind.APPLICATION_DELETED).exists()


@pytest.mark.spec("S-33", "ASVS 14.2.7, 16.4")
def test_events_go_after_as_many_days_as_the_setting_says(settings: Settings) -> None:
    settings.EVENT_DAYS = 90
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        Event.objects.record(EventKind.SIGNED_OUT, actor=THERE)
    with time_machine.travel(now + timedelta(days=1), tick=False):
        Event.objects.record(EventKind.SIGNED_IN, actor=THERE)
    with time_machine.travel(now + timedelta(days=89), tick=False):
        assert prune().events == 0
    with time_machine.travel(now + timedelta(days=90, seconds=1), tick=False):
        assert prune().events == 1
    assert Event.objects.get().kind == EventKind.SIGNED_IN
