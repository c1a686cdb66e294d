"""Machine to machine: a signed JWT and a client secret for an access token."""

import base64
import hmac
import itertools
import json
import socket
import subprocess
import time
import warnings
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
import time_machine
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.utils import timezone

from accounts.models import Organization, User
from audit.actors import Actor
from oauthapps.models import RefreshToken
from oauthapps.rules.app_types import AppType
from oauthapps.services.applications import disable_application
from oauthapps.services.credentials import delete_key
from tests.factories import UserFactory, make_application
from tests.keys import OTHER_KEY, private_pem, public_pem
from tests.oauth2.conftest import Machine, application_of, make_machine
from tests.oauth_client import FORM, JWT_BEARER, JWT_EXCHANGE, ME, TOKEN, OAuthClient

pytestmark = pytest.mark.django_db


def refusal(machine: Machine, assertion: str) -> str:
    answer = machine.client.exchange_jwt(assertion)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant"), answer.content
    assert answer["Cache-Control"] == "no-store"
    description: str = answer.json()["error_description"]
    return description


@pytest.mark.spec("J-01", "RFC 7523 §2.1; Workfront")
@pytest.mark.spec("J-34", "RFC 7523 §4")
def test_the_exchange_gives_an_access_token_for_the_key_owner(machine: Machine) -> None:
    answer = machine.client.exchange_jwt(machine.assertion())
    tokens = answer.json()
    assert answer.status_code == 200
    assert tokens["wid"] == Organization.current().customer_id
    assert (tokens["scope"], tokens["expires_in"]) == ("read write", 3600)
    assert "refresh_token" not in tokens
    assert not RefreshToken.objects.exists()
    assert machine.client.me(tokens["access_token"]).json()["ID"] == machine.key.subject


@pytest.mark.spec("J-01", "Workfront")
@pytest.mark.spec("J-09", "Workfront")
def test_the_documented_claims_suffice(machine: Machine) -> None:
    assert machine.client.exchange_jwt(machine.assertion(iat=...)).status_code == 200


def test_an_exchange_marks_its_secret_and_key_as_used(machine: Machine) -> None:
    application = machine.application
    assert machine.client.exchange_jwt("garbage").status_code == 400
    assert application.secrets.get().last_used_at is application.keys.get().last_used_at is None
    assert machine.client.exchange_jwt(machine.assertion()).status_code == 200
    assert application.secrets.get().last_used_at is not None
    assert application.keys.get().last_used_at is not None


def test_the_same_assertion_is_the_jwt_bearer_grant(machine: Machine) -> None:
    parameters = {"grant_type": JWT_BEARER, "assertion": machine.assertion()}
    answer = machine.client.post(TOKEN, parameters, Authorization=machine.client.basic)
    assert answer.status_code == 200


@pytest.mark.spec("J-01", "Workfront")
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


@pytest.mark.spec("J-03", "RFC 7523 §3; RFC 8725 §3.10")
@pytest.mark.spec("J-07", "RFC 7523 §3")
@pytest.mark.spec("J-08", "RFC 7523 §3")
@pytest.mark.spec("J-09", "RFC 8725 §3.9")
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


@pytest.mark.spec("J-04", "RFC 7523 §3 item 4")
@pytest.mark.spec("J-05", "RFC 7523 §3")
@pytest.mark.spec("J-06", "RFC 7523 §3")
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


@pytest.mark.spec("J-09", "RFC 8725 §3.9")
@pytest.mark.parametrize("audience", ["http://testserver.localhost", ["x", "http://testserver.localhost"]])
def test_an_audience_may_name_this_server(machine: Machine, audience: object) -> None:
    assert machine.client.exchange_jwt(machine.assertion(aud=audience)).status_code == 200


@pytest.mark.spec("J-03", "RFC 7523 §3; RFC 8725 §3.10")
def test_a_huge_number_as_exp_is_refused(machine: Machine) -> None:
    claims = json.dumps(machine.claims()).replace(f'"exp": {machine.claims()["exp"]}', '"exp": 1e400')
    refusal(machine, sign(machine, claims.encode()))


@pytest.mark.spec("J-14", "RFC 8725 §3.10; ASVS 9.1.3")
def test_another_key_does_not_verify(machine: Machine) -> None:
    machine.private_key = OTHER_KEY
    refusal(machine, machine.assertion())


