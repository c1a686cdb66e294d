"""The grants of machine applications: the JWT bearer grant and the client credentials grant."""

from oauthlib.oauth2 import InvalidRequestError

from oauthapps.explanations import assertions as explanations
from oauthapps.oauth2 import assertions, grant_errors
from oauthapps.oauth2.audiences import limited
from oauthapps.oauth2.client_authentication import AuthenticatedClient
from oauthapps.oauth2.explained import explained
from oauthapps.oauth2.grant_types import Granted
from oauthapps.oauth2.parameters import RESOURCE, Parameters
from oauthapps.rules import scopes
from oauthapps.services.tokens import OwnBehalf
from oauthapps.sql.clients import ClientRow


def judge_assertion(assertion: str, parameters: Parameters, client: AuthenticatedClient) -> Granted:
    """Judge an assertion (RFC 7523 section 2.1), and the scope."""
    if not assertion:
        error = InvalidRequestError("Missing assertion (or jwt_token) parameter.")
        raise explained(error, explanations.exchange_missing)
    scope = scope_of_machine(parameters, client.application)
    return Granted(assertions.verify(assertion, client.application, client.presented), scope)


def judge_own_behalf(_: str, parameters: Parameters, client: AuthenticatedClient) -> Granted:
    """Judge the scope that a machine application asks for itself (RFC 6749 section 4.4)."""
    return Granted(OwnBehalf(), scope_of_machine(parameters, client.application))


def scope_of_machine(parameters: Parameters, application: ClientRow) -> tuple[str, ...]:
    """Return the scope of a machine's access token: what it asks for, or what is asked for by default.

    Nobody is away whose access could be kept.
    """
    available = tuple(
        name for name in application.effective(application.allowed_scope) if name != scopes.OFFLINE_ACCESS
    )
    asked = scopes.parse(parameters.get("scope", "")) or application.catalog.defaults(available)
    if not set(asked) <= set(available):
        raise grant_errors.other_scopes(asked, available, application.catalog)
    return limited(asked, parameters.get(RESOURCE, ""), application.catalog)
