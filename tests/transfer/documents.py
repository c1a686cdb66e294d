"""A valid document to break one part of."""

from typing import Any

from tests.keys import SIGNING_KEY, public_pem

CUSTOMER_ID, ADA, BOB = "c" * 32, "a" * 32, "b" * 32
NIGHTLY, PORTAL, KIOSK = "1" * 32, "2" * 32, "3" * 32
SECRET = "a secret brought along"
INVOICES = "https://invoices.example.com"


def document() -> dict[str, Any]:
    """An organization with two people, an API, and an application of each type."""
    return {
        "format": 1,
        "organization": {"customer_id": CUSTOMER_ID, "name": "Acme", "domain": "acme", "lane": "preview"},
        "people": [
            {
                "user_id": ADA,
                "username": "ada",
                "email": "ada@example.org",
                "name": "Ada",
                "role": "administrator",
            },
            {"user_id": BOB, "username": "bob", "email": "bob@example.org"},
        ],
        "apis": [
            {
                "identifier": INVOICES,
                "name": "Invoices",
                "token_seconds": 900,
                "scopes": [
                    {"name": "invoices:read", "sentence": "Read your invoices"},
                    {"name": "invoices:pay", "sentence": "Pay your invoices", "is_default": False},
                ],
                "verifiers": [NIGHTLY],
            }
        ],
        "applications": [
            {
                "client_id": NIGHTLY,
                "type": "machine_to_machine",
                "name": "Nightly report",
                "owner": "ada",
                "allowed_scopes": ["read", "invoices:read"],
                "exceptions": {"long_assertions": "2027-02-01"},
                "keys": [{"key": public_pem(SIGNING_KEY).decode(), "acts_as": "bob"}],
            },
            {
                "client_id": PORTAL,
                "type": "web",
                "name": "Portal",
                "redirect_urls": ["https://client.example/callback", "https://portal.example.com/b"],
                "rotate_refresh_tokens": False,
                "absolute_expiration": "2y",
                "inactivity_expiration": "none",
                "first_contact": "portal@example.org",
            },
            {
                "client_id": KIOSK,
                "type": "single_page",
                "name": "Kiosk",
                "redirect_urls": ["https://client.example/callback"],
                "response_profile": "standard",
            },
        ],
    }


def secrets() -> str:
    """A table with the secrets of both applications that have one."""
    return f"client_id,secret\n{NIGHTLY},{SECRET}\n{PORTAL},{SECRET}\n"
