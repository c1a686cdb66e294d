"""What oauthlib asks while it judges an authorization request (RFC 6749 section 4.1.1).

It builds on oauthlib's abstract validator, not on django-oauth-toolkit's: a hook that is not written here
raises instead of falling back to stock behavior.
"""

from typing import Any

from oauthlib.oauth2 import (
    InvalidRequestError,
    InvalidScopeError,
    RequestValidator,
    UnsupportedResponseTypeError,
)

from oauthapps.explanations import authorization
from oauthapps.explanations import scopes as explanations
from oauthapps.models import Application, CatalogVersion
from oauthapps.oauth2 import refusals
from oauthapps.oauth2.audiences import InvalidTargetError, limited
from oauthapps.oauth2.explained import explained, explanation_of
from oauthapps.oauth2.parameters import RESOURCE
from oauthapps.oauth2.requests import AuthorizationRequest
from oauthapps.rules import echoes, scopes
from oauthapps.rules.pkce import METHOD, challenge_fault
from oauthapps.services import consents
from oauthapps.sql.catalog import catalog as catalog_of


class Validator(RequestValidator):
    """Looks things up and says yes or no."""

    def validate_client_id(
        self, client_id: str, request: AuthorizationRequest, *args: Any, **kwargs: Any
    ) -> bool:
        """Return whether the client exists, is enabled and sends people here; remember it."""
        rows = Application.objects.enabled().select_related("organization", "logo").defer("logo__png")
        rows = rows.annotate(catalog_version=CatalogVersion.present().values("version"))
        request.client = rows.filter(client_id=client_id).first()
        return request.client is not None and request.client.type.has_redirect_urls

    def validate_redirect_uri(
        self, client_id: str, redirect_uri: str, request: AuthorizationRequest, *args: Any, **kwargs: Any
    ) -> bool:
        """Return whether the redirect URI is registered, character by character; remember which one it is."""
        request.redirect_url = request.client.redirect_url_for(redirect_uri)
        return request.redirect_url is not None

    def get_default_redirect_uri(
        self, client_id: str, request: AuthorizationRequest, *args: Any, **kwargs: Any
    ) -> str | None:
        """Return the redirect URI of a request that names none: the only one there is, or none."""
        rows = list(request.client.redirect_urls.all())
        request.redirect_url = rows[0] if len(rows) == 1 else None
        return request.redirect_url and request.redirect_url.url

    def validate_response_type(
        self,
        client_id: str,
        response_type: str,
        client: Application,
        request: AuthorizationRequest,
        *args: Any,
        **kwargs: Any,
    ) -> bool:
        """Return that the response type is `code`, the only one; refuse all others, such as `code token`."""
        if response_type != "code":
            raise UnsupportedResponseTypeError(request=request)
        return True

    def is_pkce_required(self, client_id: str, request: AuthorizationRequest) -> bool:
        """Return whether this client must send a challenge; one that is sent must be S256's.

        A method alone belonged to a challenge that was lost on the way: its client would take the code for
        bound to a verifier.
        """
        if request.code_challenge is not None or request.code_challenge_method is not None:
            fault = challenge_fault(request.code_challenge or "", request.code_challenge_method)
            if fault:
                length, method = len(request.code_challenge or ""), request.code_challenge_method
                if method != METHOD:
                    method = "missing, which means plain" if method is None else echoes.named(method)
                error = InvalidRequestError(fault, request=request)
                raise explained(error, authorization.bad_challenge, length, method)
        return bool(request.client.is_pkce_required)

    def get_default_scopes(
        self, client_id: str, request: AuthorizationRequest, *args: Any, **kwargs: Any
    ) -> list[str]:
        """Return the scopes of a request that names none (RFC 6749 section 3.3)."""
        return []  # judged together with what was asked for

    def validate_scopes(
        self,
        client_id: str,
        _asked: list[str],
        client: Application,
        request: AuthorizationRequest,
        *args: Any,
        **kwargs: Any,
    ) -> bool:
        """Return that the application may ask for all scopes; remember those for the APIs that are named.

        They are read as we read them, each once, and blanks as absent.
        """
        request.catalog = catalog = catalog_of(client.catalog_version)
        available = catalog.effective(client.allowed_scope, client.allowed_scope)
        asked = scopes.parse(request.scope or "") or catalog.defaults(available)
        if not asked:
            raise explained(InvalidScopeError(refusals.NO_SCOPE, request=request), explanations.none_left)
        if not set(asked) <= set(available):
            refused = InvalidScopeError(refusals.of_link(asked, available, catalog.by_scope), request=request)
            names = explanations.refused(asked, available, catalog.by_scope)
            raise explained(refused, explanations.not_available, names, available, catalog.by_scope)
        try:
            request.scopes = list(limited(asked, getattr(request, RESOURCE) or "", catalog))
        except InvalidTargetError as error:
            sent_back = InvalidTargetError(error.description, request=request)
            raise explained(sent_back, explanation_of(error)) from error
        return True

    def save_authorization_code(self, request: AuthorizationRequest) -> str:
        """Store what the person allows and return the authorization code in clear."""
        user, redirect_url = request.user, request.redirect_url
        assert user is not None and redirect_url is not None  # noqa: S101, PT018  # the endpoint saw to it
        asked = consents.AllowedRequest(
            application=request.client,
            redirect_url=redirect_url,
            redirect_uri=request.redirect_uri,
            redirect_uri_given=not request.using_default_redirect_uri,
            sentences=request.catalog.sentences(request.scopes),
            time_limit=request.time_limit,
            code_challenge=request.code_challenge or "",
            page_id=request.page_id,
        )
        return consents.allow(asked, user=user, actor=request.actor)
