"""Assigning people the role that comes from their groups at a provider, at every sign-in."""

import logging

from django.core.exceptions import ValidationError

from accounts.models import IdentityProvider, Organization, Role, User
from accounts.oidc.groups import GroupRole
from accounts.services.people import LAST_ADMINISTRATOR, change_person
from audit.actors import Actor

log = logging.getLogger("gatehouse.sign_in")


def apply_group_role(person: User, found: GroupRole, provider: IdentityProvider, *, actor: Actor) -> str:
    """Assign a person the role that comes from their groups; not to be called in a transaction.

    The last administrator and the emergency account keep theirs.

    Returns:
        Why the role stays although groups call for another one, or decide nothing; empty otherwise.
    """
    note = found.note
    role = found.after(Role(person.role))
    if role != person.role:
        note = give(person, role, provider, actor=actor)
    if note:
        log.warning("The role of %s stays the same: %s", person.username, note)
    return note


def reason_to_stay(person: User, role: Role, provider: IdentityProvider) -> str:
    """Return why a person would keep their role instead of the one from groups; empty if they wouldn't."""
    if role == person.role:
        return ""
    if Organization.objects.filter(emergency_account=person.pk).exists():
        return f"Groups from {provider.name} don't change the role of the emergency account."
    is_last = not User.objects.administrators().exclude(pk=person.pk).exists()
    return LAST_ADMINISTRATOR if person.is_administrator and is_last else ""


def give(person: User, role: Role, provider: IdentityProvider, *, actor: Actor) -> str:
    """Assign a role, and return why it couldn't be; empty if it was."""
    if reason := reason_to_stay(person, role, provider):
        return reason
    try:
        change_person(person, {"role": role}, actor=actor, detail=f"by groups from {provider.name}")
    except ValidationError as error:
        return " ".join(error.messages)
    person.role = role
    return ""
