"""Which public keys are taken, in which forms, and what is known about them afterward."""

import codecs
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from joserfc.jwk import ECKey

from oauthapps.errors import InvalidPublicKeyError
from oauthapps.rules.keys import keypairs
from oauthapps.rules.keys.keypairs import parse_public_key
from tests.rules import key_material as made


def public() -> rsa.RSAPublicKey:
    return made.rsa_key().public_key()


FORMS: dict[str, Callable[[], str]] = {
    "spki": lambda: made.spki(public()),
    "pkcs1": lambda: made.pkcs1(public()),
    "certificate": made.certificate,
    "jwk": made.jwk,
}


@pytest.mark.spec("J-31", "RFC 7517, RFC 7468, RFC 8017")
@pytest.mark.parametrize("form", FORMS)
def test_a_key_is_the_same_key_in_every_form(form: str) -> None:
    info = parse_public_key(FORMS[form]())
    assert info.source_format == form
    assert info.bits == 2048
    assert info.pem == made.spki(public())
    assert (info.thumbprint, info.fingerprint) == (
        parse_public_key(info.pem).thumbprint,
        parse_public_key(info.pem).fingerprint,
    )


EC_FORMS: dict[str, Callable[[], str]] = {
    "spki": lambda: made.spki(made.ec_key().public_key()),
    "certificate": lambda: made.certificate(made.ec_key()),
    "jwk": made.ec_jwk,
}


@pytest.mark.spec("J-31", "RFC 7517, RFC 7468, RFC 7518 section 6.2")
@pytest.mark.parametrize("form", EC_FORMS)
def test_a_key_on_p256_is_the_same_key_in_every_form(form: str) -> None:
    info = parse_public_key(EC_FORMS[form]())
    assert (info.source_format, info.bits) == (form, 256)
    assert info.pem == made.spki(made.ec_key().public_key())
    assert info.thumbprint == ECKey.import_key(info.pem).thumbprint()
    assert keypairs.load_public_key(info.pem) == made.ec_key().public_key()


def test_the_thumbprint_of_a_key_on_p256_does_not_depend_on_how_short_its_coordinates_are() -> None:
    """About one coordinate in 256 begins with a zero byte, which is written all the same."""
    private = next(
        key
        for key in (ec.derive_private_key(number, ec.SECP256R1()) for number in range(1, 5000))
        if key.public_key().public_numbers().x < 2**248
    )
    info = parse_public_key(made.spki(private.public_key()))
    assert info.thumbprint == ECKey.import_key(info.pem).thumbprint()


@pytest.mark.spec("J-32", "the documented openssl line makes a certificate for 30 days")
def test_a_certificate_says_until_when_it_is_valid_even_if_that_is_over() -> None:
    assert parse_public_key(made.certificate()).not_after == made.NOT_AFTER
    assert parse_public_key(made.spki(public())).not_after is None


@pytest.mark.spec("J-31", "the documented openssl line")
def test_what_the_documented_openssl_line_prints_is_taken(tmp_path: Path) -> None:
    made.openssl(
        "req -x509 -sha256 -nodes -newkey rsa:2048 -subj /CN=ClientApp "
        "-keyout private.key -out certificate_pub.crt",
        cwd=tmp_path,
    )
    uploaded = (tmp_path / "certificate_pub.crt").read_bytes()
    info = parse_public_key(uploaded)
    assert info.not_after
    assert info == parse_public_key(made.openssl("x509 -text", stdin=uploaded))


WRAPPED: dict[str, Callable[[str], bytes | str]] = {
    "bytes": lambda text: text.encode(),
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "space around": lambda text: f"\n\n  \t{text}\r\n ",
    "UTF-8 BOM": lambda text: codecs.BOM_UTF8 + text.encode(),
    "BOM in text": lambda text: "\ufeff" + text,
    "UTF-16 of PowerShell": lambda text: text.encode("utf-16"),
    "one line": lambda text: text.replace("\n", " "),
    "indented": lambda text: text.replace("\n", "\n    "),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("way", WRAPPED)
def test_what_editors_and_forms_do_to_a_text_does_not_matter(form: str, way: str) -> None:
    assert parse_public_key(WRAPPED[way](FORMS[form]())).pem == made.spki(public())


def test_a_pem_block_may_have_text_around_it() -> None:
    text = f"Bag Attributes\n  friendlyName: ClientApp für Zürich\n{made.certificate()}\nkind regards"
    assert parse_public_key(text.encode("latin-1")).pem == made.spki(public())


def test_a_set_with_one_jwk_is_taken() -> None:
    assert parse_public_key(json.dumps({"keys": [json.loads(made.jwk())]})).pem == made.spki(public())


def test_a_jwk_may_say_that_it_is_for_rs256_signatures() -> None:
    text = made.jwk(use="sig", alg="RS256", kid="7", key_ops=["verify"])
    assert parse_public_key(text).pem == made.spki(public())


def test_the_thumbprint_is_that_of_the_example_in_rfc_7638() -> None:
    modulus = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV"
        "4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7"
        "d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF4"
        "4-csFCur-kEgU8awapJzKnqDKgw"
    )  # section 3.1
    info = parse_public_key(json.dumps({"kty": "RSA", "n": modulus, "e": "AQAB"}))
    assert info.thumbprint == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


def test_the_printed_command_recomputes_the_fingerprint(tmp_path: Path) -> None:
    info = parse_public_key(made.certificate())
    (tmp_path / "ClientApp's key.pem").write_text(info.pem)
    command = keypairs.fingerprint_command("ClientApp's key.pem")
    printed = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, check=True)
    assert info.fingerprint in printed.stdout.decode()


def test_a_generated_pair_has_3072_bits_and_its_halves_belong_together() -> None:
    pair = keypairs.generate_keypair()
    private = load_pem_private_key(pair.private_pem.encode(), None)
    assert isinstance(private, rsa.RSAPrivateKey)
    assert pair.private_pem.startswith("-----BEGIN PRIVATE KEY-----")  # PKCS#8
    assert (pair.public.bits, pair.public.source_format) == (3072, "generated")
    signature = private.sign(b"assertion", padding.PKCS1v15(), hashes.SHA256())
    loaded = keypairs.load_public_key(pair.public.pem)
    assert isinstance(loaded, rsa.RSAPublicKey)
    loaded.verify(signature, b"assertion", padding.PKCS1v15(), hashes.SHA256())


@pytest.mark.spec("J-33", "ASVS 13.3, 14.2.4")
def test_nothing_that_prints_a_pair_prints_its_private_half() -> None:
    pair = keypairs.generate_keypair(2048)
    assert "PRIVATE" not in f"{pair!r} {pair} {[pair]}"


@pytest.mark.parametrize("bits", [0, 1024, 2047, 16385])
def test_no_weak_pair_is_generated(bits: int) -> None:
    with pytest.raises(ValueError, match="2048 to 16384"):
        keypairs.generate_keypair(bits)


def test_a_stored_key_is_parsed_once() -> None:
    pem = made.spki(public())
    assert keypairs.load_public_key(pem) is keypairs.load_public_key(pem)


@pytest.mark.parametrize(
    "stored", ["", "garbage", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"]
)
def test_a_damaged_stored_key_is_reported_as_that(stored: str) -> None:
    with pytest.raises(InvalidPublicKeyError, match="add it again"):
        keypairs.load_public_key(stored)


def test_a_stored_key_of_another_kind_is_not_used() -> None:
    with pytest.raises(InvalidPublicKeyError, match="add it again"):
        keypairs.load_public_key(made.spki(made.ed25519_key().public_key()))
