"""Authenticator apps and passkeys, as their owners use them."""

import json
from typing import Any

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time

from tests.console.pages import Browser, Document, Page
from tests.infrastructure.authenticator import SoftAuthenticator

SECURITY = "/security/"
APP = "/security/authenticator-app/"
ADD_PASSKEY = "/security/passkeys/new"


def code_of(secret: str) -> str:
    """What an authenticator app shows now."""
    return str(format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time())))))


def secret_on(page: Document) -> str:
    return str(page.by_id("authenticator-secret").get("value", ""))


def options_on(page: Document, action: str = "") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(page.form(action).get("data-passkey-options", ""))
    return found


def add_passkey(browser: Browser, device: SoftAuthenticator, name: str = "Phone") -> Page:
    page = browser.get(ADD_PASSKEY)
    return browser.send(page, name=name, credential=json.dumps(device.create(options_on(page))))
