"""Provisioning: what the organization's directory can do with people (RFC 7644). It assigns no roles."""

from contextlib import suppress

from allauth.socialaccount.models import SocialAccount
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import EMAIL_TAKEN, USERNAME_TAKEN, Organization, ProvisionedPerson, Role, User
from accounts.services.directory_names import Described, named_after, people_called, save_names, take_names
from accounts.services.identities import has_open_invitation
from accounts.services.invitations import withdraw_invitation
from accounts.services.people import EXTERNAL_ID_TAKEN, save_changes, save_validated
from accounts.services.second_factors import remove_second_factors
from accounts.services.usernames import free_username
from audit.actors import Actor
from audit.models import Event, EventKind
from oauthapps.models import Application, Consent
from oauthapps.services.activation import activate, admit, deactivate

USER_NAME_TAKEN = "Another person has this userName."
FORMER_ADMINISTRATOR = (
    "A removed administrator or auditor had this userName or email address. Activate them in Gatehouse first."
)
NOT_INVITED = (
    "This person was invited as an administrator or auditor, and the invitation isn't open anymore. Invite "
    "them again in Gatehouse first."
)
PROTECTED_EMAIL = (
    "The email address of an administrator, an auditor, or the emergency account can be changed only in "
    "Gatehouse, because it can be used to get access."
)
# Refusals of values that belong to another person.
TAKEN = frozenset({USER_NAME_TAKEN, EXTERNAL_ID_TAKEN, EMAIL_TAKEN, USERNAME_TAKEN, FORMER_ADMINISTRATOR})
# When a person comes back, what was said about them before is dropped.
NOTHING_SAID: Described = {"external_id": None, "whole_name": "", "given_name": "", "family_name": ""}
# How many applications an event names at most.
MOST_NAMED = 20


def provision(said: Described, *, actor: Actor) -> User:
    """Create a person for the directory: a member without a password.

    They are active unless it says otherwise, and sign in with an identity provider. If there is none, they
    choose a password with a link that they have emailed to them.

    Raises:
        ValidationError: when a value is invalid; with one of `TAKEN` when it is another person's.
    """
    said = {"email": email_in(said), **said}
    with transaction.atomic():
        former = removed_person(said)
        if former:
            return take_back(former, said, actor=actor)
        refuse_taken(said)
        names, is_active = ProvisionedPerson(), said.get("active", True)
        take_names(names, said)
        user = User(
            username=free_username(said["user_name"]),
            email=said["email"],
            name=said.get("name") or names.full_name,
            role=Role.MEMBER,
            is_active=is_active,
            external_id=said.get("external_id"),
        )
        user.set_unusable_password()
        save_validated(user)
        names.user = user
        save_names(names)
        after = {"Username": user.username, "Email address": user.email, "Active": is_active}
        Event.objects.record(
            EventKind.PERSON_CREATED,
            actor=actor,
            person=user,
            detail=said["user_name"],
            after=after,
        )
    return user


def change_provisioned(user: User, said: Described, *, actor: Actor) -> None:
    """Change a person as the directory says.

    If they are to be inactive, they are deactivated first: nobody stays active because another value is
    invalid.

    Raises:
        ValidationError: when a value is invalid; with one of `TAKEN` when it is another person's.
    """
    if said.get("active") is False:
        suspend(user, actor=actor)
        with suppress(ValidationError):
            save_said(user, said, actor=actor)
        return
    with transaction.atomic():
        save_said(user, said, actor=actor)
        if said.get("active"):
            let_in(user, actor=actor)


def remove_provisioned(user: User, *, actor: Actor) -> None:
    """Deactivate a person that the directory deleted; it doesn't see them anymore.

    Raises:
        ValidationError: as `deactivate` does.
    """
    with transaction.atomic():
        suspend(user, actor=actor)
        row = ProvisionedPerson.objects.filter(user=user).first() or named_after(user)
        row.removed_at = timezone.now()
        row.save()
        User.objects.filter(pk=user.pk).update(external_id=None)
        Event.objects.record(EventKind.PERSON_REMOVED, actor=actor, person=user, detail=row.user_name)


def suspend(user: User, *, actor: Actor) -> None:
    """Deactivate a person: everything that acts for them ends, and so does an invitation.

    Raises:
        ValidationError: when they are the last active administrator, or the emergency account.
    """
    withdraw_invitation(user, actor=actor)
    deactivate(user, actor=actor, stopped=names_of_stopped(user))


