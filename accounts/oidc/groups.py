"""Which role a provider's groups lead to."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import IdentityProvider, Role
from accounts.oidc.claims import ProviderClaims


@dataclass(frozen=True, kw_only=True)
class GroupRole:
    """What the groups of whoever signed in lead to.

    Attributes:
        role: a role; None where groups say nothing.
        governed: the roles that the provider's groups give and take; others are given by hand.
        note: why groups say nothing although they should; empty otherwise.
    """

    role: Role | None = None
    governed: frozenset[Role] = frozenset()
    note: str = ""

    def after(self, role: Role) -> Role:
        """Return the role of somebody who has had one so far.

        One that was given by hand, and which groups do not give, is not taken.
        """
        if self.role is None:
            return role
        is_theirs_to_change = role == Role.MEMBER or role in self.governed
        return self.role if is_theirs_to_change or self.role == Role.ADMINISTRATOR else role


def group_role(claims: ProviderClaims, provider: IdentityProvider) -> GroupRole:
    """Return the role that the groups of whoever signed in lead to.

    A claim that is missing says nothing: it must not take anybody's role that a provider forgot to send it,
    or sent a reference in its place, as Entra ID does where somebody has more than 200 groups.
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
    """Return the groups in a claim, a list of texts or one text; None where it is neither."""
    value = claims.values.get(name)
    if isinstance(value, str):
        return frozenset([value])
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        return None
    return frozenset(value)


def missing_note(claims: ProviderClaims, name: str) -> str:
    """Return why there are no groups to go by."""
    elsewhere = claims.values.get("_claim_names")
    if isinstance(elsewhere, dict) and name in elsewhere:
        return (
            f"The provider sent a reference in the place of the claim “{name}”: too many groups. "
            "Have it send only those that are assigned to this application."
        )
    if name in claims.values:
        return f"The claim “{name}” is neither a list of texts nor a text."
    return f"The provider sent no claim “{name}”."
