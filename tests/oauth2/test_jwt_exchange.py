"""Machine to machine: a signed JWT and a client secret for an access token."""

import base64
import json
import time
from typing import Any

import jwt
import pytest

from accounts.actors import Actor
from accounts.models import Organization, User
from oauthapps.app_types import AppType
from oauthapps.models import RefreshToken
from oauthapps.services.credentials import delete_key
from tests.factories import UserFactory, make_application
from tests.keys import OTHER_KEY, public_pem
from tests.oauth2.conftest import Machine, application_of, make_machine
from tests.oauth_client import TOKEN, OAuthClient

pytestmark = pytest.mark.django_db

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def refusal(machine: Machine, assertion: str) -> str:
    answer = machine.client.exchange_jwt(assertion)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant"), answer.content
    assert answer["Cache-Control"] == "no-store"
    description: str = answer.json()["error_description"]
    return description


def test_the_exchange_gives_an_access_token_for_the_key_owner(machine: Machine) -> None:
    answer = machine.client.exchange_jwt(machine.assertion())
    tokens = answer.json()
    assert answer.status_code == 200
    assert tokens["wid"] == Organization.current().customer_id
    assert (tokens["scope"], tokens["expires_in"]) == ("read write", 3600)
    assert "refresh_token" not in tokens
    assert not RefreshToken.objects.exists()
    assert machine.client.me(tokens["access_token"]).json()["ID"] == machine.key.user.user_id


def test_the_documented_claims_suffice(machine: Machine) -> None:
    assert machine.client.exchange_jwt(machine.assertion(iat=...)).status_code == 200


def test_the_same_assertion_is_the_jwt_bearer_grant(machine: Machine) -> None:
    parameters = {"grant_type": JWT_BEARER, "assertion": machine.assertion()}
    answer = machine.client.post(TOKEN, parameters, Authorization=machine.client.basic)
    assert answer.status_code == 200


def test_json_is_taken_as_well(machine: Machine) -> None:
    body = {
        "client_id": machine.client.client_id,
        "client_secret": machine.client.client_secret,
        "jwt_token": machine.assertion(),
    }
    answer = machine.client.http.post(
        "/integrations/oauth2/api/v1/jwt/exchange", json.dumps(body), content_type="application/json"
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": ...},
        {"exp": 0},
        {"exp": -1},
        {"exp": "soon"},
        {"exp": {"a": 1}},
        {"exp": True},
        {"iss": ...},
        {"iss": "0" * 32},
        {"iss": ["a"]},
        {"sub": ...},
        {"sub": "0" * 32},
        {"sub": ["a"]},
        {"sub": ""},
        {"aud": "https://elsewhere.example"},
        {"aud": []},
        {"jti": 5},
    ],
    ids=str,
)
def test_a_claim_that_is_wrong_refuses_the_assertion(machine: Machine, changes: dict[str, Any]) -> None:
    refusal(machine, raw_assertion(machine, machine.claims(**changes)))


@pytest.mark.parametrize(
    ("claim", "offset", "accepted"),
    [
        ("exp", -3, True),
        ("exp", -70, False),
        ("exp", 24 * 3600, True),
        ("exp", 24 * 3600 + 120, False),
        ("exp", 10 * 365 * 24 * 3600, False),
        ("nbf", 5, True),
        ("nbf", 120, False),
        ("iat", 5, True),
        ("iat", 120, False),
    ],
)
def test_clocks_may_differ_by_a_minute(machine: Machine, claim: str, offset: int, accepted: bool) -> None:
    answer = machine.client.exchange_jwt(machine.assertion(**{claim: int(time.time()) + offset}))
    assert answer.status_code == (200 if accepted else 400)


@pytest.mark.parametrize("audience", ["http://testserver.localhost", ["x", "http://testserver.localhost"]])
def test_an_audience_may_name_this_server(machine: Machine, audience: object) -> None:
    assert machine.client.exchange_jwt(machine.assertion(aud=audience)).status_code == 200


