"""Telling people by mail that an administrator revoked an application's access."""

import logging
from smtplib import SMTPException

from accounts.models import User
from accounts.services.mail import can_send, email_message
from oauthapps.models import Application

log = logging.getLogger("gatehouse.mail")


def tell_of_revoked_access(person: User, application: Application) -> None:
    """Mail a person that access was revoked, if they wish; it has been, whatever the mail server says.

    Call it outside of a transaction: a mail server may be slow.
    """
    if not (person.wants_access_mail and person.is_active and can_send()):
        return
    context = {"user": person, "application": application}
    try:
        email_message("people/email/access_revoked", person.email, context).send()
    except (SMTPException, OSError) as error:
        log.warning("A notification could not be mailed: %s", type(error).__name__)
