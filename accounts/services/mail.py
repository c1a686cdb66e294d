"""Emails to people, where a mail server is set.

What an email says about this installation comes from its configuration and its database, never from a
request: whoever asks for a password link chooses the Host header.
"""

import logging
from collections.abc import Mapping
from email.utils import make_msgid
from smtplib import SMTPException
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string

from accounts.models import Organization, User
from common.words import span_in_words

log = logging.getLogger("gatehouse.mail")


def can_send() -> bool:
    """Return whether a mail server is set."""
    return not settings.EMAIL_BACKEND.endswith("dummy.EmailBackend")


def email_message(template: str, email: str, context: Mapping[str, Any]) -> EmailMessage:
    """Return an automatically generated message (RFC 3834 section 5), ready to be sent.

    Args:
        template: where its templates are: `{template}_subject.txt` and `{template}_message.txt`.
        email: whom it is for.
        context: what they say besides the product, the organization and their URL.
    """
    said = {
        "product_name": settings.PRODUCT_NAME,
        "organization": Organization.current(),
        "base_url": settings.BASE_URL,
        **context,
    }
    subject = " ".join(render_to_string(f"{template}_subject.txt", said).split())
    return EmailMessage(
        f"[{settings.PRODUCT_NAME}] {subject}",
        render_to_string(f"{template}_message.txt", said).strip() + "\n",
        to=[email],
        headers={
            "Auto-Submitted": "auto-generated",
            "Message-ID": make_msgid(domain=urlsplit(settings.BASE_URL).hostname),
        },
    )


def send_invitation(user: User, link: str) -> bool:
    """Mail somebody their invitation and return whether the mail server took it."""
    context = {"user": user, "link": link, "span": span_in_words(settings.INVITATION_SECONDS)}
    return deliver("people/email/invitation", user, context)


def deliver(template: str, user: User, context: Mapping[str, Any]) -> bool:
    """Send somebody an email and return whether the mail server took it.

    Args:
        template: where its templates are, as for `email_message`.
        user: whom it is for.
        context: what it says, likewise.
    """
    try:
        email_message(template, user.email, context).send()
    except (SMTPException, OSError) as error:
        # The error text may repeat the message; its type says enough.
        name = template.rpartition("/")[2]
        log.warning("An email (%s) could not be sent: %s", name, type(error).__name__)
        return False
    return True
