"""A secret or key that has expired is refused wherever clients show it, from one moment to the next."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from audit.actors import Actor
from oauthapps.models import Application, ClientSecret, PublicKey
from oauthapps.services.credential_edits import change_expiry
from oauthapps.services.credentials import add_secret
from tests.keys import SIGNING_KEY
from tests.oauth2.conftest import Machine, application_of
from tests.oauth2.test_client_assertions import ASSERTION_TYPE, assertion, own_token, upload
from tests.oauth_client import INTROSPECT, REVOKE, TOKEN, OAuthClient

pytestmark = pytest.mark.django_db

NOW = datetime(2027, 1, 20, 12, tzinfo=UTC)
LAST_DAY = date(2027, 1, 31)
LAST_MOMENT, END = datetime(2027, 1, 31, 23, 59, 59, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC)
ADMINISTRATOR = Actor(label="an administrator")
OWN = {"grant_type": "client_credentials"}


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def expire(credential: ClientSecret | PublicKey, last_day: date | None = LAST_DAY) -> None:
    change_expiry(credential, last_day=last_day, actor=ADMINISTRATOR)


def by_body(client: OAuthClient, path: str = TOKEN, **parameters: str) -> Any:
    shown = {"client_id": client.client_id, "client_secret": client.client_secret}
    return client.post(path, {**shown, **(parameters or OWN)})


def by_basic(client: OAuthClient, path: str = TOKEN, **parameters: str) -> Any:
    return client.post(path, parameters or OWN, Authorization=client.basic)


@pytest.mark.spec("U-90", "RFC 6749 §2.3.1")
@pytest.mark.parametrize("asks", [by_body, by_basic])
def test_a_secret_works_through_its_last_day_and_not_a_second_longer(
    machine: Machine, clock: time_machine.Traveller, asks: Any
) -> None:
    expire(machine.application.secrets.get())
    clock.move_to(LAST_MOMENT)
    assert asks(machine.client).status_code == 200
    clock.move_to(END)
    refused = asks(machine.client)
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")


@pytest.mark.spec("U-90", "RFC 6749 §2.3.1")
@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        (TOKEN, {"grant_type": "refresh_token"}),
        (INTROSPECT, {"token": "gtacc_x"}),
        (REVOKE, {"token": "gtacc_x"}),
    ],
)
def test_it_is_refused_at_every_endpoint(
    web: OAuthClient, visitor: Client, clock: time_machine.Traveller, path: str, parameters: dict[str, str]
) -> None:
    if path == TOKEN:
        parameters = {**parameters, "refresh_token": web.get_tokens(visitor)["refresh_token"]}
    expire(application_of(web).secrets.get())
    clock.move_to(END)
    assert by_body(web, path, **parameters).status_code == 401
    clock.move_to(LAST_MOMENT)
    assert by_body(web, path, **parameters).status_code == 200


@pytest.mark.spec("U-90", "RFC 6749 §2.3.1")
def test_a_code_is_not_exchanged_with_an_expired_secret(
    web: OAuthClient, visitor: Client, clock: time_machine.Traveller
) -> None:
    codes = web.get_code(visitor), web.get_code(visitor)
    application_of(web).secrets.update(expires_at=NOW + timedelta(seconds=1))
    assert web.exchange(codes[0]).status_code == 200
    clock.shift(1)
    assert web.exchange(codes[1]).status_code == 401


@pytest.mark.spec("U-91", "RFC 6749 §5.2")
def test_clients_hear_the_same_as_for_a_secret_that_never_existed(
    machine: Machine, clock: time_machine.Traveller
) -> None:
    expire(machine.application.secrets.get())
    clock.move_to(END)
    other = OAuthClient(machine.client.client_id, "gtsec_" + "x" * 49)
    expired, unknown = by_body(machine.client), by_body(other)
    assert (expired.status_code, expired.json()) == (unknown.status_code, unknown.json())


@pytest.mark.spec("U-90", "RFC 7523 §3")
def test_a_key_that_has_expired_signs_nothing_any_more(
    machine: Machine, web: OAuthClient, clock: time_machine.Traveller
) -> None:
    expire(machine.key)
    own = upload(web, SIGNING_KEY)
    expire(own)

    def exchange() -> Any:
        return machine.client.exchange_jwt(machine.assertion())

    def authenticate() -> Any:
        shown = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion(web)}
        return web.post(INTROSPECT, {**shown, "token": "gtacc_x"})

    clock.move_to(LAST_MOMENT)
    assert exchange().status_code == authenticate().status_code == 200
    clock.move_to(END)
    refused = exchange()
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    assert authenticate().status_code == 401


@pytest.mark.spec("U-91", "RFC 7523 §3")
def test_an_expired_key_reads_like_a_deleted_one(machine: Machine, clock: time_machine.Traveller) -> None:
    PublicKey.objects.update(user=None)
    expire(machine.key)
    assert own_token(machine.client, assertion(machine.client)).status_code == 200
    clock.move_to(END)
    expired = own_token(machine.client, assertion(machine.client))
    PublicKey.objects.update(deleted_at=END)
    deleted = own_token(machine.client, assertion(machine.client))
    assert (expired.status_code, expired.json()) == (deleted.status_code, deleted.json())


@pytest.mark.spec("U-90", "the console")
def test_another_secret_goes_on_and_a_later_day_lets_the_first_one_work_again(
    machine: Machine, clock: time_machine.Traveller
) -> None:
    first = machine.application.secrets.get()
    second = add_secret(machine.application, actor=ADMINISTRATOR)
    expire(first)
    clock.move_to(END)
    assert by_body(OAuthClient(machine.client.client_id, second.value)).status_code == 200
    assert by_body(machine.client).status_code == 401
    expire(first, None)
    assert by_body(machine.client).status_code == 200


@pytest.mark.spec("U-90", "the console")
def test_what_works_is_what_the_models_say(clock: time_machine.Traveller, machine: Machine) -> None:
    secret = machine.application.secrets.get()
    expire(secret)
    secret.refresh_from_db()
    assert (secret.expires_at, secret.last_day) == (END, LAST_DAY)
    for at, works in ((LAST_MOMENT, True), (END, False), (END + timedelta(days=9), False)):
        clock.move_to(at)
        assert secret.is_usable is works is not secret.is_expired
        assert Application.objects.get().secrets.usable().exists() is works
        assert secret.is_live
