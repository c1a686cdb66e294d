"""JWT assertions by which a machine application gets a token (RFC 7523).

`verify` turns the text into a `VerifiedAssertion`; nothing but this and `client_assertions` makes one, so
that nobody can act on the claims of an assertion whose signature has not been checked.
"""

from collections.abc import Sequence

from django.utils import timezone
from oauthlib.oauth2 import InvalidGrantError

from oauthapps.errors import AssertionFaultError
from oauthapps.explanations import assertions as explanations
from oauthapps.http.issuer import accepted_audiences
from oauthapps.oauth2.explained import explained
from oauthapps.rules import assertions
from oauthapps.rules.assertions import CLAIM_CHECKS, CLOCK_SKEW, LONGEST_LIFE
from oauthapps.services.assertions import VerifiedAssertion
from oauthapps.sql.client_keys import KeyRow
from oauthapps.sql.clients import ClientRow


def verify(text: str, application: ClientRow, keys: Sequence[KeyRow]) -> VerifiedAssertion:
    """Check an assertion that an authenticated client presents.

    Args:
        text: the compact serialization.
        application: the client's application.
        keys: its live keys, with their people.

    Raises:
        InvalidGrantError: naming the first thing that is wrong; the sender has shown a client secret and may
            know.
    """
    try:
        key, claims = assertions.verified_claims(text, keys)
        expected = key.expected(application.customer_id or "", accepted_audiences(), timezone.now())
        for check in CLAIM_CHECKS.values():
            check(claims, expected)
        expires = assertions.expiration(claims, expected.now, expected.longest)
        assertion_id = assertions.identifier(claims)
    except AssertionFaultError as error:
        refused, now = InvalidGrantError(error.message), timezone.now()
        raise explained(
            refused, explanations.of_fault, error.fault, error.evidence, application.client_id, now
        ) from error
    return VerifiedAssertion(
        key=key,
        assertion_id=assertion_id,
        expires=expires + CLOCK_SKEW,
        lives_longer=expires > expected.now + LONGEST_LIFE + CLOCK_SKEW,
    )
