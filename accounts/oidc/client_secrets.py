"""The client secret that an identity provider issued to this installation, encrypted at rest."""

from cryptography.fernet import InvalidToken

from accounts.oidc.errors import ProviderError
from accounts.security.ciphers import IDENTITY_PROVIDERS, cipher


def seal(secret: str) -> str:
    """Return a client secret, encrypted for storage."""
    return cipher(IDENTITY_PROVIDERS).encrypt(secret.encode()).decode()


def unseal(sealed: str) -> str:
    """Return the plaintext of a stored client secret.

    Raises:
        ProviderError: when it was stored under a SECRET_KEY that is no longer accepted.
    """
    try:
        return cipher(IDENTITY_PROVIDERS).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise ProviderError(
            "Sign-in with this provider isn't set up correctly.",
            "The client secret was stored under another SECRET_KEY.",
            "Enter the client secret again under System › Sign-in.",
        ) from error
