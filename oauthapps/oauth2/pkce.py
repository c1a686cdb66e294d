"""Proof Key for Code Exchange, with the one method that is offered: S256 (RFC 7636)."""

import base64
import hashlib
import hmac
import re

METHOD = "S256"
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")  # the base64url form of a SHA-256 digest (section 4.2)
VERIFIER_LENGTHS = range(43, 129)  # section 4.1; its alphabet is not enforced, existing clients use more


def challenge_fault(challenge: str, method: str | None) -> str:
    """Return what is wrong with a challenge as it arrives, or nothing."""
    if method != METHOD:
        return "The code_challenge_method must be S256."
    return "" if CHALLENGE.fullmatch(challenge) else "The code_challenge must be 43 base64url characters."


def verifier_fits(challenge: str, verifier: str | None) -> bool:
    """Return whether the verifier is the challenge's (section 4.6), or both are absent.

    A verifier where there was no challenge is refused: somebody may have taken the challenge out of the
    authorization request (RFC 9700 section 4.8.2).
    """
    if not challenge:
        return verifier is None
    if verifier is None or len(verifier) not in VERIFIER_LENGTHS:
        return False
    hashed = hashlib.sha256(verifier.encode("utf-8", "replace")).digest()
    expected = base64.urlsafe_b64encode(hashed).rstrip(b"=").decode("ascii")
    return hmac.compare_digest(expected, challenge)
