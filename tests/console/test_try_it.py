"""Try it: what the page says of a JWT or a PKCE pair is what the token endpoint does with it."""

import base64
import hashlib
import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from xml.etree.ElementTree import Element

import jwt
import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Organization, User
from audit.actors import Actor
from audit.models import Event
from oauthapps.models import AccessToken, Application
from oauthapps.rules.app_types import AppType
from oauthapps.rules.dated_exceptions import ExceptionKind
from oauthapps.services.applications import disable_application
from oauthapps.services.credentials import add_key, add_secret, delete_key
from oauthapps.services.moving_in import begin
from tests.console.pages import Browser, Page, text_of
from tests.factories import UserFactory, make_application
from tests.keys import OTHER_KEY, SIGNING_KEY, public_pem
from tests.oauth_client import OAuthClient, challenge_of

VERIFIER = "a-verifier-of-at-least-forty-three-characters-0123456789"


@pytest.fixture
def client_of(machine: Application, administrator: User) -> OAuthClient:
    """A client of the machine application, whose key acts as a person."""
    add_key(machine, public_pem(SIGNING_KEY), user=administrator, actor=Actor())
    return OAuthClient(machine.client_id, add_secret(machine, actor=Actor()).value)


def claims_of(application: Application, **changes: Any) -> dict[str, Any]:
    claims = {
        "iss": Organization.current().customer_id,
        "sub": next(iter(application.keys.live())).subject,
        "aud": settings.BASE_URL,
        "iat": int(time.time()),
        "nbf": int(time.time()),
        "exp": int(time.time()) + 60,
        "jti": f"jti-{time.monotonic_ns()}",
    }
    return {name: value for name, value in (claims | changes).items() if value is not ...}


def signed(
    claims: Any, key: rsa.RSAPrivateKey = SIGNING_KEY, algorithm: str = "RS256", **headers: Any
) -> str:
    payload = json.dumps(claims).encode()
    return jwt.api_jws.encode(payload, key, algorithm, headers=headers or None)


def attempt(console: Browser, application: Application, **fields: str) -> Page:
    page = console.get(reverse("console:try-it", args=[application.client_id]))
    return console.send(page, **fields)


def parts(page: Page) -> dict[str, str]:
    """What the result says of each part: its verdict, and the rest of its row."""
    rows = [row for body in page.all("tbody") for row in body.iter("tr")]
    return {text_of(cells(row)[0]): text_of(cells(row)[1]) for row in rows}


def cells(row: Element) -> list[Element]:
    return [cell for cell in row if cell.tag in {"th", "td"}]


Break = Callable[[Application], str]
SINGLE_BREAKS: dict[str, Break] = {
    "nothing": lambda app: signed(claims_of(app)),
    "no jti": lambda app: signed(claims_of(app, jti=...)),
    "no aud": lambda app: signed(claims_of(app, aud=...)),
    "aud with a slash": lambda app: signed(claims_of(app, aud=[f"{settings.BASE_URL}/"])),
    "another kid": lambda app: signed(claims_of(app), kid="nobody's"),
    "just expired": lambda app: signed(claims_of(app, exp=int(time.time()) - 30)),
    "a day ahead": lambda app: signed(claims_of(app, exp=int(time.time()) + 24 * 3600)),
    "iss": lambda app: signed(claims_of(app, iss="0" * 32)),
    "iss is missing": lambda app: signed(claims_of(app, iss=...)),
    "sub": lambda app: signed(claims_of(app, sub=app.service_id)),
    "sub is a list": lambda app: signed(claims_of(app, sub=[])),
    "aud": lambda app: signed(claims_of(app, aud="https://elsewhere.example")),
    "exp is past": lambda app: signed(claims_of(app, exp=int(time.time()) - 90)),
    "exp is far": lambda app: signed(claims_of(app, exp=int(time.time()) + 25 * 3600)),
    "exp is text": lambda app: signed(claims_of(app, exp="soon")),
    "exp is missing": lambda app: signed(claims_of(app, exp=...)),
    "exp is huge": lambda app: signed(claims_of(app, exp=1e308)),
    "nbf": lambda app: signed(claims_of(app, nbf=int(time.time()) + 90)),
    "iat": lambda app: signed(claims_of(app, iat=int(time.time()) + 90)),
    "jti": lambda app: signed(claims_of(app, jti=17)),
    "jti is no text": lambda app: signed(claims_of(app, jti="\ud800")),
    "payload": lambda _: signed(["no", "object"]),
    "signature": lambda app: signed(claims_of(app), OTHER_KEY),
    "alg": lambda app: signed(claims_of(app), algorithm="RS512"),
    "alg is none": lambda app: jwt.encode(claims_of(app), "", algorithm="none"),
    "crit": lambda app: signed(claims_of(app), crit=["exp"], exp=1),
    "compact form": lambda app: f"{signed(claims_of(app))}\r\n",
    "compact form, Bearer": lambda app: f"Bearer {signed(claims_of(app))}",
    "compact form, two parts": lambda app: signed(claims_of(app)).rpartition(".")[0],
    "header": lambda app: f"e30x{signed(claims_of(app))}",
}
GOOD = 7


