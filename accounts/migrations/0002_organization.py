from django.db import migrations

from accounts.models import new_identifier


def make_organization(apps, schema_editor):
    """Make the one organization, so that a database that was only migrated has its Customer ID."""
    organization = apps.get_model("accounts", "Organization")
    organization.objects.get_or_create(id=1, defaults={"customer_id": new_identifier()})


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [migrations.RunPython(make_organization, migrations.RunPython.noop)]
