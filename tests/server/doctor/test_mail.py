"""What the doctor says of the mail server, after speaking with it as emails do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from server.doctor.examination import perform
from server.doctor.findings import Finding, Level
from server.doctor.mail import mail_check
from tests.infrastructure.smtp import MailServer
from tests.infrastructure.tls import make_certificate

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_django.fixtures import Settings

PASSWORD = "the mail server's own"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("mail"))


def use(settings: Settings, server: MailServer, **more: object) -> None:
    settings.EMAIL_BACKEND = "server.mail.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "localhost", server.port
    for name, value in more.items():
        setattr(settings, name, value)


def said(recipient: str = "") -> list[Finding]:
    return list(perform({"mail": mail_check(recipient)}))


@pytest.mark.spec("O-74", "operation")
def test_without_a_mail_server_there_is_a_warning(settings: Settings) -> None:
    settings.EMAIL_HOST = ""
    assert [finding.level for finding in said()] == [Level.WARNING]


@pytest.mark.spec("O-74", "operation")
def test_it_connects_encrypts_and_logs_in_and_sends_nothing(
    settings: Settings, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    login = {"EMAIL_HOST_USER": "gatehouse", "EMAIL_HOST_PASSWORD": PASSWORD, "EMAIL_USE_TLS": True}
    with MailServer(PASSWORD, certificate) as server:
        use(settings, server, **login)
        (finding,) = said()
    assert finding.level is Level.OK
    assert "encrypts with a certificate that is accepted and takes username and password" in finding.sentence
    assert server.commands == ["EHLO", "STARTTLS", "EHLO", "AUTH", "QUIT"]


@pytest.mark.spec("O-74", "operation")
def test_it_sends_an_email_where_that_is_asked_for(settings: Settings) -> None:
    with MailServer() as server:
        use(settings, server)
        (finding,) = said("ada@example.org")
    assert (finding.level, finding.sentence) == (
        Level.OK,
        f"localhost:{server.port} took an email to ada@example.org.",
    )
    assert len(server.emails) == 1
    assert "\nTo: ada@example.org\n" in server.emails[0]


@pytest.mark.spec("O-74", "ASVS 12.3.2")
def test_a_certificate_that_is_not_accepted_is_an_error(
    settings: Settings, certificate: tuple[Path, Path]
) -> None:
    with MailServer(certificate=certificate) as server:
        use(settings, server, EMAIL_USE_TLS=True)
        (finding,) = said()
    assert finding.level is Level.ERROR
    assert "certificate verify failed" in finding.sentence


@pytest.mark.spec("O-75", "ASVS 16.2.5")
def test_a_wrong_password_is_an_error_that_does_not_repeat_it(settings: Settings) -> None:
    with MailServer(PASSWORD) as server:
        use(settings, server, EMAIL_HOST_USER="gatehouse", EMAIL_HOST_PASSWORD="another one")
        (finding,) = said()
    assert finding.level is Level.ERROR
    assert "refuses username and password (535)" in finding.sentence
    assert "another one" not in repr(finding)


@pytest.mark.spec("O-74", "operation")
def test_a_mail_server_that_is_away_is_an_error(settings: Settings) -> None:
    with MailServer() as server:
        use(settings, server)
    (finding,) = said()
    assert finding.level is Level.ERROR
    assert "Connection refused" in finding.sentence


@pytest.mark.spec("O-74", "ASVS 12.3.1, 12.3.2")
def test_mail_that_crosses_the_network_in_clear_is_a_warning(
    settings: Settings, certificate: tuple[Path, Path]
) -> None:
    """Another address of this machine stands for another machine."""
    with MailServer(certificate=certificate, host="127.0.0.2") as server:
        use(settings, server, EMAIL_HOST="127.0.0.2")
        warning, result = said()
    assert (warning.level, warning.advice) == (Level.WARNING, "Set EMAIL_USE_TLS=1.")
    assert result.level is Level.OK
