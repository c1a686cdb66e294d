"""What a provider says about a person, as far as it is trusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.views.decorators.debug import sensitive_variables

from accounts.fields import LONGEST_EMAIL
from accounts.models import IdentityProvider
from accounts.oidc import failures
from accounts.oidc.authorization import AuthorizationRequest
from accounts.oidc.calls import get_json
from accounts.oidc.discovery import Discovery
from accounts.oidc.id_tokens import time_in, verified_id_token
from accounts.oidc.jwts import Claims
from accounts.oidc.tokens import Tokens

LONGEST_SID = 255
# What the UserInfo endpoint may add, besides groups.
ABOUT_PEOPLE = {"name", "given_name", "family_name", "preferred_username", "_claim_names"}
ABOUT_EMAIL = {"email", "email_verified", "xms_edov"}


@dataclass(frozen=True, kw_only=True)
class ProviderClaims:
    """Who signed in with a provider, from a checked ID token.

    Attributes:
        subject: `sub`, which identifies the person there forever.
        values: all claims; they aren't stored.
        auth_time: when they signed in there, in seconds since 1970; None if the provider doesn't say.
    """

    subject: str
    values: Mapping[str, Any] = field(repr=False)
    auth_time: float | None = None

    @property
    def sid(self) -> str:
        """The provider's ID for its session; empty if it has none, or one that is too long to store."""
        sid = self.text("sid")
        return sid if len(sid) <= LONGEST_SID else ""

    @property
    def email(self) -> str:
        """Their email address in lower case, verified or not; empty if there is none.

        An address with non-ASCII characters doesn't count: some of them become ASCII in lower case, such as
        the Kelvin sign, and would be somebody else's mailbox.
        """
        email = self.text("email")
        try:
            validate_ascii_email(email)
        except ValidationError:
            return ""
        return email.lower()

    @property
    def email_is_verified(self) -> bool:
        """Whether the provider says that the email address is the person's.

        Some send it as a string. Entra ID has no `email_verified`, but says in `xms_edov` whether the owner
        of the email's domain is verified.
        """
        if "email_verified" in self.values:
            return is_true(self.values["email_verified"])
        return is_true(self.values.get("xms_edov")) or self.values.get("xms_edov") in (1, "1")

    @property
    def domain(self) -> str:
        """The domain of the email address in lower case; empty if there is none."""
        return self.email.rpartition("@")[2]

    def text(self, name: str) -> str:
        """Return a claim that is a string of one line; empty if it isn't."""
        value = self.values.get(name)
        return value if isinstance(value, str) and value.isprintable() else ""


def validate_ascii_email(text: str) -> None:
    """Refuse anything but an email address in ASCII.

    Raises:
        ValidationError: when it is anything else.
    """
    if not text.isascii() or len(text) > LONGEST_EMAIL:
        raise ValidationError("Not an email address in ASCII.")
    validate_email(text)


def is_true(value: object) -> bool:
    """Return whether a claim is `true`, or the string that Amazon Cognito and Apple send."""
    return value is True or (isinstance(value, str) and value.lower() == "true")


@sensitive_variables()
def claims_of(provider: IdentityProvider, tokens: Tokens, asked: AuthorizationRequest) -> ProviderClaims:
    """Return what a provider says about whoever signed in; not to be called in a transaction.

    The UserInfo endpoint is called only if the ID token lacks the email address or the groups.

    Raises:
        SignInRefusedError: when a token isn't valid, or the provider doesn't answer.
    """
    claims = verified_id_token(tokens.id_token, provider, asked)
    endpoint = Discovery(document=provider.discovery).userinfo_endpoint
    if endpoint and tokens.access_token and lacks_something(claims, provider):
        claims = with_user_info(claims, provider, endpoint, tokens.access_token)
    return ProviderClaims(subject=claims["sub"], values=claims, auth_time=time_in(claims, "auth_time"))


def lacks_something(claims: Claims, provider: IdentityProvider) -> bool:
    """Return whether an ID token lacks claims that the UserInfo endpoint may have."""
    return not claims.get("email") or bool(provider.groups_claim and provider.groups_claim not in claims)


@sensitive_variables()
def with_user_info(claims: Claims, provider: IdentityProvider, url: str, access_token: str) -> Claims:
    """Return the claims of an ID token, completed from the UserInfo endpoint.

    The ID token takes precedence. An email address and whether it is verified come from the same source. How
    and when the person signed in is taken from the signed token only.

    Raises:
        SignInRefusedError: when the reply is about somebody else (OpenID Connect Core 1.0 section 5.3.2).
    """
    said = get_json(provider, url, headers={"Authorization": f"Bearer {access_token}"})
    if said.get("sub") != claims["sub"]:
        raise failures.not_believed(
            provider,
            "subject_mismatch",
            "The sub from the UserInfo endpoint differs from the ID token's, or is missing.",
            "Someone may have passed on somebody else's token. If it happens to everyone, have the provider "
            "use the same sub in ID tokens and at the UserInfo endpoint.",
        )
    about_email = set() if claims.get("email") else ABOUT_EMAIL
    wanted = ABOUT_PEOPLE | {provider.groups_claim} | about_email
    kept = {name: value for name, value in claims.items() if name not in about_email}
    return {name: value for name, value in said.items() if name in wanted} | kept


def provider_proved_second_factor(claims: ProviderClaims, provider: IdentityProvider) -> bool:
    """Return whether the provider checked a second factor that counts here.

    The values of `amr` (RFC 8176) and `acr` that count are set for each provider; by default, none do.
    """
    amr = claims.values.get("amr")
    said = [*(amr if isinstance(amr, list) else [amr]), claims.values.get("acr")]
    return any(value in provider.second_factor_values for value in said if isinstance(value, str))
