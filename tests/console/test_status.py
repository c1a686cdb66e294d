"""Disabling, enabling and deleting an application."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from oauthapps.models import AccessToken, Application, Consent, RefreshToken, TokenFamily
from oauthapps.rules.credential_values import digest
from tests.console.pages import Browser
from tests.factories import stored_earlier


def address(name: str, application: Application) -> str:
    return reverse(f"console:{name}-application", args=[application.client_id])


def give_access(application: Application, person: User, *, days_ago: int = 0) -> TokenFamily:
    """Let a person have allowed an application that has refreshed since."""
    then = timezone.now() - timedelta(days=days_ago)
    consent = Consent.objects.create(user=person, application=application)
    family = TokenFamily.objects.create(
        consent=consent,
        user=person,
        application=application,
        scope="read offline_access",
        started_at=then,
    )
    common = {"application": application, "user": person, "family": family, "token": ""}
    RefreshToken.objects.create(**common, token_checksum=digest(f"refresh {person.pk}"), scope="read")
    AccessToken.objects.create(
        **common,
        token_checksum=digest(f"access {person.pk}"),
        scope="read",
        expires=then + timedelta(hours=1),
    )
    return family


def test_disable_and_enable_are_two_buttons_that_undo_each_other(console: Browser, web: Application) -> None:
    page = console.send(console.get(web.get_absolute_url()), address("disable", web))
    disabled = console.follow(page)
    assert "Disabled: Field app" in disabled.messages
    assert not Application.objects.enabled().filter(pk=web.pk).exists()
    assert address("disable", web) not in disabled.content
    enabled = console.follow(console.send(disabled, address("enable", web)))
    assert "Enabled: Field app" in enabled.messages
    assert Application.objects.enabled().filter(pk=web.pk).exists()


def test_a_second_press_is_harmless(console: Browser, web: Application) -> None:
    for _ in range(2):
        assert console.post(address("disable", web)).status == 302
    assert web.events.filter(kind="application:disable").count() == 1


def test_delete_asks_first_and_deletes_nothing_by_looking(console: Browser, web: Application) -> None:
    page = console.get(address("delete", web))
    assert page.heading == "Delete Field app?"
    assert "Nobody has access through it now." in page.text
    assert Application.objects.live().filter(pk=web.pk).exists()


def test_delete_says_how_many_people_have_live_access(
    console: Browser, web: Application, administrator: User, member: User
) -> None:
    give_access(web, member)
    give_access(web, administrator, days_ago=40)
    text = console.get(address("delete", web)).text
    assert "2 people hold access through it." in text
    assert "2 people would be signed out of it now." in text
    assert "1 active access token stops working." in text


def test_people_whose_access_has_run_out_are_not_counted(
    console: Browser, web: Application, administrator: User, member: User
) -> None:
    give_access(web, member, days_ago=366)
    give_access(web, administrator)
    User.objects.filter(pk=member.pk).update(last_active_at=timezone.now())
    text = console.get(address("delete", web)).text
    assert "2 people hold access" in text
    assert "1 person would be signed out" in text
    User.objects.filter(pk=administrator.pk).update(is_active=True)
    TokenFamily.objects.filter(user=administrator).update(
        ended_at=timezone.now(), end_reason="consent_withdrawn"
    )
    assert "signed out" not in console.get(address("delete", web)).text


def test_deleting_frees_the_place_and_says_so(console: Browser, web: Application) -> None:
    page = console.follow(console.send(console.get(address("delete", web)), name="Field app"))
    assert "Deleted: Field app" in page.messages
    assert "0 of 10 applications" in page.text
    assert console.get(web.get_absolute_url()).status == 404


@pytest.mark.parametrize("typed", ["", "Field", "Timesheet widget"])
def test_another_name_deletes_nothing_and_says_so(console: Browser, web: Application, typed: str) -> None:
    page = console.send(console.get(address("delete", web)), name=typed)
    assert page.status == 422
    assert page.title.startswith("Error: ")
    assert "Nothing was deleted" in page.alerts()
    assert page.field("name").get("aria-invalid") == "true"
    assert page.field("name").get("value", "") == typed
    assert Application.objects.live().filter(pk=web.pk).exists()


@pytest.mark.parametrize("typed", [" field  APP ", "Field\u00a0app"])
def test_capitals_and_spaces_do_not_matter(console: Browser, web: Application, typed: str) -> None:
    assert console.send(console.get(address("delete", web)), name=typed).status == 302


def test_a_name_with_invisible_characters_can_be_copied_or_retyped(
    console: Browser, web: Application
) -> None:
    stored_earlier(web, name="Bank\u202emoc.knab\u200b")
    page = console.get(address("delete", web))
    assert page.by_id("application-name").get("value") == "Bank\u202emoc.knab\u200b"
    assert console.send(page, name="bankmoc.knab").status == 302
