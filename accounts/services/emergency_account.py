"""The emergency account: who can be it, and keeping what it needs to sign in.

It is for when no identity provider can be reached; `emergency` records its use.
"""

from django.contrib.auth.hashers import is_password_usable
from django.core.exceptions import ValidationError
from django.db.models import Exists, QuerySet

from accounts.models import Organization, PasswordRule, User
from accounts.services.password_rule import is_emergency_account
from accounts.services.second_factor_rule import SECOND_FACTORS

EMERGENCY_ACCOUNT_STAYS = (
    "This is the emergency account. Choose another one under System › Sign-in first; otherwise, nobody may "
    "be able to sign in when the identity provider can't be reached."
)


def emergency_candidates() -> QuerySet[User]:
    """Return people, annotated with whether they have a second factor."""
    return User.objects.annotate(has_second_factor=Exists(SECOND_FACTORS))


def missing_of(person: User) -> list[str]:
    """Return what a person lacks to be the emergency account; empty if they can be it.

    Args:
        person: found by `emergency_candidates`.
    """
    has_second_factor: bool = person.has_second_factor  # type: ignore[attr-defined]
    has_password = is_password_usable(person.password) and not person.must_change_password
    lacks = {
        "not an active administrator": not person.is_administrator,
        "no password of their own": not has_password,
        "no second factor": not has_second_factor,
    }
    return [what for what, is_missing in lacks.items() if is_missing]


def require_emergency_account(organization: Organization, *, field: str) -> None:
    """Refuse to restrict passwords while the emergency account couldn't sign in.

    Args:
        organization: with the rule that is about to apply.
        field: what the refusal is about.

    Raises:
        ValidationError: when the rule restricts passwords, and no emergency account can sign in.
    """
    if organization.password_rule == PasswordRule.EVERYBODY:
        return
    chosen = organization.emergency_account_id
    account = emergency_candidates().filter(pk=chosen).first() if chosen else None
    if account is None or missing_of(account):
        sentence = "Passwords are restricted, but the emergency account can't sign in. Fix that first."
        raise ValidationError({field: sentence})


def with_emergency_account(people: QuerySet[User]) -> QuerySet[User]:
    """Annotate people with whether they are the emergency account, with or without an enabled provider."""
    return people.annotate(is_kept_for_emergencies=is_emergency_account())


def require_no_emergency_account(person: User, *, field: str | None = None) -> None:
    """Refuse a change that would keep the emergency account from signing in.

    Args:
        person: found by `with_emergency_account`.
        field: what the refusal is about, if it is a field.

    Raises:
        ValidationError: when it is the emergency account.
    """
    if person.is_kept_for_emergencies:  # type: ignore[attr-defined]
        raise ValidationError({field: EMERGENCY_ACCOUNT_STAYS} if field else EMERGENCY_ACCOUNT_STAYS)
