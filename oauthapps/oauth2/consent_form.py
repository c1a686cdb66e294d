"""The authorization request travels through the consent page signed: what was shown is what is granted."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from django.core import signing

from accounts.models import User
from oauthapps.oauth2.parameters import Parameters
from oauthapps.oauth2.requests import AuthorizationRequest
from oauthapps.rules.credential_values import digest, new_page_id
from oauthapps.rules.time_limits import TimeLimit

SALT = "oauthapps.consent"
# A consent page left open longer than this, in seconds, has to be asked for again.
MAX_AGE = 60 * 60


class InvalidConsentError(Exception):
    """The answer does not belong to a page that was shown to this person within the last hour."""


@dataclass(frozen=True, kw_only=True)
class ShownRequest:
    """An authorization request as a consent page showed it.

    Attributes:
        parameters: the request's parameters.
        user_id: the User ID of the person it was shown to.
        wording: the digest of the scopes and sentences that the page showed.
        page_id: names this showing of the page; its code is made of it.
    """

    parameters: Parameters
    user_id: str
    wording: str
    page_id: str = field(repr=False)


def seal(parameters: Parameters, user: User, asked: AuthorizationRequest) -> str:
    """Return the signed form of a request that is about to be shown to a person.

    Args:
        parameters: the request's parameters.
        user: the person.
        asked: the same request, validated.
    """
    shown = ShownRequest(
        parameters=parameters, user_id=user.user_id, wording=wording_of(asked), page_id=new_page_id()
    )
    return signing.dumps(asdict(shown), salt=SALT, compress=True)


def wording_of(asked: AuthorizationRequest) -> str:
    """Return the digest of the scopes that a validated request is for, and of what people read of them.

    All of it can change while a page is open: a request without `scope` asks for what its application may
    have.
    """
    shown = [(api.name, said) for api, said in asked.catalog.by_api(asked.scopes)]
    return digest(json.dumps(shown))


def time_limit_of(text: str) -> TimeLimit:
    """Return the time limit that a person chose; a page without the choice sends an empty text.

    Raises:
        InvalidConsentError: when no page offers it.
    """
    try:
        return TimeLimit(text or TimeLimit.UNTIL_REVOKED)
    except ValueError as error:
        raise InvalidConsentError from error


def unseal(sealed: str, user: User) -> ShownRequest:
    """Return the request that was shown.

    Raises:
        InvalidConsentError: when it was shown to somebody else, too long ago, or never.
    """
    shown = _opened(sealed, max_age=MAX_AGE)
    if shown.user_id != user.user_id:
        raise InvalidConsentError
    return shown


def parameters_of(sealed: str) -> Parameters:
    """Return the parameters of a request that was shown, to whomever and whenever, for it to be shown again.

    Raises:
        InvalidConsentError: when it never was.
    """
    return _opened(sealed).parameters


def was_sealed(sealed: str) -> bool:
    """Return whether a request was shown, to whomever and whenever."""
    try:
        _opened(sealed)
    except InvalidConsentError:
        return False
    return True


def _opened(sealed: str, *, max_age: int | None = None) -> ShownRequest:
    try:
        content: dict[str, Any] = signing.loads(sealed, salt=SALT, max_age=max_age)
        return ShownRequest(**content)
    except (signing.BadSignature, TypeError) as error:  # the latter: as another version showed it
        raise InvalidConsentError from error
