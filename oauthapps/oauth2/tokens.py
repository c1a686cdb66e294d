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
            "token_type": application.token_type,
            "access_token": self.token_generator(request),
            "expires_in": self.expires_in,
            "scope": scopes.render(request.scopes),
            "wid": application.organization.customer_id,
        }
        if request.refresh_token_row is not None or scopes.OFFLINE_ACCESS in request.scopes:
            rotate = self.request_validator.rotate_refresh_token(request)
            reply["refresh_token"] = (
                self.refresh_token_generator(request) if rotate else request.refresh_token
            )
        return reply


def store(reply: dict[str, Any], request: TokenRequest, *, rotates: bool) -> bool:
    """Store what a reply gives out, and use up what it was asked with.

    Args:
        reply: the members of the reply.
        request: the validated token request that it answers.
        rotates: whether a refresh token in the reply is new, and takes the place of one it was asked with.

    Returns:
        Whether that was still to be used; otherwise nothing has been stored.
    """
    made = {
        "scope": reply["scope"],
        "seconds": reply["expires_in"],
        "access_token": reply["access_token"],
    }
    if request.verified_assertion:
        assertion = request.verified_assertion
        issue = tokens.MachineIssue(
            **made,
            application=request.client,
            key=assertion.key,
            assertion_id=assertion.assertion_id,
            assertion_expires=assertion.expires,
        )
        return tokens.store_machine_token(issue)
    return tokens.store_tokens(
        tokens.Issue(
            **made,
            source=request.grant or request.usable,
            refresh_token=reply.get("refresh_token", "") if rotates else "",
            replaces=rotates,
        )
    )
