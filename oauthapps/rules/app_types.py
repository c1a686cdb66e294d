"""What each of the three application types has and may do, in one place.

The words are those of the product's description; pages, forms, the authorization server and the metadata read
them from here, so that a type cannot mean two things.
"""

from dataclasses import dataclass

from django.db import models

AUTHORIZATION_CODE = "authorization_code"
REFRESH_TOKEN = "refresh_token"  # noqa: S105 - the name of a grant (RFC 6749 section 6), not a token
CLIENT_CREDENTIALS = "client_credentials"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"  # RFC 7523 section 2.1

# What token replies call access tokens (RFC 6749 section 7.1).
BEARER = "Bearer"
SESSION_ID = "sessionID"


# What only those applications have that people sign in to.
_OF_SIGN_INS = (
    "redirect_urls",
    "rotate_refresh_tokens",
    "absolute_expiration",
    "inactivity_expiration",
    "description_url",
    "developer_name",
    "developer_email",
    "privacy_policy_url",
    "terms_of_service_url",
)


class AppType(models.TextChoices):
    """The type chosen when an application is created; it never changes afterward."""

    MACHINE_TO_MACHINE = "machine_to_machine", "Machine to Machine Application"
    SINGLE_PAGE = "single_page", "Single Page Web Application"
    WEB = "web", "Web Application"


@dataclass(frozen=True, slots=True)
class TypeSpec:
    """Everything that depends on the type of an application.

    Attributes:
        label: the name of the type.
        best_for: one sentence for the card in "New OAuth2 application".
        examples: languages and frameworks such applications are written in.
        authentication: one sentence, how the application authenticates.
        flow: which instructions belong to it: `jwt`, `pkce` or `code`.
        grant_types: `grant_type` values accepted from it, as on the wire.
        is_confidential: it can keep a secret (RFC 6749 section 2.1).
        has_secrets: it has client secrets.
        has_keys: it has public keys.
        has_redirect_urls: people sign in to it: Redirect URLs, refresh-token settings, logo, consent fields.
        may_verify_tokens: it may be allowed to look at the tokens of other applications.
        compatible_token_type: what replies of the Workfront-compatible profile call access tokens; the
            documented pages of the flows differ.
        pkce_required: an authorization request without a challenge is refused (RFC 9700 section 2.1.1).
        rotation_label: the field's label; empty where the type has no refresh tokens. So are the next two.
        absolute_label: label of the absolute expiration of refresh tokens.
        inactivity_label: label of the inactivity expiration of refresh tokens.
    """

    label: str
    best_for: str
    examples: tuple[str, ...]
    authentication: str
    flow: str
    grant_types: tuple[str, ...]
    is_confidential: bool
    has_secrets: bool
    has_keys: bool
    has_redirect_urls: bool
    may_verify_tokens: bool
    compatible_token_type: str
    pkce_required: bool
    rotation_label: str = ""
    absolute_label: str = ""
    inactivity_label: str = ""

    def has_field(self, name: str) -> bool:
        """Return whether an application of this type has a field, or list, of that name."""
        return {
            **dict.fromkeys(_OF_SIGN_INS, self.has_redirect_urls),
            "requires_pkce": self.has_redirect_urls and not self.pkce_required,
            "keys": self.has_keys,
            "secrets": self.has_secrets,
            "may_verify_tokens": self.may_verify_tokens,
            "service_id": not self.has_redirect_urls,
        }.get(name, True)

    @property
    def exchanges_jwts(self) -> bool:
        """Whether it gets tokens for JWTs that its keys sign; other types' keys only say who they are."""
        return JWT_BEARER in self.grant_types

    def token_type(self, *, compatible: bool) -> str:
        """Return what a reply calls the kind of access token (RFC 6749 section 7.1).

        Args:
            compatible: for a client with the Workfront-compatible response profile.
        """
        return self.compatible_token_type if compatible else BEARER


_SPECS = {
    AppType.MACHINE_TO_MACHINE: TypeSpec(
        label="Machine to Machine Application",
        best_for="Best for CLIs, daemons, or scripts running on your server",
        examples=("Shell", "Python"),
        authentication="Authentication through JSON Web Token with public/private key-pair encoding.",
        flow="jwt",
        grant_types=(JWT_BEARER, CLIENT_CREDENTIALS),
        is_confidential=True,
        has_secrets=True,
        has_keys=True,
        has_redirect_urls=False,
        may_verify_tokens=True,
        compatible_token_type=SESSION_ID,
        pkce_required=False,
    ),
    AppType.SINGLE_PAGE: TypeSpec(
        label="Single Page Web Application",
        best_for="Best for mobile or single-page web applications",
        examples=("Javascript", "Angular", "React", "Vue"),
        authentication=(
            "Authentication through OAuth 2.0 Authorization Code flow with "
            "Proof Key for Code Exchange (PKCE)."
        ),
        flow="pkce",
        grant_types=(AUTHORIZATION_CODE, REFRESH_TOKEN),
        is_confidential=False,
        has_secrets=False,
        has_keys=False,
        has_redirect_urls=True,
        may_verify_tokens=False,
        compatible_token_type=BEARER,
        pkce_required=True,
        rotation_label="Rotate refresh token every time it is used",
        absolute_label="Absolute expiration",
        inactivity_label="Inactivity expiration",
    ),
    AppType.WEB: TypeSpec(
        label="Web Application",
        best_for="Best for server-side applications that handle credentials and tokens on the server",
        examples=("Go", "Java", "ASP.Net", "Node.js", "PHP"),
        authentication="Authentication through OAuth 2.0 Authorization Code flow.",
        flow="code",
        grant_types=(AUTHORIZATION_CODE, REFRESH_TOKEN),
        is_confidential=True,
        has_secrets=True,
        has_keys=True,
        has_redirect_urls=True,
        may_verify_tokens=False,
        compatible_token_type=SESSION_ID,
        pkce_required=False,
        rotation_label="Refresh token rotation",
        absolute_label="Absolute refresh token expiration",
        inactivity_label="Inactivity refresh token expiration",
    ),
}


def spec_of(app_type: str) -> TypeSpec:
    """Look up what a type has and may do.

    Args:
        app_type: an `AppType` or its stored value.

    Returns:
        The description of that type.

    Raises:
        ValueError: if there is no such type.
    """
    return _SPECS[AppType(app_type)]
