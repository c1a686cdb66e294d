"""The Access pages where machine applications act for themselves, or for people by a key."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from audit.actors import Actor
from audit.models import Event, EventKind
from oauthapps.access import listing
from oauthapps.models import AccessToken, Application, Consent, PublicKey
from oauthapps.rules.app_types import AppType
from oauthapps.services.applications import disable_application, enable_application
from oauthapps.services.credentials import add_key, add_secret, delete_key
from tests.console.pages import Browser, Page, text_of
from tests.factories import UserFactory, make_application
from tests.keys import SIGNING_KEY, public_pem
from tests.oauth2.conftest import Machine
from tests.oauth_client import TOKEN, OAuthClient

COMMAND = Actor.command("tests")


def address_of(application: Application) -> str:
    return reverse("console:application-access", args=[application.client_id])


def names_in(page: Page) -> list[str]:
    """What the rows are about, in their order."""
    return [
        text_of(header).partition(" Through ")[0] for header in page.all("th") if header.get("scope") == "row"
    ]


def row_of(page: Page, name: str) -> str:
    """The text of the row that begins with a name."""
    (row,) = [text_of(row) for row in page.all("tr") if text_of(row).startswith(name)]
    return row


def key_of(application: Application, person: User | None) -> PublicKey:
    """A key that acts as somebody, without the work of making one."""
    thumbprint = f"{application.pk}-{person.pk if person else 0}"
    return PublicKey.objects.create(
        application=application, user=person, thumbprint=thumbprint, fingerprint="", pem="", bits=2048
    )


def walk(console: Browser, address: str, **asked: str) -> list[list[str]]:
    """The names on each page, from the first to the last."""
    page, found = console.get(address, **asked), []
    while True:
        found.append(names_in(page))
        if "Next page" not in page.links():
            return found
        page = console.get(address + page.links()["Next page"])


@pytest.mark.spec("Y-102", "ASVS 10.7")
def test_a_machine_application_lists_itself_and_the_people_its_keys_act_as(
    console: Browser, member: User, machine: Application
) -> None:
    add_key(machine, public_pem(SIGNING_KEY), user=member, actor=Actor(user=member))
    client = OAuthClient(machine.client_id, add_secret(machine, actor=COMMAND).value)
    token = own_token(client)
    page = console.get(reverse("console:application-access", args=[machine.client_id]))
    assert "The application itself Gatehouse: read write" in page.text
    assert "As long as it has a secret or key 1 Revoke" in page.text
    assert "Bob Builder bob@example.org Through 1 public key Gatehouse: read write" in page.text
    assert "As long as the key exists" in page.text

    key_only = row_of(page, "Bob Builder")
    assert "Revoke" not in key_only  # there is nothing to revoke but the key

    of_person = console.get(reverse("person-access", args=[member.user_id]))
    assert names_in(of_person) == ["Nightly export"]
    assert "Through 1 public key" in of_person.text

    assert client.me(token).status_code == 200
    revoke = reverse("console:revoke-access", args=[machine.client_id, machine.service_id])
    confirmation = console.get(revoke)
    assert "Keys and client secrets stay" in confirmation.text
    console.send(confirmation)
    assert client.me(token).status_code == 401
    event = Event.objects.get(kind=EventKind.ACCESS_REVOKED)
    assert (event.application, event.person, event.detail) == (machine, None, "1 access token")


@pytest.mark.spec("Y-101", "ASVS 10.7")
def test_rows_of_an_application_s_people_are_fifty_a_page_and_found(
    console: Browser, machine: Application
) -> None:
    for number in range(53):
        key_of(machine, UserFactory.create(name=f"Reader {number:02}", username=f"reader{number:02}"))
    first, second = walk(console, address_of(machine))
    assert first[:2] == ["The application itself", "Reader 52 reader52@example.org"]
    assert (len(first), len(second)) == (50, 4)
    assert len({*first, *second}) == 54
    for text in ("reader 07", "READER07", "der07@example"):
        assert walk(console, address_of(machine), q=text) == [["Reader 07 reader07@example.org"]], text
    assert walk(console, address_of(machine), q="night")[0] == ["The application itself"]
    first, second = walk(console, address_of(machine), q="reader")
    assert (len(first), len(second)) == (50, 3)


@pytest.mark.spec("Y-101", "ASVS 10.7")
@pytest.mark.parametrize("machines", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("consents", [0, 1, 2, 3])
def test_a_person_s_rows_of_machines_and_consents_are_one_list(
    console: Browser, member: User, monkeypatch: pytest.MonkeyPatch, machines: int, consents: int
) -> None:
    monkeypatch.setattr(listing, "ROWS_PER_PAGE", 2)
    expected: list[str] = []
    for number in range(consents):
        application = make_application(AppType.WEB, name=f"Web {number}").application
        Consent.objects.create(user=member, application=application)
        expected.insert(0, application.name)
    for number in range(machines):
        application = make_application(AppType.MACHINE_TO_MACHINE, name=f"Machine {number}").application
        key_of(application, member)
        expected.insert(0, application.name)
    pages = walk(console, reverse("person-access", args=[member.user_id]))
    assert [name for page in pages for name in page] == expected
    assert [len(page) for page in pages[:-1]] == [2] * (len(pages) - 1)
    assert pages[-1] or not expected


@pytest.mark.spec("Y-101", "ASVS 10.7")
@pytest.mark.parametrize("place", ["m", "mm1", "m-1", "m" + "9" * 30, "9" * 30, "m٣", "\0"])
def test_a_place_that_is_none_is_the_beginning(console: Browser, machine: Application, place: str) -> None:
    assert names_in(console.get(address_of(machine), before=place)) == ["The application itself"]


@pytest.mark.spec("Y-102", "ASVS 10.7")
def test_what_a_deleted_key_s_tokens_may_do_is_listed_until_they_expire(
    console: Browser, administrator: User, machine: Application
) -> None:
    key = add_key(machine, public_pem(SIGNING_KEY), user=administrator, actor=COMMAND)
    holder = Machine(machine, OAuthClient(machine.client_id, add_secret(machine, actor=COMMAND).value), key)
    token = holder.client.exchange_jwt(holder.assertion()).json()["access_token"]
    delete_key(holder.key, actor=COMMAND)
    row = row_of(console.get(address_of(machine)), "Ada Lovelace")
    assert "public key" not in row
    assert "1 Revoke" in row
    revoke = reverse("revoke-of-person", args=[administrator.user_id, machine.client_id])
    console.send(console.get(revoke))
    assert holder.client.me(token).status_code == 401
    assert names_in(console.get(address_of(machine))) == ["The application itself"]


@pytest.mark.spec("Y-102", "ASVS 10.7")
def test_revoking_a_disabled_application_s_tokens_counts_once_it_is_enabled(
    console: Browser, machine: Application
) -> None:
    client = OAuthClient(machine.client_id, add_secret(machine, actor=COMMAND).value)
    token = own_token(client)
    disable_application(machine, actor=COMMAND)
    confirmation = console.get(reverse("console:revoke-all-access", args=[machine.client_id]))
    assert "1 active access token" in confirmation.text
    console.send(confirmation)
    machine.refresh_from_db()
    enable_application(machine, actor=COMMAND)
    assert client.me(token).status_code == 401
    assert AccessToken.objects.get().revoked_at is not None


@pytest.mark.spec("Y-105", "ASVS 10.4.9")
def test_older_tokens_of_a_machine_application_are_those_issued_before_that_day(
    console: Browser, machine: Application
) -> None:
    client = OAuthClient(machine.client_id, add_secret(machine, actor=COMMAND).value)
    old, new = own_token(client), own_token(client)
    midnight = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    first, second = AccessToken.objects.order_by("pk")
    for token, at in ((first, midnight - timedelta(microseconds=1)), (second, midnight)):
        AccessToken.objects.filter(pk=token.pk).update(created=at)
    address = reverse("console:revoke-older-access", args=[machine.client_id])
    assert "1 active access token" in console.get(address, date=f"{midnight:%Y-%m-%d}").text
    console.post(f"{address}?date={midnight:%Y-%m-%d}")
    assert [client.me(token).status_code for token in (old, new)] == [401, 200]


def own_token(client: OAuthClient) -> str:
    """An access token that a machine application gets for itself."""
    fields: dict[str, Any] = {"grant_type": "client_credentials"}
    return str(client.post(TOKEN, fields, Authorization=client.basic).json()["access_token"])
