"""The APIs that a request is for (RFC 8707)."""

from collections.abc import Sequence

from oauthlib.oauth2 import OAuth2Error

from oauthapps.explanations.scopes import other_resource, refused
from oauthapps.oauth2 import refusals
from oauthapps.oauth2.explained import explained
from oauthapps.rules import scopes
from oauthapps.rules.apis.identifiers import canonical
from oauthapps.sql.catalog import Catalog


class InvalidTargetError(OAuth2Error):
    """What is asked for is not for the APIs that the request names (RFC 8707 section 2)."""

    error = "invalid_target"


def limited(scope: Sequence[str], resource: str, catalog: Catalog) -> tuple[str, ...]:
    """Return those scopes that are for the APIs which a request names; all where it names none.

    Args:
        scope: the scopes that it may have otherwise.
        resource: the identifiers of the APIs with spaces between them, as `parameters` reads them.
        catalog: the APIs that there are.

    Raises:
        InvalidTargetError: when it names one that none of the scopes is for.
    """
    identifiers = [canonical(each) for each in scopes.parse(resource)]
    available = catalog.audience(scope)
    if not set(identifiers) <= set(available):
        error = InvalidTargetError(refusals.of_resources(available))
        raise explained(error, other_resource, refused(identifiers, available), available)
    return catalog.of_apis(scope, identifiers) if identifiers else tuple(scope)
