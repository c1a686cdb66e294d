"""The token request: a code for an ID token, and an access token that is used at most once."""

from base64 import b64encode
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, TypeGuard
from urllib.parse import quote_plus

from django.views.decorators.debug import sensitive_variables

from accounts.models import IdentityProvider
from accounts.oidc import failures
from accounts.oidc.authorization import AuthorizationRequest, redirect_url
from accounts.oidc.calls import call
from accounts.oidc.client_secrets import unseal
from accounts.oidc.discovery import Discovery
from accounts.oidc.errors import ProviderError

# The error for a code that the provider didn't issue, or that was already used (RFC 6749 section 5.2).
WRONG_CODE = "invalid_grant"


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """What a code was exchanged for. Neither token is stored, logged, or shown.

    Attributes:
        id_token: says who signed in; not verified yet.
        access_token: for the UserInfo endpoint; empty if none came.
    """

    id_token: str = field(repr=False)
    access_token: str = field(repr=False)


@sensitive_variables()
def exchange(provider: IdentityProvider, code: str, asked: AuthorizationRequest) -> Tokens:
    """Exchange a code (OpenID Connect Core 1.0 section 3.1.3); not to be called in a transaction.

    Args:
        provider: the one that issued it.
        code: the code.
        asked: the authorization request that it came for.

    Raises:
        SignInRefusedError: when the provider refuses, or doesn't answer as it should.
    """
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_url(),
        "code_verifier": asked.code_verifier,
    }
    credentials, headers = authentication(provider)
    url = Discovery(document=provider.discovery).token_endpoint
    reply = call(provider, url, form=form | credentials, headers=headers)
    if reply.status != HTTPStatus.OK:
        raise refusal(provider, reply.document, reply.status)
    id_token, access_token = reply.document.get("id_token"), reply.document.get("access_token")
    if not isinstance(id_token, str):
        raise failures.wrongly_set_up(
            provider,
            "no_id_token",
            "The provider's token response has no ID token.",
            "Check that the scopes include openid, and that the provider allows it for this application.",
        )
    return Tokens(id_token=id_token, access_token=access_token if fits_header(access_token) else "")


def fits_header(token: object) -> TypeGuard[str]:
    """Return whether a token can be sent in a header (RFC 6750 section 2.1), unlike one with line breaks."""
    return isinstance(token, str) and token.isascii() and token.isprintable()


@sensitive_variables()
def authentication(provider: IdentityProvider) -> tuple[dict[str, str], dict[str, str]]:
    """Return the form fields and headers that authenticate this client in a token request.

    HTTP Basic if the provider allows it, because providers register clients for it by default.
    """
    secret = client_secret(provider)
    if Discovery(document=provider.discovery).authenticates_in_header:
        pair = f"{quote_plus(provider.client_id)}:{quote_plus(secret)}"  # RFC 6749 section 2.3.1
        return {}, {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}
    return {"client_id": provider.client_id, "client_secret": secret}, {}


def client_secret(provider: IdentityProvider) -> str:
    """Return the client secret in plaintext.

    Raises:
        SignInRefusedError: when it was stored under another SECRET_KEY.
    """
    try:
        return unseal(provider.sealed_secret)
    except ProviderError as error:
        raise failures.wrongly_set_up(provider, "unreadable_secret", error.cause, error.fix) from None


def refusal(provider: IdentityProvider, document: dict[str, Any], status: int) -> failures.SignInRefusedError:
    """Return the refusal for a failed token request (RFC 6749 section 5.2)."""
    error = str(document.get("error", ""))
    said = f"{status} {failures.quoted(error)}"
    if document.get("error_description"):
        said += f" {failures.quoted(document['error_description'])}"
    if error in ("invalid_client", "unauthorized_client") or status == HTTPStatus.UNAUTHORIZED:
        return failures.wrongly_set_up(
            provider,
            "invalid_client",
            f"The provider refused this installation's client ID or secret: {said}.",
            "Enter the client ID and a client secret that hasn't expired under System › Sign-in.",
        )
    if error == WRONG_CODE:
        return failures.not_believed(
            provider,
            WRONG_CODE,
            f"The provider refused the authorization code: {said}.",
            "A code works once, and only for a minute or so. If every sign-in fails, check both clocks, and "
            f"that exactly {redirect_url()} is registered there.",
        )
    return failures.wrongly_set_up(
        provider,
        "token_request_refused",
        f"The provider refused the token request: {said}.",
        "Check how this installation is registered with the provider.",
    )
