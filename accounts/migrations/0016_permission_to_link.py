from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0015_provisioned_people'),
    ]

    operations = [
        migrations.AlterField(
            model_name='onetimelink',
            name='purpose',
            field=models.CharField(choices=[('invitation', 'Invitation'), ('handed_over', 'One-time password link'), ('mailed', 'Mail for a forgotten password'), ('linking', 'Permission to link an account')], max_length=20),
        ),
    ]