def let_in(user: User, *, actor: Actor) -> None:
    """Activate a person who was deactivated or only invited. Consents and tokens don't come back.

    Raises:
        ValidationError: when an administrator's or auditor's invitation has expired or was withdrawn.
    """
    if activate(user, actor=actor):
        return
    invited = User.objects.filter(pk=user.pk, joined_at=None).exclude(role=Role.MEMBER).first()
    if invited and not has_open_invitation(invited):
        raise ValidationError({"active": NOT_INVITED})
    admit(user, actor=actor)


def names_of_stopped(user: User) -> list[str]:
    """Return the names of the applications that may act for a person, as many as an event can name."""
    allowed = Consent.objects.in_force().filter(user=user).values("application")
    rows = Application.objects.live().filter(Q(pk__in=allowed) | Q(keys__user=user)).distinct()
    return list(rows.order_by("name").values_list("name", flat=True)[:MOST_NAMED])


def save_said(user: User, said: Described, *, actor: Actor) -> None:
    """Save what a directory says about a person, except whether they are active."""
    with transaction.atomic():
        person = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        row = ProvisionedPerson.objects.filter(user=person).first()
        refuse_taken(said, person)
        names = row or named_after(person)
        user_name, full_name = names.user_name, names.full_name
        has_other_names = take_names(names, said)
        follows_directory = person.name in ("", full_name)  # otherwise, an administrator chose the name
        wanted = {
            "name": said.get("name") or (names.full_name if follows_directory else person.name),
            "email": said.get("email", person.email).lower(),
            "external_id": said.get("external_id", person.external_id),
        }
        changed = {field: value for field, value in wanted.items() if getattr(person, field) != value}
        if "email" in changed and is_protected(person):
            raise ValidationError({"email": PROTECTED_EMAIL})
        if changed:
            save_changes(person, changed, actor=actor)
        if row is None or has_other_names:
            save_names(names)
        if row is None or user_name != names.user_name:
            detail = names.user_name
            Event.objects.record(EventKind.DIRECTORY_NAME_CHANGED, actor=actor, person=person, detail=detail)


def take_back(former: User, said: Described, *, actor: Actor) -> User:
    """Restore a person who was removed, without anything that they could sign in with before.

    It may be somebody else now, because email addresses are reused.

    Raises:
        ValidationError: as `provision` does; when they are an administrator or auditor.
    """
    if former.role != Role.MEMBER:
        raise ValidationError({"user_name": FORMER_ADMINISTRATOR})
    ProvisionedPerson.objects.filter(user=former).update(removed_at=None)
    former.name, former.last_login = "", None  # whoever it is now has never signed in
    former.set_unusable_password()
    former.save(update_fields=["name", "last_login", "password"])
    remove_second_factors(former)
    SocialAccount.objects.filter(user=former).delete()
    save_said(former, {**NOTHING_SAID, **said}, actor=actor)
    if said.get("active", True):
        let_in(former, actor=actor)
    return former


def removed_person(said: Described) -> User | None:
    """Return the removed person who had the same user name or email address."""
    removed = User.objects.filter(is_active=False, provisioned__removed_at__isnull=False)
    called = removed.filter(provisioned__folded_user_name=said["user_name"].casefold())
    return (
        called.first()
        or removed.filter(pk__in=User.objects.whose("email", said["email"]).values("pk")).first()
    )


def refuse_taken(said: Described, person: User | None = None) -> None:
    """Refuse a user name or external ID that is another person's.

    Raises:
        ValidationError: by field.
    """
    others = User.objects.exclude(pk=person.pk) if person else User.objects.all()
    user_name, external_id = said.get("user_name"), said.get("external_id")
    if user_name and others.filter(pk__in=people_called(user_name).values("pk")).exists():
        raise ValidationError({"user_name": USER_NAME_TAKEN})
    if external_id and others.filter(external_id=external_id).exists():
        raise ValidationError({"external_id": EXTERNAL_ID_TAKEN})


def is_protected(person: User) -> bool:
    """Return whether a directory may not change a person's email address."""
    return person.role != Role.MEMBER or Organization.objects.filter(emergency_account=person).exists()


def email_in(said: Described) -> str:
    """Return a person's email address: the one that is given, or the user name if it is one."""
    user_name = said["user_name"]
    return said.get("email") or (user_name if "@" in user_name else "")
