"""Errors that say to administrators why they were raised, besides what the client hears."""

from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

from oauthlib.oauth2 import OAuth2Error

from oauthapps.http.messages import Explain, Explanation

P = ParamSpec("P")
E = TypeVar("E", bound=OAuth2Error)


def explained(
    error: E, explain: Callable[P, Explanation], /, *evidence: P.args, **more_evidence: P.kwargs
) -> E:
    """Return an error with what explains it: a function, and what it needs to know of the request.

    Args:
        error: the error.
        explain: is called after the request was answered, if at all.
        evidence: what it is called with; no credential in clear.
        more_evidence: likewise, by keyword.
    """
    error.explain = partial(explain, *evidence, **more_evidence)
    return error


def explanation_of(error: OAuth2Error) -> Explain:
    """Return what explains an error; its own description where it was raised without anything that does."""
    known: Explain | None = getattr(error, "explain", None)
    return known or partial(described, error.error or "", error.description or "")


def described(code: str, description: str) -> Explanation:
    """Return what an error says of itself, and what to do about errors with that code."""
    return Explanation(description or code, FIXES.get(code, "Correct the request and send it again."))


FIXES = {
    "invalid_request": "Correct the request as the error says, and send it again.",
    "invalid_grant": "Send the person to the authorization endpoint again, or sign a new JWT.",
    "invalid_scope": "Ask for scopes that the application is allowed under Settings › API access.",
    "access_denied": "Let the person try again from the application.",
}
