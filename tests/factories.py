"""Valid things to break one part of."""

from collections.abc import Iterable
from typing import Any

import factory

from accounts.models import Role, User
from audit.actors import Actor
from oauthapps.models import Application
from oauthapps.rules import scopes
from oauthapps.rules.app_types import AppType
from oauthapps.services.applications import CreatedApplication, create_application
from oauthapps.services.changes import change_application
from oauthapps.services.edit_conflicts import ALLOWED_SCOPE, API_ACCESS

PASSWORD = "correct horse battery staple"
REDIRECT_URL = "https://client.example/callback"


class UserFactory(factory.django.DjangoModelFactory[User]):
    class Meta:
        model = User

    username = factory.Sequence(lambda number: f"person{number}")
    email = factory.LazyAttribute(lambda person: f"{person.username}@example.org")
    name = factory.Sequence(lambda number: f"Person {number}")
    password = factory.django.Password(PASSWORD)


class AdministratorFactory(UserFactory):
    username = factory.Sequence(lambda number: f"administrator{number}")
    role = Role.ADMINISTRATOR


def make_application(app_type: AppType, **fields: Any) -> CreatedApplication:
    """Create an application through the service, with one redirect URL where its type has them."""
    if app_type != AppType.MACHINE_TO_MACHINE:
        fields.setdefault("redirect_urls", [REDIRECT_URL])
    fields.setdefault("name", f"Test {app_type.label}")
    return create_application(app_type=app_type, actor=Actor.command("tests"), **fields)


def allow_scopes(application: Application, names: Iterable[str], *, actor: Actor | None = None) -> None:
    """Say which scopes an application may ask for, as its page does."""
    change_application(
        application,
        values={ALLOWED_SCOPE: scopes.render(names)},
        labels={ALLOWED_SCOPE: API_ACCESS},
        actor=actor or Actor.command("tests"),
    )


def stored_earlier(application: Application, **fields: str) -> Application:
    """Give fields values that no form and no command takes, as a row from another time may have them."""
    Application.objects.filter(pk=application.pk).update(**fields)
    application.refresh_from_db()
    return application
