"""Who is who: people and their identities at providers, by issuer and `sub`, never by an email alone.

An email address only finds whom an identity may be linked to, once: it must be verified by the provider, in a
domain that the provider is allowed to speak for, and the person must have been invited, or confirm it with
their password (OpenID Connect Core 1.0 section 5.7).
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
from accounts.services import identity_refusals as refusals
from accounts.services.directory_names import is_provisioned
from accounts.services.links import end_links
from accounts.services.provisioning import provision
from audit.actors import Actor
from audit.models import Event, EventKind

# A first sign-in may meet another one of the same person; the second time it finds what that one has made.
ATTEMPTS = 3


class Outcome(Enum):
    """What a sign-in at a provider leads to, as *Test sign-in* says it."""

    KNOWN = "Signs in as the person this identity is linked to."
    INVITED = "Links this identity to the person who was invited, and signs them in."
    CONFIRM = "Asks for the password of the person with this email address, then links this identity to them."
    NEW = "Creates a member, links this identity to them, and signs them in."


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Whom a sign-in at a provider is of, and what it leads to.

    Attributes:
        outcome: what it leads to.
        person: the person; None for one who is to be created.
    """

    outcome: Outcome
    person: User | None


@sensitive_variables()
def decide(claims: ProviderClaims, provider: IdentityProvider) -> Decision:
    """Return what a sign-in leads to, and change nothing.

    Raises:
        SignInRefusedError: when it leads to nothing.
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
    """Return a person who may sign in.

    Raises:
        SignInRefusedError: when they were deactivated.
    """
    if not person.is_active:
        raise refusals.inactive(person)
    return person


def way_to_link(person: User, provider: IdentityProvider) -> Outcome:
    """Return what has to be shown before an identity is linked to somebody who has its email address.

    Whoever a directory created through SCIM was invited by that, until they have signed in or have a
    password. Of somebody whom an administrator invited, the invitation alone says whether it counts.

    Raises:
        SignInRefusedError: when nothing would do.
    """
    if person.joined_at is None:
        if has_open_invitation(person):
            return Outcome.INVITED
        raise refusals.invitation_over(person)
    active(person)
    if person.has_usable_password():
        return Outcome.CONFIRM
    if person.last_login is None and is_provisioned(person) and not identities_of(person).exists():
        return Outcome.INVITED
    raise refusals.no_way_to_confirm(person, provider)


def has_open_invitation(person: User) -> bool:
    """Return whether an invitation of somebody who has not joined can still be accepted."""
    invitation = person.one_time_links.filter(purpose=LinkPurpose.INVITATION).first()
    return invitation is not None and not invitation.is_over


@sensitive_variables()
def enter(claims: ProviderClaims, provider: IdentityProvider, *, actor: Actor) -> Decision:
    """Find, link or create the person of a sign-in, unless their password is needed first.

    Two first sign-ins at once find each other: one makes what the other then finds.

    Raises:
        SignInRefusedError: when the sign-in leads to nothing.
    """
    for _ in range(ATTEMPTS - 1):
        try:
            return enter_once(claims, provider, actor=actor)
        except (IntegrityError, ValidationError):
            continue
    return enter_once(claims, provider, actor=actor)


@sensitive_variables()
def enter_once(claims: ProviderClaims, provider: IdentityProvider, *, actor: Actor) -> Decision:
    """Do the same, as far as nobody else comes in between.

    Raises:
        IntegrityError, ValidationError: when somebody does.
        SignInRefusedError: when the sign-in leads to nothing.
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
            # Another sign-in of theirs may have been first: nobody else is after this.
            User.objects.select_for_update(no_key=True).get(pk=decision.person.pk)
            decision = decide(claims, provider)
        if decision.outcome == Outcome.INVITED and decision.person:
            accept(decision.person, claims.subject, provider, actor=actor)
    return decision


@sensitive_variables("subject")
def accept(person: User, subject: str, provider: IdentityProvider, *, actor: Actor) -> None:
    """Link an identity to somebody invited, whose row the caller holds, and who has joined with that."""
    link(person, subject, provider, how="invited", actor=actor)
    if person.joined_at is None:
        end_links(person, joins=True)
        kind = EventKind.INVITATION_ACCEPTED
        Event.objects.record(kind, actor=actor, person=person, detail=provider.name)


@sensitive_variables("subject")
def link(person: User, subject: str, provider: IdentityProvider, *, how: str, actor: Actor) -> None:
    """Link an identity to a person; call it in a transaction.

    Of the identity its issuer and `sub` are kept, and nothing else.

    Args:
        person: the person.
        subject: the `sub`.
        provider: whose `sub` it is.
        how: what showed that it is theirs.
        actor: who links it.

    Raises:
        IntegrityError: when it is linked to somebody already.
    """
    SocialAccount.objects.create(user=person, provider=provider.issuer, uid=subject)
    detail = f"{provider.name}; {how}"
    Event.objects.record(
        EventKind.IDENTITY_LINKED, actor=actor, person=person, detail=detail, subject=provider.pk
    )


@sensitive_variables("subject")
def link_confirmed(person: User, subject: str, provider: IdentityProvider, *, actor: Actor) -> bool:
    """Link an identity to somebody who confirmed it with their password.

    Returns:
        Whether it is theirs: of two at once, both are right if both are of the same person.
    """
    try:
        with transaction.atomic():
            held = User.objects.select_for_update(no_key=True).get(pk=person.pk)
            if not held.is_active:
                return False
            link(held, subject, provider, how="confirmed with the password", actor=actor)
    except IntegrityError:
        return identities_of(person).filter(provider=provider.issuer, uid=subject).exists()
    return True


def unlink(identity: SocialAccount, *, actor: Actor) -> None:
    """Take an identity from its person, who then cannot sign in with it; their sessions go on."""
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
    """Return a person's identities, the earliest first."""
    identities: QuerySet[SocialAccount] = SocialAccount.objects.filter(user=person).order_by(
        "date_joined", "pk"
    )
    return identities
