"""People, and the one-time password link."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from oauthapps.models import Event
from oauthapps.models.events import EventKind
from tests.console.pages import Browser, Page
from tests.factories import UserFactory

PEOPLE = "/people/"
NEW_PASSWORD = "entirely different words"


def make_link(console: Browser, person: User) -> Page:
    return console.send(console.get(PEOPLE), reverse("password-link", args=[person.user_id]))


def test_people_are_for_administrators(visitor: Browser, member: User) -> None:
    assert visitor.get(PEOPLE).status == 403
    assert visitor.post(reverse("password-link", args=[member.user_id])).status == 403


def test_the_list_shows_who_somebody_is_and_when_they_were_last_active(
    console: Browser, member: User
) -> None:
    text = console.get(PEOPLE).text
    for shown in (member.name, member.username, member.email, member.user_id, "Member", "Administrator"):
        assert shown in text


def test_the_list_can_be_searched_and_turned_over(console: Browser) -> None:
    UserFactory.create_batch(60)
    wanted = UserFactory.create(name="Zora Neale", email="zora@example.net")
    first = console.get(PEOPLE)
    assert "Page 1 of 2" in first.text
    assert wanted.user_id not in first.text
    assert wanted.user_id in console.get(PEOPLE, page="2").text
    for text in ("neale", "ZORA@example", wanted.username):
        found = console.get(PEOPLE, q=text)
        assert wanted.user_id in found.text
        assert "1 person found" in found.text
    assert "contains “nobody”" in console.get(PEOPLE, q="nobody").text


def test_a_link_is_shown_once_recorded_and_good_for_one_new_password(
    console: Browser, administrator: User, member: User
) -> None:
    page = make_link(console, member)
    link = page.by_id("password-link").get("value", "")
    assert page.answer["Cache-Control"] == "no-store"
    assert link.startswith("http://testserver.localhost/")
    assert link not in console.get(PEOPLE).content
    event = Event.objects.get(kind=EventKind.PASSWORD_LINK_MADE)
    assert (event.actor, event.person) == (administrator, member)
    assert link not in str(list(Event.objects.values()))

    path = link.removeprefix("http://testserver.localhost")
    theirs = Browser(Client())
    form = theirs.get(path)
    assert form.heading == "Set a new password"
    action = reverse("set-password")
    done = theirs.follow(theirs.send(form, action, password1=NEW_PASSWORD, password2=NEW_PASSWORD))
    assert done.heading == "Sign in"
    member.refresh_from_db()
    assert member.check_password(NEW_PASSWORD)

    again = Browser(Client()).get(path)
    assert again.heading == "This link is over"
    assert "password1" not in again.content


def test_there_is_no_link_for_somebody_who_is_inactive(console: Browser) -> None:
    person = UserFactory.create(is_active=False)
    page = console.get(PEOPLE)
    assert "Inactive" in page.text
    assert not re.search(rf"Make a one-time password link {person.username}\b", page.text)
    assert console.post(reverse("password-link", args=[person.user_id])).status == 404


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_a_link_is_made_by_post_only(console: Browser, member: User, method: str) -> None:
    answer = getattr(console.client, method)(reverse("password-link", args=[member.user_id]))
    assert answer.status_code == 405
