"""Who is asking: client authentication at every endpoint that clients call (RFC 6749 section 2.3).

Secrets are random, so they are looked up by digest: the same single statement whether the client is unknown
or its secret wrong, and nothing to time.
"""

import binascii
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

from oauthlib.oauth2 import InvalidClientError, InvalidRequestError

from audit.actors import Sender
from oauthapps.errors import AssertionFaultError, ClientAssertionUsedError
from oauthapps.explanations import assertions, client_secrets, requests
from oauthapps.oauth2 import client_assertions, refusals
from oauthapps.oauth2.client_errors import (
    AssertionReplayedError,
    ClientAuthenticationError,
    Credentials,
    PublicClientError,
    broken_basic,
    not_asserted,
    not_authenticated,
    two_clients,
    two_ways,
)
from oauthapps.oauth2.explained import explained
from oauthapps.oauth2.parameters import Parameters
from oauthapps.oauth2.throttling import count_failure
from oauthapps.rules import echoes
from oauthapps.rules.credential_values import digest, is_text
from oauthapps.services import tokens
from oauthapps.services.assertions import VerifiedAssertion
from oauthapps.sql import clients
from oauthapps.sql.client_keys import client_with_keys
from oauthapps.sql.clients import ClientRow, Presented


class AuthenticatedClient(NamedTuple):
    """A client that has said who it is and, where it has secrets, shown one.

    Attributes:
        application: the enabled application, with the secret it showed.
        presented: the rows of what else its request shows, if it was asked for.
        assertion: what it authenticated with instead of a secret. It is used up together with what the
            request presents, or, where no tokens come of it, already.
    """

    application: ClientRow
    presented: Sequence[Any] = ()
    assertion: VerifiedAssertion | None = None

    def own_row(self) -> Any:
        """Return the row of what it presents, if it is its own; nobody else's is good for it."""
        return next((row for row in self.presented if row.application_id == self.application.id), None)


def authenticate_client(
    authorization: str, parameters: Parameters, sender: Sender, presented: Presented | None = None
) -> AuthenticatedClient:
    """Return the client that sent this request.

    Args:
        authorization: the Authorization header, empty when there is none.
        parameters: the request's parameters.
        sender: where the request came from.
        presented: what to look up in the same statement.

    Raises:
        InvalidRequestError: when it authenticates in two ways, or names two clients.
        ClientAuthenticationError: when it does not authenticate.
        TooManyFailuresError: when it does not, and has not too often.
    """
    try:
        return find_client(authorization, parameters, presented)
    except ClientAuthenticationError as error:
        count_failure(error.client_id, sender().ip_address)
        raise


def identify_application(authorization: str, parameters: Parameters, sender: Sender) -> ClientRow | None:
    """Find out whose client sent a request that is refused for another reason, so that it reads its dialect.

    A failure counts here as everywhere: the dialect of the answer tells a right secret from a wrong one.

    Raises:
        TooManyFailuresError: when this is one guess too many.
    """
    if not is_basic(authorization) and "client_id" not in parameters:
        return None
    try:
        return authenticate_client(authorization, parameters, sender).application
    except (InvalidClientError, InvalidRequestError):
        return None


def find_client(
    authorization: str, parameters: Parameters, presented: Presented | None
) -> AuthenticatedClient:
    """Return the enabled client that a request comes from, in one statement."""
    if "client_assertion" in parameters:
        return find_client_by_assertion(authorization, parameters, presented)
    credentials = read_credentials(authorization, parameters)
    found, rows = clients.client(credentials.client_id, [*map(digest, credentials.secrets)], presented)
    if found is None or (found.secret_id is None and found.type.is_confidential):
        raise unauthenticated(credentials)
    if presented is None or not presented.issues:  # otherwise it is noted together with the tokens
        tokens.record_secret_use(found)
    return AuthenticatedClient(application=found, presented=rows)


