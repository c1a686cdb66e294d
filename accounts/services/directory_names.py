"""The names that the organization's directory uses for people, and finding people by them."""

from typing import TypedDict

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import ProvisionedPerson, User


class Described(TypedDict, total=False):
    """What a directory says about a person; whatever it leaves out stays as it is."""

    user_name: str
    external_id: str | None
    email: str
    active: bool
    name: str
    whole_name: str
    given_name: str
    family_name: str


def visible_people() -> QuerySet[User]:
    """Return the people that directories see: all except those who were removed and haven't come back."""
    return User.objects.filter(Q(is_active=True) | Q(provisioned__removed_at=None))


def people_called(user_name: str) -> QuerySet[User]:
    """Return the person that a directory means by a user name, ignoring case: at most one.

    People who aren't in any directory yet are found by their email address or username, so that they aren't
    created a second time.
    """
    named = ProvisionedPerson.objects.filter(folded_user_name=user_name.casefold()).values("pk")
    others = User.objects.whose("email" if "@" in user_name else "username", user_name)
    unnamed = others.filter(provisioned=None).values("pk")
    return User.objects.filter(pk__in=named.union(unnamed, all=True))


def named_after(person: User) -> ProvisionedPerson:
    """Return a new row for a person who isn't in any directory yet, unsaved."""
    row = ProvisionedPerson(user=person)
    row.rename(person.email)
    return row


def is_provisioned(person: User) -> bool:
    """Return whether a directory knows a person, who then counts as invited."""
    rows = ProvisionedPerson.objects.filter(user=person, removed_at=None)
    return person.external_id is not None or rows.exists()


def take_names(row: ProvisionedPerson, said: Described) -> bool:
    """Take the names that a directory sent, unsaved, and return whether any of them changed.

    If the parts of a name change and no whole name is sent, the earlier whole name is dropped.
    """
    before, parts = names_of(row), row.name_of_parts
    row.rename(said.get("user_name", row.user_name))
    row.given_name = said.get("given_name", row.given_name)
    row.family_name = said.get("family_name", row.family_name)
    whole = said.get("whole_name", row.whole_name if parts == row.name_of_parts else "")
    row.whole_name = "" if whole == row.name_of_parts else whole
    return names_of(row) != before


def save_names(row: ProvisionedPerson) -> None:
    """Save a person's names in the directory.

    Raises:
        ValidationError: by field, when a name is invalid.
    """
    row.changed_at = timezone.now()
    row.full_clean(exclude=["user"], validate_unique=False)
    row.save()


def names_of(row: ProvisionedPerson) -> tuple[str, ...]:
    """Return all the names that a directory has for a person."""
    return row.user_name, row.given_name, row.family_name, row.whole_name
