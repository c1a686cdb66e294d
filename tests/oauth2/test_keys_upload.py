"""Keys of machine applications: what the console takes and refuses, and what it keeps of a pair it makes."""

from __future__ import annotations

import logging
import subprocess
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jwt
import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.apps import apps
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import Organization, User
from oauthapps.models import Application, PublicKey
from oauthapps.rules.app_types import AppType
from tests.factories import AdministratorFactory, make_application
from tests.keys import private_pem
from tests.oauth_client import OAuthClient
from tests.rules import key_material as made
from tests.sign_ins import sign_in_now

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator(db: None) -> User:
    person: User = AdministratorFactory.create()
    return person


@pytest.fixture
def console(administrator: User) -> Client:
    console = Client()
    sign_in_now(console, administrator)
    return console


@pytest.fixture
def client(db: None) -> OAuthClient:
    created = make_application(AppType.MACHINE_TO_MACHINE)
    return OAuthClient(created.application.client_id, created.client_secret)


def upload(console: Client, client: OAuthClient, key: str | bytes) -> Answer:
    """Paste text, or choose a file of bytes."""
    address = reverse("console:add-key", args=[client.client_id])
    if isinstance(key, bytes):
        return console.post(address, {"public_key_file": SimpleUploadedFile("key.pem", key)})
    return console.post(address, {"public_key": key})


def exchange(client: OAuthClient, person: User, private_key: str | bytes) -> int:
    claims = {
        "iss": Organization.current().customer_id,
        "sub": person.user_id,
        "exp": int(time.time()) + 60,
    }
    return client.exchange_jwt(jwt.encode(claims, private_key, algorithm="RS256")).status_code


def everything_stored() -> str:
    """Return every value of every row of every table, and the cache."""
    rows = [str(list(model._base_manager.values())) for model in apps.get_models()]
    return "\n".join([*rows, str(getattr(cache, "_cache", ""))])


def middle_of(pem: str) -> str:
    """Return a line of a key that no other key has."""
    return pem.strip().splitlines()[5]


@pytest.mark.spec("J-31", "RFC 8725 §3.5; Workfront")
@pytest.mark.spec("J-32", "Workfront")
def test_the_documented_openssl_command_makes_a_key_that_works_after_its_certificate_ended(
    console: Client, client: OAuthClient, administrator: User, tmp_path: Path
) -> None:
    command = (
        "openssl req -x509 -sha256 -nodes -newkey rsa:2048 -batch -subj /CN=nightly "
        "-keyout private.key -out certificate_pub.crt"
    )
    subprocess.run(command.split(), cwd=tmp_path, check=True, capture_output=True)
    certificate = (tmp_path / "certificate_pub.crt").read_text()
    private = (tmp_path / "private.key").read_bytes()
    assert upload(console, client, certificate).status_code == 302
    assert exchange(client, administrator, private) == 200
    key = PublicKey.objects.get()
    assert key.not_after is not None
    assert not key.certificate_expired
    page = reverse("console:application", args=[client.client_id])
    assert "still works here" not in console.get(page).content.decode()
    with time_machine.travel(key.not_after + timedelta(days=1)):
        sign_in_now(console, administrator)
        assert exchange(client, administrator, private) == 200
        assert "still works here" in console.get(page).content.decode()


ACCEPTED: dict[str, Callable[[rsa.RSAPrivateKey], str]] = {
    "a certificate": made.certificate,
    "SPKI": lambda key: made.spki(key.public_key()),
    "PKCS#1": lambda key: made.pkcs1(key.public_key()),
    "a JWK": lambda key: made.jwk_of(key.public_key()),
    "Windows lines": lambda key: made.spki(key.public_key()).replace("\n", "\r\n"),
}


@pytest.mark.spec("J-31", "RFC 8725 §3.5")
@pytest.mark.parametrize("form", ACCEPTED)
@pytest.mark.parametrize("how", ["pasted", "uploaded"])
def test_every_usual_form_of_a_key_is_taken_and_verifies(
    console: Client, client: OAuthClient, administrator: User, form: str, how: str
) -> None:
    key = made.rsa_key()
    text = ACCEPTED[form](key)
    assert upload(console, client, text if how == "pasted" else text.encode()).status_code == 302
    assert exchange(client, administrator, private_pem(key)) == 200


def pss_only() -> str:
    key = made.openssl("genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048")
    return made.openssl("pkey -pubout", stdin=key)


def weak() -> str:
    return made.spki(rsa.generate_private_key(public_exponent=65537, key_size=1024).public_key())  # noqa: S505  # weak is the point


