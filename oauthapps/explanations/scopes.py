"""Why a scope or resource was refused, at the authorization and the token endpoint."""

from collections.abc import Container, Iterable, Sequence
from itertools import islice

from oauthapps.http.messages import Explanation
from oauthapps.rules import echoes

MOST_NAMED = 10


def refused(asked: Iterable[str], available: Container[str], known: Container[str] = ()) -> list[str]:
    """Return what sentences call scopes or resources that cannot be had: an unknown one may be anything.

    Args:
        asked: as they were sent, however many; a sentence names the first few of those refused.
        available: those that can be had.
        known: those that exist.
    """
    names = islice((name for name in asked if name not in available), MOST_NAMED)
    return [name if name in known else echoes.named(name) for name in names]


def not_available(
    names: Sequence[str], available: Sequence[str], known: Container[str], *, is_refresh: bool = False
) -> Explanation:
    """Return which scopes could not be had, why, and where to allow them.

    Args:
        names: what to call them (`refused`).
        available: those that it could have had.
        known: those that exist.
        is_refresh: whether they are those of a refresh token, which the person allowed.
    """
    existing = [name for name in names if name in known]
    can_have = f"it can have {' '.join(available)}" if available else "it can have none"
    if is_refresh:
        return Explanation(
            f"The refresh token doesn't cover {listed(names)}: {can_have}.",
            "Leave scope out of the refresh request, or ask the person for the scope at the authorization "
            "endpoint.",
        )
    if existing:
        return Explanation(
            f"The application isn't allowed {listed(existing)}: {can_have}.",
            "Select it under Settings › API access, or leave it out of the request.",
        )
    return Explanation(
        f"No API here has {listed(names)}: the application can ask for {' '.join(available) or 'none'}.",
        "Leave it out of the request, or add it to an API under APIs and select it under Settings › API "
        "access.",
    )


def listed(names: Sequence[str]) -> str:
    """Return scopes as a sentence names them."""
    return f"the {'scope' if len(names) == 1 else 'scopes'} {', '.join(names)}"


def none_left() -> Explanation:
    """Return that nothing is left of what a request could ask for."""
    return Explanation(
        "The application is allowed none of these scopes, or has no default scopes to ask for.",
        "Select scopes under Settings › API access, and name one in the request.",
    )


def other_resource(names: Sequence[str], available: Sequence[str]) -> Explanation:
    """Return that a resource is not one that the scopes are for.

    Args:
        names: what to call the resources that cannot be had (`refused`).
        available: the identifiers of the APIs that its scopes are for.
    """
    could = f"they are for {', '.join(available)}" if available else "they are for no API"
    return Explanation(
        f"None of the scopes is for the resource {', '.join(names)}: {could}.",
        "Send the identifier of an API as its page under APIs has it, and ask for one of its scopes.",
    )
