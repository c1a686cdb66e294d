"""An identity that a provider has proven, kept until the sign-in with it is finished."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field

from cryptography.fernet import InvalidToken
from django.views.decorators.debug import sensitive_variables

from accounts.models import IdentityProvider, Role
from accounts.oidc.claims import ProviderClaims, provider_proved_second_factor
from accounts.oidc.groups import GroupRole, group_role
from accounts.security.ciphers import cipher

PURPOSE = "proved identities"
SECONDS = 10 * 60


@dataclass(frozen=True, kw_only=True)
class ProvedIdentity:
    """What a sign-in needs from a checked ID token, and nothing more.

    Attributes:
        provider_pk: the primary key of the provider.
        issuer: the provider's issuer.
        provider_name: the provider's name.
        subject: the `sub`.
        sid: the provider's ID for its session; empty if it has none.
        at: when the person signed in there, in seconds since 1970; 0 if that isn't known, so that whatever
            needs a recent sign-in asks for one.
        has_second_factor: whether the provider checked a second factor that counts here.
        group_role: the role that comes from their groups.
    """

    provider_pk: int
    issuer: str
    provider_name: str
    subject: str = field(repr=False)
    sid: str = field(repr=False)
    at: float
    has_second_factor: bool
    group_role: GroupRole

    @classmethod
    @sensitive_variables()
    def of(cls, claims: ProviderClaims, provider: IdentityProvider) -> ProvedIdentity:
        """Return what a sign-in needs from these claims."""
        return cls(
            provider_pk=provider.pk,
            issuer=provider.issuer,
            provider_name=provider.name,
            subject=claims.subject,
            sid=claims.sid,
            at=min(claims.auth_time or 0, time.time()),
            has_second_factor=provider_proved_second_factor(claims, provider),
            group_role=group_role(claims, provider),
        )


@dataclass(frozen=True, kw_only=True)
class Confirmation:
    """An identity that waits for the password of the person it would be linked to.

    Attributes:
        identity: the identity.
        user_pk: the person.
        next_url: where to continue, on this site; empty for the usual page.
    """

    identity: ProvedIdentity
    user_pk: int
    next_url: str = ""


@sensitive_variables()
def seal(waiting: Confirmation) -> str:
    """Return it encrypted for a session, valid for 10 minutes."""
    kept = asdict(waiting)
    kept["identity"]["group_role"]["governed"] = sorted(waiting.identity.group_role.governed)
    return cipher(PURPOSE).encrypt(json.dumps(kept).encode()).decode()


@sensitive_variables()
def unseal(sealed: str) -> Confirmation | None:
    """Return what was sealed within the last 10 minutes; None for anything else."""
    try:
        kept = json.loads(cipher(PURPOSE).decrypt(sealed.encode(), ttl=SECONDS))
    except InvalidToken:
        return None
    identity = kept.pop("identity")
    groups = identity.pop("group_role")
    found = GroupRole(
        role=Role(groups["role"]) if groups["role"] else None,
        governed=frozenset(map(Role, groups["governed"])),
        note=groups["note"],
    )
    return Confirmation(identity=ProvedIdentity(**identity, group_role=found), **kept)
