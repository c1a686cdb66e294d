"""What a change would end is said, in numbers with lists behind them, before it is done."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from oauthapps.models import Application, ClientSecret, TokenFamily
from oauthapps.models.usage import CredentialCaller, UsageCount, UsageKind
from tests.console.conftest import save
from tests.console.pages import Browser, Page
from tests.console.test_status import address, give_access
from tests.factories import REDIRECT_URL

pytestmark = pytest.mark.spec("U-125", "the console")


def confirmed(page: Page, name: str) -> dict[str, str]:
    """What the button of a question sends."""
    return {name: next(each.get("value", "") for each in page.all("button") if each.get("name") == name)}


def test_disabling_what_is_in_use_asks_first_with_the_lists_behind_the_numbers(
    console: Browser, web: Application, member: User
) -> None:
    give_access(web, member)
    page = console.get(reverse("console:application-activity", args=[web.client_id]))
    asked = console.send(page, address("disable", web), **page.pressed(address("disable", web)))
    assert (asked.status, asked.heading) == (409, "Disable Field app?")
    access = reverse("console:application-access", args=[web.client_id])
    for words in ("1 person", "1 active access token"):
        assert asked.links()[words] == access
    assert Application.objects.enabled().filter(pk=web.pk).exists()
    done = console.send(asked)
    assert done.answer["Location"] == page.answer.request["PATH_INFO"]
    assert not Application.objects.enabled().filter(pk=web.pk).exists()


def test_credentials_and_callers_of_the_last_day_are_counted(
    console: Browser, machine: Application, secret: ClientSecret
) -> None:
    now = timezone.now()
    assert "Nobody has access through it now." in console.get(address("delete", machine)).text
    ClientSecret.objects.filter(pk=secret.pk).update(last_used_at=now)
    for number, hours in enumerate((1, 2, 3, 25)):
        CredentialCaller.objects.create(
            application=machine,
            kind=UsageKind.SECRET,
            credential=secret.pk,
            address=f"192.0.2.{number}",
            last_at=now - timedelta(hours=hours),
        )
    page = console.get(address("delete", machine))
    assert "1 client secret was used in the last 24 hours." in page.text
    assert "3 callers used a secret or key in the last 24 hours." in page.text
    assert page.links()["1 client secret"] == f"{machine.get_absolute_url()}#client-secret"


def test_removing_a_redirect_url_that_is_in_use_asks_first(console: Browser, web: Application) -> None:
    other = "https://client.example/other"
    save(console, web, redirect_url=[REDIRECT_URL, other])
    row = web.redirect_urls.get(url=REDIRECT_URL)
    web.redirect_urls.filter(pk=row.pk).update(last_used_at=timezone.now() - timedelta(days=2))
    UsageCount.objects.create(
        application=web, day=timezone.now().date(), kind=UsageKind.REDIRECT_URL, subject=row.pk, issued=7
    )
    asked = save(console, web, redirect_url=other, description="Typed")
    assert asked.status == 409
    assert "remove a Redirect URL that is in use" in asked.alerts()
    assert "tokens issued 7 times in 30 days" in asked.alerts()
    assert asked.field("description").text == "Typed"
    assert console.send(asked, **confirmed(asked, "without_used_urls")).status == 302
    assert [row.url for row in web.redirect_urls.all()] == [other]


def test_removing_a_redirect_url_that_nobody_used_asks_nothing(console: Browser, web: Application) -> None:
    other = "https://client.example/other"
    save(console, web, redirect_url=[REDIRECT_URL, other])
    web.redirect_urls.filter(url=REDIRECT_URL).update(last_used_at=timezone.now() - timedelta(days=31))
    assert save(console, web, redirect_url=other).status == 302


def test_a_confirmation_is_for_the_urls_that_were_named(console: Browser, web: Application) -> None:
    others = ["https://client.example/b", "https://client.example/c"]
    save(console, web, redirect_url=[REDIRECT_URL, *others])
    web.redirect_urls.update(last_used_at=timezone.now())
    asked = save(console, web, redirect_url=others)
    again = console.send(asked, redirect_url=others[:1], **confirmed(asked, "without_used_urls"))
    assert again.status == 409
    assert web.redirect_urls.count() == 3


@pytest.mark.parametrize("name", ["absolute_expiration", "inactivity_expiration"])
def test_a_shorter_lifetime_says_whom_it_signs_out(
    console: Browser, web: Application, member: User, administrator: User, name: str
) -> None:
    give_access(web, member, days_ago=40)
    give_access(web, administrator)
    User.objects.filter(pk=member.pk).update(last_active_at=timezone.now() - timedelta(days=40))
    asked = save(console, web, **{name: "30d"})
    assert asked.status == 409
    assert "refresh tokens of 1 person would expire now" in asked.alerts()
    assert asked.links()["Bob Builder"] == reverse("person-access", args=[member.user_id])
    assert "Ada Lovelace" not in asked.alerts()
    assert console.send(asked, **confirmed(asked, "shorter_lifetimes")).status == 302
    web.refresh_from_db()
    assert getattr(web, name) == "30d"


def test_a_shorter_lifetime_that_signs_nobody_out_asks_nothing(
    console: Browser, web: Application, member: User
) -> None:
    give_access(web, member, days_ago=10)
    assert save(console, web, absolute_expiration="30d").status == 302
    TokenFamily.objects.update(started_at=timezone.now() - timedelta(days=31))
    assert save(console, web, absolute_expiration="14d").status == 302  # it had expired before
