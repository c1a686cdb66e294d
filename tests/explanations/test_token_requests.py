"""Why requests for tokens are refused: each by its request id, with cause and fix."""

import base64
from typing import TYPE_CHECKING

import pytest
from django.test import override_settings

from oauthapps.models import Application, ClientSecret, RedirectURL, RefreshToken
from oauthapps.oauth2.throttling import WINDOW_SECONDS
from oauthapps.services.activation import deactivate
from oauthapps.services.applications import delete_application, disable_application
from oauthapps.services.consents import withdraw_all
from oauthapps.services.credentials import add_secret, delete_secret
from tests.explanations.conftest import World
from tests.explanations.refused import Refused, check, later
from tests.factories import allow_scopes
from tests.oauth_client import TOKEN, OAuthClient

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

pytestmark = pytest.mark.django_db


def delete_secret_of(world: World, client: OAuthClient, *, days: float = 3) -> None:
    """Let Ana add another secret and delete the first one; the caller goes on some days later."""
    secret = ClientSecret.objects.get(application__client_id=client.client_id)
    add_secret(secret.application, actor=world.actor)
    delete_secret(secret, actor=world.actor)


def deleted_secret(world: World) -> "Answer":
    delete_secret_of(world, world.web)
    with later(days=3, hours=1):
        return world.web.exchange("x")


def expired_secret(world: World) -> "Answer":
    from django.utils import timezone

    ClientSecret.objects.update(expires_at=timezone.now())
    with later(hours=5):
        return world.web.exchange("x")


def no_secret_left(world: World) -> "Answer":
    ClientSecret.objects.update(deleted_at="2020-01-01T00:00:00Z")
    return world.web.exchange("x", client_secret=None)


def disabled(world: World) -> "Answer":
    disable_application(world.application(world.web), actor=world.actor)
    with later(minutes=10):
        return world.web.exchange("x")


def deleted(world: World) -> "Answer":
    delete_application(world.application(world.web), actor=world.actor)
    with later(days=2, hours=1):
        return world.web.exchange("x")


def late_code(world: World) -> "Answer":
    with later():
        code = world.web.get_code(world.visitor)
        with later(seconds=164):
            return world.web.exchange(code)


def used_code(world: World) -> "Answer":
    with later():
        code = world.web.get_code(world.visitor)
        assert world.web.exchange(code).status_code == 200
        with later(seconds=35):
            return world.web.exchange(code)


def code_of_another(world: World) -> "Answer":
    return world.web.exchange(world.other.get_code(world.visitor))


def code_withdrawn(world: World) -> "Answer":
    code = world.web.get_code(world.visitor)
    withdraw_all(world.person, actor=world.actor)
    return world.web.exchange(code)


def code_of_nobody(world: World) -> "Answer":
    code = world.web.get_code(world.visitor)
    type(world.person).objects.filter(pk=world.person.pk).update(is_active=False)
    return world.web.exchange(code)


def code_to_removed_url(world: World) -> "Answer":
    code = world.web.get_code(world.visitor)
    RedirectURL.objects.all().delete()
    return world.web.exchange(code)


def other_redirect_uri(world: World) -> "Answer":
    return world.web.exchange(
        world.web.get_code(world.visitor), redirect_uri="https://client.example/callbacc"
    )


def no_redirect_uri(world: World) -> "Answer":
    return world.web.exchange(world.web.get_code(world.visitor), redirect_uri=None)


def with_verifier(verifier: str | None) -> "object":
    def send(world: World) -> "Answer":
        world.single_page.pkce = True
        code = world.single_page.get_code(world.visitor)
        return world.single_page.exchange(code, code_verifier=verifier)

    return send


def challenge_as_verifier(world: World) -> "Answer":
    parameters = world.single_page.authorization_parameters()
    code = world.single_page.get_code(world.visitor)
    return world.single_page.exchange(code, code_verifier=parameters["code_challenge"])


def unasked_verifier(world: World) -> "Answer":
    return world.web.exchange(world.web.get_code(world.visitor), code_verifier="v" * 43)


def replaced_token(world: World) -> "Answer":
    with later():
        token = world.web.get_tokens(world.visitor)["refresh_token"]
        assert world.web.refresh(token).status_code == 200
        with later(minutes=10):
            return world.web.refresh(token)


def after_replay(world: World) -> "Answer":
    with later():
        token = world.web.get_tokens(world.visitor)["refresh_token"]
        newest = world.web.refresh(token).json()["refresh_token"]
        with later(minutes=10):
            world.web.refresh(token)
            with later(minutes=5):
                return world.web.refresh(newest)


