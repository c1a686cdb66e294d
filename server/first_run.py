"""What a new installation needs before anybody can sign in."""

import secrets
from dataclasses import dataclass, field

from accounts.models import Organization, Role, User
from audit.actors import Actor
from config import env
from oauthapps.services.people import create_person


@dataclass(frozen=True, kw_only=True)
class FirstAdministrator:
    """The administrator a first run made.

    Attributes:
        username: the username.
        password: the password where one was generated; empty where it was given.
    """

    username: str
    password: str = field(repr=False)


def prepare() -> FirstAdministrator | None:
    """Make the organization and an administrator where there are none; return the administrator if made.

    The environment may name her: ADMIN_USERNAME, ADMIN_PASSWORD, ADMIN_EMAIL. A password that is generated
    stands in the log of this run, so it has to be changed at the first sign-in.

    Raises:
        ValidationError: when one of these cannot be taken.
    """
    Organization.current()
    if User.objects.filter(role=Role.ADMINISTRATOR).exists():
        return None
    username = env.text("ADMIN_USERNAME", "admin")
    given = env.text("ADMIN_PASSWORD")
    password = given or secrets.token_urlsafe(18)
    create_person(
        username=username,
        email=env.text("ADMIN_EMAIL", f"{username}@localhost"),
        role=Role.ADMINISTRATOR,
        password=password,
        must_change_password=not given,
        actor=Actor.command("serve"),
    )
    return FirstAdministrator(username=username, password="" if given else password)
