"""The compact form of a signed JWT (RFC 7515 section 7.1), and what copying makes of it."""

import re

from oauthapps.errors import AssertionFaultError

SEGMENTS = 3
ENCRYPTED_SEGMENTS = 5  # RFC 7516 section 7.1
COMPACT_FORM = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
MAX_CHARACTERS = 16 * 1024


def check_form(text: str) -> None:
    """Refuse a text that is not a signed JWT in compact form (RFC 7515 section 7.1)."""
    if len(text) > MAX_CHARACTERS or not COMPACT_FORM.fullmatch(text):
        fault = fault_of_form(text)
        raise AssertionFaultError(fault, "form", said=fault)


def fault_of_form(text: str) -> str:
    """Return why a text is not a signed JWT in compact form."""
    parts = text.split(".")
    faults = {
        f"is longer than {MAX_CHARACTERS} characters": len(text) > MAX_CHARACTERS,
        "begins with the word Bearer: send the JWT alone": text[:7].lower() == "bearer ",
        "has a line break at its end": text.rstrip(" ").endswith(("\n", "\r")),
        "has a line break in it": "\n" in text or "\r" in text,
        "has white space in it": len(text.split()) != 1 or text != text.strip(),
        "is enclosed in quotation marks: send the JWT alone": text[:1] in {'"', "'"},
        "is an encrypted JWT: send a signed one": len(parts) == ENCRYPTED_SEGMENTS,
        f"is not a signed JWT: expected {SEGMENTS} parts separated by dots, got {len(parts)}": (
            len(parts) != SEGMENTS
        ),
        "has no signature": not parts[-1],
        "has base64 padding (=): a JWT has none": "=" in text,
    }
    found = (fault for fault, is_there in faults.items() if is_there)
    return next(found, "is not a signed JWT: its three parts must be base64url")
