from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("oauthapps", "0006_larger_logos")]

    operations = [
        migrations.AddIndex(
            model_name="accesstoken",
            index=models.Index(
                fields=["user"], condition=models.Q(family__isnull=True), name="access_token_of_machine"
            ),
        )
    ]
