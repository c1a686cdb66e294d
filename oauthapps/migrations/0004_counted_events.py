from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("oauthapps", "0003_end_reasons")]

    operations = [
        migrations.AddField(
            model_name="event",
            name="times",
            field=models.PositiveIntegerField(default=1, db_default=1),
        )
    ]
