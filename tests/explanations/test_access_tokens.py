"""Why access tokens are refused: at the API, where a proxy asks, and where clients ask about tokens."""

from typing import TYPE_CHECKING

import pytest
from django.test import Client, override_settings

from oauthapps.models import AccessToken
from oauthapps.models.extents import Extent
from oauthapps.services.activation import deactivate
from oauthapps.services.applications import disable_application
from oauthapps.services.consents import withdraw_all
from oauthapps.services.revocation import revoke
from tests.explanations.conftest import World
from tests.explanations.refused import Refused, check, later
from tests.factories import allow_scopes
from tests.oauth_client import INTROSPECT, ME, REVOKE, VERIFY

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

pytestmark = pytest.mark.django_db


def verify(world: World, token: str, query: str = "") -> "Answer":
    return world.web.http.get(f"{VERIFY}{query}", headers={"Authorization": f"Bearer {token}"})


def token_of(world: World, **changes: str) -> str:
    token: str = world.web.get_tokens(world.visitor, **changes)["access_token"]
    return token


def headers(**sent: str) -> "Callable[[World], Answer]":
    return lambda world: world.web.http.get(ME, headers=sent)


def expired(world: World) -> "Answer":
    with later():
        token = token_of(world)
        with later(hours=4):
            return verify(world, token)


def revoked_by_its_client(world: World) -> "Answer":
    with later():
        token = token_of(world)
        assert world.web.post(REVOKE, {"token": token}, Authorization=world.web.basic).status_code == 200
        with later(minutes=10):
            return verify(world, token)


def revoked_by_ana(world: World) -> "Answer":
    token = token_of(world)
    extent = Extent(application=world.application(world.web), person=world.person)
    revoke(extent, actor=world.actor)
    with later(minutes=10):
        return verify(world, token)


def withdrawn(world: World) -> "Answer":
    token = token_of(world)
    withdraw_all(world.person, actor=world.actor)
    with later(minutes=10):
        return verify(world, token)


def deactivated(world: World) -> "Answer":
    token = token_of(world)
    deactivate(world.person, actor=world.actor)
    with later(minutes=10):
        return verify(world, token)


def inactive(world: World) -> "Answer":
    token = token_of(world)
    type(world.person).objects.filter(pk=world.person.pk).update(is_active=False)
    return verify(world, token)


def disabled(world: World) -> "Answer":
    token = token_of(world)
    disable_application(world.application(world.web), actor=world.actor)
    with later(minutes=10):
        return verify(world, token)


def scope_not_allowed_any_more(world: World) -> "Answer":
    token = token_of(world)
    allow_scopes(world.application(world.web), ["read"])
    return verify(world, token, "?scope=write")


def other_resource(world: World) -> "Answer":
    return verify(world, token_of(world), "?resource=https://invoices.example")


def in_url(world: World) -> "Answer":
    return world.web.http.get(ME, {"sessionID": token_of(world)})


def guesses(world: World) -> "Answer":
    form = {
        "token": "gtacc_guessed",
        "client_id": world.web.client_id,
        "client_secret": world.web.client_secret,
    }
    with later(), override_settings(CLIENT_FAILURES_PER_CLIENT_AND_NETWORK=2):
        for _ in range(2):
            world.web.post(INTROSPECT, form)
        return world.web.post(INTROSPECT, form)


def by_plain_http(world: World) -> "Answer":
    with override_settings(SECURE_SSL_REDIRECT=True):
        return Client().get(ME)


