"""The identifiers and values that django-oauth-toolkit asks for when it makes something."""

import secrets

from oauth2_provider.generators import BaseHashGenerator
from oauthlib.common import Request

from accounts.models import new_identifier
from oauthapps import client_secrets


class ClientIdGenerator(BaseHashGenerator):
    """Makes Client IDs: 32 hexadecimal digits."""

    def hash(self) -> str:
        """Return a new Client ID."""
        return new_identifier()


class UnusableSecretGenerator(BaseHashGenerator):
    """Fills the toolkit's own column for a client secret, which nothing here ever reads.

    Secrets have a table. A blank column would authenticate a client without any secret, should stock code
    ever be let near it, so it holds a value that nobody knows.
    """

    def hash(self) -> str:
        """Return a value nobody has seen."""
        return secrets.token_hex(32)


def access_token(request: Request) -> str:
    """Return a new access token."""
    return client_secrets.new_access_token()


def refresh_token(request: Request) -> str:
    """Return a new refresh token."""
    return client_secrets.new_refresh_token()
