"""Why authorization requests are refused: each by the request id that the person's browser was sent."""

from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from django.utils.http import urlencode

from oauthapps.models import Application, RedirectURL
from oauthapps.services.applications import disable_application
from tests.explanations.conftest import World
from tests.explanations.refused import Refused, check, later
from tests.factories import allow_scopes
from tests.oauth_client import AUTHORIZE, OAuthClient, hidden_fields

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

pytestmark = pytest.mark.django_db


def asked(client: str = "web", **changes: str | None) -> "Callable[[World], Answer]":
    """Open an authorization request of which some parameters are others; None leaves one out."""

    def send(world: World) -> "Answer":
        of: OAuthClient = world.machine.client if client == "machine" else getattr(world, client)
        return world.visitor.get(AUTHORIZE, of.authorization_parameters(**changes))

    return send


def disabled(world: World) -> "Answer":
    disable_application(world.application(world.web), actor=world.actor)
    with later(hours=2, minutes=1):
        return asked()(world)


def several_urls(world: World) -> "Answer":
    application = world.application(world.web)
    for url in ("https://elsewhere.example/a", "https://client.example/other"):
        RedirectURL.objects.create(application=application, url=url)
    return asked(redirect_uri="https://client.example/Callback")(world)


def no_urls(world: World) -> "Answer":
    RedirectURL.objects.all().delete()
    return asked()(world)


def sent_twice(world: World) -> "Answer":
    query = urlencode(world.web.authorization_parameters())
    return world.visitor.get(f"{AUTHORIZE}?{query}&scope=read&scope=write")


def redirect_uri_twice(world: World) -> "Answer":
    query = urlencode(world.web.authorization_parameters())
    return world.visitor.get(f"{AUTHORIZE}?{query}&redirect_uri=https://x.example/")


def canceled(world: World) -> "Answer":
    page = world.web.consent_page(world.visitor)
    return world.visitor.post(AUTHORIZE, {**hidden_fields(page.content.decode()), "decision": "cancel"})


def forged(world: World) -> "Answer":
    return world.visitor.post(AUTHORIZE, {"authorization_request": "x", "decision": "allow"})


def removed_meanwhile(world: World) -> "Answer":
    page = world.web.consent_page(world.visitor)
    RedirectURL.objects.all().delete()
    return world.visitor.post(AUTHORIZE, {**hidden_fields(page.content.decode()), "decision": "allow"})


def pkce_required(world: World) -> "Answer":
    Application.objects.filter(client_id=world.web.client_id).update(requires_pkce=True)
    return asked()(world)


def scope_not_allowed(world: World) -> "Answer":
    allow_scopes(world.application(world.web), ["read"])
    return asked(scope="write")(world)


