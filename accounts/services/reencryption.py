"""Encrypting anew, under the present SECRET_KEY, what was encrypted under a former one."""

from collections.abc import Sequence

from allauth.mfa.models import Authenticator
from cryptography.fernet import InvalidToken, MultiFernet
from django.conf import settings
from django.db import transaction

from accounts.models import IdentityProvider
from accounts.security.ciphers import IDENTITY_PROVIDERS, SECOND_FACTORS, cipher_under

# Where it is in the data of a second factor, by its type.
ENCRYPTED = {Authenticator.Type.TOTP: "secret", Authenticator.Type.RECOVERY_CODES: "seed"}


def reencrypt_stored(former_keys: Sequence[str]) -> int:
    """Reencrypt everything encrypted with a former key, and return how many rows there were.

    Args:
        former_keys: of the installation, those included that nothing else is accepted under any more.
    """
    return reencrypt_second_factors(former_keys) + reencrypt_client_secrets(former_keys)


def reencrypt_client_secrets(former_keys: Sequence[str]) -> int:
    """Reencrypt the client secrets of identity providers, and return how many.

    Whatever none of the keys can decrypt stays as it is.
    """
    present = cipher_under([settings.SECRET_KEY], IDENTITY_PROVIDERS)
    every = cipher_under([settings.SECRET_KEY, *former_keys], IDENTITY_PROVIDERS)
    rows = IdentityProvider.objects.order_by("pk").values_list("pk", "sealed_secret")
    stale = [(pk, sealed) for pk, sealed in rows if not opens(present, sealed) and opens(every, sealed)]
    # If somebody enters another secret in the meantime, theirs stays.
    return sum(
        IdentityProvider.objects.filter(pk=pk, sealed_secret=sealed).update(
            sealed_secret=every.rotate(sealed.encode()).decode()
        )
        for pk, sealed in stale
    )


def reencrypt_second_factors(former_keys: Sequence[str]) -> int:
    """Encrypt second factors anew that were encrypted under a former key, and return how many.

    Whatever none of the keys can decrypt stays as it is.

    Args:
        former_keys: of the installation, those included that nothing else is accepted under any more.
    """
    present = cipher_under([settings.SECRET_KEY], SECOND_FACTORS)
    every = cipher_under([settings.SECRET_KEY, *former_keys], SECOND_FACTORS)
    rows = Authenticator.objects.filter(type__in=ENCRYPTED).order_by("pk").iterator()
    stale = [row.pk for row in rows if not reads(present, row) and reads(every, row)]
    return sum(reencrypt(pk, every) for pk in stale)


def reads(cipher: MultiFernet, row: Authenticator) -> bool:
    """Return whether a cipher reads what is encrypted in a second factor; so it does where nothing is."""
    encrypted = row.data.get(ENCRYPTED[row.type])
    return encrypted is None or opens(cipher, encrypted)


def opens(cipher: MultiFernet, encrypted: str) -> bool:
    """Return whether a cipher can decrypt a value."""
    try:
        return bool(cipher.decrypt(encrypted.encode()))
    except InvalidToken:
        return False


def reencrypt(pk: int, cipher: MultiFernet) -> bool:
    """Encrypt one anew, and return whether it was still to be; whoever changes it meanwhile waits."""
    with transaction.atomic():
        row = Authenticator.objects.select_for_update(no_key=True).filter(pk=pk).first()
        name = ENCRYPTED[row.type] if row is not None else ""
        if row is None or name not in row.data or not reads(cipher, row):
            return False
        row.data[name] = cipher.rotate(row.data[name].encode()).decode()
        row.save(update_fields=["data"])
    return True