@pytest.mark.spec("U-140", "RFC 7523 §3")
@pytest.mark.parametrize("broken", SINGLE_BREAKS)
def test_what_the_page_says_of_a_jwt_is_what_the_token_endpoint_does(
    console: Browser, machine: Application, client_of: OAuthClient, broken: str
) -> None:
    with time_machine.travel(timezone.now(), tick=False):
        assertion = SINGLE_BREAKS[broken](machine)
        page = attempt(console, machine, jwt=assertion)
        assert page.status == 200
        answer = client_of.exchange_jwt(assertion)
    is_good = broken in list(SINGLE_BREAKS)[:GOOD]
    assert ("would be exchanged" in page.text) == is_good == (answer.status_code == 200), answer.content
    wrong = {name for name, verdict in parts(page).items() if verdict == "Problem"}
    assert bool(wrong) != is_good
    named = broken.partition(" ")[0]
    if not is_good and named in parts(page):
        assert wrong == {named}


@pytest.mark.spec("U-140", "RFC 7523 §3")
def test_what_the_token_endpoint_says_the_page_says(
    console: Browser, machine: Application, client_of: OAuthClient
) -> None:
    for name, is_told in {"iss": True, "exp is past": True, "compact form": True, "signature": True}.items():
        with time_machine.travel(timezone.now(), tick=False):
            assertion = SINGLE_BREAKS[name](machine)
            description = client_of.exchange_jwt(assertion).json()["error_description"]
            assert (description in attempt(console, machine, jwt=assertion).text) is is_told


@pytest.mark.spec("U-141", "RFC 7523 §3")
def test_trying_a_jwt_issues_and_uses_up_nothing(
    console: Browser, machine: Application, client_of: OAuthClient
) -> None:
    assertion = signed(claims_of(machine))
    session = dict(console.client.session)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        page = attempt(console, machine, jwt=assertion)
    assert page.answer["Cache-Control"] == "no-store"
    assert assertion not in page.content
    assert not AccessToken.objects.exists()
    assert not [each["sql"] for each in queries if each["sql"].startswith(("INSERT", "DELETE"))]
    assert dict(console.client.session) == session
    assert client_of.exchange_jwt(assertion).status_code == 200
    count = Event.objects.count()
    page = attempt(console, machine, jwt=assertion)
    assert parts(page)["jti"] == "Problem"
    assert "its jti works once" in page.text
    assert client_of.exchange_jwt(assertion).status_code == 400
    assert Event.objects.count() == count


@pytest.mark.spec("U-140", "RFC 7523 §3")
def test_an_exception_counts_here_as_well(
    console: Browser, machine: Application, client_of: OAuthClient
) -> None:
    assertion = signed(claims_of(machine, exp=int(time.time()) + 3 * 24 * 3600))
    assert parts(attempt(console, machine, jwt=assertion))["exp"] == "Problem"
    day = timezone.now().date() + timedelta(days=10)
    begin(machine, exceptions=dict.fromkeys(ExceptionKind, day), actor=Actor())
    assert parts(attempt(console, machine, jwt=assertion))["exp"] == "OK"
    assert client_of.exchange_jwt(assertion).status_code == 200
    assert "An exception of this application allows that" in attempt(console, machine, jwt=assertion).text
    assert client_of.exchange_jwt(assertion).status_code == 200


@pytest.mark.spec("U-142", "RFC 7523 §3")
def test_the_key_that_signed_is_named_whosever_it_is(
    console: Browser, machine: Application, client_of: OAuthClient, administrator: User
) -> None:
    key = machine.keys.get()
    mine = signed(claims_of(machine))
    assert f"by the key {key.short_id}" in attempt(console, machine, jwt=mine).text
    other = make_application(AppType.MACHINE_TO_MACHINE, name="Invoice archive").application
    add_key(other, public_pem(OTHER_KEY), user=None, actor=Actor())
    page = attempt(console, machine, jwt=signed(claims_of(machine), OTHER_KEY))
    assert "of another application, Invoice archive" in page.text
    claims = claims_of(machine)
    delete_key(key, actor=Actor(user=administrator))
    page = attempt(console, machine, jwt=signed(claims))
    assert f"by the key {key.short_id}, which was deleted on" in page.text
    assert "This JWT would be rejected" in page.text
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    page = attempt(console, machine, jwt=signed(claims, stranger))
    assert "by no key that is known here" in page.text
    assert "This application has no public keys" in page.text


