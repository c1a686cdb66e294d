"""Public keys on the page of a machine application."""

from datetime import timedelta
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from audit.models import Event
from oauthapps.models import Application, PublicKey
from oauthapps.rules.keys import keypairs
from oauthapps.rules.keys.keypairs import parse_public_key
from tests.console.pages import Browser, Page, text_of
from tests.keys import SIGNING_KEY, public_pem

pytestmark = pytest.mark.usefixtures("small_generated_keys")


def address(name: str, application: Application, *pk: int) -> str:
    return reverse(f"console:{name}", args=[application.client_id, *pk])


def add(console: Browser, application: Application, **fields: Any) -> Page:
    return console.send(console.get(address("add-key", application)), **fields)


def radios(page: Page) -> list[Element]:
    return [field for field in page.root.iter("input") if field.get("name") == "acts_as"]


def generate(console: Browser, application: Application) -> Page:
    return console.send(console.get(application.get_absolute_url()), address("generate-key", application))


@pytest.mark.spec("Y-65", "the console")
@pytest.mark.parametrize("acts_as", [None, "application", "viewer"])
def test_whoever_adds_a_key_chooses_whom_it_acts_as(
    console: Browser, machine: Application, administrator: User, acts_as: str | None
) -> None:
    """None: the page as it comes, which proposes the application itself."""
    fields = {"public_key": public_pem(SIGNING_KEY).decode()} | ({"acts_as": acts_as} if acts_as else {})
    page = console.follow(add(console, machine, **fields))
    key = machine.keys.get()
    assert "Public key added" in page.messages
    assert key.user == (administrator if acts_as == "viewer" else None)
    subject = administrator.user_id if acts_as == "viewer" else machine.service_id
    label = "Ada Lovelace" if acts_as == "viewer" else "The application itself"
    assert page.by_id(f"user-id-{key.thumbprint}").get("value") == subject
    facts = [text_of(fact) for fact in page.root.iter("div") if [part.tag for part in fact] == ["dt", "dd"]]
    assert f"Acts as{label}" in facts
    for shown in (key.fingerprint, f"RSA, {key.bits} bits", "Uploaded"):
        assert shown in page.text or shown in page.content


@pytest.mark.spec("Y-65", "the console")
@pytest.mark.parametrize("acts_as", ["application", "viewer"])
def test_whoever_generates_a_key_chooses_likewise(
    console: Browser, machine: Application, administrator: User, acts_as: str
) -> None:
    settings = console.get(machine.get_absolute_url())
    proposed = {field.get("value"): field.get("checked") for field in radios(settings)}
    assert {name for name, checked in proposed.items() if checked is not None} == {"application"}
    assert {field.get("form") for field in radios(settings)} == {"settings"}
    page = console.send(settings, address("generate-key", machine), acts_as=acts_as)
    assert machine.keys.get().user == (administrator if acts_as == "viewer" else None)
    subject = administrator.user_id if acts_as == "viewer" else machine.service_id
    assert page.by_id("user-id").get("value") == subject


@pytest.mark.spec("Y-65", "the console")
def test_nobody_else_can_be_chosen(console: Browser, machine: Application) -> None:
    page = add(console, machine, public_key=public_pem(SIGNING_KEY).decode(), acts_as="somebody")
    assert page.status == 422
    settings = console.get(machine.get_absolute_url())
    assert console.send(settings, address("generate-key", machine), acts_as="somebody").status == 422
    assert not PublicKey.objects.exists()


@pytest.mark.spec("Y-65", "the console")
def test_a_form_that_does_not_ask_adds_a_key_of_its_sender(
    console: Browser, machine: Application, administrator: User
) -> None:
    """As forms of open tabs and of scripts did before there was a choice."""
    add(console, machine, public_key=public_pem(SIGNING_KEY).decode(), acts_as=None)
    assert machine.keys.get().user == administrator


@pytest.mark.spec("Y-63", "the console")
def test_a_key_of_a_web_application_stands_in_for_its_secret(console: Browser, web: Application) -> None:
    form = console.get(address("add-key", web))
    assert not form.root.findall(".//input[@name='acts_as']")
    page = console.follow(console.send(form, public_key=public_pem(SIGNING_KEY).decode()))
    assert web.keys.get().user is None
    assert "private_key_jwt" in page.text
    web.secrets.update(deleted_at=timezone.now())
    assert "Setup incomplete" not in console.get(web.get_absolute_url()).text
    web.keys.update(deleted_at=timezone.now())
    assert "Setup incomplete" in console.get(web.get_absolute_url()).text


def test_a_key_may_be_uploaded_as_a_file(console: Browser, machine: Application) -> None:
    file = SimpleUploadedFile("key.pem", public_pem(SIGNING_KEY))
    assert add(console, machine, public_key_file=file).status == 302
    assert machine.keys.count() == 1


