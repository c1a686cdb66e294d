"""Sessions are named by the digests of their keys, so that whoever is signed in stays so."""

from hashlib import sha256

from django.db import migrations

# As the session store did it then; a migration must not depend on code that goes on changing.
DIGEST_LENGTH = 40


def digest(key):
    return sha256(key.encode()).hexdigest()[:DIGEST_LENGTH]


def name_by_digests(apps, schema_editor):
    for app, model in (("sessions", "Session"), ("usersessions", "UserSession")):
        rows = apps.get_model(app, model).objects
        for key in list(rows.values_list("session_key", flat=True)):
            rows.filter(session_key=key).update(session_key=digest(key))


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_links_beside_each_other"),
        ("sessions", "0001_initial"),
        ("usersessions", "0001_initial"),
    ]

    operations = [migrations.RunPython(name_by_digests, migrations.RunPython.noop)]
