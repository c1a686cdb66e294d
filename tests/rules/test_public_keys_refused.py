"""Public keys that are not taken, each with its reason."""

import json
import re
from collections.abc import Callable
from contextlib import suppress

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from oauthapps.errors import InvalidPublicKeyError, PrivateKeyRefusedError
from oauthapps.rules.keys.keypairs import parse_public_key
from tests.rules import key_material as made

pytestmark = pytest.mark.spec("J-31", "RFC 8725 section 3.5, FIPS 186-5")


def numbers() -> rsa.RSAPublicNumbers:
    return made.rsa_key().public_key().public_numbers()


def spki() -> str:
    return made.spki(made.rsa_key().public_key())


def jwk_of_numbers(modulus: int, exponent: int) -> str:
    return made.jwk(n=made.base64url(modulus), e=made.base64url(exponent))


def assert_refused(data: bytes | str, reason: str) -> None:
    with pytest.raises(InvalidPublicKeyError, match=reason) as caught:
        parse_public_key(data)
    assert not isinstance(caught.value, PrivateKeyRefusedError)


@pytest.mark.parametrize("form", [made.spki, made.pkcs1, made.jwk_of])
def test_a_key_of_1024_bits_is_too_weak(form: Callable[..., str]) -> None:
    assert_refused(form(made.rsa_key(1024).public_key()), "only 1024 bits: use an RSA key of at least 2048")


def test_a_key_of_2047_bits_is_too_weak() -> None:
    assert_refused(made.pkcs1_of(2**2046 + 1, 65537), "only 2047 bits")


@pytest.mark.parametrize("form", [made.pkcs1_of, jwk_of_numbers])
def test_a_key_that_would_keep_the_server_busy_is_too_long(form: Callable[..., str]) -> None:
    assert_refused(form(2**16384 + 1, 65537), "too long")


@pytest.mark.parametrize("exponent", [3, 17, 257, 65535, 2**256 + 1])
def test_an_unsafe_exponent_is_refused(exponent: int) -> None:
    assert_refused(made.pkcs1_of(numbers().n, exponent), "unsafe public exponent")


@pytest.mark.parametrize("exponent", [0, 1, 2, 65536])
def test_an_exponent_that_makes_no_key_is_refused(exponent: int) -> None:
    assert_refused(made.pkcs1_of(numbers().n, exponent), "damaged")
    assert_refused(made.jwk(e=made.base64url(exponent) or "AA"), "form a valid key")


def test_a_modulus_with_a_small_factor_is_damaged() -> None:
    assert_refused(made.pkcs1_of(3 * 2**2047 + 3, 65537), "isn't the product of two primes")
    assert_refused(made.jwk(n=made.base64url(numbers().n - 1)), "isn't the product of two primes")


def test_a_key_for_rsa_pss_only_is_refused_also_in_a_certificate() -> None:
    private = made.openssl("genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048")
    assert_refused(made.openssl("pkey -pubout", stdin=private), "RSA-PSS")
    certificate = made.openssl("req -x509 -new -subj /CN=a -key /dev/stdin", stdin=private)
    assert_refused(certificate, "RSA-PSS")


def test_other_kinds_of_key_are_refused() -> None:
    for key in (made.ed25519_key(), made.dsa_key()):
        assert_refused(made.spki(key.public_key()), "is neither an RSA key nor one on the curve P-256")
    assert_refused(made.certificate(made.ed25519_key()), "is neither an RSA key nor one on the curve P-256")


@pytest.mark.parametrize("curve", [ec.SECP384R1(), ec.SECP521R1(), ec.SECP256K1()], ids=lambda one: one.name)
def test_other_curves_are_refused(curve: ec.EllipticCurve) -> None:
    key = ec.generate_private_key(curve)
    assert_refused(made.spki(key.public_key()), f"on the curve {curve.name}: use one on P-256")
    assert_refused(made.certificate(key), f"on the curve {curve.name}: use one on P-256")


def test_a_point_that_is_not_on_the_curve_is_refused() -> None:
    jwk = json.loads(made.ec_jwk())
    assert_refused(json.dumps(jwk | {"y": jwk["x"]}), "form a valid key")
    assert_refused(made.ec_jwk(x=made.base64url(2**256)), "form a valid key")
    der = made.der_of(made.spki(made.ec_key().public_key()))
    assert_refused(made.pem("PUBLIC KEY", der[:-1] + bytes([der[-1] ^ 1])), "damaged")


def test_two_certificates_are_one_too_many() -> None:
    assert_refused(made.certificate() + made.certificate(), "There are 2 certificates in this text")


def test_a_certificate_and_its_key_are_one_too_many() -> None:
    assert_refused(made.certificate() + spki(), "There are 2 keys or certificates")


