"""Making people, whose User IDs are no application's Client ID or Service ID."""

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone

from accounts.models import Role, Status, User
from accounts.services.people import add_person
from audit.actors import Actor
from oauthapps.models import Application


def create_person(
    *,
    username: str,
    email: str,
    role: Role,
    password: str | None,
    actor: Actor,
    name: str = "",
    user_id: str = "",
    must_change_password: bool = False,
    status: Status = Status.ACTIVE,
) -> User:
    """Make a person.

    Args:
        username: their username.
        email: their email address.
        role: administrator, auditor, or member.
        password: their password, judged by the installation's rules; None for none, until a link sets one.
        actor: who makes them.
        name: what pages call them; the username when empty.
        user_id: a User ID brought along from elsewhere; a new one when empty.
        must_change_password: whether they choose another password when they first sign in.
        status: whether they can sign in; somebody invited gets their link later.

    Raises:
        ValidationError: when a value cannot be taken, by field.
    """
    user = User(
        username=username,
        email=email,
        role=role,
        name=name,
        is_active=status == Status.ACTIVE,
        joined_at=None if status == Status.INVITED else timezone.now(),
        must_change_password=must_change_password,
    )
    if user_id:
        user.user_id = user_id
        if Application.objects.filter(Q(client_id=user_id) | Q(service_id=user_id)).exists():
            raise ValidationError(
                {"user_id": "An application already uses this as its Client ID or Service ID."}
            )
    add_person(user, password=password, actor=actor)
    return user
