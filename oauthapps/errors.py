"""What can be wrong with something an administrator entered.

Every message is one clear sentence for people: what is wrong and what to do. `str(error)` is what a page or a
command shows, so no message may repeat a secret.
"""

from typing import Any

import psycopg
from django.db import OperationalError

from common.errors import GatehouseError


class InDoubtError(OperationalError):
    """The database has gone while something was written: nobody knows whether it was.

    Programs may send the same again: a refresh token that was replaced gets its successor, and what is good
    for one use is refused. People have to look first.
    """


def was_lost(error: OperationalError) -> bool:
    """Return whether an error says that a server has gone, and not what it refused: that has a state."""
    cause = error.__cause__
    return isinstance(cause, psycopg.OperationalError) and cause.sqlstate is None


class InvalidPublicKeyError(GatehouseError):
    """The pasted or uploaded text is no public key that an application could sign with."""


class PrivateKeyRefusedError(InvalidPublicKeyError):
    """Somebody pasted a private key: it must not be stored, logged or shown again."""


class InvalidExpiryError(GatehouseError):
    """A client secret or key can't expire, or be retired, on that day."""


class InvalidLogoError(GatehouseError):
    """The uploaded file is no image that can become a logo."""


class InvalidRedirectURLError(GatehouseError):
    """The URL may not be registered as a Redirect URL."""


class InvalidLinkError(GatehouseError):
    """The URL may not stand behind a link that we show to people."""


class InvalidApiIdentifierError(GatehouseError):
    """The text cannot identify an API."""


class InvalidScopeNameError(GatehouseError):
    """The text cannot be the name of a scope."""


class ApiTakenError(GatehouseError):
    """Another API has this identifier."""

    def __init__(self, message: str = "Another API has this identifier.") -> None:
        super().__init__(message)


class UnknownApplicationError(GatehouseError):
    """There is no machine application with this Client ID."""

    def __init__(self, client_id: str) -> None:
        super().__init__(f"There is no Machine to Machine application with the Client ID {client_id}.")


class UnknownScopeError(GatehouseError):
    """There is no scope of this name."""


class ScopeTakenError(GatehouseError):
    """There is, or was, a scope of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The scope name {name} is in use, or was used before. Choose another name.")
        self.name = name


class ScopeLimitError(GatehouseError):
    """An API has as many scopes as it can have, or all APIs have together."""

    def __init__(self, limit: int, what: str = "An API") -> None:
        super().__init__(f"{what} can have up to {limit:,} scopes. Delete one that is no longer used first.")


class InvalidExceptionError(GatehouseError):
    """An application can't have this exception."""


class NotMovingInError(GatehouseError):
    """Only an application that is moving in can be given exceptions."""

    def __init__(
        self, message: str = "This application is no longer marked as moving in. Mark it first."
    ) -> None:
        super().__init__(message)


class ExceptionsInForceError(GatehouseError):
    """An application with exceptions in force is still moving in."""

    def __init__(self, message: str = "End the exceptions that are still active first.") -> None:
        super().__init__(message)


class InvalidLifetimeError(GatehouseError):
    """The value is none of the offered lifetimes."""


class ApplicationLimitError(GatehouseError):
    """There are as many applications as there may be."""


class AssertionFaultError(GatehouseError):
    """A JWT assertion is not as it must be.

    Attributes:
        reason: what is wrong with it, as the end of a sentence that begins with what it is.
        fault: which check it failed, in a word; `oauthapps.explanations.assertions` has them.
        evidence: what that found, for administrators; nothing in it could be used as an assertion.
    """

    def __init__(self, reason: str, fault: str = "", **evidence: Any) -> None:
        super().__init__(f"The assertion {reason}.")
        self.reason, self.fault, self.evidence = reason, fault, evidence


class NotInBinError(GatehouseError):
    """The application was restored or purged, or its time in the bin is over."""

    def __init__(self, message: str = "This application is no longer in the bin.") -> None:
        super().__init__(message)


class StillEndingError(GatehouseError):
    """Tokens from before an application was deleted are still being ended."""

    def __init__(
        self,
        message: str = "Tokens from before it was deleted are still being ended, since they must not work "
        "again. Try again in a few seconds.",
    ) -> None:
        super().__init__(message)


class NameTakenError(GatehouseError):
    """Another application has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Another application is now called {name}. Choose another name.")


class ClientAssertionUsedError(GatehouseError):
    """A client has authenticated with an assertion before."""

    def __init__(self, message: str = "The assertion was already used.") -> None:
        super().__init__(message)


class RedirectURLRemovedError(GatehouseError):
    """The Redirect URL that a consent page was shown for is no longer registered."""

    def __init__(self, message: str = "The Redirect URL was removed meanwhile.") -> None:
        super().__init__(message)


class RequestAnsweredError(GatehouseError):
    """A consent page was answered again after its code had been used or had ended."""

    def __init__(
        self,
        message: str = "This page was already submitted, and its code was used or has expired. Start over.",
    ) -> None:
        super().__init__(message)
