"""Who is who: people and their linked accounts, by issuer and `sub`, never by email address alone.

An email address is used once, to find the person to link: it must be verified by the provider and in one of
its allowed domains, and the person must have been invited, or confirm it with their password (OpenID Connect
Core 1.0 section 5.7).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from allauth.socialaccount.models import SocialAccount
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from accounts.models import IdentityProvider, LinkPurpose, User
from accounts.oidc.claims import ProviderClaims
from accounts.oidc.failures import SignInRefusedError, unknown_state
from accounts.services import identity_refusals as refusals
from accounts.services.directory_names import is_provisioned
from accounts.services.links import end_links
from accounts.services.provisioning import provision
from audit.actors import Actor
from audit.models import Event, EventKind

# Two first sign-ins of one person may collide; on the second attempt, one finds what the other created.
ATTEMPTS = 3


class Outcome(Enum):
    """What a sign-in with a provider leads to, as *Test sign-in* puts it."""

    KNOWN = "The account is already linked to this person."
    INVITED = "The account will be linked to this person, who was invited or may link an account."
    CONFIRM = "The account will be linked to this person once they have entered their password."
    NEW = "A member will be created, and the account linked to them."


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Who a sign-in with a provider belongs to, and what it leads to.

    Attributes:
        outcome: what it leads to.
        person: the person; None if they will be created.
    """

    outcome: Outcome
    person: User | None


@sensitive_variables()
def decide(claims: ProviderClaims, provider: IdentityProvider) -> Decision:
    """Return what a sign-in leads to, and change nothing.

    Raises:
        SignInRefusedError: when it is refused.
    """
    linked = SocialAccount.objects.filter(provider=provider.issuer, uid=claims.subject)
    identity = linked.select_related("user").first()
    if identity is not None:
        return Decision(outcome=Outcome.KNOWN, person=active(identity.user))
    refusals.check_email(claims, provider)
    person = User.objects.whose("email", claims.email).first()
    if person is None:
        if not provider.provisions:
            raise refusals.nobody(provider)
        return Decision(outcome=Outcome.NEW, person=None)
    return Decision(outcome=way_to_link(person, provider), person=person)


def active(person: User) -> User:
    """Return the person if they may sign in.

    Raises:
        SignInRefusedError: when they were deactivated.
    """
    if not person.is_active:
        raise refusals.inactive(person)
    return person


def way_to_link(person: User, provider: IdentityProvider) -> Outcome:
    """Return what it takes to link an account to the person with its email address.

    People created through SCIM count as invited until they have signed in or have a password.
    For people invited by an administrator, only the invitation counts.

    Raises:
        SignInRefusedError: when it can't be linked.
    """
    if person.joined_at is None:
        if has_open_invitation(person):
            return Outcome.INVITED
        raise refusals.invitation_over(person)
    active(person)
    if has_open_invitation(person, LinkPurpose.LINKING):
        return Outcome.INVITED
    if person.has_usable_password():
        return Outcome.CONFIRM
    if person.last_login is None and is_provisioned(person) and not identities_of(person).exists():
        return Outcome.INVITED
    raise refusals.no_way_to_confirm(person, provider)


def has_open_invitation(person: User, purpose: LinkPurpose = LinkPurpose.INVITATION) -> bool:
    """Return whether an invitation, or a permission to link an account, can still be used."""
    invitation = person.one_time_links.filter(purpose=purpose).first()
    return invitation is not None and not invitation.is_over


@sensitive_variables()
def enter(claims: ProviderClaims, provider: IdentityProvider, *, actor: Actor) -> Decision:
    """Find, link, or create the person who signs in, unless their password is needed first.

    If two first sign-ins happen at once, one creates what the other then finds.

    Raises:
        SignInRefusedError: when the sign-in is refused.
    """
    for _ in range(ATTEMPTS - 1):
        try:
            return enter_once(claims, provider, actor=actor)
        except (IntegrityError, ValidationError):
            continue
    return enter_once(claims, provider, actor=actor)


