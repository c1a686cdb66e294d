"""The token request: a code for an ID token, which is read, and an access token, used at most once."""

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

# What providers call a code that they did not issue, or that was used (RFC 6749 section 5.2).
WRONG_CODE = "invalid_grant"


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """What came for a code. Neither is stored, logged or shown.

    Attributes:
        id_token: says who signed in; nobody has checked it yet.
        access_token: is good for the UserInfo endpoint; empty where none came.
    """

    id_token: str = field(repr=False)
    access_token: str = field(repr=False)


@sensitive_variables()
def exchange(provider: IdentityProvider, code: str, asked: AuthorizationRequest) -> Tokens:
    """Exchange a code (OpenID Connect Core 1.0 section 3.1.3); not to be called in a transaction.

    Args:
        provider: which issued it.
        code: the code.
        asked: the authorization request that it answers.

    Raises:
        SignInRefusedError: when the provider refuses, or does not answer as it should.
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
            "Check that the scopes contain openid, and that the provider allows it for this application.",
        )
    return Tokens(id_token=id_token, access_token=access_token if fits_header(access_token) else "")


def fits_header(token: object) -> TypeGuard[str]:
    """Return whether a token can be sent in a header (RFC 6750 section 2.1), unlike one of several lines."""
    return isinstance(token, str) and token.isascii() and token.isprintable()


@sensitive_variables()
def authentication(provider: IdentityProvider) -> tuple[dict[str, str], dict[str, str]]:
    """Return what a token request carries, as fields and as headers, to say which client sends it.

    HTTP Basic wherever it may be used: it is what providers register where nobody asked for something else.
    """
    secret = client_secret(provider)
    if Discovery(document=provider.discovery).authenticates_in_header:
        pair = f"{quote_plus(provider.client_id)}:{quote_plus(secret)}"  # RFC 6749 section 2.3.1
        return {}, {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}
    return {"client_id": provider.client_id, "client_secret": secret}, {}


def client_secret(provider: IdentityProvider) -> str:
    """Return the client secret in clear.

    Raises:
        SignInRefusedError: when it was stored under another SECRET_KEY.
    """
    try:
        return unseal(provider.sealed_secret)
    except ProviderError as error:
        raise failures.wrongly_set_up(provider, "unreadable_secret", error.cause, error.fix) from None


def refusal(provider: IdentityProvider, document: dict[str, Any], status: int) -> failures.SignInRefusedError:
    """Return what a refused token request means (RFC 6749 section 5.2)."""
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
            "A code is good once, and for a minute or so. If every sign-in fails, check that "
            f"{redirect_url()} is registered there letter by letter, and both clocks.",
        )
    return failures.wrongly_set_up(
        provider,
        "token_request_refused",
        f"The provider refused the token request: {said}.",
        "Check the application that this installation is registered as at the provider.",
    )
