"""A person's linked accounts, as pages list them, and whether they could sign in without one."""

from dataclasses import dataclass

from allauth.socialaccount.models import SocialAccount

from accounts.models import IdentityProvider, User
from accounts.services.identities import identities_of
from accounts.services.identity_providers import offered
from accounts.services.password_rule import may_use_password
from accounts.services.second_factors import second_factors_of


@dataclass(frozen=True, kw_only=True)
class LinkedIdentity:
    """A linked account and its provider.

    Attributes:
        row: the linked account.
        provider: its provider; None if it was deleted.
    """

    row: SocialAccount
    provider: IdentityProvider | None

    @property
    def provider_name(self) -> str:
        """The provider's name; its issuer if it was deleted."""
        return self.provider.name if self.provider else str(self.row.provider)

    @property
    def signs_in(self) -> bool:
        """Whether the person can sign in with it."""
        return self.provider is not None and self.provider.is_enabled


def listed_identities(person: User) -> list[LinkedIdentity]:
    """Return a person's linked accounts; without an enabled provider, none, and without a statement."""
    return linked_identities(person) if offered().providers else []


def linked_identities(person: User) -> list[LinkedIdentity]:
    """Return a person's linked accounts, oldest first."""
    rows = list(identities_of(person))
    issuers = {row.provider for row in rows}
    providers = {each.issuer: each for each in IdentityProvider.objects.filter(issuer__in=issuers)}
    return [LinkedIdentity(row=row, provider=providers.get(row.provider)) for row in rows]


def has_another_way_in(person: User, identity: SocialAccount) -> bool:
    """Return whether a person could still sign in without one of their linked accounts."""
    others = [each for each in linked_identities(person) if each.row.pk != identity.pk]
    if any(each.signs_in for each in others):
        return True
    has_local_way = person.has_usable_password() or bool(second_factors_of(person).passkeys)
    return has_local_way and may_use_password(person)
