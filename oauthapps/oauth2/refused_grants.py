"""What follows when a code, refresh token or assertion is refused: the client reads why, and a replay counts.

What a replay ends is committed before the answer is sent; the refused request itself has stored nothing. The
cause is looked up first, because the end of a family would be the cause afterward.
"""

from oauthlib.oauth2 import InvalidGrantError

from audit.actors import Sender
from oauthapps.oauth2 import refusals
from oauthapps.oauth2.client_authentication import AuthenticatedClient
from oauthapps.rules.credential_values import digest
from oauthapps.services import replays


def after_code(error: InvalidGrantError, code: str, client: AuthenticatedClient, sender: Sender) -> None:
    """Say why, and end the family of a code that had been used (RFC 6749 section 4.1.2)."""
    application = client.application
    error.description = error.description or refusals.of_code(code, application.id)
    actor = sender().as_client(application.client_id)
    if replays.end_family_of_replayed_code(digest(code), application.id, actor=actor):
        error.replay = "code"


def after_refresh_token(
    error: InvalidGrantError, value: str, client: AuthenticatedClient, sender: Sender
) -> None:
    """Say why, and end the family of one that had been replaced (RFC 9700 section 4.14.2) or has expired."""
    application = client.application
    error.description = error.description or refusals.of_refresh_token(value, application.id)
    actor = sender().as_client(application.client_id)
    if replays.end_family_of_replayed_refresh_token(digest(value), application.id, actor=actor):
        error.replay = "refresh_token"
    if refused := client.own_row():
        replays.end_family_of_expired(refused)


def after_nothing(*_: object) -> None:
    """Do nothing: where nothing is presented, nothing can be used again."""


def after_assertion(error: InvalidGrantError, *_: object) -> None:
    """Say that an assertion was used before, if nothing else is wrong with it."""
    if not error.description:
        error.description, error.replay = refusals.ASSERTION_USED, "assertion"
