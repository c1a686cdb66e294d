"""The authorization request travels through the consent page signed: what was shown is what is granted."""

from dataclasses import asdict, dataclass, field
from typing import Any

from django.core import signing

from accounts.models import User
from oauthapps.oauth2.parameters import Parameters
from oauthapps.rules.credential_values import new_page_id

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
        page_id: names this showing of the page; its code is made of it.
    """

    parameters: Parameters
    user_id: str
    page_id: str = field(repr=False)


def seal(parameters: Parameters, user: User) -> str:
    """Return the signed form of a request that is about to be shown to a person."""
    shown = ShownRequest(parameters=parameters, user_id=user.user_id, page_id=new_page_id())
    return signing.dumps(asdict(shown), salt=SALT, compress=True)


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
