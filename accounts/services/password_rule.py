"""Who may come in without an identity provider: with a password, or with a passkey that stands for one.

The rule counts only where a provider is enabled. The database decides, in the statement that finds the
person, so that it takes none more and counts at once in every process.
"""

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import IdentityProvider, Organization, PasswordRule, Role, User

ORGANIZATION = Organization.objects.filter(id=Organization.THE_ONE)
ENABLED_PROVIDERS = IdentityProvider.objects.filter(is_enabled=True)


def must_use_provider(person: str = "") -> Q:
    """Return the condition that somebody may sign in at an identity provider and in no other way.

    Args:
        person: how a query gets to the person, such as `user__`; nothing where it looks at people.
    """
    is_administrator = Q(**{f"{person}role": Role.ADMINISTRATOR})
    is_closed = has_rule(PasswordRule.EMERGENCY) | has_rule(PasswordRule.ADMINISTRATORS) & ~is_administrator
    return Q(Exists(ENABLED_PROVIDERS)) & is_closed & ~is_emergency_account(person)


def has_rule(rule: PasswordRule) -> Q:
    """Return the condition that the organization has a rule."""
    return Q(Exists(ORGANIZATION.filter(password_rule=rule)))


def is_emergency_account(person: str = "") -> Q:
    """Return the condition that somebody is the emergency account, in a query as above."""
    return Q(Exists(ORGANIZATION.filter(emergency_account=OuterRef(f"{person}pk"))))


def is_emergency_sign_in() -> Q:
    """Return the condition that somebody who signs in without a provider does so for an emergency."""
    return Q(Exists(ENABLED_PROVIDERS)) & is_emergency_account()


def with_password_rule(people: QuerySet[User]) -> QuerySet[User]:
    """Have people know what the rule says of them, without a statement more."""
    return people.annotate(must_use_provider=must_use_provider(), is_emergency_account=is_emergency_sign_in())


def may_use_password(person: User) -> bool:
    """Return whether somebody may sign in with a password or passkey.

    Args:
        person: the person. It takes a statement unless they were found by `with_password_rule`, as whoever is
            signed in is.
    """
    if not hasattr(person, "must_use_provider"):
        person = with_password_rule(User.objects.all()).get(pk=person.pk)
    return not person.must_use_provider  # type: ignore[attr-defined]
