"""Recovery codes that their owners have seen are kept as digests; those that nobody has seen stay encrypted."""

import hmac
from hashlib import sha1

from cryptography.fernet import InvalidToken
from django.db import migrations

from accounts.ciphers import cipher
from accounts.services.recovery_codes import digested

DIGITS = 8  # what a code had until now
COUNT = 10


def keep_digests(apps, schema_editor):
    rows = apps.get_model("mfa", "Authenticator").objects.filter(type="recovery_codes")
    for row in rows:
        if not row.data.get("viewed_at") or "seed" not in row.data:
            continue
        try:
            seed = cipher("second factors").decrypt(row.data["seed"].encode())
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
