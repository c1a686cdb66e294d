"""What is left of links and sessions that are over goes with the daily clearing up."""

from datetime import timedelta

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.test import Client
from django.utils import timezone

from accounts.models import LinkPurpose, OneTimeLink
from accounts.services.links import create_link_key, create_password_link
from audit.actors import Actor
from oauthapps.services.cleanup import prune
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db


def test_links_that_are_over_are_removed_and_others_stay() -> None:
    person = UserFactory.create()
    create_password_link(person, actor=Actor.command("tests"))
    create_link_key(person, LinkPurpose.INVITATION)
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        assert prune().one_time_links == 1
    assert OneTimeLink.objects.get().purpose == LinkPurpose.INVITATION


def test_the_list_of_sessions_forgets_those_that_are_over_and_keeps_others() -> None:
    person = UserFactory.create()
    login = {"login": person.username, "password": PASSWORD}
    Client().post("/accounts/login/", login)
    with time_machine.travel(timezone.now() + timedelta(hours=7)):
        Client().post("/accounts/login/", login)
    with time_machine.travel(timezone.now() + timedelta(hours=9)):
        removed = prune()
    assert (removed.sessions, removed.listed_sessions) == (1, 1)
    assert UserSession.objects.count() == 1
