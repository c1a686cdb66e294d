"""Discovery documents (OpenID Connect Discovery 1.0), and what a sign-in requires of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from accounts.oidc.addresses import check_url
from accounts.oidc.errors import DiscoveryError, FetchError
from accounts.oidc.fetching import fetch

WELL_KNOWN = "/.well-known/openid-configuration"
# The algorithms for ID tokens: none that are symmetric, and never `none`.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
CODE, S256 = "code", "S256"
BASIC, POST = "client_secret_basic", "client_secret_post"
LONGEST_TEXT, MOST_ENTRIES = 2048, 100

REQUIRED_URLS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
OPTIONAL_URLS = ("userinfo_endpoint", "end_session_endpoint")
LISTS = (
    "id_token_signing_alg_values_supported",
    "token_endpoint_auth_methods_supported",
    "acr_values_supported",
)
FLAGS = ("authorization_response_iss_parameter_supported", "backchannel_logout_supported")

USE_ANOTHER = "Gatehouse can't work with this provider."
CHECK_ISSUER = "Check the issuer: it has to be exactly the one in the provider's discovery document."


@dataclass(frozen=True, kw_only=True)
class Discovery:
    """A discovery document that passed the checks of `discover`.

    Attributes:
        document: the stored metadata, under the names of OpenID Connect Discovery 1.0 section 3.
    """

    document: Mapping[str, Any]

    @property
    def issuer(self) -> str:
        """The issuer, as in ID tokens and authorization responses."""
        return str(self.document["issuer"])

    @property
    def authorization_endpoint(self) -> str:
        """Where browsers are sent to sign in."""
        return str(self.document["authorization_endpoint"])

    @property
    def token_endpoint(self) -> str:
        """Where codes are exchanged."""
        return str(self.document["token_endpoint"])

    @property
    def jwks_uri(self) -> str:
        """Where the keys for ID tokens are published."""
        return str(self.document["jwks_uri"])

    @property
    def userinfo_endpoint(self) -> str:
        """Where further claims are; empty if there is no such endpoint."""
        return str(self.document.get("userinfo_endpoint", ""))

    @property
    def end_session_endpoint(self) -> str:
        """Where browsers are sent to sign out; empty if there is no such endpoint."""
        return str(self.document.get("end_session_endpoint", ""))

    @property
    def algorithms(self) -> tuple[str, ...]:
        """The algorithms that an ID token may be signed with; at least one, all of them in ALGORITHMS."""
        listed = self.document["id_token_signing_alg_values_supported"]
        return tuple(each for each in ALGORITHMS if each in listed)

    @property
    def authenticates_in_header(self) -> bool:
        """Whether the client secret is sent in a header (RFC 6749 section 2.3.1) rather than in the body."""
        methods = self.document.get("token_endpoint_auth_methods_supported")
        return methods is None or BASIC in methods

    @property
    def names_issuer(self) -> bool:
        """Whether authorization responses have `iss` (RFC 9207)."""
        return bool(self.document.get("authorization_response_iss_parameter_supported"))

    @property
    def has_backchannel_logout(self) -> bool:
        """Whether the provider announces that it sends logout tokens."""
        return bool(self.document.get("backchannel_logout_supported"))


def discover(issuer: str) -> Discovery:
    """Read a provider's discovery document, and check it.

    Args:
        issuer: the issuer, exactly as in the document.

    Raises:
        FetchError: when it can't be read, or the issuer isn't an https URL.
        DiscoveryError: when its issuer differs, or the provider lacks what a sign-in requires.
    """
    if "?" in issuer or "#" in issuer:
        raise DiscoveryError("The issuer has a query or a fragment.", CHECK_ISSUER)
    if issuer.rstrip("/").endswith(WELL_KNOWN):
        raise DiscoveryError("This is the URL of the discovery document.", f"Leave out {WELL_KNOWN}.")
    url = issuer.rstrip("/") + WELL_KNOWN  # section 4.1
    reply = fetch(url)
    if reply.status != HTTPStatus.OK:
        raise DiscoveryError(f"There is no discovery document: {url} answered {reply.status}.", CHECK_ISSUER)
    return checked(reply.document, issuer)


def checked(document: Mapping[str, Any], issuer: str) -> Discovery:
    """Return a discovery document if it is from this issuer and sign-ins can work with it.

    Raises:
        DiscoveryError: otherwise.
    """
    check_issuer(document, issuer)
    for name in REQUIRED_URLS:
        check_endpoint(document, name)
    for name in OPTIONAL_URLS:
        if name in document:
            check_endpoint(document, name)
    for name, is_enough, missing in CAPABILITIES:
        if not is_enough(list_in(document, name)):
            raise DiscoveryError(f"The discovery document doesn't list {missing} in {name}.", USE_ANOTHER)
    names = ("issuer", *REQUIRED_URLS, *OPTIONAL_URLS)
    kept: dict[str, Any] = {name: document[name] for name in names if name in document}
    kept |= {name: listed for name in LISTS if (listed := list_in(document, name)) is not None}
    kept |= {name: True for name in FLAGS if document.get(name) is True}
    return Discovery(document=kept)


def check_issuer(document: Mapping[str, Any], issuer: str) -> None:
    """Refuse a document from another issuer (section 4.3).

    Raises:
        DiscoveryError: when the issuers differ in any character.
    """
    named = document.get("issuer")
    if named == issuer:
        return
    if not isinstance(named, str) or len(named) > LONGEST_TEXT:
        raise DiscoveryError("The discovery document has no issuer.", CHECK_ISSUER)
    if "{" in named:  # Entra ID's for all tenants
        fix = "Use the issuer of one tenant, with its ID in the URL."
        raise DiscoveryError(f"The discovery document's issuer is {named}, for any tenant.", fix)
    raise DiscoveryError(f"The discovery document's issuer is {named}.", CHECK_ISSUER)


def check_endpoint(document: Mapping[str, Any], name: str) -> None:
    """Refuse an endpoint that is missing or can't be used.

    Raises:
        DiscoveryError: when it is missing, or isn't an https URL.
    """
    url = document.get(name)
    if not isinstance(url, str) or not url or len(url) > LONGEST_TEXT:
        raise DiscoveryError(f"The discovery document has no {name}.", USE_ANOTHER)
    try:
        check_url(url)
    except FetchError as error:
        raise DiscoveryError(
            f"The discovery document's {name} can't be used. {error.cause}", error.fix
        ) from error


def list_in(document: Mapping[str, Any], name: str) -> list[str] | None:
    """Return the list under a name in a document; None if there is none."""
    listed = document.get(name)
    if not isinstance(listed, list):
        return None
    return [each for each in listed[:MOST_ENTRIES] if isinstance(each, str) and len(each) <= LONGEST_TEXT]


def includes(*wanted: str) -> Callable[[list[str] | None], bool]:
    """Return a check that a required list has one of several values."""
    return lambda listed: listed is not None and any(each in listed for each in wanted)


def includes_if_listed(*wanted: str) -> Callable[[list[str] | None], bool]:
    """Return a check that an optional list has one of several values if it is there."""
    return lambda listed: listed is None or any(each in listed for each in wanted)


# What a provider has to support: the list that says so, the check, and what is missing otherwise. Lists with
# a default in RFC 8414 are optional, and so is code_challenge_methods_supported, which many leave out.
CAPABILITIES = (
    ("response_types_supported", includes(CODE), "“code”"),
    ("response_modes_supported", includes_if_listed("query"), "“query”"),
    ("grant_types_supported", includes_if_listed("authorization_code"), "“authorization_code”"),
    ("code_challenge_methods_supported", includes_if_listed(S256), "“S256”"),
    ("token_endpoint_auth_methods_supported", includes_if_listed(BASIC, POST), f"“{BASIC}” or “{POST}”"),
    (
        "id_token_signing_alg_values_supported",
        includes(*ALGORITHMS),
        "a public-key algorithm, such as “RS256” or “ES256”,",
    ),
)
