"""A private key in any form is answered as a leak, and nothing of it is repeated."""

import base64
import json
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

from oauthapps.errors import PrivateKeyRefusedError
from oauthapps.rules.keys.keypairs import generate_keypair, parse_public_key
from tests.rules import key_material as made

pytestmark = pytest.mark.spec("J-31", "RFC 8725 section 3.5")

LOCKED = BestAvailableEncryption(b"correct horse")
OPEN = NoEncryption()
TRADITIONAL, PKCS8, OPENSSH = PrivateFormat.TraditionalOpenSSL, PrivateFormat.PKCS8, PrivateFormat.OpenSSH


def written(
    form: PrivateFormat, lock: KeySerializationEncryption, encoding: Encoding = Encoding.PEM
) -> bytes:
    return made.rsa_key().private_bytes(encoding, form, lock)


def pem() -> str:
    return written(PKCS8, OPEN).decode()


def pfx() -> bytes:
    return pkcs12.serialize_key_and_certificates(b"ClientApp", made.rsa_key(), None, None, LOCKED)


def assert_refused(data: bytes | str) -> None:
    with pytest.raises(PrivateKeyRefusedError) as caught:
        parse_public_key(data)
    assert str(caught.value).startswith(
        "This is a private key: treat it as leaked; nothing was saved. Make a new"
    )
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("lock", [OPEN, LOCKED], ids=["open", "encrypted"])
@pytest.mark.parametrize("form", [TRADITIONAL, PKCS8])
def test_a_pem_file_is_refused(form: PrivateFormat, lock: KeySerializationEncryption) -> None:
    assert_refused(written(form, lock))


def test_a_file_of_openssh_is_refused() -> None:
    assert_refused(written(OPENSSH, OPEN))


@pytest.mark.parametrize("form", [TRADITIONAL, PKCS8])
def test_a_binary_file_is_refused(form: PrivateFormat) -> None:
    assert_refused(written(form, OPEN, Encoding.DER))


def test_an_encrypted_binary_file_is_refused() -> None:
    assert_refused(written(PKCS8, LOCKED, Encoding.DER))


def test_a_pfx_file_is_refused() -> None:
    assert_refused(pfx())


def test_other_kinds_of_key_are_refused() -> None:
    for key in (made.ec_key(), made.dsa_key()):
        for form in (TRADITIONAL, PKCS8):
            assert_refused(key.private_bytes(Encoding.PEM, form, OPEN))
            assert_refused(key.private_bytes(Encoding.DER, form, OPEN))
    assert_refused(made.ed25519_key().private_bytes(Encoding.PEM, PKCS8, OPEN))
    assert_refused(made.ed25519_key().private_bytes(Encoding.DER, PKCS8, OPEN))


def test_the_private_half_of_a_pair_made_here_is_refused() -> None:
    assert_refused(generate_keypair(2048).private_pem)


PASTED: dict[str, Callable[[str], bytes | str]] = {
    "before it a certificate": lambda text: made.certificate() + text,
    "behind it a certificate": lambda text: text + made.certificate(),
    "before it a public key": lambda text: made.spki(made.rsa_key().public_key()) + text,
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "one line": lambda text: text.replace("\n", " "),
    "UTF-16 with BOM": lambda text: text.encode("utf-16"),
    "UTF-16 without BOM": lambda text: text.encode("utf-16-le"),
    "quoted in a mail": lambda text: f"here is my key:\n> {text}",
    "lower case": lambda text: text.lower(),
    "first half": lambda text: text[: len(text) // 2],
    "second half": lambda text: text[len(text) // 2 :],
    "damaged": lambda text: text[:200] + "!" + text[201:],
    "labelled as public": lambda text: text.replace("PRIVATE KEY", "PUBLIC KEY"),
    "labelled as certificate": lambda text: text.replace("PRIVATE KEY", "CERTIFICATE"),
    "bare base64": lambda text: "".join(text.splitlines()[1:-1]),
    "bare lines of base64": lambda text: "\n".join(text.splitlines()[1:-1]),
    "service account file": lambda text: json.dumps({"type": "service_account", "private_key": text}),
    "openssl -text": lambda text: made.openssl("rsa -text -noout", stdin=text),
    "openssl -text with public PEM": lambda text: made.openssl("rsa -text -pubout", stdin=text),
    "PuTTY": lambda _: "PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none",
    "SSH2": lambda _: "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----",
    "PGP": lambda _: "-----BEGIN PGP PRIVATE KEY BLOCK-----",
}


@pytest.mark.parametrize("way", PASTED)
def test_a_private_key_is_seen_however_it_is_pasted(way: str) -> None:
    assert_refused(PASTED[way](pem()))


@pytest.mark.parametrize("form", [TRADITIONAL, PKCS8])
def test_base64_without_its_lines_is_seen_for_what_it_is(form: PrivateFormat) -> None:
    assert_refused(base64.b64encode(written(form, OPEN, Encoding.DER)))


@pytest.mark.parametrize("member", ["d", "p", "q", "dp", "dq", "qi", "oth"])
def test_a_jwk_with_any_private_member_is_refused(member: str) -> None:
    whole = json.loads(made.jwk(**{member: "AQAB"}))
    for text in (json.dumps(whole), json.dumps({"keys": [whole]}), json.dumps({"keys": [whole, whole]})):
        assert_refused(text)
        assert_refused(text[:-1])  # cut off, as it is no less leaked


def test_a_private_member_is_seen_behind_an_escape() -> None:
    assert_refused(made.jwk(d="AQAB").replace('"d"', '"\\u0064"'))


@pytest.mark.parametrize(
    "text",
    ['{"kty": "oct", "k": "AQAB"}', '{"kty": "EC", "crv": "P-256", "d": "AQAB"}', '{"kty": "OKP", "d": ""}'],
)
def test_private_and_symmetric_jwks_of_other_kinds_are_refused(text: str) -> None:
    assert_refused(text)


def test_the_refusal_repeats_nothing_of_the_key() -> None:
    with pytest.raises(PrivateKeyRefusedError) as caught:
        parse_public_key(pem())
    assert pem().splitlines()[1][:20] not in f"{caught.value!r} {caught.value.args}"
