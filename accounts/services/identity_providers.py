"""The organization's identity providers: adding, changing, and deleting them, and the sign-in offer."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Subquery
from django.utils import timezone

from accounts.models import IdentityProvider, Organization, PasswordRule
from accounts.oidc.client_secrets import seal
from accounts.oidc.discovery import Discovery
from accounts.services.emergency_account import require_emergency_account
from accounts.services.provider_values import (
    CLIENT_SECRET,
    LABELS,
    check_values,
    described,
    normalized,
    subject_of,
)
from audit.actors import Actor
from audit.models import Event, EventKind
from common.edits import Changes, merge_edits
from common.errors import violates
from common.words import counted

# How long a process goes by what it has read, if another process has changed it.
OFFER_SECONDS = 5
ISSUER_TAKEN = "There's already a provider with this issuer."
SECRET_REQUIRED = "Enter the client secret."  # noqa: S105  # a sentence
SET, REPLACED = "set", "replaced"


@dataclass(frozen=True, kw_only=True)
class OfferedProvider:
    """A provider that people can sign in with.

    Attributes:
        provider_id: its id in URLs.
        name: what the page calls it.
    """

    provider_id: str
    name: str


@dataclass(frozen=True, kw_only=True)
class SignInOffer:
    """How the sign-in page lets people in.

    Attributes:
        providers: the enabled providers, by name.
        password_rule: who may sign in with a password; everybody if no provider is enabled.
    """

    providers: tuple[OfferedProvider, ...] = ()
    password_rule: PasswordRule = PasswordRule.EVERYBODY


class Remembered:
    """The offer that this process has read, and until when it is current."""

    offer = SignInOffer()
    until = 0.0


def offered() -> SignInOffer:
    """Return the sign-in offer, at most five seconds old, or as of this process's last change."""
    if Remembered.until < time.monotonic():
        Remembered.offer, Remembered.until = read_offer(), time.monotonic() + OFFER_SECONDS
    return Remembered.offer


def read_offer() -> SignInOffer:
    """Read the sign-in offer from the database, in one statement."""
    rule = Organization.objects.filter(id=Organization.THE_ONE).values("password_rule")
    enabled = IdentityProvider.objects.filter(is_enabled=True)
    rows = list(enabled.annotate(rule=Subquery(rule)).values_list("provider_id", "name", "rule"))
    if not rows:
        return SignInOffer()
    providers = tuple(OfferedProvider(provider_id=provider_id, name=name) for provider_id, name, _ in rows)
    return SignInOffer(providers=providers, password_rule=PasswordRule(rows[0][2] or PasswordRule.EVERYBODY))


def forget_offer() -> None:
    """Have the offer read again the next time it is needed."""
    Remembered.until = 0.0


def renew_offer() -> None:
    """Forget the offer because of a change in this transaction: now, and again when it is committed."""
    forget_offer()
    transaction.on_commit(forget_offer)


def add_provider(
    discovery: Discovery, values: Mapping[str, Any], *, client_secret: str, actor: Actor
) -> IdentityProvider:
    """Add an identity provider.

    Args:
        discovery: what its discovery document said (`accounts.oidc.discovery.discover`); it names the issuer.
        values: its values, by field; name and client_id at least.
        client_secret: the secret that it issued to this installation.
        actor: who adds it.

    Raises:
        ValidationError: by field, when a value is invalid, the issuer is another provider's, or passwords are
            restricted and no emergency account could sign in.
    """
    provider = IdentityProvider(issuer=discovery.issuer, discovery=dict(discovery.document))
    set_values(provider, values)
    provider.sealed_secret = sealed(client_secret)
    check_values(provider)
    with transaction.atomic():
        if provider.is_enabled:
            require_emergency_account(Organization.current(), field="is_enabled")
        try:
            with transaction.atomic():
                provider.save()
        except IntegrityError as error:
            if violates(error, IdentityProvider, "issuer"):
                raise ValidationError({"issuer": ISSUER_TAKEN}) from error
            raise
        kind, after = EventKind.IDENTITY_PROVIDER_CREATED, described(provider) | {CLIENT_SECRET: SET}
        Event.objects.record(kind, actor=actor, detail=provider.name, after=after, subject=provider.pk)
        renew_offer()
    return provider


