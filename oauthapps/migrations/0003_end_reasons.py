from django.db import migrations, models


class Migration(migrations.Migration):
    """Takes the choices off the reasons; nothing changes in the database."""

    dependencies = [("oauthapps", "0002_room_for_updates")]

    operations = [
        migrations.AlterField(
            model_name="tokenfamily",
            name="end_reason",
            field=models.CharField(blank=True, max_length=30),
        ),
    ]
