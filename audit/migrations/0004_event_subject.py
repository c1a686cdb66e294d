"""Keep what has the values of a change, so that they can be put back."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_event_values")]

    operations = [
        migrations.AddField(
            model_name="event", name="subject", field=models.PositiveBigIntegerField(null=True)
        )
    ]