@sensitive_variables()
def enter_once(claims: ProviderClaims, provider: IdentityProvider, *, actor: Actor) -> Decision:
    """Do the same, in one attempt.

    Raises:
        IntegrityError, ValidationError: when another sign-in got there first.
        SignInRefusedError: when the sign-in is refused.
    """
    with transaction.atomic():
        decision = decide(claims, provider)
        if decision.outcome == Outcome.KNOWN:
            used = SocialAccount.objects.filter(provider=provider.issuer, uid=claims.subject)
            used.update(last_login=timezone.now())
        if decision.outcome == Outcome.NEW:
            person = provision(claims, provider, actor=actor)
            link(person, claims.subject, provider, how="created on first sign-in", actor=actor)
            return Decision(outcome=Outcome.NEW, person=person)
        if decision.outcome == Outcome.INVITED and decision.person:
            # Another sign-in of theirs may have been first; from here on, none can be.
            User.objects.select_for_update(no_key=True).get(pk=decision.person.pk)
            decision = decide(claims, provider)
        if decision.outcome == Outcome.INVITED and decision.person:
            accept(decision.person, claims.subject, provider, actor=actor)
    return decision


@sensitive_variables("subject")
def accept(person: User, subject: str, provider: IdentityProvider, *, actor: Actor) -> None:
    """Link an account to somebody who was invited, and have them join; the caller has locked their row."""
    link(person, subject, provider, how="invited", actor=actor)
    person.one_time_links.filter(purpose=LinkPurpose.LINKING).delete()
    if person.joined_at is None:
        end_links(person, joins=True)
        kind = EventKind.INVITATION_ACCEPTED
        Event.objects.record(kind, actor=actor, person=person, detail=provider.name)


@sensitive_variables("subject")
def link(person: User, subject: str, provider: IdentityProvider, *, how: str, actor: Actor) -> None:
    """Link an account to a person; call it in a transaction. Only its issuer and `sub` are stored.

    Args:
        person: the person.
        subject: the `sub`.
        provider: whose `sub` it is.
        how: what proved that it is theirs.
        actor: who links it.

    Raises:
        IntegrityError: when it is already linked to somebody.
        SignInRefusedError: when the provider has been deleted, with the accounts that were linked.
    """
    if IdentityProvider.objects.select_for_update(no_key=True).filter(pk=provider.pk).first() is None:
        raise unknown_state()
    SocialAccount.objects.create(user=person, provider=provider.issuer, uid=subject)
    detail = f"{provider.name}; {how}"
    Event.objects.record(
        EventKind.IDENTITY_LINKED, actor=actor, person=person, detail=detail, subject=provider.pk
    )


@sensitive_variables("subject")
def link_confirmed(person: User, subject: str, provider: IdentityProvider, *, actor: Actor) -> bool:
    """Link an account to somebody who confirmed it with their password.

    Returns:
        Whether it is theirs now, whether by this call or by another one at the same time.
    """
    try:
        with transaction.atomic():
            held = User.objects.select_for_update(no_key=True).get(pk=person.pk)
            if not held.is_active:
                return False
            link(held, subject, provider, how="confirmed with the password", actor=actor)
    except IntegrityError:
        return identities_of(person).filter(provider=provider.issuer, uid=subject).exists()
    except SignInRefusedError:
        return False
    return True


def unlink(identity: SocialAccount, *, actor: Actor) -> None:
    """Unlink an account from its person, who can't sign in with it anymore; their sessions continue."""
    with transaction.atomic():
        deleted, _ = SocialAccount.objects.filter(pk=identity.pk).delete()
        if deleted:
            provider = IdentityProvider.objects.filter(issuer=identity.provider).first()
            Event.objects.record(
                EventKind.IDENTITY_UNLINKED,
                actor=actor,
                person=identity.user,
                detail=provider.name if provider else identity.provider,
                subject=provider.pk if provider else None,
            )


def identities_of(person: User) -> QuerySet[SocialAccount]:
    """Return a person's linked accounts, oldest first."""
    identities: QuerySet[SocialAccount] = SocialAccount.objects.filter(user=person).order_by(
        "date_joined", "pk"
    )
    return identities
