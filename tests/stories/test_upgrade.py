"""One of two instances is upgraded while the other serves."""

from pathlib import Path

import pytest

from tests.infrastructure.authenticator import SoftAuthenticator
from tests.infrastructure.installation import ADMIN, Installation
from tests.infrastructure.migrated import migrated_server
from tests.stories.conftest import manage
from tests.stories.owners import Owner, Visitor
from tests.stories.test_backup import CALLBACK, refresh, refresh_token, refreshing

pytestmark = pytest.mark.story

# What a newer release brings: a table, and columns in the tables of every request.
NEWER = """
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("oauthapps", "{latest}")]
    operations = [
        migrations.CreateModel("Newer", fields=[("id", models.BigAutoField(primary_key=True))]),
        *(
            migrations.AddField(model, "newer", models.CharField(max_length=20, default="", db_default=""))
            for model in ("application", "grant", "accesstoken", "refreshtoken", "tokenfamily")
        ),
    ]
"""


def upgrade(installation: Installation) -> None:
    """Bring the code of a newer release."""
    folder = installation.folder / "oauthapps" / "migrations"
    latest = max(path.stem for path in folder.glob("0*.py"))
    (folder / "0999_newer.py").write_text(NEWER.format(latest=latest))


@pytest.mark.spec("O-46", "operation")
def test_both_serve_while_one_brings_a_newer_schema(tmp_path: Path) -> None:
    with migrated_server() as server:
        environment = {**ADMIN, "DATABASE_URL": server.url, "SECRET_KEY": "a-key-of-both-0123456789-abcdefgh"}
        first = Installation(tmp_path / "first", environment)
        second = Installation(tmp_path / "second", environment)
        second.environment["BASE_URL"] = first.environment["BASE_URL"] = first.base_url
        upgrade(second)
        with first:
            owner = Owner(Visitor(first.base_url), SoftAuthenticator(first.base_url))
            owner.set_up()
            options = ("--type", "web", "--name", "Kept", "--redirect-url", CALLBACK)
            application = manage(first, "create_application", *options)
            one, other = (refresh_token(owner.session, application) for _ in range(2))
            with refreshing(first.base_url, application, one) as statuses, second:
                served_before = len(statuses)
                assert second.manage("migrate", "--check").returncode == 0
                assert first.manage("showmigrations", "oauthapps").returncode == 0
                assert refresh(second.base_url, application, other).status_code == 200
                assert owner.session_at(second.base_url).is_signed_in()
                later = refresh_token(owner.session, application)  # a code and tokens of the older one
                assert refresh(second.base_url, application, later).status_code == 200
            assert served_before > 3
            assert len(statuses) > served_before
            assert set(statuses) == {200}
