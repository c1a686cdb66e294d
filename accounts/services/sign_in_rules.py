"""Who may sign in with a password, and the emergency account, which always can."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import IdentityProvider, Organization, PasswordRule, User
from accounts.services.emergency_account import emergency_candidates, missing_of
from accounts.services.identity_providers import renew_offer
from audit.actors import Actor
from audit.models import Event, EventKind
from common.edits import LATEST_CHANGES, Changes, Readable, Subject, merge_edits

PASSWORD_RULE, EMERGENCY_ACCOUNT = "password_rule", "emergency_account"
LABELS = {PASSWORD_RULE: "Passwords", EMERGENCY_ACCOUNT: "Emergency account"}
NOBODY = ""

NO_PROVIDER = "Add and enable an identity provider first."
NO_EMERGENCY_ACCOUNT = "Choose an account that can sign in when the provider can't be reached."


def state_of(organization: Organization) -> dict[str, str]:
    """Return the current rules as they are compared: the emergency account by its User ID."""
    account = organization.emergency_account
    return {
        PASSWORD_RULE: organization.password_rule,
        EMERGENCY_ACCOUNT: account.user_id if account else NOBODY,
    }


def change_sign_in_rules(
    values: Mapping[str, str], *, actor: Actor, based_on: Mapping[str, str] | None = None
) -> Changes:
    """Set who may sign in with a password, and which account is for emergencies.

    Args:
        values: `password_rule`, one of PasswordRule, and `emergency_account`, a User ID or nothing.
        actor: who changes them.
        based_on: the versions of the values that the new ones were chosen on top of (`common.edits`).

    Raises:
        EditConflictError: when somebody else has changed the same since, to another value.
        ValidationError: by field, when nobody might be able to sign in.
    """
    with transaction.atomic():
        Organization.current()
        organization = Organization.objects.select_for_update(no_key=True).get(id=Organization.THE_ONE)
        former, wanted = state_of(organization), dict(values)
        kept = merge_edits(wanted, based_on or {}, subject_of(organization))
        organization.password_rule = wanted.get(PASSWORD_RULE, former[PASSWORD_RULE])
        organization.emergency_account = held(wanted.get(EMERGENCY_ACCOUNT, former[EMERGENCY_ACCOUNT]))
        changed = [name for name, value in state_of(organization).items() if value != former[name]]
        check_rules(organization, is_chosen=EMERGENCY_ACCOUNT in changed)
        if changed:
            organization.save(update_fields=changed)
            record_change(former, state_of(organization), changed, actor=actor)
            renew_offer()
    return Changes(changed=[LABELS[name] for name in changed], kept=kept)


def held(user_id: str) -> User | None:
    """Return a person, locked until the transaction ends; None for nobody.

    Raises:
        ValidationError: when there is no such person.
    """
    if user_id == NOBODY:
        return None
    person = emergency_candidates().select_for_update(no_key=True).filter(user_id=user_id).first()
    if person is None:
        raise ValidationError({EMERGENCY_ACCOUNT: NO_EMERGENCY_ACCOUNT})
    return person


def check_rules(organization: Organization, *, is_chosen: bool) -> None:
    """Refuse rules under which nobody might be able to sign in.

    Passwords for everybody can be allowed again whatever state the emergency account is in.

    Args:
        organization: with the new rules, unsaved.
        is_chosen: whether the emergency account is a new choice.

    Raises:
        ValidationError: by field.
    """
    try:
        rule = PasswordRule(organization.password_rule)
    except ValueError as error:
        raise ValidationError({PASSWORD_RULE: "Choose one of the rules."}) from error
    account = organization.emergency_account
    is_needed = is_chosen or rule != PasswordRule.EVERYBODY
    if account is not None and is_needed and (missing := missing_of(account)):
        sentence = f"{account.display_name} can't be the emergency account: {', '.join(missing)}."
        raise ValidationError({EMERGENCY_ACCOUNT: sentence})
    if rule == PasswordRule.EVERYBODY:
        return
    if not IdentityProvider.objects.filter(is_enabled=True).exists():
        raise ValidationError({PASSWORD_RULE: NO_PROVIDER})
    if account is None:
        raise ValidationError({EMERGENCY_ACCOUNT: NO_EMERGENCY_ACCOUNT})


def record_change(
    former: Mapping[str, str], present: Mapping[str, str], changed: list[str], *, actor: Actor
) -> None:
    """Record which rules have changed."""
    before, after = (
        {LABELS[name]: readable(name, state[name]) for name in changed} for state in (former, present)
    )
    Event.objects.record(EventKind.SIGN_IN_RULES_CHANGED, actor=actor, before=before, after=after)


def subject_of(organization: Organization) -> Subject:
    """Return the rules as edit conflicts describe them."""
    events = Event.objects.filter(kind=EventKind.SIGN_IN_RULES_CHANGED).select_related("actor")
    return Subject(
        state=state_of(organization),
        labels=LABELS,
        changes=lambda: events[:LATEST_CHANGES],
        readable=readable,
    )


def readable(name: str, value: Any) -> Readable:
    """Return a rule as pages and events show it."""
    if name == PASSWORD_RULE:
        return str(PasswordRule(value).label)
    person = User.objects.filter(user_id=value).first() if value else None
    return f"{person.display_name} ({person.username})" if person else "None"
