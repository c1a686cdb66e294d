from django.db import migrations, models
from django.db.models.functions import Lower

import accounts.fields


def lower_emails(apps, schema_editor):
    """Lower the emails stored so far; no two differ by their case alone (unique_email).

    Python does it, because SQLite lowers ASCII letters alone.
    """
    user = apps.get_model("accounts", "User")
    for pk, email in list(user.objects.values_list("pk", "email")):
        if email != email.lower():
            user.objects.filter(pk=pk).update(email=email.lower())


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_organization")]

    operations = [
        migrations.RunPython(lower_emails, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="user",
            name="email",
            field=accounts.fields.LowerCaseEmailField(max_length=254, verbose_name="email address"),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(condition=models.Q(email=Lower("email")), name="email_in_lower_case"),
        ),
    ]
