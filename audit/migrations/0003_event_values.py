"""Keep the values of a change as they are stored, so that they can be put back."""

from django.db import migrations, models
from django.db.models import Value


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_housekeeping")]

    operations = [
        migrations.AddField(
            model_name="event",
            name="values",
            field=models.JSONField(default=dict, db_default=Value({}, models.JSONField())),
        )
    ]
