"""Assertions that have been verified, and using up those by which clients authenticate."""

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError

from common.errors import violates
from oauthapps.errors import ClientAssertionUsedError
from oauthapps.models import ClientAssertion
from oauthapps.sql import issuing
from oauthapps.sql.client_keys import KeyRow
from oauthapps.sql.clients import ClientRow


@dataclass(frozen=True, kw_only=True)
class VerifiedAssertion:
    """An assertion whose signature and claims have been checked (`oauth2.assertions`, `client_assertions`).

    Attributes:
        key: the key that signed it; its user is the subject.
        assertion_id: the digest of its `jti`; None where it has none.
        expires: until when it could be presented again, clock skew included.
        lives_longer: whether it may live as long as it does only by an exception of its application.
    """

    key: KeyRow
    assertion_id: str | None
    expires: datetime
    lives_longer: bool = False


def values_of(assertion: VerifiedAssertion, client: ClientRow) -> issuing.Values:
    """Return what a statement needs to use up what a client authenticated with."""
    return {
        "client": client.id,
        "client_assertion": assertion.assertion_id,
        "client_assertion_expires": assertion.expires,
    }


def raise_if_used(error: IntegrityError) -> None:
    """Say so if that is what the database says.

    Raises:
        ClientAssertionUsedError: when it is.
    """
    if violates(error, ClientAssertion, "client_assertion_used_once"):
        raise ClientAssertionUsedError from error
