"""Why JWTs are refused: those that are exchanged, and those by which clients say who they are."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from django.conf import settings

from accounts.models import Organization
from oauthapps.models import PublicKey
from oauthapps.services.credentials import add_key, delete_key
from tests.explanations.conftest import World
from tests.explanations.refused import Refused, check, later
from tests.keys import OTHER_KEY, SIGNING_KEY, private_pem, public_pem
from tests.oauth_client import TOKEN, OAuthClient

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

pytestmark = pytest.mark.django_db
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def exchange(**changes: Any) -> "Callable[[World], Answer]":
    """Exchange a JWT of which some claims are others; `...` leaves one out."""

    def send(world: World) -> "Answer":
        with later():
            now = int(time.time())
            claims = {
                name: value(now, world) if callable(value) else value for name, value in changes.items()
            }
            return world.machine.client.exchange_jwt(world.machine.assertion(**claims))

    return send


def signed(algorithm: str = "RS256", key: Any = SIGNING_KEY, **header: Any) -> "Callable[[World], Answer]":
    """Exchange a JWT that is signed in another way."""

    def send(world: World) -> "Answer":
        text = jwt.encode(world.machine.claims(), key, algorithm=algorithm, headers=header)
        return world.machine.client.exchange_jwt(text)

    return send


def sent(change: Callable[[str], str]) -> "Callable[[World], Answer]":
    """Exchange a JWT whose text is changed."""
    return lambda world: world.machine.client.exchange_jwt(change(world.machine.assertion()))


def deleted_key(world: World) -> "Answer":
    delete_key(world.machine.key, actor=world.actor)
    with later(days=3, hours=1):
        return world.machine.client.exchange_jwt(world.machine.assertion())


def expired_key(world: World) -> "Answer":
    PublicKey.objects.update(expires_at=world.machine.key.created_at)
    with later(hours=3):
        return world.machine.client.exchange_jwt(world.machine.assertion())


def key_of_another(world: World) -> "Answer":
    from oauthapps.rules.app_types import AppType
    from tests.factories import make_application

    created = make_application(AppType.MACHINE_TO_MACHINE, name="Robot")
    key = add_key(created.application, public_pem(OTHER_KEY), user=None, actor=world.actor)
    return signed(key=private_pem(OTHER_KEY), kid=key.thumbprint)(world)


def used_before(world: World) -> "Answer":
    with later():
        text = world.machine.assertion(jti="the-same-again", exp=int(time.time()) + 3600)
        assert world.machine.client.exchange_jwt(text).status_code == 200
        with later(minutes=5):
            return world.machine.client.exchange_jwt(text)


def inactive_person(world: World) -> "Answer":
    owner = world.machine.key.user
    assert owner is not None
    type(owner).objects.filter(pk=owner.pk).update(is_active=False)
    return world.machine.client.exchange_jwt(world.machine.assertion())


MALFORMED = "Send the three parts of the signed JWT"
REFUSALS = {
    "expired": Refused(
        exchange(exp=lambda now, _: now - 312),
        "exp is 312 s in the past: the client's clock is about five minutes slow, or the JWT was kept too "
        "long.",
        "NTP",
    ),
    "expired days ago": Refused(
        exchange(exp=lambda now, _: now - 3 * 86400),
        "exp is 259200 s in the past: the JWT was kept and sent again, or the client's clock or time zone "
        "is wrong.",
        "right before it is sent",
    ),
    "issued in the future": Refused(
        exchange(iat=lambda now, _: now + 600, exp=lambda now, _: now + 700),
        "iat is 600 s in the future: the client's clock is about ten minutes fast.",
        "NTP",
    ),
    "not valid yet": Refused(
        exchange(nbf=lambda now, _: now + 120),
        "nbf is 120 s in the future: the client's clock is about two minutes fast.",
        "NTP",
    ),
    "too long-lived": Refused(
        exchange(exp=lambda now, _: now + 90_000),
        "exp is 90000 s in the future; the limit is 86400 s.",
        "a minute from now",
    ),
    "exp in milliseconds": Refused(
        exchange(exp=lambda now, _: now * 1000),
        "The claim exp is not a number of seconds since 1970.",
        "since 1970",
    ),
    "exp as text": Refused(
        exchange(exp="soon"), "The claim exp is not a number of seconds since 1970.", "Write exp as a number"
    ),
    "no exp": Refused(exchange(exp=...), "The JWT has no exp.", "Add the claim exp"),
    "Client ID as iss": Refused(
        exchange(iss=lambda _, world: world.machine.client.client_id),
        "iss is the Client ID, but must be the Customer ID, ….",
        "Set iss to the Customer ID",
    ),
    "other iss": Refused(
        exchange(iss="acme"), "iss is acme, but must be the Customer ID, ….", "Set iss to the Customer ID"
    ),
    "no iss": Refused(exchange(iss=...), "iss is missing, but must be the Customer ID, ….", "Set iss"),
    "other sub": Refused(
        exchange(sub="ada"), "sub is ada, but the key that signed acts as the User ID ….", "Set sub to"
    ),
    "other aud": Refused(
        exchange(aud="https://elsewhere.example/token"),
        "aud is https://elsewhere.example/token, but must be ….",
        "Set aud to http",
    ),
    "jti of another type": Refused(
        exchange(jti=7), "The claim jti is not a string.", "Write jti as a string"
    ),
    "jti used before": Refused(
        used_before, "The jti of the JWT was used before 5 minutes ago; each works once.", "new random value"
    ),
    "inactive person": Refused(
        inactive_person, "The key that signed acts as a person who was deactivated.", "Activate the person"
    ),
    "deleted key": Refused(
        deleted_key,
        "The key … that the JWT is signed with was deleted 3 days ago by Ana.",
        "Settings › Public Keys",
    ),
    "expired key": Refused(
        expired_key, "The key … that the JWT is signed with expired 3 hours ago.", "Settings › Public Keys"
    ),
    "unknown key": Refused(
        signed(key=private_pem(OTHER_KEY)),
        "The JWT is signed by a key that the application doesn't have; it has ….",
        "Settings › Public Keys",
    ),
    "key of another application": Refused(
        key_of_another,
        "The JWT names the key … of the application Robot, not one of ….",
        "Client ID of Robot",
    ),
    "header that asks for more": Refused(
        signed(crit=["x"]), "The JWT is signed by the key …, but its header has crit or b64, …", "Leave crit"
    ),
    "other algorithm": Refused(
        signed("HS256", "x" * 32),
        "The JWT is signed with HS256, but must be signed with RS256.",
        "Sign with RS256",
    ),
    "Bearer before it": Refused(
        sent("Bearer {}".format), "The JWT begins with the word Bearer: …", MALFORMED
    ),
    "line break in it": Refused(sent("{}\n".format), "The JWT has a line break at its end.", MALFORMED),
    "two parts": Refused(
        sent(lambda text: text.rpartition(".")[0]), "The JWT is not a signed JWT: …", MALFORMED
    ),
    "none at all": Refused(
        lambda world: world.machine.client.exchange_jwt("", jwt_token=None),
        "The request has no assertion …",
        "JWT",
    ),
}


@pytest.mark.spec("U-21", "the inspector")
@pytest.mark.parametrize("name", REFUSALS)
def test_a_refused_jwt_is_explained(world: World, name: str) -> None:
    check(world, REFUSALS[name])


def authenticate(key: Any = SIGNING_KEY, **changes: Any) -> "Callable[[World], Answer]":
    """Ask for a token with a client_assertion of which some claims are others."""

    def send(world: World) -> "Answer":
        client = world.machine.client
        add_key(world.machine.application, public_pem(OTHER_KEY), user=None, actor=world.actor)
        claims = {
            "iss": client.client_id,
            "sub": client.client_id,
            "aud": settings.BASE_URL,
            "exp": int(time.time()) + 60,
            "jti": "one",
        } | changes
        kept = {name: value for name, value in claims.items() if value is not ...}
        return ask(client, jwt.encode(kept, key, algorithm="RS256"))

    return send


def ask(client: OAuthClient, text: str, **more: str) -> "Answer":
    form = {"client_assertion": text, "client_assertion_type": ASSERTION_TYPE}
    return client.post(TOKEN, {"grant_type": "client_credentials", **form, **more})


def replayed(world: World) -> "Answer":
    authenticate(OTHER_KEY)(world)
    PublicKey.objects.filter(user=None).delete()
    return authenticate(OTHER_KEY)(world)


OF_CLIENTS = {
    "other iss": Refused(
        authenticate(OTHER_KEY, iss="acme"),
        "iss is acme, but must be the Client ID, ….",
        "Set iss to the Client ID",
    ),
    "no aud": Refused(authenticate(OTHER_KEY, aud=...), "aud is missing, but must be ….", "Set aud to"),
    "two audiences": Refused(
        authenticate(OTHER_KEY, aud=[settings.BASE_URL, "https://elsewhere.example"]),
        "aud is https://elsewhere.example, but must be ….",
        "Set aud to",
    ),
    "no jti": Refused(authenticate(OTHER_KEY, jti=...), "The JWT has no jti.", "Add the claim jti"),
    "key of a person": Refused(
        authenticate(SIGNING_KEY),
        "The client_assertion is signed with a key that acts as a person.",
        "Public Keys",
    ),
    "unknown client": Refused(
        authenticate(OTHER_KEY, iss="0" * 32, sub="0" * 32),
        "No application here has the Client ID 0….",
        "Client ID",
    ),
    "other type": Refused(
        lambda world: world.web.post(
            TOKEN,
            {"grant_type": "client_credentials", "client_assertion": "x", "client_assertion_type": "jwt"},
        ),
        "client_assertion_type is jwt.",
        ASSERTION_TYPE,
    ),
}


@pytest.mark.spec("U-21", "the inspector")
@pytest.mark.parametrize("name", OF_CLIENTS)
def test_a_refused_client_assertion_is_explained(world: World, name: str) -> None:
    check(world, OF_CLIENTS[name])


@pytest.mark.spec("U-21", "the inspector")
@pytest.mark.django_db(transaction=True)  # the database refuses the second use
def test_a_client_assertion_that_was_used_before_is_explained(world: World) -> None:
    check(world, Refused(replayed, "The jti of the client_assertion was used before; …", "new random jti"))


def test_the_customer_id_is_named(world: World) -> None:
    why = check(world, REFUSALS["Client ID as iss"])
    assert Organization.current().customer_id in why["cause"]
    assert why["details"]["expected"] == Organization.current().customer_id
