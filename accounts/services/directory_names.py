"""What the organization's directory calls people, and how they are found by it."""

from typing import TypedDict

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import ProvisionedPerson, User


class Described(TypedDict, total=False):
    """What a directory says of somebody; what it leaves out stays as it is."""

    user_name: str
    external_id: str | None
    email: str
    active: bool
    name: str
    whole_name: str
    given_name: str
    family_name: str


def visible_people() -> QuerySet[User]:
    """Return the people whom directories see: all but those who were removed and have not come back."""
    return User.objects.filter(Q(is_active=True) | Q(provisioned__removed_at=None))


def people_called(user_name: str) -> QuerySet[User]:
    """Return whom a directory calls by a user name, whatever its capitals: one person at most.

    People of whom no directory said anything yet are called by their email address or username. So they are
    found, and not made a second time.
    """
    named = ProvisionedPerson.objects.filter(folded_user_name=user_name.casefold()).values("pk")
    others = User.objects.whose("email" if "@" in user_name else "username", user_name)
    unnamed = others.filter(provisioned=None).values("pk")
    return User.objects.filter(pk__in=named.union(unnamed, all=True))


def named_after(person: User) -> ProvisionedPerson:
    """Return what stands for a person of whom no directory said anything yet; nothing is saved."""
    row = ProvisionedPerson(user=person)
    row.rename(person.email)
    return row


def is_provisioned(person: User) -> bool:
    """Return whether a directory says who somebody is: whom it creates was invited by that."""
    rows = ProvisionedPerson.objects.filter(user=person, removed_at=None)
    return person.external_id is not None or rows.exists()


def take_names(row: ProvisionedPerson, said: Described) -> bool:
    """Let somebody be called what a directory says, and return whether that is new; nothing is saved.

    A whole name that is not said again goes with the parts that it had.
    """
    before, parts = names_of(row), row.name_of_parts
    row.rename(said.get("user_name", row.user_name))
    row.given_name = said.get("given_name", row.given_name)
    row.family_name = said.get("family_name", row.family_name)
    whole = said.get("whole_name", row.whole_name if parts == row.name_of_parts else "")
    row.whole_name = "" if whole == row.name_of_parts else whole
    return names_of(row) != before


def save_names(row: ProvisionedPerson) -> None:
    """Save what a directory calls somebody.

    Raises:
        ValidationError: when a name can't be taken, by field.
    """
    row.changed_at = timezone.now()
    row.full_clean(exclude=["user"], validate_unique=False)
    row.save()


def names_of(row: ProvisionedPerson) -> tuple[str, ...]:
    """Return everything that a directory calls somebody."""
    return row.user_name, row.given_name, row.family_name, row.whole_name
