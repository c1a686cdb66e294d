"""Handing out access asks for a sign-in of the last 30 minutes, and what was typed waits for it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Organization, User
from oauthapps.models import Application, ClientSecret, PublicKey
from oauthapps.rules.app_types import AppType
from oauthapps.rules.lifetimes import Lifetime
from tests.console.pages import Browser, Page
from tests.factories import PASSWORD, make_application
from tests.keys import SIGNING_KEY, public_pem
from tests.sign_ins import age_sign_in

REAUTHENTICATE = "/accounts/reauthenticate/"
NEW = "/console/applications/new"

Act = Callable[[Browser, Application, Application], Page]


def create(console: Browser, _web: Application, _machine: Application) -> Page:
    return console.send(console.get(NEW), name="Brand new", app_type=AppType.MACHINE_TO_MACHINE)


def add_secret(console: Browser, web: Application, _machine: Application) -> Page:
    return console.send(
        console.get(web.get_absolute_url()), f"{web.get_absolute_url()}secrets/", notes="typed"
    )


def generate_key(console: Browser, _web: Application, machine: Application) -> Page:
    page = console.get(machine.get_absolute_url())
    return console.send(page, f"{machine.get_absolute_url()}keys/generate")


def change(application: str, **fields: Any) -> Act:
    def send(console: Browser, web: Application, machine: Application) -> Page:
        address = {"web": web, "machine": machine}[application].get_absolute_url()
        return console.send(console.get(address), **fields)

    return send


def enable(console: Browser, _web: Application, _machine: Application) -> Page:
    disabled = Application.objects.exclude(disabled_at=None).get()
    page = console.get(disabled.get_absolute_url())
    return console.send(page, f"{disabled.get_absolute_url()}enable/")


def change_domain(console: Browser, _web: Application, _machine: Application) -> Page:
    return console.send(console.get(reverse("organization")), domain="elsewhere")


WIDENING = {
    "create an application": create,
    "add a secret": add_secret,
    "generate a key": generate_key,
    "add a redirect URL": change("web", redirect_url=["https://a.example/", "https://new.example/"]),
    "turn rotation off": change("web", rotate_refresh_tokens=None),
    "a longer absolute expiration": change("web", absolute_expiration="2y"),
    "a longer inactivity expiration": change("web", inactivity_expiration="2y"),
    "no absolute expiration": change("web", absolute_expiration="none"),
    "no inactivity expiration": change("web", inactivity_expiration="none"),
    "may verify tokens": change("machine", may_verify_tokens="on"),
    "enable an application": enable,
    "change the domain": change_domain,
}
OTHERS = {
    "another name": change("web", name="Another name", redirect_url="https://a.example/"),
    "a shorter life": change("web", absolute_expiration="1d", redirect_url="https://a.example/"),
    "one redirect URL less": change("web", redirect_url="https://a.example/"),
}


@pytest.fixture
def web(web: Application) -> Application:
    for position, url in enumerate(["https://a.example/", "https://b.example/"]):
        web.redirect_urls.create(url=url, position=position)
    web.rotate_refresh_tokens = True
    web.absolute_expiration = web.inactivity_expiration = Lifetime.ONE_YEAR
    web.save()
    disabled = make_application(AppType.WEB, name="Out of use").application
    Application.objects.filter(pk=disabled.pk).update(disabled_at=timezone.now())
    return web


def state(web: Application, machine: Application) -> tuple[object, ...]:
    """All that the acts above change."""
    web.refresh_from_db()
    machine.refresh_from_db()
    return (
        Application.objects.count(),
        ClientSecret.objects.count(),
        PublicKey.objects.count(),
        [row.url for row in web.redirect_urls.order_by("position")],
        (web.name, web.rotate_refresh_tokens, web.absolute_expiration, web.inactivity_expiration),
        machine.may_verify_tokens,
        Application.objects.enabled().count(),
        Organization.current().domain,
    )


@pytest.mark.spec("W-72", "ASVS 7.5.3")
@pytest.mark.parametrize("act", WIDENING.values(), ids=WIDENING.keys())
def test_what_hands_out_access_asks_for_a_sign_in_and_then_goes_on(
    console: Browser, web: Application, machine: Application, act: Act
) -> None:
    before = state(web, machine)
    age_sign_in(console, minutes=31)
    asked = act(console, web, machine)
    assert asked.status == 302
    assert asked.answer["Location"].startswith(REAUTHENTICATE)
    assert state(web, machine) == before
    page = console.follow(console.send(console.follow(asked), REAUTHENTICATE, password=PASSWORD))
    assert page.heading == "Your changes were kept"
    address = page.posted_forms()[0].get("action", "")
    done = console.send(page, address)
    assert done.status in {200, 302}
    assert state(web, machine) != before


@pytest.mark.spec("W-72", "ASVS 7.5.3")
@pytest.mark.parametrize(
    ("act", "minutes"),
    [pytest.param(act, 29, id=name) for name, act in WIDENING.items()]
    + [pytest.param(act, 31, id=name) for name, act in OTHERS.items()],
)
def test_a_sign_in_of_the_last_half_hour_is_enough_and_other_changes_ask_for_none(
    console: Browser, web: Application, machine: Application, act: Act, minutes: int
) -> None:
    before = state(web, machine)
    age_sign_in(console, minutes=minutes)
    act(console, web, machine)
    assert state(web, machine) != before


def test_a_refused_form_is_explained_before_anything_is_asked(console: Browser, web: Application) -> None:
    page = console.get(web.get_absolute_url())
    age_sign_in(console, minutes=31)
    assert console.send(page, redirect_url="https://new.example/#fragment").status == 422


@pytest.mark.spec("W-72", "ASVS 7.5.3")
def test_adding_a_key_asks_before_anything_is_pasted(console: Browser, machine: Application) -> None:
    address = reverse("console:add-key", args=[machine.client_id])
    page = console.get(address)
    age_sign_in(console, minutes=31)
    pasted = {"public_key": public_pem(SIGNING_KEY).decode()}
    assert console.send(page, **pasted).answer["Location"].startswith(REAUTHENTICATE)
    assert not machine.keys.exists()
    asked = console.follow(console.get(address))
    page = console.follow(console.send(asked, REAUTHENTICATE, password=PASSWORD))
    console.send(page, **pasted)
    assert machine.keys.count() == 1


@pytest.mark.spec("W-73", "ASVS 7.2.4")
def test_confirming_who_one_is_gives_the_session_another_id(console: Browser, administrator: User) -> None:
    from django.test import Client

    before = console.client.cookies["gatehouse_session"].value
    console.post(REAUTHENTICATE, {"password": PASSWORD})
    after = console.client.cookies["gatehouse_session"].value
    assert after != before
    assert console.get("/security/").status == 200
    seen_before = Client()
    seen_before.cookies["gatehouse_session"] = before
    assert seen_before.get("/security/").status_code == 302


def test_a_failed_attempt_keeps_the_session(console: Browser) -> None:
    before = console.client.cookies["gatehouse_session"].value
    console.post(REAUTHENTICATE, {"password": "wrong"})
    assert console.client.cookies["gatehouse_session"].value == before
    assert console.get("/security/").status == 200
