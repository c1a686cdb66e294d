"""What a browser is sent to a provider with, and what the provider's answer must then have."""

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
    """Return the one URL at which every provider answers, to be registered there."""
    return f"{settings.BASE_URL}{reverse('provider-callback')}"


@dataclass(frozen=True, kw_only=True)
class AuthorizationRequest:
    """An authorization request, as the browser's session keeps it until the answer.

    Attributes:
        nonce: stands in the ID token (OpenID Connect Core 1.0 section 3.1.2.1).
        code_verifier: shows that the code was asked for here (RFC 7636).
        max_age: seconds since the person last proved who they are there, at most; None for any.
    """

    nonce: str
    code_verifier: str
    max_age: int | None = None

    @classmethod
    def new(cls, *, max_age: int | None = None) -> Self:
        """Return a request with values of its own, of 256 random bits each."""
        return cls(nonce=secrets.token_urlsafe(32), code_verifier=secrets.token_urlsafe(32), max_age=max_age)

    def as_dict(self) -> dict[str, Any]:
        """Return what a session keeps."""
        return asdict(self)

    def url(self, provider: IdentityProvider, *, state: str, prompt: str = "") -> str:
        """Return the URL at the provider that asks for a code, always with PKCE S256 and a nonce.

        Args:
            provider: where.
            state: names this request in the browser's session.
            prompt: what the provider does besides, such as `login`; empty for what it always does.
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
    """Return the code in a provider's answer.

    The issuer is looked at first: another provider's errors are not this one's either.

    Args:
        parameters: those of the URL, with all values of each.
        provider: the one that was asked.

    Raises:
        SignInRefusedError: when another provider answered (RFC 9207 section 2.4), the answer is an error, or
            a parameter came twice (RFC 6749 section 3.1).
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
    """Refuse an answer of another provider than the one that was asked: a mix-up (RFC 9207).

    Raises:
        SignInRefusedError: when `iss` is another's, or missing although the provider says that it sends it.
    """
    sent = answer.get("iss")
    if sent is None and not Discovery(document=provider.discovery).names_issuer:
        return
    if sent != provider.issuer:
        said = f"says iss={failures.quoted(sent)}" if sent is not None else "has no iss"
        raise failures.not_believed(
            provider,
            "issuer_mismatch",
            f"The answer to the authorization request {said}; it must be {provider.issuer}.",
            "Someone may have passed one provider's answer off as another's. If it happens to everyone, "
            "add the provider again with the issuer that its discovery document has now.",
        )


def malformed(provider: IdentityProvider, what: str) -> failures.SignInRefusedError:
    """Return the refusal of an answer that is none."""
    return failures.not_believed(
        provider,
        "invalid_response",
        f"The answer to the authorization request can't be read: {what}.",
        "Sign in again. If it happens again, look at the provider's log for this sign-in.",
    )


def refusal(answer: Mapping[str, str], provider: IdentityProvider) -> failures.SignInRefusedError:
    """Return what an error means that the provider sent along with the browser (RFC 6749 section 4.1.2.1)."""
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
