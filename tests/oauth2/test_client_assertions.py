"""Clients that authenticate by a JWT of their own instead of a secret (private_key_jwt)."""

import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.db import connection
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from audit.actors import Actor
from oauthapps.models import AccessToken, PublicKey, RefreshToken
from oauthapps.oauth2.client_authentication import authenticate_client
from oauthapps.rules.credential_values import digest, new_access_token, successors_of
from oauthapps.services.cleanup import prune
from oauthapps.services.credentials import add_key
from oauthapps.services.tokens import Issue, store
from oauthapps.sql import clients
from oauthapps.sql.clients import Presented
from tests.keys import OTHER_KEY, SIGNING_KEY
from tests.oauth2.conftest import Machine, application_of
from tests.oauth_client import INTROSPECT, METADATA, REVOKE, TOKEN, OAuthClient

pytestmark = pytest.mark.django_db

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ISSUER = settings.BASE_URL
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
P256 = ec.generate_private_key(ec.SECP256R1())
KEYS: dict[str, PrivateKey] = {"RS256": SIGNING_KEY, "PS256": SIGNING_KEY, "ES256": P256}


def upload(client: OAuthClient, key: PrivateKey) -> PublicKey:
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return add_key(application_of(client), pem, user=None, actor=Actor(label="an administrator"))


def claims_of(client: OAuthClient, **changes: Any) -> dict[str, Any]:
    now = int(time.time())
    claims = {
        "iss": client.client_id,
        "sub": client.client_id,
        "aud": ISSUER,
        "iat": now,
        "exp": now + 60,
        "jti": f"{time.monotonic_ns()}",
    }
    return {name: value for name, value in (claims | changes).items() if value is not ...}


def assertion(client: OAuthClient, algorithm: str = "RS256", **changes: Any) -> str:
    return jwt.encode(claims_of(client, **changes), KEYS[algorithm], algorithm=algorithm)


def by_assertion(text: str, **more: str) -> dict[str, str]:
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": text, **more}


def own_token(client: OAuthClient, text: str, **more: str) -> Any:
    return client.post(TOKEN, by_assertion(text, grant_type="client_credentials", **more))


def assert_refused(answer: Any, reason: str, status: int = 401, error: str = "invalid_client") -> None:
    assert (answer.status_code, answer.json()["error"]) == (status, error), answer.content
    assert reason in answer.json()["error_description"]


@pytest.fixture
def client(machine: Machine) -> OAuthClient:
    """A machine application's client, which has a key that acts as the application."""
    PublicKey.objects.filter(pk=machine.key.pk).update(user=None)
    return machine.client


@pytest.mark.spec("Y-60", "RFC 7523 §2.2")
@pytest.mark.parametrize("algorithm", KEYS)
@pytest.mark.parametrize(
    "audience", [ISSUER, f"{ISSUER}/", f"{ISSUER}{TOKEN}", [ISSUER], [ISSUER, f"{ISSUER}{TOKEN}"]]
)
def test_a_client_authenticates_with_its_own_key(client: OAuthClient, algorithm: str, audience: Any) -> None:
    if algorithm == "ES256":
        upload(client, P256)
    answer = own_token(client, assertion(client, algorithm, aud=audience))
    assert answer.status_code == 200, answer.content
    assert client.me(answer.json()["access_token"]).json()["sub_type"] == "service"


@pytest.mark.spec("Y-60", "RFC 7523 §2.2")
def test_a_client_id_beside_it_is_its_own(client: OAuthClient) -> None:
    assert own_token(client, assertion(client), client_id=client.client_id).status_code == 200
    refused = own_token(client, assertion(client), client_id="another")
    assert_refused(refused, "name different clients", 400, "invalid_request")


