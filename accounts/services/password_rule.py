"""Who may sign in without an identity provider: with a password, or with a passkey instead of one.

The rule applies only while a provider is enabled. It is part of the statement that finds the person, so it
takes no further statement and applies at once in every process.
"""

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import IdentityProvider, Organization, PasswordRule, Role, User

ORGANIZATION = Organization.objects.filter(id=Organization.THE_ONE)
ENABLED_PROVIDERS = IdentityProvider.objects.filter(is_enabled=True)


def must_use_provider(person: str = "") -> Q:
    """Return the condition that a person may sign in only with an identity provider.

    Args:
        person: the prefix by which a query gets to the person, such as `user__`; empty in queries of people.
    """
    is_administrator = Q(**{f"{person}role": Role.ADMINISTRATOR})
    is_closed = has_rule(PasswordRule.EMERGENCY) | has_rule(PasswordRule.ADMINISTRATORS) & ~is_administrator
    return Q(Exists(ENABLED_PROVIDERS)) & is_closed & ~is_emergency_account(person)


def has_rule(rule: PasswordRule) -> Q:
    """Return the condition that the organization has a rule."""
    return Q(Exists(ORGANIZATION.filter(password_rule=rule)))


def is_emergency_account(person: str = "") -> Q:
    """Return the condition that a person is the emergency account, with the same prefix."""
    return Q(Exists(ORGANIZATION.filter(emergency_account=OuterRef(f"{person}pk"))))


def is_emergency_sign_in() -> Q:
    """Return the condition that a sign-in without a provider is an emergency sign-in."""
    return Q(Exists(ENABLED_PROVIDERS)) & is_emergency_account()


def with_password_rule(people: QuerySet[User]) -> QuerySet[User]:
    """Annotate people with what the rule says about them, without another statement."""
    return people.annotate(must_use_provider=must_use_provider(), is_emergency_account=is_emergency_sign_in())


def may_use_password(person: User) -> bool:
    """Return whether a person may sign in with a password or passkey.

    Args:
        person: the person. It takes a statement unless they were found by `with_password_rule`, as
            `request.user` is.
    """
    if not hasattr(person, "must_use_provider"):
        person = with_password_rule(User.objects.all()).get(pk=person.pk)
    return not person.must_use_provider  # type: ignore[attr-defined]