def absolutely_expired(world: World) -> "Answer":
    Application.objects.update(absolute_expiration="1d", inactivity_expiration="6m")
    token = world.web.get_tokens(world.visitor)["refresh_token"]
    with later(days=1, hours=3):
        return world.web.refresh(token)


def inactive(world: World) -> "Answer":
    Application.objects.update(absolute_expiration="1y", inactivity_expiration="7d")
    token = world.web.get_tokens(world.visitor)["refresh_token"]
    with later(days=10):
        return world.web.refresh(token)


def deactivated(world: World) -> "Answer":
    token = world.web.get_tokens(world.visitor)["refresh_token"]
    deactivate(world.person, actor=world.actor)
    with later(hours=4):
        return world.web.refresh(token)


def refresh_token_of_another(world: World) -> "Answer":
    return world.web.refresh(world.other.get_tokens(world.visitor)["refresh_token"])


def no_more_refreshing(world: World) -> "Answer":
    token = world.web.get_tokens(world.visitor)["refresh_token"]
    allow_scopes(world.application(world.web), ["read"])
    return world.web.refresh(token)


def more_scope(world: World) -> "Answer":
    token = world.web.get_tokens(world.visitor, scope="read offline_access")["refresh_token"]
    return world.web.refresh(token, scope="read write")


def scope_not_allowed(world: World) -> "Answer":
    allow_scopes(world.machine.application, ["read"])
    return world.machine.client.exchange_jwt(world.machine.assertion(), scope="write")


def json_sent_as_form(world: World) -> "Answer":
    return world.web.http.post(TOKEN, b'{"grant_type":"refresh_token"}', content_type="text/plain")


def raced_refresh_token(world: World) -> "Answer":
    token = world.web.get_tokens(world.visitor)["refresh_token"]
    RefreshToken.objects.update(revoked="2020-01-01T00:00:00Z")
    return world.web.refresh(token)


def throttled(world: World) -> "Answer":
    with later(), override_settings(CLIENT_FAILURES_PER_CLIENT_AND_NETWORK=3):
        for _ in range(3):
            world.web.exchange("x", client_secret="gtsec_wrong-wrong-wrong")
        return world.web.exchange("x", client_secret="gtsec_wrong-wrong-wrong")


def basic_and_body(world: World) -> "Answer":
    return world.web.post(TOKEN, world.web.token_parameters("x"), Authorization=world.web.basic)


def basic_of_another(world: World) -> "Answer":
    form = world.web.token_parameters("x", client_secret=None)
    return world.web.post(TOKEN, form, Authorization=world.other.basic)


def public_client_with_secret(world: World) -> "Answer":
    return world.single_page.exchange("x", client_secret="gtsec_somebody-elses-secret")


def basic(client_id: str) -> str:
    return base64.b64encode(f"{client_id}:gtsec_somebody-elses-secret".encode()).decode()