REFUSED: dict[str, Callable[[], str | bytes]] = {
    "1024 bits": weak,
    "exponent 1": lambda: made.pkcs1_of(made.rsa_key().public_key().public_numbers().n, 1),
    "an even exponent": lambda: made.pkcs1_of(made.rsa_key().public_key().public_numbers().n, 65536),
    "RSA-PSS only": pss_only,
    "P-384": lambda: made.spki(ec.generate_private_key(ec.SECP384R1()).public_key()),
    "Ed25519": lambda: made.spki(made.ed25519_key().public_key()),
    "DSA": lambda: made.spki(made.dsa_key().public_key()),
    "an Ed25519 certificate": lambda: made.certificate(made.ed25519_key()),
    "two certificates": lambda: made.certificate() + made.certificate(),
    "DER junk": lambda: made.pem("PUBLIC KEY", b"\x30\x82" + bytes(200)),
    "a binary file": lambda: bytes(range(256)) * 4,
    "1 MB": lambda: "A" * 1_000_000,
    "1 MB in a block": lambda: made.pem("PUBLIC KEY", bytes(700_000)),
    "1 MB file": lambda: b"-----BEGIN PUBLIC KEY-----\n" + b"A" * 1_000_000,
    "nothing": lambda: "",
}


@pytest.mark.spec("J-31", "RFC 8725 §3.5; OAuch ClientKeySecure")
@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_safe_key_is_refused(console: Client, client: OAuthClient, kind: str) -> None:
    answer = upload(console, client, REFUSED[kind]())
    assert 400 <= answer.status_code < 500
    assert not PublicKey.objects.exists()


PRIVATE: dict[str, Callable[[], str]] = {
    "PKCS#8": lambda: private_pem(made.rsa_key()).decode(),
    "traditional": lambda: made.openssl("pkey -traditional", stdin=private_pem(made.rsa_key())),
    "beside its certificate": lambda: made.certificate() + private_pem(made.rsa_key()).decode(),
}


@pytest.mark.spec("J-31", "RFC 8725 §3.5")
@pytest.mark.parametrize("form", PRIVATE)
@pytest.mark.parametrize("how", ["pasted", "uploaded"])
def test_a_private_key_is_refused_and_kept_nowhere(
    console: Client, client: OAuthClient, form: str, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    pem = PRIVATE[form]()
    answer = upload(console, client, pem if how == "pasted" else pem.encode())
    assert answer.status_code == 422
    assert "private key" in answer.content.decode()
    assert not PublicKey.objects.exists()
    secret = private_pem(made.rsa_key()).decode() if form != "traditional" else pem
    line = middle_of(secret)
    for place in (
        answer.content.decode(),
        everything_stored(),
        caplog.text,
        str(dict(console.session.items())),
    ):
        assert line not in place


@pytest.mark.spec("J-33", "ASVS 13.3, 14.2.4")
def test_a_pair_that_is_made_here_shows_its_private_half_once_and_keeps_it_nowhere(
    console: Client, client: OAuthClient, administrator: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answer = console.post(reverse("console:generate-key", args=[client.client_id]))
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    page = answer.content.decode()
    begin, end = page.index("-----BEGIN PRIVATE KEY-----"), page.index("-----END PRIVATE KEY-----")
    pem = page[begin:end] + "-----END PRIVATE KEY-----\n"
    key: Any = load_pem_private_key(pem.encode(), None)
    assert key.key_size == 3072  # 128-bit strength, ASVS 11.2.3
    assert exchange(client, administrator, pem) == 200
    application = Application.objects.get(client_id=client.client_id)
    later = [
        console.get(reverse("console:application", args=[client.client_id])).content.decode(),
        console.get(
            reverse("console:public-key", args=[client.client_id, application.keys.get().pk])
        ).content,
        everything_stored(),
        caplog.text,
        str(dict(console.session.items())),
        str(console.cookies),
    ]
    assert not [place for place in later if middle_of(pem) in str(place)]


@pytest.mark.spec("J-30", "RFC 8725 §3.10")
def test_a_key_that_is_deleted_in_the_console_stops_at_once_and_its_neighbor_goes_on(
    console: Client, client: OAuthClient, administrator: User
) -> None:
    first, second = made.rsa_key(), rsa.generate_private_key(public_exponent=65537, key_size=2048)
    for key in (first, second):
        assert upload(console, client, made.spki(key.public_key())).status_code == 302
        assert exchange(client, administrator, private_pem(key)) == 200
    row = PublicKey.objects.order_by("pk")[0]
    address = reverse("console:delete-key", args=[client.client_id, row.pk])
    assert console.post(address).status_code == 302
    assert exchange(client, administrator, private_pem(first)) == 400
    assert exchange(client, administrator, private_pem(second)) == 200


def test_the_search_finds_what_is_stored(client: OAuthClient, administrator: User) -> None:
    assert administrator.user_id in everything_stored()