def test_a_huge_number_as_exp_is_refused(machine: Machine) -> None:
    claims = json.dumps(machine.claims()).replace(f'"exp": {machine.claims()["exp"]}', '"exp": 1e400')
    refusal(machine, sign(machine, claims.encode()))


def test_another_key_does_not_verify(machine: Machine) -> None:
    machine.private_key = OTHER_KEY
    refusal(machine, machine.assertion())


def test_an_embedded_key_does_not_verify(machine: Machine) -> None:
    header = {"jwk": jwt.algorithms.RSAAlgorithm.to_jwk(OTHER_KEY.public_key(), as_dict=True)}
    refusal(machine, jwt.encode(machine.claims(), OTHER_KEY, algorithm="RS256", headers=header))


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS256"])
def test_rs256_is_the_only_algorithm(machine: Machine, algorithm: str) -> None:
    refusal(machine, jwt.encode(machine.claims(), machine.private_key, algorithm=algorithm))


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", ""])
def test_an_unsigned_assertion_is_refused(machine: Machine, algorithm: str) -> None:
    signed = machine.assertion().split(".")
    header = encode(json.dumps({"alg": algorithm, "typ": "JWT"}).encode())
    refusal(machine, f"{header}.{signed[1]}.")
    refusal(machine, f"{header}.{signed[1]}.{signed[2]}")


def test_the_public_key_is_no_hmac_secret(machine: Machine) -> None:
    import hashlib
    import hmac

    body = encode(b'{"alg":"HS256"}') + "." + encode(json.dumps(machine.claims()).encode())
    for secret in (machine.key.pem.encode(), public_pem(machine.private_key), b""):
        signature = encode(hmac.new(secret, body.encode(), hashlib.sha256).digest())
        refusal(machine, f"{body}.{signature}")


@pytest.mark.parametrize("header", [{"crit": ["exp"]}, {"b64": False, "crit": ["b64"]}])
def test_critical_headers_are_refused(machine: Machine, header: dict[str, Any]) -> None:
    encoded = encode(json.dumps({"alg": "RS256", **header}).encode())
    payload = encode(json.dumps(machine.claims()).encode())
    refusal(machine, f"{encoded}.{payload}.{signature_of(machine, f'{encoded}.{payload}')}")


@pytest.mark.parametrize("kid", ["unknown", "../../etc/passwd", "' OR 1=1 --", "http://localhost/"])
def test_a_key_id_decides_nothing(machine: Machine, kid: str) -> None:
    right = jwt.encode(machine.claims(), machine.private_key, algorithm="RS256", headers={"kid": kid})
    wrong = jwt.encode(machine.claims(), OTHER_KEY, algorithm="RS256", headers={"kid": kid})
    assert machine.client.exchange_jwt(right).status_code == 200
    refusal(machine, wrong)


@pytest.mark.parametrize(
    "assertion", ["x", "a.b", "a.b.c", "a.b.c.d.e", "é.é.é", "." * 3000, "a" * 20000, "{}..", "🙂.🙂.🙂"]
)
def test_garbage_is_refused(machine: Machine, assertion: str) -> None:
    refusal(machine, assertion)


@pytest.mark.parametrize("payload", [b"[]", b'"text"', b"\xff", b"[" * 3000, b"null", b""])
def test_signed_garbage_is_refused(machine: Machine, payload: bytes) -> None:
    refusal(machine, sign(machine, payload))


def test_with_a_jti_an_assertion_is_used_once(machine: Machine) -> None:
    assertion = machine.assertion(jti="one")
    assert machine.client.exchange_jwt(assertion).status_code == 200
    assert "used before" in refusal(machine, assertion)
    assert machine.client.exchange_jwt(machine.assertion(jti="two")).status_code == 200


def test_without_a_jti_it_may_be_used_until_it_expires(machine: Machine) -> None:
    assertion = machine.assertion()
    assert [machine.client.exchange_jwt(assertion).status_code for _ in range(2)] == [200, 200]