@pytest.mark.parametrize("how", ["pasted", "uploaded"])
def test_a_private_key_is_refused_and_appears_nowhere(
    console: Browser, machine: Application, how: str
) -> None:
    pem = keypairs.generate_keypair().private_pem
    fields = (
        {"public_key": pem}
        if how == "pasted"
        else {"public_key_file": SimpleUploadedFile("k.pem", pem.encode())}
    )
    page = add(console, machine, **fields)
    assert page.status == 422
    assert "private key" in page.alerts()
    body = pem.splitlines()[3]
    assert body not in page.content
    assert body not in str(list(Event.objects.values()))
    assert body not in str(dict(console.client.session.items()))
    assert not PublicKey.objects.exists()


@pytest.mark.parametrize(
    ("pasted", "reason"), [("", "Paste a public key."), ("hello", ""), ("-----BEGIN PUBLIC KEY-----", "")]
)
def test_anything_else_is_refused_at_the_field(
    console: Browser, machine: Application, pasted: str, reason: str
) -> None:
    page = add(console, machine, public_key=pasted)
    assert page.status == 422
    assert page.field("public_key").get("aria-invalid") == "true"
    assert reason in page.alerts()
    assert text_of(page.field("public_key")) == pasted
    assert not PublicKey.objects.exists()


def test_pasting_and_uploading_at_once_is_refused(console: Browser, machine: Application) -> None:
    pem = public_pem(SIGNING_KEY)
    page = add(console, machine, public_key=pem.decode(), public_key_file=SimpleUploadedFile("key.pem", pem))
    assert "not both" in page.alerts()


def test_the_same_key_cannot_be_added_twice(console: Browser, machine: Application, key: PublicKey) -> None:
    page = add(console, machine, public_key=public_pem(SIGNING_KEY).decode())
    assert "This key was already added" in page.alerts()
    assert machine.keys.count() == 1


def test_a_generated_pair_shows_its_private_half_once(console: Browser, machine: Application) -> None:
    page = generate(console, machine)
    pem = "".join(page.by_id("private-key").itertext())
    key = machine.keys.get()
    assert page.answer["Cache-Control"] == "no-store"
    private = load_pem_private_key(pem.encode(), None)
    assert parse_public_key(public_pem(private)).fingerprint == key.fingerprint  # type: ignore[arg-type]
    assert key.fingerprint in page.text
    assert "openssl pkey -pubin" in page.text
    assert page.by_id("user-id").get("value") == key.subject

    body = pem.splitlines()[3]
    assert body not in console.get(machine.get_absolute_url()).content
    assert body not in str(list(PublicKey.objects.values()))
    assert body not in str(list(Event.objects.values()))
    assert body not in str(dict(console.client.session.items()))
    assert body not in str(console.client.cookies)


def test_reloading_the_answer_makes_no_second_pair(console: Browser, machine: Application) -> None:
    form = console.get(machine.get_absolute_url())
    console.send(form, address("generate-key", machine))
    assert console.send(form, address("generate-key", machine)).status == 302
    assert machine.keys.count() == 1


def test_the_public_half_can_be_viewed_and_downloaded_at_any_time(
    console: Browser, machine: Application, key: PublicKey
) -> None:
    page = console.get(machine.get_absolute_url())
    assert "".join(page.by_id(f"pem-{key.thumbprint}").itertext()).strip() == key.pem.strip()
    file = console.get(address("public-key", machine, key.pk))
    assert file.content == key.pem
    assert file.answer["Content-Disposition"].startswith("attachment; filename=")
    assert parse_public_key(file.content).thumbprint == key.thumbprint


def test_an_expired_certificate_is_pointed_out(
    console: Browser, machine: Application, key: PublicKey
) -> None:
    assert "certificate" not in console.get(machine.get_absolute_url()).text
    machine.keys.update(not_after=timezone.now() - timedelta(days=1))
    assert "The key still works here" in console.get(machine.get_absolute_url()).text


def test_deleting_a_key_asks_first_and_says_what_remains(
    console: Browser, machine: Application, key: PublicKey
) -> None:
    machine.keys.update(last_used_at=timezone.now())
    form = console.get(address("delete-key", machine, key.pk))
    assert key.fingerprint in form.text
    assert "It was used in the last 24 hours" in form.text
    assert "None. The application can't exchange a JWT for tokens until you add one." in form.text
    page = console.follow(console.send(form))
    assert "Deleted: the public key" in page.messages
    assert not machine.keys.live().exists()


def test_a_private_key_pasted_beside_a_file_or_a_nul_is_not_repeated(
    machine: Application, administrator: User
) -> None:
    from oauthapps.console.forms.credentials import PublicKeyForm
    from tests.keys import SIGNING_KEY, private_pem

    pem = private_pem(SIGNING_KEY).decode()
    for pasted in (pem, "\0" + pem):
        form = PublicKeyForm({"public_key": pasted}, application=machine, viewer=administrator)
        assert pem.splitlines()[1] not in str(form["public_key"])
    form = PublicKeyForm({"public_key": "nonsense"}, application=machine, viewer=administrator)
    assert "nonsense" in str(form["public_key"])
