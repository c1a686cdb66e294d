"""Recovery codes that their owners have seen are kept as digests; those that nobody has seen stay encrypted."""

import base64
import hmac
import secrets
import time
from hashlib import scrypt, sha1

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import migrations

DIGITS = 8  # what a code had until now
COUNT = 10


# As second factors were encrypted and digests made then; a migration must not depend on code that goes on
# changing.
def cipher():
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"gatehouse second factors")
    return Fernet(base64.urlsafe_b64encode(derived.derive(settings.SECRET_KEY.encode())))


def digested(codes):
    salt = secrets.token_hex(16)
    digests = [scrypt(code.encode(), salt=bytes.fromhex(salt), n=2**14, r=8, p=1).hex() for code in codes]
    return {"salt": salt, "digests": digests, "used_mask": 0, "viewed_at": time.time()}


def keep_digests(apps, schema_editor):
    rows = apps.get_model("mfa", "Authenticator").objects.filter(type="recovery_codes")
    for row in rows:
        if not row.data.get("viewed_at") or "seed" not in row.data:
            continue
        try:
            seed = cipher().decrypt(row.data["seed"].encode())
        except InvalidToken:  # stored under another SECRET_KEY: nobody could use them before either
            continue
        row.data = {**digested(codes_of(seed)), **{name: row.data[name] for name in ("used_mask", "viewed_at")}}
        row.save(update_fields=["data"])


def codes_of(seed):
    """Return the codes as django-allauth worked them out."""
    codes, mac = [], hmac.new(key=seed, msg=None, digestmod=sha1)
    for number in range(COUNT):
        mac.update(f"{number:3},".encode())
        value = int.from_bytes(mac.digest()[: DIGITS // 2], byteorder="big") % 10**DIGITS
        codes.append(str(value).zfill(DIGITS))
    return codes


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_session_digests"),
        ("mfa", "0003_authenticator_type_uniq"),
    ]

    operations = [migrations.RunPython(keep_digests, migrations.RunPython.noop)]
