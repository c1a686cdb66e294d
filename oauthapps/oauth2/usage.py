"""What a client's request was about, for whoever counts: worked out after it was answered, if at all."""

from collections.abc import Iterator, Sequence

from oauthapps.http.messages import Usage
from oauthapps.oauth2.client_authentication import AuthenticatedClient
from oauthapps.services.assertions import VerifiedAssertion
from oauthapps.services.tokens import OwnBehalf, Source
from oauthapps.sql.clients import GrantRow


def usage_of(client: AuthenticatedClient, source: Source | None = None, scope: Sequence[str] = ()) -> Usage:
    """Return what a request was about.

    Args:
        client: the client that sent it.
        source: what tokens were made from; None where there are none.
        scope: that of the access token.
    """
    application, shown = client.application, client.own_row()
    return Usage(
        application.id,
        application.secret_id,
        tuple(dict.fromkeys(key_ids(client, source))),
        shown.redirect_url_id if isinstance(shown, GrantRow) else None,
        person_of(source),
        application.catalog.ids(scope),
    )


def key_ids(client: AuthenticatedClient, source: Source | None) -> Iterator[int]:
    """Yield the primary keys of the keys that a client signed with."""
    for assertion in (client.assertion, source):
        if isinstance(assertion, VerifiedAssertion):
            yield assertion.key.id


def person_of(source: Source | None) -> int | None:
    """Return the primary key of whom tokens speak for that are made from this; None for nobody."""
    if source is None or isinstance(source, OwnBehalf):
        return None
    return source.key.person_id if isinstance(source, VerifiedAssertion) else source.person_id