DAMAGED: dict[str, tuple[Callable[[str], bytes | str], str]] = {
    "half of it": (lambda text: text[: len(text) // 2], "damaged or incomplete"),
    "no END line": (lambda text: text.replace("-----END", "-----ENDE"), "damaged or incomplete"),
    "another END line": (lambda text: text.replace("END PUBLIC", "END RSA PUBLIC"), "damaged or incomplete"),
    "characters missing": (lambda text: text[:60] + text[70:], "damaged or incomplete"),
    "no base64": (lambda text: text[:60] + "!" + text[61:], "damaged or incomplete"),
    "nothing between": (lambda text: re.sub("\n.*\n", "\n", text, flags=re.DOTALL), "damaged or incomplete"),
    "other label": (lambda text: text.replace("PUBLIC KEY", "CERTIFICATE"), "damaged or incomplete"),
    "request": (lambda text: text.replace("PUBLIC KEY", "CERTIFICATE REQUEST"), "certificate request, not"),
    "PGP": (lambda text: text.replace("PUBLIC KEY", "PGP PUBLIC KEY BLOCK"), "pgp public key block, not"),
    "no lines around": (lambda text: "".join(text.splitlines()[1:-1]), "This is not a public key"),
    "OpenSSH": (lambda _: "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAB me@host", "ssh-keygen"),
    "empty": (lambda _: "", "This is not a public key"),
    "words": (lambda _: "the key is on the server", "This is not a public key"),
    "too long": (lambda text: text + "\0" * 65536, "64 KiB"),
    "image": (lambda _: b"\x89PNG\r\n" + bytes(range(256)), "This is not a public key"),
}


@pytest.mark.parametrize("way", DAMAGED)
def test_a_damaged_or_different_text_is_refused(way: str) -> None:
    damage, reason = DAMAGED[way]
    assert_refused(damage(spki()), reason)


@pytest.mark.parametrize("form", [spki, made.certificate])
def test_a_binary_key_is_answered_with_what_to_do(form: Callable[..., str]) -> None:
    assert_refused(made.der_of(form()), "convert it with openssl to PEM")


def test_der_junk_in_a_block_is_refused() -> None:
    assert_refused(made.pem("PUBLIC KEY", made.der_of(spki()) + b"\0"), "damaged")
    assert_refused(made.pem("CERTIFICATE", made.der_of(made.certificate())[:-1]), "damaged")
    assert_refused(made.pem("PUBLIC KEY", bytes(range(200))), "damaged")


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
def test_a_certificate_without_a_proper_serial_number_is_refused_with_a_way_out() -> None:
    version, serial = b"\xa0\x03\x02\x01\x02", b"\x02\x01\x01"
    der = made.der_of(made.certificate(serial_number=1))
    assert parse_public_key(made.pem("CERTIFICATE", der)).bits == 2048
    assert_refused(
        made.pem("CERTIFICATE", der.replace(version + serial, version + b"\x02\x01\x00")), "RFC 5280"
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "JSON is damaged"),
        ("[" * 60_000, "JSON is damaged"),
        ('{"n": ' + "9" * 5000 + "}", "JSON is damaged"),
        ("[]", "exactly one JWK"),
        ('{"keys": []}', "exactly one JWK"),
        ('{"keys": {}}', "exactly one JWK"),
        ('{"keys": [1]}', "exactly one JWK"),
        ("{}", 'must have "kty": "RSA", or "kty": "EC" with "crv": "P-256"'),
        ('{"kty": [], "crv": {}}', 'must have "kty": "RSA"'),
        ('{"kty": "EC", "crv": "P-384", "x": "AA", "y": "AA"}', 'must have "kty": "RSA"'),
        ('{"kty": "P-256", "x": "AA", "y": "AA"}', 'must have "kty": "RSA"'),
        ('{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}', "form a valid key"),
        ('{"kty": "EC", "crv": "P-256", "x": "AA"}', '"x" and "y" of this JWK must be base64url'),
        ('{"kty": "RSA"}', "must be base64url"),
        ('{"kty": "RSA", "n": 7, "e": "AQAB"}', "must be base64url"),
        ('{"kty": "RSA", "n": "ü", "e": "AQAB"}', "must be base64url"),
        ('{"kty": "RSA", "n": "\\ud800", "e": "AQAB"}', "must be base64url"),
    ],
)
def test_json_that_is_no_accepted_key_is_refused(text: str, reason: str) -> None:
    assert_refused(text, reason)


@pytest.mark.parametrize(
    "member",
    [
        {"use": "enc"},
        {"alg": "RSA-OAEP"},
        {"alg": "ES256"},
        {"alg": 5},
        {"key_ops": ["encrypt"]},
        {"use": []},
    ],
)
def test_a_jwk_for_something_else_than_signatures_is_refused(member: dict[str, object]) -> None:
    assert_refused(made.jwk(**member), "not for RS256 or PS256 signatures")
    assert_refused(
        made.ec_jwk(**({"alg": "ES384"} if "alg" in member else member)), "not for ES256 signatures"
    )


def test_a_set_with_two_keys_is_refused() -> None:
    assert_refused(json.dumps({"keys": [json.loads(made.jwk())] * 2}), "exactly one JWK")


@settings(max_examples=300, deadline=None)
@given(st.booleans(), st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), min_size=1, max_size=3))
def test_any_damage_is_answered_with_a_reason_or_leaves_an_acceptable_key(
    in_certificate: bool, changes: list[tuple[int, int]]
) -> None:
    label, text = ("CERTIFICATE", made.certificate()) if in_certificate else ("PUBLIC KEY", spki())
    der = bytearray(made.der_of(text))
    for position, octet in changes:
        der[position % len(der)] = octet
    with suppress(InvalidPublicKeyError):
        assert parse_public_key(made.pem(label, bytes(der))).bits >= 2048


@given(st.binary() | st.text())
def test_no_input_raises_anything_but_a_reason(data: bytes | str) -> None:
    with pytest.raises(InvalidPublicKeyError):
        parse_public_key(data)
