"""Letters to people, where a mail server is set."""

import logging
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string

from accounts.models import Organization, User

log = logging.getLogger("gatehouse.mail")


def can_send() -> bool:
    """Return whether a mail server is set."""
    return not settings.EMAIL_BACKEND.endswith("dummy.EmailBackend")


def send_invitation(user: User, link: str) -> bool:
    """Mail somebody their invitation and return whether the mail server took it."""
    context = {
        "person": user,
        "link": link,
        "organization": Organization.current(),
        "product_name": settings.PRODUCT_NAME,
        "days": settings.INVITATION_SECONDS // (24 * 60 * 60),
    }
    text = render_to_string("people/email/invitation.txt", context)
    try:
        send_mail(f"Your invitation to {settings.PRODUCT_NAME}", text, None, [user.email])
    except (SMTPException, OSError) as error:
        # Its text may repeat the letter; what kind of error it is says enough.
        log.warning("An invitation could not be mailed: %s", type(error).__name__)
        return False
    return True
