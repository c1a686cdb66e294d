"""Which role a person gets from their groups at a provider."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import IdentityProvider, Role
from accounts.oidc.claims import ProviderClaims


@dataclass(frozen=True, kw_only=True)
class GroupRole:
    """The role that comes from a person's groups.

    Attributes:
        role: the role; None if groups decide nothing.
        governed: the roles that the provider's groups assign and take away; others are assigned by hand.
        note: why groups decide nothing although they should; empty otherwise.
    """

    role: Role | None = None
    governed: frozenset[Role] = frozenset()
    note: str = ""

    def after(self, role: Role) -> Role:
        """Return the role of somebody whose current one is given.

        A role that was assigned by hand, and that groups don't assign, isn't taken away.
        """
        if self.role is None:
            return role
        is_theirs_to_change = role == Role.MEMBER or role in self.governed
        return self.role if is_theirs_to_change or self.role == Role.ADMINISTRATOR else role


def group_role(claims: ProviderClaims, provider: IdentityProvider) -> GroupRole:
    """Return the role that comes from the groups of whoever signed in.

    A missing claim decides nothing: nobody may lose their role because a provider forgot to send it, or sent
    a reference instead, as Entra ID does for people in more than 200 groups.
    """
    giving = {
        Role.ADMINISTRATOR: provider.administrator_groups,
        Role.AUDITOR: provider.auditor_groups,
    }
    governed = frozenset(role for role, names in giving.items() if names)
    if not provider.groups_claim or not governed:
        return GroupRole()
    groups = groups_in(claims, provider.groups_claim)
    if groups is None:
        return GroupRole(governed=governed, note=missing_note(claims, provider.groups_claim))
    role = next((role for role, names in giving.items() if groups.intersection(names)), Role.MEMBER)
    return GroupRole(role=role, governed=governed)


def groups_in(claims: ProviderClaims, name: str) -> frozenset[str] | None:
    """Return the groups in a claim that is a list of strings or one string; None for anything else."""
    value = claims.values.get(name)
    if isinstance(value, str):
        return frozenset([value])
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        return None
    return frozenset(value)


def missing_note(claims: ProviderClaims, name: str) -> str:
    """Return why there are no groups to decide by."""
    elsewhere = claims.values.get("_claim_names")
    if isinstance(elsewhere, dict) and name in elsewhere:
        return (
            f"The provider sent a reference instead of the claim “{name}”, because of too many groups. "
            "Have it send only those that are assigned to this application."
        )
    if name in claims.values:
        return f"The claim “{name}” is neither a list of strings nor a string."
    return f"The provider didn't send the claim “{name}”."
