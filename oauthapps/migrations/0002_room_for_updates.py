from django.db import migrations

# Each row of these is changed once, when it has been used. Where its page has room the new version stays in it,
# and none of the indexes needs to hear of it.
TABLES = ("oauthapps_refreshtoken", "oauthapps_grant")
FULL = 85  # per cent of a page


def leave_room(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for table in TABLES:
            schema_editor.execute(f"ALTER TABLE {table} SET (fillfactor = {FULL})")


def leave_none(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for table in TABLES:
            schema_editor.execute(f"ALTER TABLE {table} RESET (fillfactor)")


class Migration(migrations.Migration):
    dependencies = [("oauthapps", "0001_initial")]

    operations = [migrations.RunPython(leave_room, leave_none)]
