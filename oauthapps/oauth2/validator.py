"""The decisions oauthlib leaves to us, for exactly the flows we offer.

It builds on oauthlib's abstract validator, not on django-oauth-toolkit's: a hook that is not written here
raises instead of falling back to stock behaviour.
"""

from typing import Any

from django.utils import timezone
from oauthlib.oauth2 import (
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
    RequestValidator,
    UnauthorizedClientError,
    UnsupportedResponseTypeError,
)

from oauthapps import scopes
from oauthapps.client_secrets import digest
from oauthapps.models import Application, Grant, RefreshToken
from oauthapps.models.credentials import note_use
from oauthapps.oauth2 import refusals
from oauthapps.oauth2.client_authentication import authenticate_client
from oauthapps.oauth2.pkce import METHOD, challenge_fault, verifier_fits
from oauthapps.oauth2.presented import own, presented_by
from oauthapps.oauth2.requests import AuthorizationRequest, TokenRequest
from oauthapps.oauth2.tokens import store
from oauthapps.services import consents, tokens


class Validator(RequestValidator):
    """Looks things up and says yes or no."""

    # The authorization endpoint

    def validate_client_id(
        self, client_id: str, request: AuthorizationRequest, *args: Any, **kwargs: Any
    ) -> bool:
        """Return whether the client exists, is enabled and sends people here; remember it."""
        rows = Application.objects.enabled().select_related("organization", "logo").defer("logo__png")
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
        if isinstance(request, TokenRequest):
            if request.granted.redirect_uri_given:
                raise InvalidRequestError(refusals.REDIRECT_URI_MISSING)
            return str(request.granted.redirect_uri)
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
        if isinstance(request, TokenRequest):
            return False  # `validate_code` has compared what there was
        if request.code_challenge is not None or request.code_challenge_method is not None:
            fault = challenge_fault(request.code_challenge or "", request.code_challenge_method)
            if fault:
                raise InvalidRequestError(fault, request=request)
        return bool(request.client.type.pkce_required)

    def get_default_scopes(
        self, client_id: str, request: AuthorizationRequest, *args: Any, **kwargs: Any
    ) -> list[str]:
        """Return the scopes of a request that names none (RFC 6749 section 3.3)."""
        return list(scopes.DEFAULT_SCOPES)

    def validate_scopes(
        self,
        client_id: str,
        asked: list[str],
        client: Application,
        request: AuthorizationRequest,
        *args: Any,
        **kwargs: Any,
    ) -> bool:
        """Return that all scopes exist; remember them as we read them, each once, and blanks as absent."""
        request.scopes = list(scopes.parse(request.scope or "")) or list(scopes.DEFAULT_SCOPES)
        if scopes.unknown(request.scopes):
            raise InvalidScopeError(refusals.of_link(request.scopes, list(scopes.SCOPES)), request=request)
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
            scope=request.scopes,
            code_challenge=request.code_challenge or "",
            page_id=request.page_id,
        )
        return consents.allow(asked, user=user, actor=request.actor)

    # The token endpoint

    def authenticate_client(self, request: TokenRequest, *args: Any, **kwargs: Any) -> bool:
        """Find out who asks, with what; raises the error of `authenticate_client` otherwise."""
        client = authenticate_client(
            request.authorization, request.parameters, request.sender, presented_by(request.parameters)
        )
        request.client, request.client_secret_row = client.application, client.secret
        request.presented = client.presented
        request.client_id = client.application.client_id
        return True

    def validate_grant_type(
        self,
        client_id: str,
        grant_type: str,
        client: Application,
        request: TokenRequest,
        *args: Any,
        **kwargs: Any,
    ) -> bool:
        """Return that the client's type may use this grant type."""
        if not client.allows_grant_type(grant_type):
            raise UnauthorizedClientError(refusals.of_grant_type(grant_type, (), client.type))
        return True

    def validate_code(
        self, client_id: str, code: str, client: Application, request: TokenRequest, *args: Any, **kwargs: Any
    ) -> bool:
        """Judge what the code was granted for, remember it and compare the verifier.

        The method belongs to the authorization request. A token request that names another is an attempt to
        make the challenge itself pass for the verifier.
        """
        if request.parameters.get("code_challenge_method", METHOD) != METHOD:
            raise InvalidGrantError(refusals.METHOD_SENT)
        grant: Grant | None = own(request)
        if grant is None:
            return False
        if not verifier_fits(grant.code_challenge, request.code_verifier):
            raise InvalidGrantError(refusals.of_verifier(grant.code_challenge, request.code_verifier))
        request.grant = grant
        request.scopes = list(scopes.parse(grant.scope))
        return True

    def get_code_challenge(self, code: str, request: TokenRequest) -> None:
        """Return that nothing is left to compare: `validate_code` has done it."""
        return

    def confirm_redirect_uri(
        self,
        client_id: str,
        code: str,
        redirect_uri: str,
        client: Application,
        request: TokenRequest,
        *args: Any,
        **kwargs: Any,
    ) -> bool:
        """Return that the redirect URI is the one the code was sent to (RFC 6749 section 4.1.3)."""
        if redirect_uri != request.granted.redirect_uri:
            raise InvalidGrantError(refusals.REDIRECT_URI_WRONG)
        return True

    def validate_refresh_token(
        self, refresh_token: str, client: Application, request: TokenRequest, *args: Any, **kwargs: Any
    ) -> bool:
        """Judge the refresh token and remember it."""
        row: RefreshToken | None = own(request)
        request.refresh_token_row = row if row and not row.has_ended else None
        return request.refresh_token_row is not None

    def get_original_scopes(
        self, refresh_token: str, request: TokenRequest, *args: Any, **kwargs: Any
    ) -> list[str]:
        """Return the refresh token's own scopes."""
        return list(scopes.parse(request.usable.scope))

    def is_within_original_scope(
        self, asked: list[str], refresh_token: str, request: TokenRequest, *args: Any, **kwargs: Any
    ) -> bool:
        """Refuse scopes beyond the refresh token's own (RFC 6749 section 6); oauthlib has compared them."""
        granted = self.get_original_scopes(refresh_token, request)
        raise InvalidScopeError(refusals.of_scopes(asked, granted))

    def rotate_refresh_token(self, request: TokenRequest) -> bool:
        """Return whether to make a new refresh token: always for a code, by the application's setting later.

        Were the setting asked for a code too, a client could choose its own refresh token by sending one.
        """
        return request.grant_type != "refresh_token" or bool(request.client.rotate_refresh_tokens)

    def save_token(self, token: dict[str, Any], request: TokenRequest, *args: Any, **kwargs: Any) -> None:
        """Store what was made, and note which secret and key it was made with.

        Raises:
            InvalidGrantError: when what it was asked with has been used before; nothing is stored then.
        """
        if not store(token, request, rotates=self.rotate_refresh_token(request)):
            used = "The assertion was already used." if request.verified_assertion else None
            raise InvalidGrantError(used, request=request)
        now = timezone.now()
        if request.client_secret_row is not None:
            note_use(request.client_secret_row, now)
        if request.verified_assertion is not None:
            note_use(request.verified_assertion.key, now)

    def after_refusal(self, request: TokenRequest, error: InvalidGrantError) -> None:
        """Say why a code or refresh token was refused, and end its family if it expired or was replayed.

        This commits before the answer is sent. The refused request itself has stored nothing. The cause is
        looked up first, because ending the family would be the cause afterwards.
        """
        error.description = error.description or refusals.cause_of(request)
        if request.grant_type == "authorization_code" and request.code:
            tokens.end_family_of_replayed_code(digest(request.code), request.client, actor=request.actor)
        if request.grant_type == "refresh_token" and request.refresh_token:
            tokens.end_family_of_replayed_refresh_token(
                digest(request.refresh_token), request.client, actor=request.actor
            )
            if refused := own(request):
                tokens.end_family_of_expired(refused)
