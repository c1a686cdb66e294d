"""What django-oauth-toolkit's settings name: our backend, server and generators.

Used of the toolkit: its abstract models, its settings, and the mixin that builds these classes once in a
process. Used of oauthlib: its errors, and its judgment of authorization requests, with our validator.
Switched off, each for what was found by running it:

- the toolkit's URLs: they let everybody who is signed in register applications;
- its validator: a hook that nobody overrides falls back to stock behavior, such as slow hashes of secrets,
  blank secrets that authenticate, and codes that parallel requests redeem;
- its views, and oauthlib's endpoints and token grants: they take a parameter that is sent twice, read a grant
  five times, and enter a validator ten times for one code; `token_endpoint` judges in order instead;
- `protected_resource`: it asks the stock classes, whatever the settings say;
- its command `cleartokens`: it keeps expired rows, and counts before each batch (`manage.py prune` instead).
"""

import secrets

from oauth2_provider.generators import BaseHashGenerator
from oauth2_provider.oauth2_backends import OAuthLibCore
from oauth2_provider.views.mixins import OAuthLibMixin
from oauthlib.oauth2 import AccessDeniedError, AuthorizationCodeGrant, MismatchingRedirectURIError

from accounts.models import User, new_identifier
from audit.actors import Actor
from oauthapps.errors import RedirectURLRemovedError, RequestAnsweredError
from oauthapps.explanations import authorization
from oauthapps.http.issuer import issuer
from oauthapps.http.messages import ApiRequest
from oauthapps.oauth2.explained import explained
from oauthapps.oauth2.parameters import Parameters, read_body
from oauthapps.oauth2.redirects import authorization_response
from oauthapps.oauth2.requests import AuthorizationRequest
from oauthapps.oauth2.token_endpoint import TokenEndpoint, TokenGenerator
from oauthapps.oauth2.validator import Validator
from oauthapps.rules import credential_values


class RequestBackend(OAuthLibCore):
    """Reads requests, once and strictly."""

    server: "AuthorizationServer"

    def extract_body(self, request: ApiRequest) -> Parameters:
        """Return the parameters in a request's body, which is form or JSON.

        Raises:
            UnreadableRequestError: when they cannot be taken as they came.
        """
        return read_body(request)


class AuthorizationServer(TokenEndpoint):
    """Authorization requests for codes, and the token endpoint; anything unlisted does not exist.

    Args:
        request_validator: judges authorization requests.
        token_expires_in: how many seconds an access token lives.
        token_generator: makes the value of an access token.
        refresh_token_generator: makes the value of a refresh token.
    """

    def __init__(
        self,
        request_validator: Validator,
        token_expires_in: int,
        token_generator: TokenGenerator,
        refresh_token_generator: TokenGenerator,
        **_settings_of_other_flows: object,
    ) -> None:
        super().__init__(token_expires_in, token_generator, refresh_token_generator)
        self.request_validator = request_validator
        self.code_grant = AuthorizationCodeGrant(request_validator)

    def authorization_request(self, parameters: Parameters) -> AuthorizationRequest:
        """Return a validated authorization request.

        Raises:
            FatalClientError: when client or redirect URI are in doubt: the person must not be sent anywhere.
            OAuth2Error: for any other fault, which the client is told by a redirect.
        """
        request = AuthorizationRequest(parameters)
        self.code_grant.validate_authorization_request(request)
        return request

    def authorize(self, request: AuthorizationRequest, *, user: User, actor: Actor, page_id: str) -> str:
        """Grant what was asked for and return the URL to send the browser to.

        Args:
            request: the authorization request, as the consent page showed it, validated.
            user: the person who allows it.
            actor: the same person, for events.
            page_id: names the showing of the page.

        Raises:
            FatalClientError: when the redirect URL has been removed since the consent page was shown.
            AccessDeniedError: when this showing of the page was answered before and its code is over.
        """
        request.user, request.actor, request.page_id = user, actor, page_id
        try:
            code = self.request_validator.save_authorization_code(request)
        except RedirectURLRemovedError as error:
            removed = MismatchingRedirectURIError(request=request)
            raise explained(removed, authorization.redirect_url_removed, request.redirect_uri) from error
        except RequestAnsweredError as error:
            denied = AccessDeniedError(error.message, request=request)
            raise explained(denied, authorization.answered_before) from error
        organization = request.client.organization
        return authorization_response(
            request.redirect_uri,
            code=code,
            state=request.state,
            domain=organization.domain,
            lane=organization.lane,
            iss=issuer(),
        )


class ClientIdGenerator(BaseHashGenerator):
    """Makes Client IDs: 32 hexadecimal digits."""

    def hash(self) -> str:
        """Return a new Client ID."""
        return new_identifier()


class UnusableSecretGenerator(BaseHashGenerator):
    """Fills the toolkit's own column for a client secret, which nothing here ever reads.

    Secrets have a table. A blank column would authenticate a client without any secret, should stock code
    ever be let near it, so it holds a value that nobody knows.
    """

    def hash(self) -> str:
        """Return a value nobody has seen."""
        return secrets.token_hex(32)


def access_token(_request: object) -> str:
    """Return a new access token."""
    return credential_values.new_access_token()


def refresh_token(_request: object) -> str:
    """Return a new refresh token."""
    return credential_values.new_refresh_token()


def server() -> AuthorizationServer:
    """Return the authorization server; django-oauth-toolkit makes one for each process."""
    backend: RequestBackend = OAuthLibMixin.get_oauthlib_core()
    return backend.server