@pytest.mark.spec("J-13", "ASVS 9.1.2")
@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS256"])
def test_rs256_is_the_only_algorithm(machine: Machine, algorithm: str) -> None:
    refusal(machine, jwt.encode(machine.claims(), machine.private_key, algorithm=algorithm))


@pytest.mark.spec("J-11", "RFC 8725 §2.1, §3.1")
@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", ""])
def test_an_unsigned_assertion_is_refused(machine: Machine, algorithm: str) -> None:
    signed = machine.assertion().split(".")
    header = encode(json.dumps({"alg": algorithm, "typ": "JWT"}).encode())
    refusal(machine, f"{header}.{signed[1]}.")
    refusal(machine, f"{header}.{signed[1]}.{signed[2]}")


@pytest.mark.spec("J-16", "RFC 7515 §4.1.11; RFC 7797")
@pytest.mark.parametrize("header", [{"crit": ["exp"]}, {"b64": False, "crit": ["b64"]}])
def test_critical_headers_are_refused(machine: Machine, header: dict[str, Any]) -> None:
    encoded = encode(json.dumps({"alg": "RS256", **header}).encode())
    payload = encode(json.dumps(machine.claims()).encode())
    refusal(machine, f"{encoded}.{payload}.{signature_of(machine, f'{encoded}.{payload}')}")


@pytest.mark.spec("J-15", "RFC 8725 §3.10")
@pytest.mark.parametrize("kid", ["unknown", "../../etc/passwd", "' OR 1=1 --", "http://localhost/"])
def test_a_key_id_decides_nothing(machine: Machine, kid: str) -> None:
    right = jwt.encode(machine.claims(), machine.private_key, algorithm="RS256", headers={"kid": kid})
    wrong = jwt.encode(machine.claims(), OTHER_KEY, algorithm="RS256", headers={"kid": kid})
    assert machine.client.exchange_jwt(right).status_code == 200
    refusal(machine, wrong)


@pytest.mark.spec("J-10", "RFC 8725 §3.3")
@pytest.mark.spec("J-21", "RFC 7523 §3")
@pytest.mark.parametrize(
    "assertion", ["x", "a.b", "a.b.c", "a.b.c.d.e", "é.é.é", "." * 3000, "a" * 20000, "{}..", "🙂.🙂.🙂"]
)
def test_garbage_is_refused(machine: Machine, assertion: str) -> None:
    refusal(machine, assertion)


@pytest.mark.spec("J-21", "RFC 7523 §3")
@pytest.mark.parametrize("payload", [b"[]", b'"text"', b"\xff", b"[" * 3000, b"null", b""])
def test_signed_garbage_is_refused(machine: Machine, payload: bytes) -> None:
    refusal(machine, sign(machine, payload))


@pytest.mark.spec("J-40", "RFC 7515 §7.1")
@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda jwt: f"Bearer {jwt}", "begins with the word Bearer: send the JWT alone"),
        (lambda jwt: f"bearer {jwt}", "begins with the word Bearer: send the JWT alone"),
        (lambda jwt: f"{jwt}\n", "has a line break at its end"),
        (lambda jwt: f"{jwt}\r\n", "has a line break at its end"),
        (lambda jwt: f"\n{jwt}", "has a line break in it"),
        (lambda jwt: f"{jwt[:76]}\n{jwt[76:]}", "has a line break in it"),
        (lambda jwt: f" {jwt}", "has white space in it"),
        (lambda jwt: f"{jwt[:76]} {jwt[76:]}", "has white space in it"),
        (lambda jwt: f"{jwt}==", "has base64 padding (=): a JWT has none"),
        (lambda jwt: jwt.replace(".", "==."), "has base64 padding (=): a JWT has none"),
        (lambda jwt: f'"{jwt}"', "is enclosed in quotation marks: send the JWT alone"),
        (
            lambda jwt: jwt.rpartition(".")[0],
            "is not a signed JWT: expected 3 parts separated by dots, got 2",
        ),
        (lambda jwt: jwt.rpartition(".")[0] + ".", "has no signature"),
        (lambda jwt: f"{jwt}.a.b", "is an encrypted JWT: send a signed one"),
        (lambda jwt: jwt + "+/", "is not a signed JWT: its three parts must be base64url"),
        (lambda jwt: jwt + "é", "is not a signed JWT: its three parts must be base64url"),
        (lambda jwt: jwt[:1] * 16_385, "is longer than 16384 characters"),
    ],
    ids=itertools.count(1),
)
def test_what_is_no_jwt_is_told_what_is_wrong_with_its_form(
    machine: Machine, spoil: Callable[[str], str], told: str
) -> None:
    assertion = machine.assertion()
    assert refusal(machine, spoil(assertion)) == f"The assertion {told}."
    parameters = {"grant_type": JWT_BEARER, "assertion": spoil(assertion)}
    answer = machine.client.post(TOKEN, parameters, Authorization=machine.client.basic)
    assert answer.json()["error_description"] == f"The assertion {told}."
    assert machine.client.exchange_jwt(assertion).status_code == 200


