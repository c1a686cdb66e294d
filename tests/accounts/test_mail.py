"""What letters say of this installation comes from its configuration, and they are in our words."""

import re
from email.message import EmailMessage

import pytest
from allauth.account.adapter import get_adapter
from allauth.core import context
from django.core import mail
from django.test import Client, RequestFactory
from pytest_django import Settings

from accounts.models import Organization, User
from tests.console.conftest import browser_of
from tests.factories import PASSWORD, AdministratorFactory, UserFactory

pytestmark = pytest.mark.django_db

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0 see https://evil.example"
NOTIFICATIONS = {
    "account/email/password_changed": "[Gatehouse] Password changed",
    "mfa/email/totp_activated": "[Gatehouse] Authenticator app added",
    "mfa/email/totp_deactivated": "[Gatehouse] Authenticator app removed",
    "mfa/email/recovery_codes_generated": "[Gatehouse] Recovery codes generated",
    "mfa/email/webauthn_added": "[Gatehouse] Passkey added",
    "mfa/email/webauthn_removed": "[Gatehouse] Passkey removed",
}


@pytest.fixture(autouse=True)
def _organization(db: None) -> None:
    Organization.objects.update_or_create(id=1, defaults={"name": "Müller & Söhne"})


@pytest.fixture
def ada() -> User:
    user: User = UserFactory.create(username="ada", name="Ada O'Hara", email="ada@example.org")
    return user


def sent() -> tuple[str, str, EmailMessage]:
    """The subject, the text and the whole of the one letter that was sent."""
    (letter,) = mail.outbox
    return str(letter.subject), str(letter.body), letter.message()


def says_who_writes(text: str) -> bool:
    return text.endswith("\n\nGatehouse at Müller & Söhne\nhttp://testserver.localhost/\n")


@pytest.mark.spec("W-80", "ASVS 4.1.3")
def test_the_reset_mail_names_the_configured_installation_whatever_host_was_asked_for(ada: User) -> None:
    Client().post("/accounts/password/reset/", {"email": ada.email}, HTTP_HOST="127.0.0.1")
    subject, text, _ = sent()
    assert subject == "[Gatehouse] Reset your password"
    assert text.startswith("Hello Ada O'Hara,\n")
    assert "your account, ada" in text
    assert re.findall(r"https?://\S+", text)[0].startswith(
        "http://testserver.localhost/accounts/password/link/"
    )
    assert says_who_writes(text)
    assert "127.0.0.1" not in subject + text


@pytest.mark.spec("W-80", "ASVS 4.1.3")
def test_the_invitation_names_product_and_organization_as_they_are(db: None) -> None:
    page = browser_of(AdministratorFactory.create())
    asked = {"name": "Zora & Co", "username": "zora", "email": "zora@example.org", "role": "member"}
    page.send(page.get("/people/new"), **asked)
    subject, text, _ = sent()
    assert subject == "[Gatehouse] Invitation from Müller & Söhne"
    assert text.startswith("Hello Zora & Co,\n\nMüller & Söhne has invited you to Gatehouse,")
    assert says_who_writes(text)


@pytest.mark.spec("W-81", "RFC 3834 §5; RFC 5322 §3.3")
def test_letters_say_that_a_program_wrote_them_and_when(ada: User) -> None:
    Client().post("/accounts/password/reset/", {"email": ada.email})
    _, _, whole = sent()
    assert whole["Auto-Submitted"] == "auto-generated"
    assert whole["Date"].endswith(" +0000")
    assert whole["Message-ID"].endswith("@testserver.localhost>")


def test_the_sender_is_called_by_the_products_name(settings: Settings) -> None:
    assert settings.DEFAULT_FROM_EMAIL == "Gatehouse <gatehouse@testserver.localhost>"


def test_changing_the_password_is_told_by_mail(ada: User) -> None:
    new = "another password of mine"
    fields = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    browser_of(ada).client.post("/accounts/password/change/", fields, HTTP_HOST="127.0.0.1")
    assert sent()[0] == NOTIFICATIONS["account/email/password_changed"]


@pytest.mark.spec("W-81", "RFC 3834 §5; RFC 5322 §3.3")
@pytest.mark.parametrize("template", NOTIFICATIONS)
def test_every_notification_is_ours_and_its_time_has_a_zone(ada: User, template: str) -> None:
    headers = {"Host": "127.0.0.1", "User-Agent": BROWSER}
    request = RequestFactory(REMOTE_ADDR="192.0.2.7").post("/", headers=headers)
    with context.request_context(request):
        get_adapter().send_notification_mail(template, ada)
    subject, text, whole = sent()
    assert subject == NOTIFICATIONS[template]
    assert re.search(r"\n- When: \w{3} \d+, \d{4}, \d\d:\d\d UTC\n", text)
    assert "\n- Username: ada\n- " in text
    assert "\n- IP address: 192.0.2.7\n- Browser: Firefox on Linux\n" in text
    assert "http://testserver.localhost/security/" in text
    assert says_who_writes(text)
    assert "127.0.0.1" not in subject + text
    assert "evil" not in text
    assert whole["Auto-Submitted"] == "auto-generated"
