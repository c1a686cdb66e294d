from django.db import migrations, models

# What the consent page has said of the scopes that there were so far.
SENTENCES = {
    "read": "Retrieve content and information that you have access to",
    "write": "Create, edit, and delete records that you have access to",
    "offline_access": "Keep this access while you're away",
}


def write_down_what_people_read(apps, schema_editor):
    """Write to each consent what its person has read, as far as that is still known."""
    Consent = apps.get_model("oauthapps", "Consent")
    families = apps.get_model("oauthapps", "TokenFamily").objects.filter(consent__withdrawn_at=None)
    read = {}
    for consent, scope in families.values_list("consent", "scope").distinct():
        known = {name: SENTENCES[name] for name in scope.split() if name in SENTENCES}
        read.setdefault(consent, {}).update(known)
    rows = [Consent(pk=pk, sentences=sentences) for pk, sentences in read.items()]
    Consent.objects.bulk_update(rows, ["sentences"], batch_size=500)


class Migration(migrations.Migration):

    dependencies = [
        ('oauthapps', '0012_apis'),
    ]

    operations = [
        migrations.AddField(
            model_name='consent',
            name='sentences',
            field=models.JSONField(db_default=models.Value({}, models.JSONField()), default=dict),
        ),
        migrations.AddField(
            model_name='tokenfamily',
            name='allowed_until',
            field=models.DateTimeField(null=True),
        ),
        migrations.RunPython(write_down_what_people_read, migrations.RunPython.noop),
    ]
