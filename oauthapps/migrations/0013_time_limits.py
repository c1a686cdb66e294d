from django.db import migrations, models

# What the consent page has said of the scopes that there were so far.
SENTENCES = {
    "read": "Retrieve content and information that you have access to",
    "write": "Create, edit, and delete records that you have access to",
    "offline_access": "Keep this access while you're away",
}

AT_ONCE = 5000


def write_down_what_people_read(apps, schema_editor):
    """Write to each consent what its person has read, as far as that is still known."""
    Consent = apps.get_model("oauthapps", "Consent")
    families = apps.get_model("oauthapps", "TokenFamily").objects.filter(consent__withdrawn_at=None)
    # What ended when the person withdrew consent says nothing of what they have allowed since.
    since = families.exclude(end_reason="consent_withdrawn")
    read = {}
    for consent, scope in since.order_by().values_list("consent_id", "scope").distinct().iterator():
        read.setdefault(consent, set()).update(SENTENCES.keys() & scope.split())
    # There are few sets of scopes, and may be many consents.
    same = {}
    for consent, names in read.items():
        same.setdefault(frozenset(names), []).append(consent)
    for names, consents in same.items():
        sentences = {name: SENTENCES[name] for name in sorted(names)}
        for begin in range(0, len(consents), AT_ONCE):
            some = consents[begin : begin + AT_ONCE]
            Consent.objects.filter(pk__in=some).update(sentences=sentences)


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
