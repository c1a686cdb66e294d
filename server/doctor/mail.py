"""Checks of the mail server. Nothing is sent unless somebody asks for it."""

import smtplib
from collections.abc import Iterator
from functools import partial
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from server.doctor.findings import Check, Finding, error, ok, warning

LONGEST_REASON = 200
TEXT = "This is a test of the mail settings. If you can read it, they work."


def mail_check(recipient: str) -> Check:
    """Return the check of the mail server, which sends an email to `recipient` if there is one."""
    return partial(check_mail, recipient)


def check_mail(recipient: str) -> Iterator[Finding]:
    """Does the mail server take us, as it does when a person is invited?"""
    if not settings.EMAIL_HOST:
        yield warning(
            "No mail server is set: administrators share links themselves, and nobody gets security emails.",
            "Set EMAIL_HOST, or leave it so and pass --accept mail.",
        )
        return
    server = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    connection: Any = get_connection()
    try:
        connection.open()
        connection.connection.ehlo_or_helo_if_needed()
        offers_tls = connection.connection.has_extn("starttls")
        if recipient:
            EmailMessage(
                f"{settings.PRODUCT_NAME}: test email", TEXT, to=[recipient], connection=connection
            ).send()
    except (OSError, smtplib.SMTPException) as failure:
        yield error(f"{server} doesn't take mail: {reason_of(failure)}.", "Correct the EMAIL_ settings.")
        return
    finally:
        close(connection)
    yield from unencrypted(server, offers_tls=offers_tls)
    yield ok(f"{server} {f'took an email to {recipient}' if recipient else done()}.")


def close(connection: Any) -> None:
    """End a connection, whatever the server says to that."""
    try:
        connection.close()
    except (OSError, smtplib.SMTPException):
        connection.connection = None


def done() -> str:
    """Return what was tried at a mail server."""
    steps = ["answers"]
    if settings.EMAIL_USE_TLS:
        steps.append("encrypts with a certificate that is accepted")
    if settings.EMAIL_HOST_USER and settings.EMAIL_HOST_PASSWORD:
        steps.append("takes username and password")
    return " and ".join(", ".join(steps).rsplit(", ", 1))


def unencrypted(server: str, *, offers_tls: bool) -> Iterator[Finding]:
    """Yield what others on the network can read on the way to the mail server."""
    if settings.EMAIL_USE_TLS or settings.EMAIL_HOST in {"localhost", "127.0.0.1", "::1"}:
        return
    can = " though it offers STARTTLS" if offers_tls else ""
    yield warning(
        f"Mail to {server} isn't encrypted{can}, and one-time links are in it.",
        "Set EMAIL_USE_TLS=1." if offers_tls else "Use a mail server that offers STARTTLS.",
    )


def reason_of(failure: Exception) -> str:
    """Return why a mail server could not be used, in one line."""
    if isinstance(failure, smtplib.SMTPAuthenticationError):
        return f"it refuses username and password ({failure.smtp_code})"
    if isinstance(failure, smtplib.SMTPRecipientsRefused):
        return "it refuses the recipient"
    if isinstance(failure, smtplib.SMTPResponseException):
        said = failure.smtp_error
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
        return f"it says {failure.smtp_code} {' '.join(text.split())[:LONGEST_REASON]}"
    reason = " ".join(str(getattr(failure, "strerror", None) or failure).split())
    return reason.rstrip(".") or type(failure).__name__
