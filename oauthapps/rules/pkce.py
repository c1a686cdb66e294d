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
    return hmac.compare_digest(challenge_of(verifier), challenge)


def challenge_of(verifier: str) -> str:
    """Return the S256 challenge of a verifier (section 4.2)."""
    return base64url(hashed(verifier))


def hashed(verifier: str) -> bytes:
    """Return the SHA-256 digest of a verifier."""
    return hashlib.sha256(verifier.encode("utf-8", "replace")).digest()


def base64url(data: bytes) -> str:
    """Return bytes in base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def fault_of_pair(verifier: str, challenge: str, method: str) -> str:
    """Return why a verifier and a challenge would be refused together, or nothing.

    Args:
        verifier: the `code_verifier` of the token request.
        challenge: the `code_challenge` of the authorization request.
        method: its `code_challenge_method`.
    """
    mistake = mistake_in(verifier, challenge)
    fault = challenge_fault(challenge, method)
    if fault or not verifier_fits(challenge, verifier):
        return " ".join(filter(None, (fault, length_fault(verifier), mistake))) or UNRELATED
    return ""


UNRELATED = "The code_challenge was made from another code_verifier: keep each pair until its code is used."


def length_fault(verifier: str) -> str:
    """Return that a verifier is too short or too long, or nothing."""
    if len(verifier) in VERIFIER_LENGTHS:
        return ""
    shortest, longest = VERIFIER_LENGTHS[0], VERIFIER_LENGTHS[-1]
    return f"The code_verifier has {len(verifier)} characters: it must have {shortest} to {longest}."


def mistake_in(verifier: str, challenge: str) -> str:
    """Return the well-known mistake by which a challenge was made, or nothing."""
    digest = hashed(verifier)
    right, in_hex = base64url(digest), digest.hex()
    standard = base64.b64encode(digest).decode("ascii")
    made = {
        verifier: "The code_challenge is the code_verifier itself (the method plain): send its SHA-256.",
        standard: "The code_challenge is base64: use base64url, with - for +, _ for /, and no padding.",
        f"{right}=": "The code_challenge has base64 padding (=): remove it.",
        in_hex: "The code_challenge is the SHA-256 in hexadecimal: encode the 32 bytes in base64url instead.",
        base64url(in_hex.encode()): (
            "The code_challenge encodes the hexadecimal text of the SHA-256: encode its 32 bytes instead."
        ),
        challenge_of(f"{verifier}\n"): (
            "The code_challenge was made from the code_verifier and a line break: hash it without one."
        ),
        challenge_of(verifier.strip()): (
            "The code_verifier has white space at one end, and the code_challenge was made without it."
        ),
        challenge_of_decoded(verifier): (
            "The code_challenge was made from the bytes that the code_verifier encodes: hash its text."
        ),
        right: "",
    }
    swapped = challenge_of(challenge) == verifier
    return "The two are swapped: the code_verifier is the challenge." if swapped else made.get(challenge, "")


def challenge_of_decoded(verifier: str) -> str:
    """Return the challenge of the bytes that a verifier is the base64url of; empty where it is none."""
    try:
        data = base64.urlsafe_b64decode(verifier + "=" * (-len(verifier) % 4))
    except (ValueError, UnicodeEncodeError):
        return ""
    return base64url(hashlib.sha256(data).digest())