@pytest.mark.spec("J-17", "RFC 7523 §3 item 7")
def test_with_a_jti_an_assertion_is_used_once(machine: Machine) -> None:
    assertion = machine.assertion(jti="one")
    assert machine.client.exchange_jwt(assertion).status_code == 200
    assert "already used" in refusal(machine, assertion)
    assert machine.client.exchange_jwt(machine.assertion(jti="two")).status_code == 200


@pytest.mark.spec("J-18", "Workfront")
def test_without_a_jti_it_may_be_used_until_it_expires(machine: Machine) -> None:
    assertion = machine.assertion()
    assert [machine.client.exchange_jwt(assertion).status_code for _ in range(2)] == [200, 200]


@pytest.mark.spec("J-30", "RFC 8725 §3.10")
def test_a_deleted_key_verifies_nothing(machine: Machine) -> None:
    delete_key(machine.key, actor=Actor.command("tests"))
    refusal(machine, machine.assertion())


@pytest.mark.spec("J-30", "RFC 8725 §3.10")
def test_the_key_of_one_application_does_not_open_another(machine: Machine) -> None:
    other = make_application(AppType.MACHINE_TO_MACHINE, name="Other")
    client = OAuthClient(other.application.client_id, other.client_secret)
    assert client.exchange_jwt(machine.assertion()).json()["error"] == "invalid_grant"


@pytest.mark.spec("J-30", "RFC 8725 §3.10")
@pytest.mark.spec("J-08", "RFC 7523 §3")
def test_each_of_several_keys_verifies_for_the_person_who_added_it(machine: Machine) -> None:
    second = make_machine_key(machine, UserFactory.create())
    assert machine.client.exchange_jwt(second.assertion()).status_code == 200
    refusal(machine, second.assertion(sub=machine.key.subject))


def make_machine_key(machine: Machine, user: User) -> Machine:
    from oauthapps.services.credentials import add_key

    key = add_key(machine.application, public_pem(OTHER_KEY), user=user, actor=Actor(user=user))
    return Machine(machine.application, machine.client, key, OTHER_KEY)


@pytest.mark.spec("J-08", "RFC 7523 §3")
@pytest.mark.spec("J-34", "ASVS 10.4.9")
def test_an_inactive_person_gets_no_token_and_loses_those_there_are(machine: Machine) -> None:
    tokens = machine.client.exchange_jwt(machine.assertion()).json()
    User.objects.filter(user_id=machine.key.subject).update(is_active=False)
    assert machine.client.me(tokens["access_token"]).status_code == 401
    refusal(machine, machine.assertion())


@pytest.mark.spec("J-19", "RFC 6749 §5.2")
@pytest.mark.parametrize("secret", [None, "", "wrong", "gtsec_wrong"])
def test_the_client_secret_is_required_too(machine: Machine, secret: str | None) -> None:
    answer = machine.client.exchange_jwt(machine.assertion(), client_secret=secret)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


@pytest.mark.spec("J-19", "RFC 6749 §5.2")
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


@pytest.mark.spec("T-62", "Workfront")
def test_in_the_compatible_profile_errors_and_token_type_are_the_documented_ones(machine: Machine) -> None:
    application = application_of(machine.client)
    application.response_profile = "workfront"
    application.save()
    assert machine.client.exchange_jwt(machine.assertion()).json()["token_type"] == "sessionID"
    answer = machine.client.exchange_jwt("garbage").json()
    assert (answer["statusCode"], answer["error"], answer["type"]) == (400, True, "invalid_grant")
    assert answer["message"]


@pytest.mark.spec("J-17", "RFC 7523 §3 item 7")
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