REFUSALS = {
    "other host": Refused(
        headers(Host="elsewhere.example"),
        "The Host header does not name this server: …",
        "the host of BASE_URL",
    ),
    "plain http": Refused(by_plain_http, "HTTPS is required. …", "replace the credentials"),
    "no token": Refused(headers(), "The request has no access token.", "Authorization: Bearer"),
    "a header without a token": Refused(
        headers(Authorization="Bearer "), "The request has an Authorization header without a token.", "Bearer"
    ),
    "other scheme": Refused(
        headers(Authorization="Basic eHg6eHg="),
        "The scheme of the Authorization header is Basic, not Bearer.",
        "Authorization: Bearer",
    ),
    "a token without the word Bearer": Refused(
        headers(Authorization="gtacc_abcdefghijklmnop"),
        "The Authorization header is an access token, without the word Bearer before it.",
        "Authorization: Bearer",
    ),
    "two tokens": Refused(
        headers(Authorization="Bearer gtacc_a", sessionID="gtacc_b"),
        "The request has two different access tokens, in Authorization and sessionID.",
        "Send one of them",
    ),
    "token in the URL": Refused(
        in_url,
        "The request has its access token in the URL, as sessionID, which isn't accepted.",
        "Moving in",
    ),
    "unknown token": Refused(
        lambda world: verify(world, "gtacc_abcdefghijklmnop"),
        "No access token like this one …",
        "whole token",
    ),
    "token of another server": Refused(
        lambda world: verify(world, "abcdefghijklmnop"),
        "The token of 16 characters isn't one of this server's, …",
        "issued",
    ),
    "refresh token": Refused(
        lambda world: verify(world, world.web.get_tokens(world.visitor)["refresh_token"]),
        "What was sent as access token is a refresh token.",
        "access_token",
    ),
    "expired": Refused(
        expired, "The access token expired 3 hours ago; it was good for 3600 s.", "refresh it"
    ),
    "revoked by its client": Refused(
        revoked_by_its_client,
        "The access token was revoked 10 minutes ago by its application, …",
        "new access token",
    ),
    "revoked by an administrator": Refused(
        revoked_by_ana,
        "The access that the access token belongs to ended 10 minutes ago: an administrator revoked access "
        "(by Ana).",
        "authorization endpoint",
    ),
    "revoked by the person": Refused(
        withdrawn,
        "The access that the access token belongs to ended 10 minutes ago: the person revoked access.",
        "authorization endpoint",
    ),
    "person deactivated": Refused(
        deactivated,
        "The access that the access token belongs to ended 10 minutes ago: the person was deactivated by "
        "Ana.",
        "Activate the person",
    ),
    "person not active": Refused(
        inactive, "The access token belongs to a person who was deactivated.", "Activate the person"
    ),
    "application disabled": Refused(
        disabled,
        "The application Test Web Application was disabled 10 minutes ago by Ana.",
        "Enable the application",
    ),
    "lacks a scope": Refused(
        lambda world: verify(world, token_of(world, scope="read"), "?scope=write"),
        "The access token lacks the scope write: it has read.",
        "Ask for the scope",
    ),
    "lacks a scope that its application may not have": Refused(
        scope_not_allowed_any_more,
        "The access token lacks the scope write: it has read.",
        "Select the scope under Settings › API access",
    ),
    "not for that resource": Refused(
        other_resource, "The access token is for http…, not for https://invoices.example.", "as resource"
    ),
    "no such call": Refused(
        lambda world: world.web.http.get(
            "/attask/api/v1/project", headers={"Authorization": f"Bearer {token_of(world)}"}
        ),
        "There is no endpoint at this URL.",
        "page Endpoints",
    ),
    "other method": Refused(
        lambda world: world.web.http.post(ME),
        "Only GET and HEAD are allowed.",
        "Send the request as GET or HEAD",
    ),
    "revocation without a token": Refused(
        lambda world: world.web.post(REVOKE, {"hint": "x"}, Authorization=world.web.basic),
        "The request has no token parameter.",
        "as token",
    ),
    "introspection without a token": Refused(
        lambda world: world.web.post(INTROSPECT, {"hint": "x"}, Authorization=world.web.basic),
        "The request has no token parameter.",
        "as token",
    ),
    "introspection by a public client": Refused(
        lambda world: world.web.post(INTROSPECT, {"token": "x", "client_id": world.single_page.client_id}),
        "A Single Page Web Application can't authenticate, which this endpoint requires.",
        "from a server",
    ),
    "guessing tokens": Refused(
        guesses,
        "The network that this request came from failed more than 2 times within a minute …",
        "Correct ones",
    ),
}


@pytest.mark.spec("U-24", "the inspector")
@pytest.mark.parametrize("name", REFUSALS)
def test_a_refused_access_token_is_explained(world: World, name: str) -> None:
    check(world, REFUSALS[name])


def test_a_machines_token_says_who_revoked_it(world: World) -> None:
    token = world.machine.client.exchange_jwt(world.machine.assertion()).json()["access_token"]
    revoke(Extent(application=world.machine.application), actor=world.actor)
    assert AccessToken.objects.exclude(revoked_at=None).exists()
    assert "was revoked 0 seconds ago by Ana." in world.why(verify(world, token))["cause"]
