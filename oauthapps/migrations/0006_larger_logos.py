from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("oauthapps", "0005_scope_of_families")]

    operations = [
        migrations.AlterField(
            model_name="logo",
            name="png",
            field=models.BinaryField(max_length=266240),
        )
    ]
