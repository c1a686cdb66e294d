from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [('accounts', '0009_second_factor_for_administrators')]

    operations = [
        migrations.AddField(
            model_name='user',
            name='wants_access_mail',
            field=models.BooleanField(db_default=True, default=True, verbose_name='Email me when an administrator revokes access'),
        ),
    ]
