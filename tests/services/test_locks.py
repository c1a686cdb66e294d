"""What holds a row keeps no token waiting, and nothing slow happens meanwhile."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connection, connections
from django.test import Client
from django.urls import reverse

from accounts.models import LinkPurpose, Role, User
from accounts.services import links, organization
from accounts.services.people import change_person
from audit.actors import Actor
from oauthapps.services import changes
from oauthapps.services.activation import reset_person
from oauthapps.services.people import create_person
from tests.factories import PASSWORD, UserFactory
from tests.oauth2.conftest import application_of
from tests.oauth_client import OAuthClient

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.locking]
COMMAND = Actor.command("tests")
NEW_PASSWORD = "another good password"


def change_the_application(web: OAuthClient, _person: User) -> None:
    changes.change_application(
        application_of(web), values={"name": "Renamed"}, labels={"name": "Name"}, actor=COMMAND
    )


def change_the_organization(_web: OAuthClient, _person: User) -> None:
    organization.change_organization({"name": "Renamed"}, actor=COMMAND)


def change_the_person(_web: OAuthClient, person: User) -> None:
    change_person(person, {"name": "Renamed"}, actor=COMMAND)


def set_a_password(_web: OAuthClient, person: User) -> None:
    link = links.usable_link(create_link_key(person))
    assert link is not None
    assert links.use_link(link, NEW_PASSWORD, actor=COMMAND)


def reset(_web: OAuthClient, person: User) -> None:
    reset_person(person, password=NEW_PASSWORD, actor=COMMAND)


@pytest.mark.spec("S-69", "RFC 9110 §15.6.4")
@pytest.mark.parametrize(
    "change",
    [change_the_application, change_the_organization, change_the_person, set_a_password, reset],
)
def test_tokens_are_issued_while_what_they_refer_to_is_being_changed(
    web: OAuthClient,
    visitor: Client,
    person: User,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[OAuthClient, User], None],
) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("one transaction writes at a time there")
    code = web.get_code(visitor)
    statuses: list[int] = []

    def exchange() -> int:
        try:
            return web.exchange(code).status_code
        finally:
            connections.close_all()

    def record(*_arguments: Any, **_options: Any) -> None:
        """Exchange the code just before the change is over."""
        if not statuses:
            statuses.append(pool.submit(exchange).result(timeout=5))

    with ThreadPoolExecutor(1) as pool:
        monkeypatch.setattr("audit.models.Event.objects.record", record)
        change(web, person)
    assert statuses == [200]


def create_link_key(user: User) -> str:
    return links.create_link_key(user, LinkPurpose.HANDED_OVER)


def create(person: User) -> None:
    create_person(username="ada", email="ada@example.org", role=Role.MEMBER, password=PASSWORD, actor=COMMAND)


def use_a_link(person: User) -> None:
    form = {"key": create_link_key(person), "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    assert Client().post(reverse("set-password"), form).status_code == 302


def change_ones_password(person: User) -> None:
    browser = Client()
    browser.force_login(person)
    form = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    assert browser.post(reverse("account_change_password"), form).status_code == 302


@pytest.mark.spec("S-69", "ASVS 15.2.2")
@pytest.mark.parametrize(
    "act", [create, use_a_link, change_ones_password, lambda person: reset(OAuthClient(""), person)]
)
def test_no_password_is_hashed_in_a_transaction(
    monkeypatch: pytest.MonkeyPatch, act: Callable[[User], None]
) -> None:
    person: User = UserFactory.create()
    encode, hashed = MD5PasswordHasher.encode, []

    def watched(self: MD5PasswordHasher, password: str, salt: str) -> str:
        hashed.append(connection.in_atomic_block)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", watched)
    act(person)
    assert hashed
    assert not any(hashed)
