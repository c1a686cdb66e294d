"""The bin in the console: deleting, Undo, Restore, Delete now."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from audit.actors import Actor
from oauthapps.models import Application, RefreshToken
from oauthapps.rules.app_types import AppType
from oauthapps.services.applications import delete_application
from tests.console.pages import Browser
from tests.console.test_status import address, give_access
from tests.factories import make_application

BIN = reverse("console:bin")


@pytest.mark.spec("U-120", "the console")
def test_undo_after_a_deletion_brings_the_application_back(console: Browser, web: Application) -> None:
    asked = console.get(address("delete", web))
    assert "It moves to the bin. For 30 days it can be restored" in asked.text
    page = console.follow(console.send(asked, name="Field app"))
    assert "Deleted: Field app. It stays in the bin for 30 days." in page.messages
    restored = console.follow(console.send(page, address("restore", web)))
    assert "Restored: Field app" in restored.messages
    assert restored.heading == "Field app"
    assert "Bin (" not in console.get(reverse("console:applications")).text


@pytest.mark.spec("U-120", "the console")
def test_the_bin_lists_who_deleted_what_and_how_long_it_stays(
    console: Browser, web: Application, machine: Application, administrator: User
) -> None:
    assert "The bin is empty" in console.get(BIN).text
    now = timezone.now()
    with time_machine.travel(now - timedelta(days=10), tick=False):
        delete_application(machine, actor=Actor(user=administrator))
    delete_application(web, actor=Actor.command("tests"))
    page = console.get(BIN)
    assert page.text.index("Field app") < page.text.index("Nightly export")
    for words in ("Machine to Machine", "by Ada Lovelace", "20 days", "30 days"):
        assert words in page.text
    assert "Bin (2)" in console.get(reverse("console:applications")).text
    with time_machine.travel(now + timedelta(days=20, seconds=1)):
        assert Application.objects.in_bin().get() == web


@pytest.mark.spec("U-120", "the console")
def test_every_page_of_a_deleted_application_says_that_it_is_in_the_bin(
    console: Browser, visitor: Browser, web: Application
) -> None:
    delete_application(web, actor=Actor.command("tests"))
    page = console.get(web.get_absolute_url())
    assert (page.status, page.heading) == (404, "Field app was deleted")
    assert page.links()["Restore Field app"] == address("restore", web)
    assert visitor.get(web.get_absolute_url()).status == 403
    assert console.post(address("disable", web)).heading == "Field app was deleted"


@pytest.mark.spec("U-122", "the console")
def test_a_taken_name_is_offered_with_an_addition(console: Browser, web: Application) -> None:
    delete_application(web, actor=Actor.command("tests"))
    make_application(AppType.WEB, name="Field App")
    undo = console.post(address("restore", web))
    assert undo.status == 422
    assert "Another application is now called Field app." in undo.alerts()
    page = console.get(address("restore", web))
    assert page.field("name").get("value") == "Field app (restored)"
    assert "Another application now has its name." in page.text
    assert console.follow(console.send(page)).heading == "Field app (restored)"


@pytest.mark.spec("U-122", "the console")
def test_a_full_limit_is_said_before_and_after(
    console: Browser, web: Application, settings: Settings
) -> None:
    settings.APPLICATION_LIMIT = 1
    delete_application(web, actor=Actor.command("tests"))
    make_application(AppType.WEB, name="Another")
    page = console.get(address("restore", web))
    assert "Delete one that you no longer use, then restore this one." in page.text
    refused = console.send(page)
    assert refused.status == 422
    assert "Delete one that you no longer use, then restore this one." in refused.alerts()


@pytest.mark.spec("U-121", "the console")
def test_delete_now_asks_for_the_name_and_ends_it(console: Browser, web: Application) -> None:
    delete_application(web, actor=Actor.command("tests"))
    page = console.get(address("purge", web))
    refused = console.send(page, name="Another")
    assert refused.status == 422
    assert "Nothing was deleted." in refused.alerts()
    done = console.follow(console.send(page, name="Field app"))
    assert "Deleted for good: Field app" in done.messages
    assert "The bin is empty" in done.text
    for name in ("restore", "purge"):
        assert console.get(address(name, web)).status == 404
    assert console.get(web.get_absolute_url()).heading == "Page not found"


@pytest.mark.spec("U-120", "the console")
def test_restoring_says_that_people_sign_in_again(console: Browser, web: Application, member: User) -> None:
    give_access(web, member)
    delete_application(web, actor=Actor.command("tests"))
    page = console.get(address("restore", web))
    assert "people have to sign in to it again" in page.text
    console.send(page)
    assert not RefreshToken.objects.alive().exists()
    assert "Bob Builder" in console.get(reverse("console:application-access", args=[web.client_id])).text
