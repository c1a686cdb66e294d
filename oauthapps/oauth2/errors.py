"""Errors as clients read them."""

import json
import re

from oauthlib.oauth2 import OAuth2Error

from oauthapps.doors.errors import error_members
from oauthapps.models import Application

# RFC 6749 section 5.2: %x20-21 / %x23-5B / %x5D-7E
NOT_ALLOWED = re.compile(r"[^\x20-\x21\x23-\x5b\x5d-\x7e]")


def error_body(error: OAuth2Error, application: Application | None) -> str:
    """Return the JSON that tells a client what is wrong.

    Args:
        error: what is wrong; its description repeats nothing that could be a credential.
        application: the authenticated client's application, whose response profile decides; None for nobody.
    """
    message = message_of(error)
    compatible = application is not None and application.is_workfront_compatible
    return json.dumps(error_members(error.status_code, error.error, message, compatible=compatible))


def message_of(error: OAuth2Error) -> str:
    """Return the sentence that says what is wrong."""
    return NOT_ALLOWED.sub("", error.description or "") or str(error.error)