ADD = "Settings › Redirect URLs"
REFUSALS = {
    "unknown client_id": Refused(
        asked(client_id="f" * 32), "No application here has the Client ID f….", "Copy the Client ID"
    ),
    "no client_id": Refused(asked(client_id=None), "The request names no client_id.", "Copy the Client ID"),
    "application disabled": Refused(
        disabled,
        "The application Test Web Application was disabled 2 hours ago by Ana.",
        "Enable the application",
    ),
    "machine application": Refused(
        asked("machine"),
        "Test Machine to Machine Application is a Machine to Machine Application, which nobody signs in to.",
        "client_credentials",
    ),
    "redirect_uri with a slash": Refused(
        asked(redirect_uri="https://client.example/callback/"),
        "redirect_uri differs from the registered one at character 32: it has a trailing slash.",
        ADD,
    ),
    "redirect_uri with another scheme": Refused(
        asked(redirect_uri="http://client.example/callback"),
        "redirect_uri differs from the registered one at character 5: it begins with http, not https.",
        ADD,
    ),
    "redirect_uri in capitals": Refused(
        several_urls,
        "redirect_uri differs from the closest of 3 registered ones at character 24: capital letters count.",
        ADD,
    ),
    "redirect_uri with a query": Refused(
        asked(redirect_uri="https://client.example/callback?next=1"),
        "redirect_uri differs from the registered one at character 32: the query differs.",
        ADD,
    ),
    "redirect_uri, none registered": Refused(
        no_urls, "The application has no Redirect URLs, so nobody can be sent back to it.", ADD
    ),
    "malformed redirect_uri": Refused(
        asked(redirect_uri="callback"), "redirect_uri is not an absolute URL.", "beginning with its scheme"
    ),
    "redirect_uri with a fragment": Refused(
        asked(redirect_uri="https://client.example/callback#x"),
        "redirect_uri has a # in it.",
        "without a fragment",
    ),
    "redirect_uri twice": Refused(
        redirect_uri_twice, "The parameter redirect_uri was sent more than once.", "Send redirect_uri once"
    ),
    "redirect_uri removed while the page was open": Refused(
        removed_meanwhile, "The application has no Redirect URLs, …", ADD
    ),
    "other response_type": Refused(
        asked(response_type="token"), "response_type is token; only code is offered.", "response_type=code"
    ),
    "no response_type": Refused(
        asked(response_type=None), "response_type is missing; only code is offered.", "response_type=code"
    ),
    "scope that is not there": Refused(
        asked(scope="openid"), "No API here has the scope openid: …", "API access"
    ),
    "scope that is not allowed": Refused(
        scope_not_allowed,
        "The application isn't allowed the scope write: it can have read.",
        "Settings › API access",
    ),
    "unknown resource": Refused(
        asked(resource="https://x.example"),
        "None of the scopes is for the resource https://x.example: …",
        "APIs",
    ),
    "no challenge": Refused(
        asked("single_page", code_challenge=None, code_challenge_method=None),
        "The request has no code_challenge, and a Single Page Web Application must use PKCE.",
        "code_challenge_method=S256",
    ),
    "no challenge where a setting requires it": Refused(
        pkce_required,
        "The request has no code_challenge, and the application requires PKCE under Settings › Tokens.",
        "code_challenge_method=S256",
    ),
    "plain challenge": Refused(
        asked("single_page", code_challenge_method="plain"),
        "code_challenge_method is plain; only S256 is offered.",
        "S256",
    ),
    "no challenge method": Refused(
        asked("single_page", code_challenge_method=None),
        "code_challenge_method is missing, which means plain; only S256 is offered.",
        "S256",
    ),
    "short challenge": Refused(
        asked("single_page", code_challenge="short"),
        "code_challenge has 5 characters; the SHA-256 hash in base64url has 43.",
        "base64url",
    ),
    "padded challenge": Refused(
        asked("single_page", code_challenge="+" * 43),
        "code_challenge has characters that aren't base64url, …",
        "S256",
    ),
    "request object": Refused(
        lambda world: world.visitor.get(
            AUTHORIZE, {**world.web.authorization_parameters(), "request": "eyJ"}
        ),
        "The request has the parameter request; request objects are not offered.",
        "the parameters themselves",
    ),
    "too long": Refused(
        asked(state="s" * 11_000), "The parameters are 11,…; the limit is 10,240.", "shorter state"
    ),
    "parameter twice": Refused(sent_twice, "The parameter scope was sent more than once.", "Send scope once"),
    "canceled": Refused(canceled, "The person chose Cancel on the consent page.", "Nothing is wrong"),
    "no page of ours": Refused(
        forged, "The form did not come from a consent page that was shown here, …", "start over"
    ),
}


@pytest.mark.spec("U-22", "the inspector")
@pytest.mark.parametrize("name", REFUSALS)
def test_a_refused_authorization_request_is_explained(world: World, name: str) -> None:
    check(world, REFUSALS[name])


def details_of(world: World, redirect_uri: str) -> dict[str, Any]:
    details: dict[str, Any] = world.why(asked(redirect_uri=redirect_uri)(world))["details"]
    return details


@pytest.mark.spec("U-23", "the inspector")
def test_both_redirect_uris_are_shown_and_the_sent_one_can_be_added(world: World) -> None:
    assert details_of(world, "https://client.example/callbackk") == {
        "sent": "https://client.example/callbackk",
        "registered": "https://client.example/callback",
        "difference_at": 32,
        "can_add": True,
    }


@pytest.mark.spec("U-23", "the inspector")
@pytest.mark.parametrize(
    "sent",
    [
        "http://client.example/callback",  # not https
        "https://client.example/callback?code=1",
        "https://client.example/callback?key=gtsec_abcdefghijklmnop",
        f"https://client.example/{'a' * 2048}",
    ],
)
def test_what_could_not_be_registered_cannot_be_added(world: World, sent: str) -> None:
    details = details_of(world, sent)
    assert details["can_add"] is False
    assert "abcdefghijklmnop" not in str(details)


def test_the_page_that_people_see_has_the_request_id(world: World, client: Client) -> None:
    answer = client.get(AUTHORIZE, world.web.authorization_parameters(redirect_uri="https://x.example/"))
    assert answer["X-Request-Id"] in answer.content.decode()
    assert "at character 9" in world.why(answer)["cause"]
