"""The sentence that follows the lifetimes while they are being chosen."""

import pytest
from django.urls import reverse

from oauthapps.models import Application
from tests.console.pages import Browser


def ask(console: Browser, application: Application, **chosen: str) -> dict[str, object]:
    answer = console.client.get(reverse("console:effect", args=[application.client_id]), chosen)
    assert answer.status_code == 200
    found: dict[str, object] = answer.json()
    return found


def test_it_is_that_of_the_page_for_the_values_that_are_asked_about(
    console: Browser, single_page: Application
) -> None:
    answer = ask(
        console,
        single_page,
        rotate_refresh_tokens="on",
        absolute_expiration="1y",
        inactivity_expiration="30d",
    )
    assert "after 30 days of inactivity, and at least once a year" in str(answer["effect"])
    assert answer["warns"] is False
    off = ask(console, single_page, absolute_expiration="30d", inactivity_expiration="1y")
    assert "the inactivity expiration (1 year) never takes effect" in str(off["effect"])
    assert off["warns"] is True


def test_only_a_public_client_is_warned_about(console: Browser, web: Application) -> None:
    assert ask(console, web, absolute_expiration="1y", inactivity_expiration="none")["warns"] is False


@pytest.mark.parametrize("code", ["", "3d", "x" * 5000])
def test_what_is_not_offered_means_nothing(console: Browser, web: Application, code: str) -> None:
    assert ask(console, web, absolute_expiration=code, inactivity_expiration="1y")["effect"] == ""


def test_machines_have_no_refresh_tokens(console: Browser, machine: Application) -> None:
    assert console.get(reverse("console:effect", args=[machine.client_id])).status == 404
