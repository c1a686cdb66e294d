from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_email_in_lower_case")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="must_change_password",
            field=models.BooleanField(default=False, editable=False),
        ),
    ]