def changed(text: str) -> str:
    """Change the first letter that every bit of counts."""
    return ("A" if text[0] != "A" else "B") + text[1:]


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Make every attempt to look a host up or to connect fail, and collect the attempts."""
    attempts: list[object] = []

    def refuse(*arguments: object, **named: object) -> None:
        attempts.append(arguments)
        raise OSError("nothing is fetched here")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr("urllib.request.urlopen", refuse)
    return attempts


@pytest.mark.spec("J-01", "RFC 7523 §2.1; Workfront")
@pytest.mark.spec("J-02", "RFC 7523 §2.1; Workfront")
@pytest.mark.parametrize("signer", ["PyJWT", "joserfc", "jwcrypto", "Authlib", "openssl"])
def test_whatever_library_signs_the_token_works_as_session_id(
    machine: Machine, signer: str, tmp_path: Path
) -> None:
    answer = machine.client.exchange_jwt(SIGNERS[signer](machine, tmp_path))
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"] == "application/json"
    assert (answer["Cache-Control"], answer["Pragma"]) == ("no-store", "no-cache")
    assert not answer.cookies
    tokens = answer.json()
    assert {"access_token", "token_type", "expires_in", "wid"} <= tokens.keys()
    me = machine.client.http.get(ME, headers={"sessionID": tokens["access_token"]})
    assert me.json()["ID"] == machine.key.subject


def sign_with_joserfc(machine: Machine, folder: Path) -> str:
    from joserfc import jwk
    from joserfc import jwt as joserfc_jwt

    key = jwk.RSAKey.import_key(private_pem(machine.private_key))
    return joserfc_jwt.encode({"alg": "RS256"}, machine.claims(), key)


def sign_with_jwcrypto(machine: Machine, folder: Path) -> str:
    from jwcrypto import jwk  # type: ignore[import-untyped]
    from jwcrypto import jwt as jwcrypto_jwt

    token = jwcrypto_jwt.JWT(header={"alg": "RS256", "typ": "JWT"}, claims=machine.claims())
    token.make_signed_token(jwk.JWK.from_pem(private_pem(machine.private_key)))
    signed: str = token.serialize()
    return signed


def sign_with_authlib(machine: Machine, folder: Path) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Authlib is moving to joserfc
        from authlib.jose import JsonWebToken
    signed: bytes = JsonWebToken(["RS256"]).encode(
        {"alg": "RS256"}, machine.claims(), private_pem(machine.private_key)
    )
    return signed.decode()


def sign_with_openssl(machine: Machine, folder: Path) -> str:
    file = folder / "private.key"
    file.write_bytes(private_pem(machine.private_key))
    body = encode(b'{"alg":"RS256","typ":"JWT"}') + "." + encode(json.dumps(machine.claims()).encode())
    command = ["openssl", "dgst", "-sha256", "-sign", str(file)]
    signature = subprocess.run(command, input=body.encode(), capture_output=True, check=True).stdout
    return f"{body}.{encode(signature)}"


SIGNERS: dict[str, Callable[[Machine, Path], str]] = {
    "PyJWT": lambda machine, _: machine.assertion(),
    "joserfc": sign_with_joserfc,
    "jwcrypto": sign_with_jwcrypto,
    "Authlib": sign_with_authlib,
    "openssl": sign_with_openssl,
}


@pytest.mark.spec("J-03", "RFC 7523 §3; RFC 8725 §3.10")
@pytest.mark.parametrize(
    "literal",
    ["1e400", "-1e400", "9" * 400, "9" * 5000, "1e20", "null", "[]", '"9999999999"', "true"],
    ids=lambda literal: literal[:9] + str(len(literal)),
)
def test_an_exp_that_is_no_time_is_refused(machine: Machine, literal: str) -> None:
    claims = json.dumps(machine.claims(exp="EXP")).replace('"EXP"', literal)
    refusal(machine, sign(machine, claims.encode()))


@pytest.mark.spec("J-03", "RFC 7523 §3")
def test_a_fraction_of_a_second_is_a_time(machine: Machine) -> None:
    assert machine.client.exchange_jwt(machine.assertion(exp=time.time() + 30.5)).status_code == 200


@pytest.mark.spec("J-04", "RFC 7523 §3 item 4")
@pytest.mark.spec("J-05", "RFC 7523 §3")
@pytest.mark.spec("J-06", "RFC 7523 §3")
@pytest.mark.parametrize(
    ("claim", "offset", "accepted"),
    [
        ("exp", -59, True),
        ("exp", -60, False),
        ("exp", 24 * 3600 + 60, True),
        ("exp", 24 * 3600 + 61, False),
        ("nbf", 60, True),
        ("nbf", 61, False),
        ("iat", 60, True),
        ("iat", 61, False),
        ("iat", -10 * 365 * 24 * 3600, True),
    ],
)
def test_the_limits_hold_to_the_second(machine: Machine, claim: str, offset: int, accepted: bool) -> None:
    now = int(time.time())
    with time_machine.travel(now, tick=False):
        answer = machine.client.exchange_jwt(machine.assertion(**{claim: now + offset}))
        assert answer.status_code == (200 if accepted else 400)


@pytest.mark.spec("J-05", "RFC 7523 §3")
@pytest.mark.parametrize("claim", ["nbf", "iat"])
@pytest.mark.parametrize("value", ["soon", None, True, [1], 1e300], ids=str)
def test_nbf_and_iat_are_times_where_they_are_sent(machine: Machine, claim: str, value: object) -> None:
    refusal(machine, raw_assertion(machine, machine.claims(**{claim: value})))


@pytest.mark.spec("J-07", "RFC 7523 §3")
def test_the_issuer_is_the_customer_id_to_the_letter(machine: Machine) -> None:
    customer_id = Organization.current().customer_id
    for issuer in (
        machine.client.client_id,
        machine.key.subject,
        f"{customer_id} ",
        customer_id[:-1],
        [customer_id],
        {"iss": customer_id},
        0,
        None,
        "",
    ):
        refusal(machine, raw_assertion(machine, machine.claims(iss=issuer)))
    assert machine.client.exchange_jwt(machine.assertion(iss=customer_id)).status_code == 200


@pytest.mark.spec("J-08", "RFC 7523 §3")
def test_the_subject_is_the_person_of_the_key(machine: Machine) -> None:
    other: User = UserFactory.create()
    for subject in (
        other.user_id,
        other.username,
        machine.client.client_id,
        [machine.key.subject],
        None,
    ):
        refusal(machine, raw_assertion(machine, machine.claims(sub=subject)))


@pytest.mark.spec("J-09", "RFC 8725 §3.9")
@pytest.mark.parametrize(
    ("audience", "accepted"),
    [
        ("", True),
        (TOKEN, True),
        (JWT_EXCHANGE, True),
        ("/", True),
        (f"{TOKEN}/", True),
        (f"{JWT_EXCHANGE}/", True),
        ("//", False),
        (f"{TOKEN}//", False),
        (".evil.example/", False),
        ("/integrations/oauth2/authorize", False),
        ("/integrations/oauth2/authorize/", False),
    ],
)
@pytest.mark.spec("J-41", "RFC 7523 §3 item 3")
def test_an_audience_is_the_issuer_or_an_endpoint_that_takes_it(
    machine: Machine, audience: str, accepted: bool
) -> None:
    url = f"http://testserver.localhost{audience}"
    for value in (url, [url], ["https://elsewhere.example", url]):
        answer = machine.client.exchange_jwt(machine.assertion(aud=value))
        assert answer.status_code == (200 if accepted else 400)


@pytest.mark.spec("J-09", "RFC 8725 §3.9")
@pytest.mark.parametrize("audience", [None, 5, {"a": 1}, [5], [["http://testserver.localhost"]], ""], ids=str)
def test_an_audience_of_another_kind_is_refused(machine: Machine, audience: object) -> None:
    refusal(machine, raw_assertion(machine, machine.claims(aud=audience)))


@pytest.mark.spec("J-10", "RFC 8725 §3.3")
def test_nothing_signed_may_change(machine: Machine) -> None:
    header, payload, signature = machine.assertion().split(".")
    other = encode(json.dumps(machine.claims(exp=int(time.time()) + 300)).encode())
    other_header = encode(b'{"alg":"RS256","typ":"JOSE"}')
    for broken in (
        f"{header}.{payload}.",
        f"{header}.{payload}",
        f"{header}.{payload}.{changed(signature)}",
        f"{header}.{payload}.{signature[:-4]}",
        f"{header}.{other}.{signature}",
        f"{other_header}.{payload}.{signature}",
        f"{header}.{payload}.{signature}.{signature}",
        f".{payload}.{signature}",
        f"{header}..{signature}",
    ):
        refusal(machine, broken)
    assert machine.client.exchange_jwt(f"{header}.{payload}.{signature}").status_code == 200


@pytest.mark.spec("J-12", "RFC 8725 §2.1")
def test_nothing_public_nor_the_client_secret_is_an_hmac_key(machine: Machine) -> None:
    public = machine.private_key.public_key()
    pem, der = Encoding.PEM, Encoding.DER
    spki, pkcs1 = PublicFormat.SubjectPublicKeyInfo, PublicFormat.PKCS1
    keys = [public.public_bytes(encoding, form) for encoding in (pem, der) for form in (spki, pkcs1)]
    certificate = self_signed(machine.private_key)
    keys += [certificate.public_bytes(pem), certificate.public_bytes(der)]
    texts = (machine.client.client_secret, machine.key.pem, machine.key.pem.strip(), "")
    keys += [text.encode() for text in texts]
    claims = encode(json.dumps(machine.claims()).encode())
    for key in keys:
        for header in (b'{"alg":"HS256"}', b'{"alg":"RS256"}'):
            body = f"{encode(header)}.{claims}"
            refusal(machine, f"{body}.{encode(hmac.digest(key, body.encode(), 'sha256'))}")


@pytest.mark.spec("J-14", "RFC 8725 §3.10; ASVS 9.1.3")
@pytest.mark.parametrize("header", ["jwk", "jku", "x5u", "x5c", "kid"])
def test_a_key_that_comes_along_is_neither_used_nor_fetched(
    machine: Machine, offline: list[object], header: str
) -> None:
    certificate = self_signed(OTHER_KEY).public_bytes(Encoding.DER)
    values = {
        "jwk": jwt.algorithms.RSAAlgorithm.to_jwk(OTHER_KEY.public_key(), as_dict=True),
        "jku": "http://127.0.0.1/jwks.json",
        "x5u": "http://127.0.0.1/certificate.pem",
        "x5c": [base64.b64encode(certificate).decode()],
        "kid": machine.key.thumbprint,
    }
    headers = {header: values[header]}
    refusal(machine, jwt.encode(machine.claims(), OTHER_KEY, algorithm="RS256", headers=headers))
    right = jwt.encode(machine.claims(), machine.private_key, algorithm="RS256", headers=headers)
    assert machine.client.exchange_jwt(right).status_code == 200
    assert offline == []


@pytest.mark.spec("J-15", "RFC 7515 §4")
def test_headers_that_are_not_understood_are_ignored(machine: Machine) -> None:
    headers = {"x-of-a-library": {"a": [1]}, "typ": "JWT", "cty": "json", "url": "http://127.0.0.1/"}
    right = jwt.encode(machine.claims(), machine.private_key, algorithm="RS256", headers=headers)
    assert machine.client.exchange_jwt(right).status_code == 200
    refusal(machine, jwt.encode(machine.claims(), OTHER_KEY, algorithm="RS256", headers=headers))


@pytest.mark.spec("J-15", "RFC 8725 §3.10")
@pytest.mark.parametrize(
    "kid", ["$(id)", "| id", "k" * 5000, "/dev/null", "\0", "é", ""], ids=lambda kid: kid[:9]
)
def test_a_strange_key_id_decides_nothing(machine: Machine, kid: str) -> None:
    refusal(machine, jwt.encode(machine.claims(), OTHER_KEY, algorithm="RS256", headers={"kid": kid}))
    right = jwt.encode(machine.claims(), machine.private_key, algorithm="RS256", headers={"kid": kid})
    assert machine.client.exchange_jwt(right).status_code == 200


@pytest.mark.spec("J-16", "RFC 7515 §4.1.11; RFC 7797")
def test_an_elliptic_key_signs_nothing(machine: Machine) -> None:
    refusal(machine, jwt.encode(machine.claims(), ec.generate_private_key(ec.SECP256R1()), algorithm="ES256"))


@pytest.mark.spec("J-16", "RFC 7797")
def test_an_unencoded_payload_is_refused(machine: Machine) -> None:
    header = encode(b'{"alg":"RS256","b64":false,"crit":["b64"]}')
    payload = json.dumps(machine.claims()).replace(".", "")
    refusal(machine, f"{header}.{payload}.{signature_of(machine, f'{header}.{payload}')}")
    header = encode(b'{"alg":"RS256","b64":false}')
    encoded = encode(payload.encode())
    refusal(machine, f"{header}.{encoded}.{signature_of(machine, f'{header}.{encoded}')}")


@pytest.mark.spec("J-17", "RFC 7523 §3 item 7")
def test_a_jti_is_remembered_until_its_assertion_could_not_come_again(machine: Machine) -> None:
    now = int(time.time())
    with time_machine.travel(now, tick=False):
        assertion = machine.assertion(jti="one", exp=now + 3 * 3600)
        assert machine.client.exchange_jwt(assertion).status_code == 200
    with time_machine.travel(now + 3 * 3600 + 59, tick=False):  # the first token has long expired
        assert "already used" in refusal(machine, assertion)
    with time_machine.travel(now + 3 * 3600 + 60, tick=False):
        assert "expired" in refusal(machine, assertion)


@pytest.mark.spec("J-19", "RFC 6749 §5.2")
def test_an_unknown_client_and_a_single_page_application_get_nothing(
    machine: Machine, single_page: OAuthClient
) -> None:
    assertion = machine.assertion()
    unknown = machine.client.exchange_jwt(assertion, client_id="0" * 32)
    assert (unknown.status_code, unknown.json()["error"]) == (401, "invalid_client")
    public = single_page.exchange_jwt(assertion, client_secret=None)
    assert (public.status_code, public.json()["error"]) == (400, "unauthorized_client")
    assert machine.client.exchange_jwt(assertion).status_code == 200


@pytest.mark.spec("J-20", "RFC 6749 §2.3.1")
def test_nothing_is_taken_from_the_url_and_nothing_by_get(machine: Machine) -> None:
    client = machine.client
    parameters = {
        "client_id": client.client_id,
        "client_secret": client.client_secret,
        "jwt_token": machine.assertion(),
    }
    for name, value in parameters.items():
        body = {other: parameters[other] for other in parameters if other != name}
        answer = client.post(f"{JWT_EXCHANGE}?{urlencode({name: value})}", body)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    for answer in (client.http.get(JWT_EXCHANGE, parameters), client.http.put(JWT_EXCHANGE, parameters)):
        assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert client.post(JWT_EXCHANGE, parameters).status_code == 200


@pytest.mark.spec("J-21", "RFC 7523 §3")
def test_an_encrypted_or_huge_assertion_is_refused(machine: Machine) -> None:
    from jwcrypto import jwe, jwk

    key = jwk.JWK.from_pem(machine.key.pem.encode())
    encrypted = jwe.JWE(json.dumps(machine.claims()), json.dumps({"alg": "RSA-OAEP", "enc": "A256GCM"}))
    encrypted.add_recipient(key)
    refusal(machine, encrypted.serialize(compact=True))
    huge = machine.client.exchange_jwt("a." + "b" * 100_000 + ".c")
    assert (huge.status_code, huge.json()["error"]) == (413, "invalid_request")
    deep = f'{{"iss":{"[" * 3000}{"]" * 3000}}}'
    refusal(machine, sign(machine, deep.encode()))
    refusal(machine, f"{encode(('[' * 3000).encode())}.{encode(b'{}')}.{encode(b'x')}")


@pytest.mark.spec("J-22", "RFC 6749 §3.2")
def test_no_parameter_comes_twice(machine: Machine) -> None:
    parameters = {
        "client_id": machine.client.client_id,
        "client_secret": machine.client.client_secret,
        "jwt_token": machine.assertion(),
    }
    for name, value in parameters.items():
        body = urlencode([*parameters.items(), (name, value)])
        answer = machine.client.http.post(JWT_EXCHANGE, body, content_type=FORM)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert machine.client.post(JWT_EXCHANGE, parameters).status_code == 200


@pytest.mark.spec("J-34", "ASVS 10.4.9")
def test_a_disabled_application_loses_its_tokens(machine: Machine) -> None:
    token = machine.client.exchange_jwt(machine.assertion()).json()["access_token"]
    assert machine.client.me(token).status_code == 200
    disable_application(machine.application, actor=Actor.command("tests"))
    assert machine.client.me(token).status_code == 401
    refused = machine.client.exchange_jwt(machine.assertion())
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")


def self_signed(key: rsa.RSAPrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "tests")])
    now = timezone.now()
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