def test_a_deleted_key_verifies_nothing(machine: Machine) -> None:
    delete_key(machine.key, actor=Actor.command("tests"))
    refusal(machine, machine.assertion())


def test_the_key_of_one_application_does_not_open_another(machine: Machine) -> None:
    other = make_application(AppType.MACHINE_TO_MACHINE, name="Other")
    client = OAuthClient(other.application.client_id, other.client_secret)
    assert client.exchange_jwt(machine.assertion()).json()["error"] == "invalid_grant"


def test_each_of_several_keys_verifies_for_the_person_who_added_it(machine: Machine) -> None:
    second = make_machine_key(machine, UserFactory.create())
    assert machine.client.exchange_jwt(second.assertion()).status_code == 200
    refusal(machine, second.assertion(sub=machine.key.user.user_id))


def make_machine_key(machine: Machine, user: User) -> Machine:
    from oauthapps.services.credentials import add_key

    key = add_key(machine.application, public_pem(OTHER_KEY), user=user, actor=Actor(user=user))
    return Machine(machine.application, machine.client, key, OTHER_KEY)


def test_an_inactive_person_gets_no_token_and_loses_those_there_are(machine: Machine) -> None:
    tokens = machine.client.exchange_jwt(machine.assertion()).json()
    User.objects.filter(pk=machine.key.user_id).update(is_active=False)
    assert machine.client.me(tokens["access_token"]).status_code == 401
    refusal(machine, machine.assertion())


@pytest.mark.parametrize("secret", [None, "", "wrong", "gtsec_wrong"])
def test_the_client_secret_is_required_too(machine: Machine, secret: str | None) -> None:
    answer = machine.client.exchange_jwt(machine.assertion(), client_secret=secret)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_a_web_application_has_no_business_here(machine: Machine, web: OAuthClient) -> None:
    answer = web.exchange_jwt(machine.assertion())
    assert (answer.status_code, answer.json()["error"]) == (400, "unauthorized_client")


def test_a_machine_uses_no_other_grant(machine: Machine) -> None:
    answer = machine.client.exchange("gtcode_x")
    assert answer.json()["error"] == "unauthorized_client"


@pytest.mark.parametrize(("scope", "status"), [("read", 200), ("read offline_access", 400), ("admin", 400)])
def test_scope_narrows_and_never_widens(machine: Machine, scope: str, status: int) -> None:
    answer = machine.client.exchange_jwt(machine.assertion(), scope=scope)
    assert answer.status_code == status
    assert answer.json().get("scope", answer.json().get("error")) in {"read", "invalid_scope"}


def test_a_missing_assertion_is_an_invalid_request(machine: Machine) -> None:
    answer = machine.client.exchange_jwt("", jwt_token=None)
    assert answer.json()["error"] == "invalid_request"


def test_in_the_compatible_profile_errors_and_token_type_are_the_documented_ones(machine: Machine) -> None:
    application = application_of(machine.client)
    application.response_profile = "workfront"
    application.save()
    assert machine.client.exchange_jwt(machine.assertion()).json()["token_type"] == "sessionID"
    answer = machine.client.exchange_jwt("garbage").json()
    assert (answer["statusCode"], answer["error"], answer["type"]) == (400, True, "invalid_grant")
    assert answer["message"]


def test_two_machines_do_not_share_a_jti(machine: Machine) -> None:
    created = make_application(AppType.MACHINE_TO_MACHINE, name="Other")
    other = make_machine(created.application, created.client_secret)
    for each in (machine, other):
        assert each.client.exchange_jwt(each.assertion(jti="same")).status_code == 200


def raw_assertion(machine: Machine, claims: dict[str, Any]) -> str:
    return sign(machine, json.dumps(claims).encode())


def sign(machine: Machine, payload: bytes) -> str:
    body = encode(b'{"alg":"RS256"}') + "." + encode(payload)
    return f"{body}.{signature_of(machine, body)}"


def signature_of(machine: Machine, body: str) -> str:
    algorithm = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256)
    return encode(algorithm.sign(body.encode(), machine.private_key))


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
