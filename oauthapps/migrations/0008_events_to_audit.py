from django.db import migrations


class Migration(migrations.Migration):
    """Hands the events over to the app `audit`, table and rows as they are; nothing changes in the database."""

    dependencies = [("oauthapps", "0007_tokens_of_machines")]

    operations = [
        migrations.SeparateDatabaseAndState(state_operations=[migrations.DeleteModel(name="Event")]),
    ]
