from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_user_must_change_password")]

    operations = [
        migrations.RemoveConstraint(model_name="onetimelink", name="one_link_of_each_purpose"),
        migrations.AddConstraint(
            model_name="onetimelink",
            constraint=models.UniqueConstraint(
                fields=["user", "purpose"],
                condition=~models.Q(purpose="mailed"),
                name="one_link_of_each_purpose",
            ),
        ),
    ]