@pytest.mark.spec("Y-61", "RFC 7523 §3")
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iss": "x"}, "must have the Client ID as its iss and as its sub"),
        ({"iss": ...}, "must have the Client ID as its iss and as its sub"),
        ({"aud": ...}, "has no aud"),
        ({"aud": "https://elsewhere.example"}, "has an aud that does not name this server"),
        ({"aud": [ISSUER, "https://elsewhere.example"]}, "has an aud that does not name this server"),
        ({"aud": [ISSUER, 7]}, "has an aud that does not name this server"),
        ({"aud": []}, "has an aud that names nobody"),
        ({"aud": f"{ISSUER}/integrations/oauth2/api/v1/jwt/exchange"}, "has an aud that does not name"),
        ({"exp": ...}, "has no exp"),
        ({"exp": int(time.time()) - 3600}, "expired"),
        ({"exp": int(time.time()) + 90_000}, "more than 24 hours"),
        ({"nbf": int(time.time()) + 3600}, "in the future"),
        ({"jti": ...}, "has no jti"),
        ({"jti": ""}, "has no jti"),
        ({"jti": 7}, "has a jti that is not a string"),
    ],
)
def test_an_assertion_with_a_fault_is_refused(
    client: OAuthClient, changes: dict[str, Any], reason: str
) -> None:
    assert_refused(own_token(client, assertion(client, **changes)), reason)
    assert not AccessToken.objects.exists()


FORGED: dict[str, Callable[[OAuthClient], str]] = {
    "another key": lambda client: jwt.encode(claims_of(client), OTHER_KEY, "RS256"),
    "no signature": lambda client: jwt.encode(claims_of(client), "", "none"),
    "its public key as a secret": lambda client: jwt.encode(claims_of(client), "x" * 32, "HS256"),
    "an algorithm that is not offered": lambda client: jwt.encode(claims_of(client), SIGNING_KEY, "RS512"),
    "nobody": lambda client: jwt.encode(claims_of(client) | {"iss": "x", "sub": "x"}, SIGNING_KEY, "RS256"),
    "no subject": lambda client: jwt.encode(claims_of(client, sub=...), SIGNING_KEY, "RS256"),
    "no object": lambda _: "e30.W10.c2ln",
    "nothing of a JWT": lambda _: "hello",
    "a NUL byte": lambda client: jwt.encode(claims_of(client) | {"sub": "a\0"}, SIGNING_KEY, "RS256"),
}


@pytest.mark.spec("Y-61", "RFC 7523 §3, RFC 8725 §3.1")
@pytest.mark.parametrize("how", FORGED)
def test_what_the_client_has_not_signed_is_refused(client: OAuthClient, how: str) -> None:
    upload(client, P256)
    assert_refused(own_token(client, FORGED[how](client)), "The assertion ")


@pytest.mark.spec("Y-61", "RFC 7523 §3")
def test_a_deleted_key_a_disabled_client_and_somebody_elses_key_authenticate_nobody(
    client: OAuthClient, web: OAuthClient
) -> None:
    upload(web, OTHER_KEY)
    foreign = jwt.encode(claims_of(client), OTHER_KEY, "RS256")
    assert_refused(own_token(client, foreign), "is not signed with RS256 or PS256 or ES256")
    PublicKey.objects.filter(application=application_of(client)).delete()
    assert_refused(own_token(client, assertion(client)), "is not signed with")


@pytest.mark.spec("Y-61", "RFC 7523 §3")
@pytest.mark.parametrize("is_active", [True, False])
def test_a_key_that_acts_as_a_person_authenticates_no_client(machine: Machine, is_active: bool) -> None:
    User.objects.update(is_active=is_active)
    assert_refused(own_token(machine.client, assertion(machine.client)), "a key that acts as a person")


