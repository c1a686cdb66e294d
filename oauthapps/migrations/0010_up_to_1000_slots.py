from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("oauthapps", "0009_public_keys_are_uploaded")]

    operations = [
        migrations.RemoveConstraint(model_name="application", name="application_slot_range"),
        migrations.AddConstraint(
            model_name="application",
            constraint=models.CheckConstraint(
                condition=models.Q(("slot", None), ("slot__range", (1, 1000)), _connector="OR"),
                name="application_slot_range",
            ),
        ),
    ]
