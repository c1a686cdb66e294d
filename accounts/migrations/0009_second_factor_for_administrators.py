from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_session_version")]

    operations = [
        migrations.AddField(
            model_name="organization",
            name="second_factor_required_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="user",
            name="promoted_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