REFUSALS = {
    "unknown client_id": Refused(
        lambda world: world.web.exchange("x", client_id="0" * 32),
        "No application here has the Client ID 00000000000000000000000000000000.…",
        "Client ID",
    ),
    "no client_id": Refused(
        lambda world: world.web.exchange("x", client_id=None, client_secret=None),
        "The request names no client_id.",
        "Copy the Client ID",
    ),
    "secret and Client ID swapped": Refused(
        lambda world: world.web.exchange("x", client_id=world.web.client_secret, client_secret="y"),
        "The client_id is a client secret; a Client ID has 32 hexadecimal digits.",
        "Swap the two values",
    ),
    "application disabled": Refused(
        disabled,
        "The application Test Web Application was disabled 10 minutes ago by Ana.",
        "Enable the application",
    ),
    "application deleted": Refused(
        deleted, "The application Test Web Application was deleted 2 days ago by Ana.", "OAuth2 Applications"
    ),
    "secret deleted": Refused(
        deleted_secret, "The secret ending … was deleted 3 days ago by Ana.", "Settings › Client secret"
    ),
    "secret expired": Refused(
        expired_secret, "The secret ending … expired 5 hours ago.", "Settings › Client secret"
    ),
    "secret of another application": Refused(
        lambda world: world.web.exchange("x", client_secret=world.other.client_secret),
        "The secret ending … belongs to the application Other, not to Test Web Application.",
        "Send the Client ID of Other",
    ),
    "unknown secret": Refused(
        lambda world: world.web.exchange("x", client_secret="gtsec_never-of-this-application"),
        "The client sent a secret of 31 characters (gtsec_…tion), which the application "
        "never had; it has gtsec_….",
        "Settings › Client secret",
    ),
    "secret with a line break": Refused(
        lambda world: world.web.exchange("x", client_secret=f"{world.web.client_secret}\n"),
        "The client secret has whitespace at its end.",
        "Send the secret alone",
    ),
    "no secret": Refused(
        lambda world: world.web.exchange("x", client_secret=None),
        "The request has no client secret, which a Web Application must send.",
        "client_secret",
    ),
    "no secret, and none there": Refused(
        no_secret_left, "…, and the application has none.", "Add a client secret"
    ),
    "broken Basic": Refused(
        lambda world: world.web.post(TOKEN, {"grant_type": "refresh_token"}, Authorization="Basic !!!"),
        "The Authorization header is not HTTP Basic: …",
        "HTTP library",
    ),
    "two ways of authenticating": Refused(
        basic_and_body,
        "The client authenticates in two ways at once: …",
        "Configure one authentication method",
    ),
    "two clients": Refused(
        basic_of_another,
        "The Authorization header and the body name different clients.",
        "Send the same Client ID in both places",
    ),
    "public client with a secret": Refused(
        public_client_with_secret,
        "The request has a client secret, but a Single Page Web Application has none.",
        "Send client_id alone",
    ),
    "public client with a secret by Basic": Refused(
        lambda world: world.single_page.post(
            TOKEN,
            {"grant_type": "refresh_token"},
            Authorization=f"Basic {basic(world.single_page.client_id)}",
        ),
        "The request has a client secret, but a Single Page Web Application has none.",
        "Send client_id alone",
    ),
    "unknown code": Refused(
        lambda world: world.web.exchange("gtcode_abcdefghijklmnop"),
        "No code of 23 characters like this one was issued to this client, or it was deleted after it "
        "expired.",
        "whole code",
    ),
    "refresh token as code": Refused(
        lambda world: world.web.exchange("gtref_abcdefghijklmnop"),
        "What was sent as code is a refresh token.",
        "Send the code from the redirect",
    ),
    "no code": Refused(
        lambda world: world.web.exchange(""), "The token request has no code parameter.", "as code"
    ),
    "code used before": Refused(
        used_code,
        "The code was used before, 35 seconds ago (0 s after it was issued); …",
        "Exchange each code once",
    ),
    "code too late": Refused(
        late_code, "The code was used 164 s after it was issued; the limit is 120 s.", "as soon as it arrives"
    ),
    "code of another client": Refused(
        code_of_another,
        "The code was issued to the application Other, and another client sent it.",
        "Client ID",
    ),
    "code of revoked access": Refused(
        code_withdrawn,
        "The access that the code belongs to ended … ago: the person revoked access.",
        "authorization",
    ),
    "code of a deactivated person": Refused(
        code_of_nobody, "The code belongs to a person who was deactivated.", "Activate the person"
    ),
    "code for a removed Redirect URL": Refused(
        code_to_removed_url,
        "The Redirect URL that the code was sent to was removed …",
        "Settings › Redirect URLs",
    ),
    "other redirect_uri": Refused(
        other_redirect_uri,
        "redirect_uri differs from that of the authorization request at character 31.",
        "character for character",
    ),
    "no redirect_uri": Refused(
        no_redirect_uri,
        "The token request has no redirect_uri, but the authorization request had one.",
        "Send the",
    ),
    "no verifier": Refused(
        with_verifier(None),  # type: ignore[arg-type]
        "The token request has no code_verifier, but the authorization request had a code_challenge.",
        "session",
    ),
    "short verifier": Refused(
        with_verifier("v" * 20),  # type: ignore[arg-type]
        "The code_verifier has 20 characters; it must have 43 to 128.",
        "32 random bytes",
    ),
    "wrong verifier": Refused(
        with_verifier("v" * 43),  # type: ignore[arg-type]
        "The SHA-256 hash of the code_verifier is not the code_challenge of the authorization request.",
        "another tab",
    ),
    "challenge as verifier": Refused(
        challenge_as_verifier, "The code_verifier is the code_challenge itself.", "Send the random value"
    ),
    "verifier without challenge": Refused(
        unasked_verifier,
        "The token request has a code_verifier, but the authorization request had no code_challenge.",
        "code_challenge_method=S256",
    ),
    "method in a token request": Refused(
        lambda world: world.web.exchange("x", code_challenge_method="plain"),
        "The token request has a code_challenge_method other than S256; …",
        "Remove code_challenge_method",
    ),
    "unknown refresh token": Refused(
        lambda world: world.web.refresh("gtref_abcdefghijklmnop"),
        "No refresh token of 22 characters like this one was issued to this client, …",
        "whole value",
    ),
    "no refresh token": Refused(
        lambda world: world.web.refresh(""),
        "The token request has no refresh_token parameter.",
        "latest refresh token",
    ),
    "refresh token replaced": Refused(
        replaced_token,
        "The refresh token was replaced 10 minutes ago by a newer one, and its use ended all access of "
        "this family.",
        "let one process refresh at a time",
    ),
    "refresh token of a family that a replay ended": Refused(
        after_replay,
        "The access that the refresh token belongs to ended 5 minutes ago: a refresh token that had been "
        "replaced was used again.",
        "a second process",
    ),
    "refresh token expired absolutely": Refused(
        absolutely_expired,
        "The refresh token expired 3 hours ago: the absolute expiration is 1 day.",
        "Refresh tokens",
    ),
    "refresh token of an inactive person": Refused(
        inactive,
        "The refresh token expired 3 days ago: the inactivity expiration is 7 days.",
        "Refresh tokens",
    ),
    "refresh token of a deactivated person": Refused(
        deactivated,
        "The access that the refresh token belongs to ended 4 hours ago: the person was deactivated by Ana.",
        "Activate the person",
    ),
    "refresh token of another client": Refused(
        refresh_token_of_another,
        "The refresh token was issued to the application Other, …",
        "Client ID of Other",
    ),
    "refresh token that lost a race": Refused(
        raced_refresh_token, "Another request used the refresh token at the same moment.", "one process"
    ),
    "no more refreshing": Refused(
        no_more_refreshing, "The application is no longer allowed the scope offline_access, …", "API access"
    ),
    "more scope than the refresh token has": Refused(
        more_scope,
        "The refresh token doesn't cover the scope write: it can have read offline_access.",
        "Leave scope out",
    ),
    "scope that is not allowed": Refused(
        scope_not_allowed,
        "The application isn't allowed the scope write: it can have read.",
        "Settings › API access",
    ),
    "scope that is not there": Refused(
        lambda world: world.machine.client.exchange_jwt(world.machine.assertion(), scope="openid"),
        "No API here has the scope openid: …",
        "Leave it out",
    ),
    "unknown resource": Refused(
        lambda world: world.machine.client.exchange_jwt(
            world.machine.assertion(), resource="https://invoices.example"
        ),
        "None of the scopes is for the resource https://invoices.example: they are for http….",
        "identifier of an API",
    ),
    "grant type of another type": Refused(
        lambda world: world.web.exchange_jwt("x"),
        "The grant_type is urn:ietf:params:oauth:grant-type:jwt-bearer, which a Web Application can't use.",
        "authorization_code, refresh_token",
    ),
    "grant type of nobody": Refused(
        lambda world: world.web.exchange("x", grant_type="password"),
        "The grant_type is password, which a Web Application can't use.",
        "authorization_code",
    ),
    "no grant type": Refused(
        lambda world: world.web.exchange("x", grant_type=None),
        "The token request has no grant_type parameter.",
        "client_credentials",
    ),
    "other content type": Refused(
        json_sent_as_form, "Unsupported Content-Type: …", "Send the header Content-Type: application/json"
    ),
    "parameter twice": Refused(
        lambda world: world.web.http.post(
            TOKEN, b"code=a&code=b", content_type="application/x-www-form-urlencoded"
        ),
        "A parameter was sent more than once.",
        "these came again: code",
    ),
    "parameters in the URL": Refused(
        lambda world: world.web.post(f"{TOKEN}?code=x", {"grant_type": "refresh_token"}),
        "Parameters belong in the request's body, not in its URL.",
        "question mark",
    ),
    "GET": Refused(
        lambda world: world.web.http.get(TOKEN), "Only POST is allowed.", "Send the request as POST"
    ),
    "throttled": Refused(
        throttled,
        "The network that this request came from failed more than 3 times within a minute for this client; "
        "it is over … s after the request.",
        "Correct ones are accepted even now",
    ),
}


@pytest.mark.spec("U-20", "the inspector")
@pytest.mark.parametrize("name", REFUSALS)
def test_a_refused_token_request_is_explained(world: World, name: str) -> None:
    check(world, REFUSALS[name])


def test_both_redirect_uris_are_shown(world: World) -> None:
    details = check(world, REFUSALS["other redirect_uri"])["details"]
    assert details == {
        "sent": "https://client.example/callbacc",
        "registered": "https://client.example/callback",
        "difference_at": 31,
        "can_add": False,
    }


def test_a_throttled_client_reads_when_it_is_over(world: World) -> None:
    details = check(world, REFUSALS["throttled"])["details"]
    assert 0 < details["retry_after"] <= WINDOW_SECONDS
