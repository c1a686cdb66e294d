"""JWT assertions by which a client says who it is, instead of with a secret: private_key_jwt (RFC 7523).

Its own keys sign them: nothing that this server keeps could be used to make one.
"""

from collections.abc import Collection, Sequence

from django.utils import timezone

from oauthapps.errors import AssertionFaultError
from oauthapps.http.issuer import endpoint, issuer
from oauthapps.rules.assertions import (
    CLOCK_SKEW,
    Claims,
    Rules,
    check_audience,
    check_begun,
    expiration,
    identifier,
    unverified,
    verified_claims,
)
from oauthapps.rules.credential_values import is_text
from oauthapps.services.assertions import VerifiedAssertion
from oauthapps.sql.client_keys import KeyRow

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"  # RFC 7523 section 2.2
ALGORITHMS = ("RS256", "PS256", "ES256")
RULES = Rules(algorithms=list(ALGORITHMS), strict_check_header=False)


def claimed_client_id(text: str) -> str:
    """Return the Client ID in an assertion's `sub`, unverified: it says whose keys to look at.

    Args:
        text: the compact serialization.

    Returns:
        The Client ID; empty where there is none that could be one.
    """
    try:
        subject = unverified(text.split(".")[1]).get("sub")
    except (AssertionFaultError, IndexError):
        return ""
    return subject if isinstance(subject, str) and is_text(subject) else ""


def verify(text: str, client_id: str, keys: Sequence[KeyRow]) -> VerifiedAssertion:
    """Check an assertion by which a client authenticates.

    Args:
        text: the compact serialization.
        client_id: whose it says it is.
        keys: that client's live keys; none where there is no such client.

    Raises:
        AssertionFaultError: naming the first thing that is wrong. What follows the signature is told only to
            whoever has the key.
    """
    key, claims = verified_claims(text, keys, RULES)
    if claims.get("iss") != client_id or claims.get("sub") != client_id:
        reason = "must have the Client ID as its iss and as its sub"
        sent, expected = claims.get("iss"), client_id
        raise AssertionFaultError(reason, "issuer", sent=sent, expected=expected, name="Client ID")
    accepted = {issuer(), endpoint("token")}
    if "aud" not in claims:
        raise AssertionFaultError("has no aud", "audience", sent=None, accepted=accepted)
    check_sole_audience(claims, accepted)
    now = timezone.now()
    expires = expiration(claims, now)
    check_begun(claims, "nbf", now)
    check_begun(claims, "iat", now)
    if claims.get("jti", "") == "":
        raise AssertionFaultError("has no jti", "missing", name="jti")
    if key.person_id is not None:
        reason = "is signed with a key that acts as a person: use one that acts as the application"
        raise AssertionFaultError(reason, "person")
    return VerifiedAssertion(key=key, assertion_id=identifier(claims), expires=expires + CLOCK_SKEW)


def check_sole_audience(claims: Claims, accepted: Collection[str]) -> None:
    """Refuse an `aud` that names somebody else, also beside us: they could present it here first."""
    audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    for entry in audience:
        check_audience({"aud": entry}, accepted)
    if not audience:
        raise AssertionFaultError("has an aud that names nobody", "audience", sent=[], accepted=accepted)