@pytest.mark.spec("U-140", "RFC 7523 §3")
def test_whom_the_key_acts_as_has_to_be_active_and_the_application_enabled(
    console: Browser, machine: Application, administrator: User
) -> None:
    gone = UserFactory.create(is_active=False)
    add_key(machine, public_pem(SIGNING_KEY), user=gone, actor=Actor())
    page = attempt(console, machine, jwt=signed(claims_of(machine)))
    assert parts(page)["sub"] == "Problem"
    assert "(not active)" in page.text
    disable_application(machine, actor=Actor(user=administrator))
    page = attempt(console, machine, jwt=signed(claims_of(machine)))
    assert parts(page)["application"] == "Problem"


@pytest.mark.spec("U-140", "RFC 7523 §3")
@pytest.mark.parametrize("pasted", ["x", "a.b.c", "..", "é.é.é", "\0.\0.\0", "W" * 20_000, "a.b.c.d.e"])
def test_what_is_no_jwt_gets_an_answer_all_the_same(
    console: Browser, machine: Application, pasted: str
) -> None:
    page = attempt(console, machine, jwt=pasted)
    assert "would be exchanged" not in page.content
    assert "Problem" in parts(page).values() or page.alerts()


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


DIGEST = hashlib.sha256(VERIFIER.encode()).digest()
PAIRS = {
    "fits": ({}, "This pair matches"),
    "plain": ({"code_challenge_method": "plain"}, "The code_challenge_method must be S256."),
    "no method": ({"code_challenge_method": ""}, "The code_challenge_method must be S256."),
    "the verifier itself": ({"code_challenge": VERIFIER}, "is the code_verifier itself"),
    "padding": ({"code_challenge": f"{challenge_of(VERIFIER)}="}, "has base64 padding (=): remove it"),
    "hexadecimal": ({"code_challenge": DIGEST.hex()}, "is the SHA-256 in hexadecimal"),
    "encoded hexadecimal": (
        {"code_challenge": base64.urlsafe_b64encode(DIGEST.hex().encode()).rstrip(b"=").decode()},
        "encodes the hexadecimal text",
    ),
    "a line break": ({"code_challenge": challenge_of(f"{VERIFIER}\n")}, "and a line break"),
    "white space": ({"code_verifier": f"{VERIFIER} "}, "has white space at one end"),
    "short": ({"code_verifier": VERIFIER[:42]}, "has 42 characters: it must have 43 to 128"),
    "long": ({"code_verifier": "a" * 129}, "has 129 characters"),
    "swapped": (
        {"code_verifier": challenge_of(VERIFIER[:43]), "code_challenge": VERIFIER[:43]},
        "The two are swapped",
    ),
    "unrelated": ({"code_challenge": challenge_of("x" * 43)}, "was made from another code_verifier"),
    "letters": ({"code_challenge": "é" * 43}, "must be 43 base64url characters"),
}


@pytest.mark.spec("U-143", "RFC 7636 §4")
@pytest.mark.parametrize("what", PAIRS)
def test_a_pair_that_does_not_fit_is_told_why(console: Browser, single_page: Application, what: str) -> None:
    changes, sentence = PAIRS[what]
    fields = {
        "code_verifier": VERIFIER,
        "code_challenge": challenge_of(VERIFIER),
        "code_challenge_method": "S256",
    } | changes
    page = attempt(console, single_page, **fields)
    assert sentence in page.text
    assert ("This pair matches" in page.text) == (what == "fits")
    assert VERIFIER not in page.content or what == "the verifier itself"
    assert page.answer["Cache-Control"] == "no-store"
    assert VERIFIER not in str([session.get_decoded() for session in Session.objects.all()])


def test_a_field_that_is_empty_says_so(
    console: Browser, single_page: Application, machine: Application
) -> None:
    page = attempt(console, single_page, code_challenge="x")
    assert (page.status, "Paste the code_verifier" in page.alerts()) == (422, True)
    page = attempt(console, machine)
    assert (page.status, "Paste a JWT" in page.alerts()) == (422, True)


def test_use_it_leads_there(console: Browser, web: Application, machine: Application) -> None:
    for application, label in ((web, "Try a PKCE pair"), (machine, "Try a JWT")):
        page = console.get(reverse("console:application-use", args=[application.client_id]))
        assert console.get(page.links()[label]).status == 200