@pytest.mark.spec("Y-62", "RFC 7523 §3 item 7")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "fault",
    [
        {"scope": "nonsense"},
        {"resource": "https://nowhere.example"},
        {"grant_type": "authorization_code", "code": "x"},
        {"grant_type": "refresh_token", "refresh_token": "x"},
        {"grant_type": JWT_BEARER, "assertion": "x"},
        {"grant_type": "password", "client_id": ...},
    ],
)
def test_an_assertion_of_a_refused_request_is_used_up(client: OAuthClient, fault: dict[str, Any]) -> None:
    text = assertion(client)
    fault = {name: client.client_id if value is ... else value for name, value in fault.items()}
    refused = client.post(TOKEN, by_assertion(text, **{"grant_type": "client_credentials", **fault}))
    assert refused.status_code == 400, refused.content
    assert_refused(own_token(client, text), "already used")


@pytest.mark.spec("Y-62", "RFC 7523 §3 item 7")
@pytest.mark.django_db(transaction=True)
def test_a_used_assertion_ends_no_family(web: OAuthClient, visitor: Client) -> None:
    upload(web, SIGNING_KEY)
    tokens, text = web.get_tokens(visitor), assertion(web)
    newest = web.refresh(web.refresh(tokens["refresh_token"]).json()["refresh_token"]).json()
    assert web.post(INTROSPECT, by_assertion(text, token="x")).status_code == 200
    replayed = by_assertion(text, grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert_refused(web.post(TOKEN, replayed), "already used")
    assert web.refresh(newest["refresh_token"]).status_code == 200


@pytest.mark.spec("Y-62", "RFC 7523 §3 item 7")
@pytest.mark.django_db(transaction=True)
def test_an_assertion_works_once_wherever_it_is_sent(client: OAuthClient) -> None:
    text = assertion(client)
    assert own_token(client, text).status_code == 200
    assert_refused(own_token(client, text), "The assertion was already used.")
    assert_refused(client.post(INTROSPECT, by_assertion(text, token="x")), "already used")
    assert_refused(client.post(REVOKE, by_assertion(text, token="x")), "already used")
    other = assertion(client)
    assert client.post(INTROSPECT, by_assertion(other, token="x")).json() == {"active": False}
    assert_refused(own_token(client, other), "already used")
    assert AccessToken.objects.count() == 1


@pytest.mark.spec("Y-62", "RFC 7523 §3 item 7")
@pytest.mark.django_db(transaction=True)
def test_what_was_used_is_remembered_though_the_clock_is_ahead_for_a_while(client: OAuthClient) -> None:
    used = assertion(client)
    own_token(client, used)
    with time_machine.travel(time.time() + 3 * 3600):
        assert prune().client_assertions == 0
    assert_refused(own_token(client, used), "already used")
    with time_machine.travel(time.time() + 25 * 3600):
        assert prune().client_assertions == 1


@pytest.mark.spec("Y-60", "RFC 7521 §4.2")
@pytest.mark.parametrize("way", ["header", "body"])
def test_one_way_to_authenticate_is_enough(client: OAuthClient, way: str) -> None:
    parameters = by_assertion(assertion(client), grant_type="client_credentials")
    if way == "body":
        answer = client.post(TOKEN, {**parameters, "client_secret": client.client_secret})
    else:
        answer = client.post(TOKEN, parameters, Authorization=client.basic)
    assert_refused(answer, "Use one authentication method", 400, "invalid_request")


@pytest.mark.spec("Y-60", "RFC 7521 §4.2")
@pytest.mark.parametrize("kind", [None, "", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"])
def test_the_type_of_the_assertion_is_named(client: OAuthClient, kind: str | None) -> None:
    parameters = by_assertion(assertion(client), grant_type="client_credentials")
    parameters = {name: value for name, value in parameters.items() if name != "client_assertion_type"}
    answer = client.post(TOKEN, parameters | ({} if kind is None else {"client_assertion_type": kind}))
    assert_refused(answer, "client_assertion_type must be", 400, "invalid_request")


@pytest.mark.spec("Y-63", "RFC 7523 §2.2")
@pytest.mark.django_db(transaction=True)
def test_a_web_application_exchanges_its_code_and_refreshes(web: OAuthClient, visitor: Client) -> None:
    upload(web, SIGNING_KEY)
    code = web.get_code(visitor)
    text = assertion(web)
    parameters = web.token_parameters(code, client_secret=None, client_id=None)
    reply = web.post(TOKEN, parameters | by_assertion(text))
    assert reply.status_code == 200, reply.content
    refresh = {"grant_type": "refresh_token", "refresh_token": reply.json()["refresh_token"]}
    assert_refused(web.post(TOKEN, refresh | by_assertion(text)), "already used")
    again = web.post(TOKEN, refresh | by_assertion(assertion(web)))
    assert again.status_code == 200, again.content
    assert web.me(again.json()["access_token"]).status_code == 200


@pytest.mark.spec("Y-50", "RFC 9700 §4.14.2")
@pytest.mark.django_db(transaction=True)
def test_the_slower_of_two_refreshes_gets_the_same_successor(web: OAuthClient, visitor: Client) -> None:
    """Both have authenticated and looked the token up before either has used it up."""
    upload(web, SIGNING_KEY)
    value = web.get_tokens(visitor)["refresh_token"]
    presented = Presented(clients.REFRESH_TOKENS, digest(value))
    sender = Actor(label="a client")
    for _ in range(2):
        found = authenticate_client("", by_assertion(assertion(web)), lambda: sender, presented)
        row = found.own_row()
        issue = Issue(
            source=row,
            client=found.application,
            scope=row.scope,
            seconds=60,
            access_token=new_access_token(),
            refresh_token=successors_of(value, row.successor_salt)[0],
            client_assertion=found.assertion,
        )
        assert store(issue, sender=lambda: sender)
    assert AccessToken.objects.count() == 3
    assert RefreshToken.objects.count() == 2


@pytest.mark.spec("Y-63", "RFC 7523 §2.2")
def test_a_machine_exchanges_a_jwt_of_a_person(machine: Machine, person: User) -> None:
    upload(machine.client, P256)
    granted = machine.assertion()
    parameters = {"grant_type": JWT_BEARER, "assertion": granted}
    reply = machine.client.post(TOKEN, parameters | by_assertion(assertion(machine.client, "ES256")))
    assert reply.status_code == 200, reply.content
    assert machine.client.me(reply.json()["access_token"]).json()["ID"] == machine.key.subject
    key = PublicKey.objects.get(bits=256)
    assert key.last_used_at is not None


@pytest.mark.spec("Y-63", "RFC 7523 §2.2")
def test_the_jwt_of_a_person_is_signed_with_rs256_all_the_same(machine: Machine) -> None:
    upload(machine.client, P256)
    granted = jwt.encode(machine.claims(), P256, algorithm="ES256")
    refused = machine.client.post(
        TOKEN,
        {"grant_type": JWT_BEARER, "assertion": granted},
        Authorization=machine.client.basic,
    )
    assert_refused(refused, "is not signed with RS256 by one", 400, "invalid_grant")


@pytest.mark.spec("Y-60", "RFC 7523 §2.2")
def test_it_takes_two_statements(
    client: OAuthClient, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    own_token(client, assertion(client))  # the key's last use is noted once a minute
    with django_assert_num_queries(2 if connection.vendor == "postgresql" else 5):  # BEGIN and COMMIT are two
        own_token(client, assertion(client))


@pytest.mark.spec("Y-64", "RFC 8414 §2")
def test_the_metadata_say_so() -> None:
    document = Client().get(METADATA).json()
    for endpoint in ("token", "revocation", "introspection"):
        assert "private_key_jwt" in document[f"{endpoint}_endpoint_auth_methods_supported"]
        algorithms = document[f"{endpoint}_endpoint_auth_signing_alg_values_supported"]
        assert algorithms == ["RS256", "PS256", "ES256"]
