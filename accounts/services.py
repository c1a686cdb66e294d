"""Making people, letting them back in, and naming the organisation."""

from collections.abc import Mapping

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.actors import Actor
from accounts.adapter import password_address
from accounts.models import Organization, Role, User
from oauthapps.models import Application, Event
from oauthapps.models.events import EventKind


def create_person(
    *,
    username: str,
    email: str,
    role: Role,
    password: str,
    actor: Actor,
    name: str = "",
    user_id: str = "",
) -> User:
    """Make a person.

    Args:
        username: their user name.
        email: their e-mail address.
        role: administrator or member.
        password: their password, judged by the installation's rules.
        actor: who makes them.
        name: what pages call them; the user name when empty.
        user_id: a User ID brought along from elsewhere; a new one when empty.

    Raises:
        ValidationError: when a value cannot be taken, by field.
    """
    user = User(username=username, email=email, role=role, name=name)
    if user_id:
        user.user_id = user_id
        if Application.objects.filter(client_id=user_id).exists():
            raise ValidationError({"user_id": "An application has this as its Client ID."})
    validate_password(password, user)
    user.set_password(password)
    user.full_clean()
    with transaction.atomic():
        user.save()
        Event.objects.record(
            EventKind.PERSON_CREATED, actor=actor, person=user, after={"User name": username, "Role": role}
        )
    return user


def reset_person(user: User, *, password: str, actor: Actor) -> None:
    """Give a person a new password, make them active, and remove their second factors.

    Every session of theirs ends, because it was begun with the old password.

    Raises:
        ValidationError: when the password is against the rules.
    """
    validate_password(password, user)
    with transaction.atomic():
        user.set_password(password)
        user.is_active = True
        user.save(update_fields=["password", "is_active"])
        Authenticator.objects.filter(user=user).delete()
        Event.objects.record(EventKind.PERSON_RESET, actor=actor, person=user)


def change_password(user: User, password: str, *, actor: Actor) -> None:
    """Give a person a new password that has been judged; their sessions end with the old one."""
    with transaction.atomic():
        user.set_password(password)
        user.save(update_fields=["password"])
        Event.objects.record(EventKind.PASSWORD_CHANGED, actor=actor, person=user)


def password_link(user: User, *, actor: Actor) -> str:
    """Make a link by which a person sets a new password: once, within PASSWORD_RESET_TIMEOUT seconds.

    Nothing is stored: the link carries a signature over the present password and stops working with it.
    """
    Event.objects.record(EventKind.PASSWORD_LINK_MADE, actor=actor, person=user)
    return password_address(f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}")


def change_organization(values: Mapping[str, str], *, actor: Actor) -> Organization:
    """Give the organisation's fields new values and return it.

    Raises:
        ValidationError: when a value cannot be taken, by field.
    """
    with transaction.atomic():
        organization = Organization.current()
        changed = {name: value for name, value in values.items() if getattr(organization, name) != value}
        before = {name: getattr(organization, name) for name in changed}
        for name, value in changed.items():
            setattr(organization, name, value)
        organization.full_clean()
        if changed:
            organization.save()
            Event.objects.record(EventKind.ORGANIZATION_CHANGED, actor=actor, before=before, after=changed)
    return organization
