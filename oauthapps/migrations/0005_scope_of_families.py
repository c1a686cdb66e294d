from django.db import migrations, models
from django.db.models import OuterRef, Subquery
from django.db.models.functions import Coalesce


def write_scopes(apps, schema_editor):
    """Give each family the scope of its code, which says what was allowed, or else the last that is known."""
    families = apps.get_model("oauthapps", "TokenFamily").objects
    of_family = [
        Subquery(rows.objects.filter(family=OuterRef("pk")).order_by("pk").values("scope")[:1])
        for rows in (apps.get_model("oauthapps", "Grant"), apps.get_model("oauthapps", "RefreshToken"))
    ]
    consents = apps.get_model("oauthapps", "Consent").objects.filter(pk=OuterRef("consent"))
    families.update(scope=Coalesce(*of_family, Subquery(consents.values("scope"))))


class Migration(migrations.Migration):
    """Moves the scope to the family: a later consent, to less, says nothing about tokens that live."""

    dependencies = [("oauthapps", "0004_counted_events")]

    operations = [
        migrations.AddField(
            model_name="tokenfamily",
            name="scope",
            field=models.CharField(default="", max_length=200),
            preserve_default=False,
        ),
        migrations.RunPython(write_scopes, migrations.RunPython.noop),
        migrations.RemoveField(model_name="consent", name="scope"),
    ]
