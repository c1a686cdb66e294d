"""The authorization request that sends a browser to a provider, and the response to it."""

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.urls import reverse
from joserfc.util import urlsafe_b64encode

from accounts.models import IdentityProvider
from accounts.oidc import failures
from accounts.oidc.discovery import Discovery

UNAVAILABLE = {"server_error", "temporarily_unavailable"}


def redirect_url() -> str:
    """Return the one URL that every provider sends browsers back to, to be registered there."""
    return f"{settings.BASE_URL}{reverse('provider-callback')}"


@dataclass(frozen=True, kw_only=True)
class AuthorizationRequest:
    """An authorization request, as the browser's session keeps it until the response.

    Attributes:
        nonce: has to come back in the ID token (OpenID Connect Core 1.0 section 3.1.2.1).
        code_verifier: proves that the code was requested here (RFC 7636).
        max_age: how many seconds ago the person may have signed in there at most; None for any.
    """

    nonce: str
    code_verifier: str
    max_age: int | None = None

    @classmethod
    def new(cls, *, max_age: int | None = None) -> Self:
        """Return a request with fresh values of 256 random bits each."""
        return cls(nonce=secrets.token_urlsafe(32), code_verifier=secrets.token_urlsafe(32), max_age=max_age)

    def as_dict(self) -> dict[str, Any]:
        """Return it as a session stores it."""
        return asdict(self)

    def url(self, provider: IdentityProvider, *, state: str, prompt: str = "") -> str:
        """Return the URL at the provider that asks for a code, always with PKCE S256 and a nonce.

        Args:
            provider: the provider.
            state: names this request in the browser's session.
            prompt: what the provider has to do, such as `login`; empty for its default.
        """
        parameters = {
            "response_type": "code",
            "client_id": provider.client_id,
            "redirect_uri": redirect_url(),
            "scope": provider.scopes,
            "state": state,
            "nonce": self.nonce,
            "code_challenge": urlsafe_b64encode(sha256(self.code_verifier.encode()).digest()).decode(),
            "code_challenge_method": "S256",
        }
        if prompt:
            parameters["prompt"] = prompt
        if self.max_age is not None:
            parameters["max_age"] = str(self.max_age)
        endpoint = Discovery(document=provider.discovery).authorization_endpoint
        return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{urlencode(parameters)}"


def code_of(parameters: Mapping[str, list[str]], provider: IdentityProvider) -> str:
    """Return the code in a provider's authorization response.

    The issuer is checked first: another provider's errors must not pass for this one's either.

    Args:
        parameters: those of the URL, with all values of each.
        provider: the one that the browser was sent to.

    Raises:
        SignInRefusedError: when another provider responded (RFC 9207 section 2.4), the response is an error,
            or a parameter came twice (RFC 6749 section 3.1).
    """
    if repeated := [name for name in ("code", "error", "iss") if len(parameters.get(name, [])) > 1]:
        raise malformed(provider, f"{' and '.join(repeated)} came more than once")
    answer = {name: values[0] for name, values in parameters.items() if values}
    check_issuer(answer, provider)
    if "error" in answer:
        raise refusal(answer, provider)
    if not answer.get("code"):
        raise malformed(provider, "it has neither a code nor an error")
    return answer["code"]


def check_issuer(answer: Mapping[str, str], provider: IdentityProvider) -> None:
    """Refuse a response from a different provider than the browser was sent to: a mix-up (RFC 9207).

    Raises:
        SignInRefusedError: when `iss` is another's, or missing although the provider announces it.
    """
    sent = answer.get("iss")
    if sent is None and not Discovery(document=provider.discovery).names_issuer:
        return
    if sent != provider.issuer:
        said = f"says iss={failures.quoted(sent)}" if sent is not None else "has no iss"
        raise failures.not_believed(
            provider,
            "issuer_mismatch",
            f"The authorization response {said}; it must be {provider.issuer}.",
            "Someone may have passed one provider's response off as another's. If it happens to everyone, "
            "add the provider again with the issuer that is now in its discovery document.",
        )


def malformed(provider: IdentityProvider, what: str) -> failures.SignInRefusedError:
    """Return the refusal of a malformed response."""
    return failures.not_believed(
        provider,
        "invalid_response",
        f"The authorization response can't be read: {what}.",
        "Sign in again. If it keeps happening, look for this sign-in in the provider's log.",
    )


def refusal(answer: Mapping[str, str], provider: IdentityProvider) -> failures.SignInRefusedError:
    """Return the refusal for an error in the response (RFC 6749 section 4.1.2.1)."""
    error = answer["error"]
    said = failures.quoted(error)
    if description := answer.get("error_description"):
        said += f" {failures.quoted(description)}"
    if error == "access_denied":
        return failures.canceled(provider, said)
    if error in UNAVAILABLE:
        return failures.unavailable(provider, f"The provider answered the authorization request with {said}.")
    return failures.wrongly_set_up(
        provider,
        "authorization_refused",
        f"The provider refused the authorization request: {said}.",
        f"Check the client ID, the scopes, and that {redirect_url()} is registered there.",
    )
