from django.db import migrations

# Failures are counted for a minute, by the hundreds a second where somebody guesses. PostgreSQL keeps no log of
# their rows, so that no count waits until it is on the disk; after a crash it begins with an empty table.
TABLE = "oauthapps_failurecount"


def keep_no_log(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"ALTER TABLE {TABLE} SET UNLOGGED")


def keep_a_log(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"ALTER TABLE {TABLE} SET LOGGED")


class Migration(migrations.Migration):
    dependencies = [("oauthapps", "0019_recorded_in_full")]

    operations = [migrations.RunPython(keep_no_log, keep_a_log)]
