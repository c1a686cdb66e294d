"""Making people, changing what is known of them, and letting them back in."""

from collections.abc import Mapping

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Field
from django.utils import timezone

from accounts.models import EMAIL_TAKEN, USERNAME_TAKEN, OneTimeLink, Role, User
from accounts.services.emergency_account import require_no_emergency_account, with_emergency_account
from audit.actors import Actor
from audit.models import Event, EventKind
from common.edits import LATEST_CHANGES, Changes, Subject, merge_edits, version_of
from common.errors import violates

LAST_ADMINISTRATOR = (
    "This is the last active administrator. Make someone else an administrator first, or nobody will be able "
    "to manage System."
)
EXTERNAL_ID_TAKEN = "Another person has this external ID."
# By the constraint, or the field that is unique by itself.
TAKEN = {
    "unique_username": {"username": USERNAME_TAKEN},
    "unique_email": {"email": EMAIL_TAKEN},
    "user_id": {"user_id": "Another person has this User ID."},
    "external_id": {"external_id": EXTERNAL_ID_TAKEN},
}
EDITABLE = ("name", "username", "email", "role")


def add_person(user: User, *, password: str | None, actor: Actor) -> None:
    """Save a new person, and record it.

    Args:
        user: the person, as yet unsaved.
        password: their password, judged by the installation's rules; None for none, until a link sets one.
        actor: who makes them.

    Raises:
        ValidationError: when a value cannot be taken, by field.
    """
    if password is None:
        user.set_unusable_password()
    else:
        validate_password(password, user)
        user.set_password(password)
    after = {"Username": user.username, "Role": user.role}
    with transaction.atomic():
        save_validated(user)
        Event.objects.record(EventKind.PERSON_CREATED, actor=actor, person=user, after=after)


def change_person(
    user: User,
    values: Mapping[str, str],
    *,
    actor: Actor,
    based_on: Mapping[str, str] | None = None,
    detail: str = "",
) -> Changes:
    """Give a person's name, username, email address or role new values.

    A link that was mailed to an earlier email address stops working.

    Args:
        user: the person.
        values: the new values, by field.
        actor: who changes them.
        based_on: the versions of the values that the new ones were chosen on top of (`common.edits`).
        detail: what the event says besides, such as what made the change.

    Raises:
        EditConflictError: when somebody else has changed the same since, to another value.
        ValidationError: when a value cannot be taken, by field, or no administrator, or no emergency account,
            would be left.
    """
    with transaction.atomic():
        role = values.get("role", Role.ADMINISTRATOR)
        if role != Role.ADMINISTRATOR and (based_on or {}).get("role") != version_of(role):
            require_another_administrator(user, field="role")
        held = with_emergency_account(User.objects.select_for_update(no_key=True))
        person = held.get(pk=user.pk)
        wanted = {name: normalized(name, value) for name, value in values.items()}
        kept = merge_edits(wanted, based_on or {}, subject_of(person))
        changed = {field: value for field, value in wanted.items() if getattr(person, field) != value}
        if "role" in changed:
            require_no_emergency_account(person, field="role")
        if changed:
            save_changes(person, changed, actor=actor, detail=detail)
    return Changes(changed=list(labeled(changed)), kept=kept)


def save_changes(person: User, changed: Mapping[str, str | None], *, actor: Actor, detail: str = "") -> None:
    """Save a person's fields that have another value by now.

    Raises:
        ValidationError: when a value cannot be taken, by field.
    """
    before = {field: getattr(person, field) for field in changed}
    for field, value in changed.items():
        setattr(person, field, value)
    if before.get("role") == Role.MEMBER:  # an administrator who becomes an auditor gains no time
        person.promoted_at = timezone.now()
    save_validated(person)
    if "email" in changed:
        OneTimeLink.objects.filter(user=person).delete()
    kind = EventKind.PERSON_CHANGED
    Event.objects.record(
        kind,
        actor=actor,
        person=person,
        detail=detail,
        before=labeled(before),
        after=labeled(changed),
    )


def choose_access_mail(person: User, is_on: bool, *, actor: Actor) -> None:
    """Save whether somebody gets emails about access that an administrator revoked."""
    with transaction.atomic():
        rows = User.objects.filter(pk=person.pk, wants_access_mail=not is_on)
        if rows.update(wants_access_mail=is_on):
            label = "Emails about revoked access"
            words = {True: "On", False: "Off"}
            Event.objects.record(
                EventKind.PERSON_CHANGED,
                actor=actor,
                person=person,
                before={label: words[not is_on]},
                after={label: words[is_on]},
            )


def subject_of(person: User) -> Subject:
    """Return a person as an edit conflict tells of them."""
    events = Event.objects.filter(kind=EventKind.PERSON_CHANGED, person=person).select_related("actor")
    return Subject(
        state={field: getattr(person, field) for field in EDITABLE},
        labels={field: label_of(field) for field in EDITABLE},
        changes=lambda: events[:LATEST_CHANGES],
        readable=lambda name, value: str(Role(value).label) if name == "role" else str(value),
    )


def normalized(name: str, value: str) -> str:
    """Return a value in the form in which a person's field keeps it."""
    field = User._meta.get_field(name)
    return str(field.to_python(value)) if isinstance(field, Field) else value


def labeled(values: Mapping[str, str | None]) -> dict[str, str]:
    """Return values by the labels under which pages and events show them."""
    return {label_of(field): "" if value is None else str(value) for field, value in values.items()}


def label_of(field: str) -> str:
    """Return what pages and events call a field of a person's."""
    label = next(str(each.verbose_name) for each in User._meta.fields if each.name == field)
    return label[:1].upper() + label[1:]


def require_another_administrator(person: User, *, field: str | None = None) -> None:
    """Hold all administrators until the transaction ends and make sure that there is another one.

    Everybody takes the same rows in the same order, before any other, so that of two who step down at once
    the second waits and finds that they are the last. (SQLite lets one transaction write at a time anyway.)

    Raises:
        ValidationError: when this is the last; about `field`, if one is given.
    """
    administrators = User.objects.administrators().order_by("pk").select_for_update(no_key=True)
    if set(administrators.values_list("pk", flat=True)) <= {person.pk}:
        raise ValidationError({field: LAST_ADMINISTRATOR} if field else LAST_ADMINISTRATOR)


def save_validated(user: User) -> None:
    """Save a person whose fields are all right.

    Raises:
        ValidationError: when one is not, by field, or somebody else took a value in the same moment.
    """
    user.full_clean()
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as error:
        for name, refusal in TAKEN.items():
            if violates(error, User, name):
                raise ValidationError(refusal) from error
        raise
