"""What a token reply says, and what is kept of it.

RFC 6749 section 5.1, and the members of the endpoints we are compatible with.
"""

from typing import Any

from oauthlib.oauth2 import BearerToken

from oauthapps import scopes
from oauthapps.oauth2.requests import TokenRequest
from oauthapps.services import tokens


class TokenReply(BearerToken):
    """Makes the members of a token reply."""

    def create_token(
        self, request: TokenRequest, refresh_token: bool = False, **kwargs: Any
    ) -> dict[str, Any]:
        """Return a reply with new tokens; a refresh token is in it where offline_access was granted.

        Args:
            request: a validated token request.
            refresh_token: not asked: what was granted decides.
            kwargs: not used.
        """
        application = request.client
        reply: dict[str, Any] = {
            "token_type": "sessionID" if application.is_workfront_compatible else "Bearer",
            "access_token": self.token_generator(request),
            "expires_in": self.expires_in,
            "scope": scopes.render(request.scopes),
            "wid": application.organization.customer_id,
        }
        if request.used_refresh_token is not None or scopes.OFFLINE_ACCESS in request.scopes:
            rotate = self.request_validator.rotate_refresh_token(request)
            reply["refresh_token"] = (
                self.refresh_token_generator(request) if rotate else request.refresh_token
            )
        return reply


def issue_of(token: dict[str, Any], request: TokenRequest) -> tokens.Issue:
    """Return what is to be stored of a token reply."""
    made = {
        "application": request.client,
        "scope": token["scope"],
        "seconds": token["expires_in"],
        "access_token": token["access_token"],
    }
    if request.verified_assertion:
        assertion = request.verified_assertion
        return tokens.Issue(
            **made,
            user_id=assertion.key.user_id,
            assertion_id=assertion.assertion_id,
            assertion_expires=assertion.expires,
        )
    source = request.grant or request.used
    kept = request.used_refresh_token is not None and not request.client.rotate_refresh_tokens
    return tokens.Issue(
        **made,
        user_id=source.user_id,
        family_id=source.family_id,
        refresh_token="" if kept else token.get("refresh_token", ""),
        refresh_scope=source.scope,
    )
