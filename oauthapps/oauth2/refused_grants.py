"""What follows when a code, refresh token or assertion is refused: the client reads why, and a replay counts.

What a replay ends is committed before the answer is sent; the refused request itself has stored nothing. The
cause is looked up first, because the end of a family would be the cause afterward.
"""

from collections.abc import Callable
from typing import ParamSpec

from django.conf import settings
from django.utils import timezone
from oauthlib.oauth2 import InvalidGrantError

from audit.actors import Sender
from oauthapps.explanations import assertions, codes, refresh_tokens
from oauthapps.explanations.wording import Shown
from oauthapps.http.messages import Explanation
from oauthapps.oauth2 import refusals
from oauthapps.oauth2.client_authentication import AuthenticatedClient
from oauthapps.oauth2.explained import explained
from oauthapps.rules.credential_values import digest
from oauthapps.services import replays
from oauthapps.services.assertions import VerifiedAssertion
from oauthapps.services.tokens import Source
from oauthapps.sql import issued

P = ParamSpec("P")


def after_code(error: InvalidGrantError, code: str, client: AuthenticatedClient, sender: Sender) -> None:
    """Say why, and end the family of a code that had been used (RFC 6749 section 4.1.2)."""
    application = client.application
    explain_unless_known(
        error,
        codes.unredeemable,
        Shown.of(code),
        application.id,
        settings.AUTHORIZATION_CODE_SECONDS,
        timezone.now(),
    )
    if not issued.is_issued(issued.CODE, digest(code), application.id):
        error.description = error.description or refusals.CODE_UNKNOWN
        return
    error.description = error.description or refusals.of_code(code, application.id)
    actor = sender().as_client(application.client_id)
    if replays.end_family_of_replayed_code(digest(code), application.id, actor=actor):
        error.replay = "code"


def after_refresh_token(
    error: InvalidGrantError, value: str, client: AuthenticatedClient, sender: Sender
) -> None:
    """Say why, and end the family of one that had been replaced (RFC 9700 section 4.14.2) or has expired."""
    application = client.application
    explain_unless_known(error, refresh_tokens.unusable, Shown.of(value), application.id, timezone.now())
    if not issued.is_issued(issued.REFRESH_TOKEN, digest(value), application.id):
        error.description = error.description or refusals.REFRESH_TOKEN_UNKNOWN
        return
    error.description = error.description or refusals.of_refresh_token(value, application.id)
    actor = sender().as_client(application.client_id)
    if replays.end_family_of_replayed_refresh_token(digest(value), application.id, actor=actor):
        error.replay = "refresh_token"
    if refused := client.own_row():
        replays.end_family_of_expired(refused)


def explain_unless_known(
    error: InvalidGrantError, explain: Callable[P, Explanation], *evidence: P.args, **more_evidence: P.kwargs
) -> None:
    """Say what explains an error that was raised without anything that does."""
    if not hasattr(error, "explain"):
        explained(error, explain, *evidence, **more_evidence)


def used_up(source: Source, client: AuthenticatedClient) -> InvalidGrantError:
    """Return the error for tokens that were made from what another request had used up."""
    error = InvalidGrantError()
    if isinstance(source, VerifiedAssertion):
        application_id = client.application.id
        explained(error, assertions.used_before, source.assertion_id, application_id, timezone.now())
    return error


def after_nothing(*_: object) -> None:
    """Do nothing: where nothing is presented, nothing can be used again."""


def after_assertion(error: InvalidGrantError, *_: object) -> None:
    """Say that an assertion was used before, if nothing else is wrong with it."""
    if not error.description:
        error.description, error.replay = refusals.ASSERTION_USED, "assertion"