def find_client_by_assertion(
    authorization: str, parameters: Parameters, presented: Presented | None
) -> AuthenticatedClient:
    """Return the enabled client that has signed an assertion about itself (RFC 7521 section 4.2)."""
    text = parameters["client_assertion"]
    credentials = Credentials(client_id=client_assertions.claimed_client_id(text))
    if is_basic(authorization) or parameters.get("client_secret"):
        raise two_ways(credentials.client_id)
    type_ = parameters.get("client_assertion_type", "")
    if type_ != client_assertions.ASSERTION_TYPE:
        error, expected = InvalidRequestError(refusals.ASSERTION_TYPE), client_assertions.ASSERTION_TYPE
        raise explained(error, requests.other_assertion_type, echoes.named(type_), expected)
    if parameters.get("client_id", credentials.client_id) != credentials.client_id:
        raise two_clients("The client_assertion and the client_id name different clients.")
    found, keys, rows = client_with_keys(credentials.client_id, presented)
    try:
        assertion = client_assertions.verify(text, credentials.client_id, keys)
    except AssertionFaultError as error:
        raise not_asserted(credentials, error) from error
    if found is None:
        raise not_authenticated(credentials)
    client = AuthenticatedClient(application=found, presented=rows, assertion=assertion)
    if presented is None or not presented.issues:
        use_up_assertion(client)
    return client


def use_up_assertion(client: AuthenticatedClient) -> None:
    """Use up what a client authenticated with, where that is an assertion and no tokens come of it.

    Raises:
        ClientAuthenticationError: when it was used before.
    """
    if client.assertion:
        with once(client):
            tokens.use_client_assertion(client.assertion, client.application)


@contextmanager
def once(client: AuthenticatedClient) -> Iterator[None]:
    """Refuse a client whose assertion was used before, which is found out while it is being used up.

    Raises:
        ClientAuthenticationError: when it was.
    """
    try:
        yield
    except ClientAssertionUsedError as error:
        credentials = Credentials(client_id=client.application.client_id)
        explain = assertions.client_assertion_used
        raise AssertionReplayedError(credentials, refusals.ASSERTION_USED, explain) from error


def unauthenticated(credentials: Credentials) -> ClientAuthenticationError:
    """Return the error for a client that is unknown or has shown no secret of its own.

    A secret in the body may be a public client's, which is as well known by its Client ID alone. One that
    came by Basic is answered with Basic's challenge in any case (RFC 6749 section 5.2).
    """
    secret = credentials.secrets[0] if credentials.secrets else ""
    if secret and not credentials.by_basic:
        found, _ = clients.client(credentials.client_id, ())
        if found is not None and not found.type.is_confidential:
            explain = partial(client_secrets.not_needed, found.type.label)
            return PublicClientError(credentials, refusals.HAS_NO_SECRET, explain)
    return not_authenticated(credentials, refusals.of_credentials(credentials.client_id, secret))


def read_credentials(authorization: str, parameters: Parameters) -> Credentials:
    """Return what the request says about its sender, however it says it."""
    client_id, secret = parameters.get("client_id", ""), parameters.get("client_secret", "")
    if not is_basic(authorization):
        return Credentials(client_id=client_id, secrets=(secret,) if secret else ())
    basic = read_basic(authorization)
    if secret:
        raise two_ways(basic.client_id)
    if client_id and client_id != basic.client_id:
        raise two_clients("The Authorization header and the body name different clients.")
    return basic


def is_basic(authorization: str) -> bool:
    """Return whether an Authorization header is, or tries to be, client authentication (section 2.3.1).

    Any other scheme speaks to somebody else: a proxy on the way, or an API that was called before.
    """
    return authorization[:5].lower() == "basic"


def read_basic(authorization: str) -> Credentials:
    """Return the credentials in an Authorization header that `is_basic`.

    Raises:
        ClientAuthenticationError: when it is not well-formed.
    """
    scheme, _, encoded = authorization.partition(" ")
    try:
        decoded = binascii.a2b_base64(encoded.strip(), strict_mode=True).decode("utf-8")
    except ValueError as error:  # includes binascii.Error
        raise broken_basic() from error
    encoded_id, separator, secret = decoded.partition(":")
    client_id = form_decoded(encoded_id)
    if scheme.lower() != "basic" or not separator or not is_text(client_id):
        raise broken_basic()
    readings = dict.fromkeys((secret, form_decoded(secret)))
    return Credentials(client_id=client_id, secrets=tuple(filter(None, readings)), by_basic=True)


def form_decoded(value: str) -> str:
    """Return what a form-encoded value stands for (RFC 6749 appendix B); most are not encoded at all."""
    return unquote_plus(value) if "%" in value or "+" in value else value
