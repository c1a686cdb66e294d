"""Making people, changing what is known of them, and letting them back in."""

from collections.abc import Mapping

from allauth.mfa.models import Authenticator
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Field
from django.utils import timezone

from accounts.actors import Actor
from accounts.models import OneTimeLink, Role, User
from oauthapps.models import Application, Event
from oauthapps.models.events import EventKind

LAST_ADMINISTRATOR = (
    "This is the last active administrator: make somebody else an administrator first, or nobody could "
    "reach System any more."
)
TAKEN = "Another person has this user name or email address."


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
        email: their email address.
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
    with transaction.atomic():
        save_checked(user)
        Event.objects.record(
            EventKind.PERSON_CREATED, actor=actor, person=user, after={"User name": username, "Role": role}
        )
    return user


def change_person(user: User, values: Mapping[str, str], *, actor: Actor) -> dict[str, str]:
    """Give a person's name, user name, email address or role new values and return those that differ.

    A link that was mailed to an earlier address stops working.

    Raises:
        ValidationError: when a value cannot be taken, by field, or no administrator would be left.
    """
    with transaction.atomic():
        if "role" in values and values["role"] != Role.ADMINISTRATOR:
            keep_an_administrator_beside(user, field="role")
        person = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        wanted = {name: as_kept(name, value) for name, value in values.items()}
        changed = {field: value for field, value in wanted.items() if getattr(person, field) != value}
        if not changed:
            return {}
        before = {field: getattr(person, field) for field in changed}
        for field, value in changed.items():
            setattr(person, field, value)
        save_checked(person)
        if "email" in changed:
            OneTimeLink.objects.filter(user=person).delete()
        Event.objects.record(
            EventKind.PERSON_CHANGED, actor=actor, person=person, before=named(before), after=named(changed)
        )
    return changed


def as_kept(name: str, value: str) -> str:
    """Return a value in the form in which a person's field keeps it."""
    field = User._meta.get_field(name)
    return str(field.to_python(value)) if isinstance(field, Field) else value


def named(values: Mapping[str, str]) -> dict[str, str]:
    """Return values by the labels under which pages and events show them."""
    labels = {field.name: str(field.verbose_name) for field in User._meta.fields}
    return {labels[name][:1].upper() + labels[name][1:]: str(value) for name, value in values.items()}


def keep_an_administrator_beside(person: User, *, field: str | None = None) -> None:
    """Hold all administrators until the transaction ends and make sure that there is another one.

    Everybody takes the same rows in the same order, before any other, so that of two who step down at once
    the second waits and finds that they are the last. (SQLite lets one transaction write at a time anyway.)

    Raises:
        ValidationError: when this is the last; about `field`, if one is given.
    """
    administrators = User.objects.administrators().order_by("pk").select_for_update(no_key=True)
    if set(administrators.values_list("pk", flat=True)) <= {person.pk}:
        raise ValidationError({field: LAST_ADMINISTRATOR} if field else LAST_ADMINISTRATOR)


def save_checked(user: User) -> None:
    """Save a person whose fields are all right.

    Raises:
        ValidationError: when one is not, by field, or somebody else took the name in the same moment.
    """
    user.full_clean()
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as error:
        raise ValidationError(TAKEN) from error


def reset_person(user: User, *, password: str, actor: Actor) -> None:
    """Give a person a new password, make them active, and remove their second factors and links.

    Every session of theirs ends, because it was begun with the old password.

    Raises:
        ValidationError: when the password is against the rules.
    """
    validate_password(password, user)
    with transaction.atomic():
        user.set_password(password)
        user.is_active, user.joined_at = True, user.joined_at or timezone.now()
        user.save(update_fields=["password", "is_active", "joined_at"])
        Authenticator.objects.filter(user=user).delete()
        OneTimeLink.objects.filter(user=user).delete()
        Event.objects.record(EventKind.PERSON_RESET, actor=actor, person=user)
