"""A migration leaves the release before able to go on: several instances are upgraded one after the other."""

from typing import Any

import pytest
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.models.fields import NOT_PROVIDED

# The latest migrations of the release before. There is none yet: those that the first one had at this time.
RELEASED = {"accounts": "0010_access_mail", "audit": "0001_initial", "oauthapps": "0014_access_pages"}

# Migrations since then that do more than expand, each with why the release before goes on with them.
REASONS: dict[str, str] = {
    "accounts.0013_emails_to_addresses": "it doesn't know the table, which came after it",
    "accounts.0014_identity_providers": "it writes the roles that it knows; the constraint allows one more",
    "accounts.0016_permission_to_link": "it asks for links of the purposes it knows, and by their keys",
}

# What the release before neither sees nor misses.
EXPANDING = (
    migrations.AddIndex,
    migrations.AlterModelManagers,
    migrations.AlterModelOptions,
    migrations.CreateModel,
    migrations.RunPython,
)


def new_migrations() -> list[tuple[str, Any]]:
    """Those that came after the release before, in our apps."""
    loader = MigrationLoader(None)
    return [
        (f"{app}.{name}", migration)
        for (app, name), migration in sorted(loader.disk_migrations.items())
        if name > RELEASED.get(app, "9999")
    ]


def expands(operation: Any) -> bool:
    """Whether the release before can write rows, and read them, as before."""
    if isinstance(operation, migrations.AddField):
        field = operation.field
        return bool(field.null or field.many_to_many or field.db_default is not NOT_PROVIDED)
    return isinstance(operation, EXPANDING)


@pytest.mark.spec("O-46", "operation")
def test_a_migration_expands_or_says_why_the_release_before_goes_on() -> None:
    others = {name for name, migration in new_migrations() if not all(map(expands, migration.operations))}
    assert others == set(REASONS)


@pytest.mark.parametrize(
    ("field", "expanding"),
    [
        (models.TextField(null=True), True),
        (models.TextField(db_default=""), True),
        (models.TextField(default=""), False),  # the default is the code's, which the release before lacks
    ],
)
def test_a_column_expands_where_the_database_fills_it(field: Any, expanding: bool) -> None:
    assert expands(migrations.AddField("application", "new", field)) is expanding


@pytest.mark.parametrize(
    "operation",
    [
        migrations.RemoveField("application", "name"),
        migrations.RenameField("application", "name", "title"),
        migrations.AlterField("application", "name", models.TextField()),
        migrations.DeleteModel("application"),
        migrations.RunSQL("SELECT 1"),
    ],
)
def test_whatever_else_does_not(operation: Any) -> None:
    assert not expands(operation)
