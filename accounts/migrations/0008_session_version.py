from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_recovery_code_digests")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="session_version",
            field=models.PositiveIntegerField(db_default=0, default=0, editable=False),
        ),
    ]