def change_provider(
    provider: IdentityProvider,
    values: Mapping[str, Any],
    *,
    actor: Actor,
    client_secret: str = "",
    discovery: Discovery | None = None,
    based_on: Mapping[str, str] | None = None,
) -> Changes:
    """Change a provider's values. Its issuer stays the same: linked accounts belong to it.

    Args:
        provider: the provider.
        values: the new values, by field.
        actor: who changes it.
        client_secret: a new secret; empty to keep the current one.
        discovery: what its discovery document says now; None to keep the stored one.
        based_on: the versions of the values that the new ones were chosen on top of (`common.edits`).

    Raises:
        EditConflictError: when somebody else has changed the same since, to another value.
        IdentityProvider.DoesNotExist: when somebody has deleted it.
        ValidationError: by field, when a value is invalid, or the provider is enabled while passwords are
            restricted and no emergency account could sign in.
    """
    with transaction.atomic():
        current = IdentityProvider.objects.select_for_update(no_key=True).get(pk=provider.pk)
        wanted = normalized(values)
        kept = merge_edits(wanted, based_on or {}, subject_of(current))
        former = described(current)
        set_values(current, wanted)
        if client_secret:
            current.sealed_secret = sealed(client_secret)
        if discovery is not None:
            current.discovery, current.discovered_at = dict(discovery.document), timezone.now()
        check_values(current)
        if current.is_enabled and not former[LABELS["is_enabled"]]:
            require_emergency_account(Organization.current(), field="is_enabled")
        current.save()
        changed = record_change(current, former, actor=actor, has_new_secret=bool(client_secret))
        renew_offer()
    return Changes(changed=changed, kept=kept)


def record_change(
    provider: IdentityProvider, former: Mapping[str, Any], *, actor: Actor, has_new_secret: bool
) -> list[str]:
    """Record which values have changed, and return their labels."""
    present = described(provider)
    before = {label: former[label] for label in present if present[label] != former[label]}
    after = {label: present[label] for label in before}
    if has_new_secret:
        before[CLIENT_SECRET], after[CLIENT_SECRET] = SET, REPLACED
    if after:
        kind = EventKind.IDENTITY_PROVIDER_CHANGED
        Event.objects.record(
            kind, actor=actor, detail=provider.name, before=before, after=after, subject=provider.pk
        )
    return list(after)


def delete_provider(provider: IdentityProvider, *, actor: Actor) -> None:
    """Delete a provider and the accounts linked to it. Sessions that began with it continue."""
    with transaction.atomic():
        current = IdentityProvider.objects.select_for_update(no_key=True).filter(pk=provider.pk).first()
        if current is None:
            return
        before = described(current)
        identities, _ = SocialAccount.objects.filter(provider=current.issuer).delete()
        current.delete()
        kind, detail = (
            EventKind.IDENTITY_PROVIDER_DELETED,
            f"{current.name}; {counted(identities, 'link')} removed",
        )
        Event.objects.record(kind, actor=actor, detail=detail, before=before, subject=provider.pk)
        renew_offer()


def set_values(provider: IdentityProvider, values: Mapping[str, Any]) -> None:
    """Set values of a provider, unsaved.

    Raises:
        ValueError: for a name that isn't one of a provider's values.
    """
    for name, value in normalized(values).items():
        if name not in LABELS:
            raise ValueError(name)
        setattr(provider, name, value)


def sealed(client_secret: str) -> str:
    """Return a client secret, encrypted for storage.

    Raises:
        ValidationError: when it is empty.
    """
    if not client_secret.strip():
        raise ValidationError({"client_secret": SECRET_REQUIRED})
    return seal(client_secret.strip())
