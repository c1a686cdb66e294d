"""Issuing tokens, and revoking them."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.actors import Actor, Sender
from audit.models import Event, EventKind
from common.best_effort import best_effort
from oauthapps.models import (
    AccessToken,
    Application,
    ClientSecret,
    Grant,
    PublicKey,
    RefreshToken,
    TokenFamily,
)
from oauthapps.models.consents import EndReason
from oauthapps.models.credentials import USE_NOTED_EVERY
from oauthapps.rules import credential_values
from oauthapps.rules.dated_exceptions import ExceptionKind
from oauthapps.services import assertions
from oauthapps.services.assertions import VerifiedAssertion
from oauthapps.services.exception_uses import record_need
from oauthapps.sql import issuing
from oauthapps.sql.clients import ClientRow, GrantRow, RefreshTokenRow, reuse_began


@dataclass(frozen=True)
class OwnBehalf:
    """That a machine application asks for itself, having shown who it is (RFC 6749 section 4.4)."""


Source = GrantRow | RefreshTokenRow | VerifiedAssertion | OwnBehalf


@dataclass(frozen=True, kw_only=True)
class Issue:
    """Tokens that have just been made, in clear, and all that is kept about them.

    Attributes:
        source: the grant, refresh token or assertion that they were made from, which is used up with them;
            or that there is none.
        client: the client that they are for.
        scope: the access token's scopes, as on the wire.
        seconds: how long the access token lives.
        access_token: its value, to be digested.
        refresh_token: a new refresh token's value; empty when there is none.
        former_successors: the values it would have been given under former keys of the installation.
        replaces: whether a refresh token they were made from is good for nothing afterward.
        client_assertion: what the client authenticated with instead of a secret; it is used up as well.
    """

    source: Source
    client: ClientRow
    scope: str
    seconds: int
    access_token: str = field(repr=False)
    refresh_token: str = field(default="", repr=False)
    former_successors: tuple[str, ...] = field(default=(), repr=False)
    replaces: bool = True
    client_assertion: VerifiedAssertion | None = None


def store(issue: Issue, *, sender: Sender) -> Issue | None:
    """Use up what new tokens were made from and store their digests.

    Args:
        issue: the tokens.
        sender: where the client asked from, for the event of a refresh token that is sent again.

    Returns:
        The tokens, with the refresh token that the client gets; None where what they were made from was
        used before: nothing is stored then.

    Raises:
        ClientAssertionUsedError: when the client's assertion was used before; nothing is stored then.
    """
    try:
        return use_up_and_add(issue, sender=sender)
    except IntegrityError as error:
        assertions.raise_if_used(error)
        raise


def use_up_and_add(issue: Issue, *, sender: Sender) -> Issue | None:
    """Do what `store` says, without a word about assertions of clients that were used before."""
    now, source = timezone.now(), issue.source
    made: dict[str, Any] = {
        "now": now,
        "access_token": credential_values.digest(issue.access_token),
        "scope": issue.scope,
        "expires": now + timedelta(seconds=issue.seconds),
    }
    proof: issuing.Values = {}
    if issue.client_assertion:
        proof = assertions.values_of(issue.client_assertion, issue.client)
    if isinstance(source, VerifiedAssertion | OwnBehalf):
        machine = {**made, **of_machine(source), "application": issue.client.id}
        is_added = issuing.add_machine_token({**machine, **proof})
        # What the client authenticated with has been used up in the attempt.
        return issue if is_added or (may_repeat(source) and issuing.add_repeated_token(machine)) else None
    values = {
        **made,
        "source": source.id,
        "replaced_at": now if issue.replaces else None,
        "refresh_token": credential_values.digest(issue.refresh_token) if issue.refresh_token else "",
        "refresh_scope": source.scope,
        "successor_salt": credential_values.new_successor_salt() if issue.refresh_token else "",
    }
    if source.allowed_until is not None:
        values["expires"] = min(now + timedelta(seconds=issue.seconds), source.allowed_until)
    if isinstance(source, GrantRow):
        return issue if issuing.use_and_add("oauthapps_grant", {**values, **proof}) else None
    if source.replaced_at is None:
        if issuing.use_and_add("oauthapps_refreshtoken", {**values, **proof}):
            return issue
        proof = {}  # used up in the attempt
    repeated = add_again(issue, {**values, "replaced_after": reuse_began(now)}, proof)
    if repeated:
        record_repeat(source, actor=sender().as_client(issue.client.client_id))
    return repeated


def add_again(issue: Issue, values: issuing.Values, proof: issuing.Values) -> Issue | None:
    """Add tokens for a refresh token that was replaced a moment ago, with the same refresh token as then.

    The reply may have been lost, or another tab was quicker, and the installation may have got another key.
    """
    for successor in (issue.refresh_token, *issue.former_successors):
        again = {**values, **proof, "refresh_token": credential_values.digest(successor)}
        if issuing.add_again(again):
            return replace(issue, refresh_token=successor)
        proof = {}  # used up in the attempt
    return None


def of_machine(source: VerifiedAssertion | OwnBehalf) -> issuing.Values:
    """Return whom the token of a machine speaks for, and which assertion is used up for it."""
    if isinstance(source, OwnBehalf):
        return {"user": None, "assertion_id": None, "assertion_expires": None}
    return {
        "user": source.key.person_id,
        "assertion_id": source.assertion_id,
        "assertion_expires": source.expires,
    }


def may_repeat(source: VerifiedAssertion | OwnBehalf) -> bool:
    """Return whether its application has the exception for an assertion whose `jti` was used before."""
    return isinstance(source, VerifiedAssertion) and source.key.may_repeat


def use_client_assertion(assertion: VerifiedAssertion, client: ClientRow) -> None:
    """Use up what a client authenticated with where no tokens come of it.

    Raises:
        ClientAssertionUsedError: when it was used before.
    """
    try:
        issuing.use_client_assertion(assertions.values_of(assertion, client))
    except IntegrityError as error:
        assertions.raise_if_used(error)
        raise
    record_use(PublicKey, assertion.key.id, assertion.key.last_used_at)


def record_uses(issue: Issue) -> None:
    """Note which secret and key tokens were issued with, each once a minute, and an exception they needed."""
    client, source = issue.client, issue.source
    record_secret_use(client)
    for assertion in (source, issue.client_assertion):
        if isinstance(assertion, VerifiedAssertion):
            record_use(PublicKey, assertion.key.id, assertion.key.last_used_at)
            if assertion.lives_longer:
                record_need(client.id, ExceptionKind.LONG_ASSERTIONS)


def record_secret_use(client: ClientRow) -> None:
    """Note a use of the secret that a client showed, if it showed one and the last use was a minute ago."""
    if client.secret_id is not None:
        record_use(ClientSecret, client.secret_id, client.secret_last_used_at)


def record_use(model: type[ClientSecret | PublicKey], pk: int, last_used_at: datetime | None) -> None:
    """Note a use of a secret or key if the last one noted is a minute ago."""
    now = timezone.now()
    if last_used_at is None or last_used_at <= now - USE_NOTED_EVERY:
        with best_effort("when a secret or key was last used"):
            model.objects.filter(pk=pk).update(last_used_at=now)


def record_repeat(token: RefreshTokenRow, *, actor: Actor) -> None:
    """Count that a client sent a refresh token again and got the same successor, and where from."""
    with best_effort("that a refresh token was sent again"):
        family = TokenFamily.objects.select_related("application", "user").get(pk=token.family_id)
        Event.objects.record_hourly(
            EventKind.REFRESH_TOKEN_REPEATED, actor=actor, application=family.application, person=family.user
        )


def end_family(member: Grant | RefreshToken, reason: EndReason, kind: EventKind, *, actor: Actor) -> None:
    """End the family of a code or refresh token and record why, unless it has ended already."""
    with transaction.atomic():
        if TokenFamily.objects.filter(pk=member.family_id).end(reason):
            application = member.family.application
            Event.objects.record(kind, actor=actor, application=application, person=member.user)


def revoke(digest: str, application_id: int, *, actor: Actor) -> None:
    """Revoke a token of this application's (RFC 7009 section 2.1); anybody else's is left alone.

    A refresh token takes its family with it: every access token of the same grant.
    """
    refresh_token = (
        RefreshToken.objects.filter(token_checksum=digest, application_id=application_id)
        .select_related("family", "user")
        .first()
    )
    if refresh_token is not None:
        end_family(refresh_token, EndReason.REVOKED_BY_CLIENT, EventKind.TOKEN_REVOKED, actor=actor)
        return
    with transaction.atomic():
        rows = AccessToken.objects.filter(token_checksum=digest, application_id=application_id)
        if rows.filter(revoked_at=None).update(revoked_at=timezone.now()):
            application = Application.objects.get(pk=application_id)
            Event.objects.record(EventKind.TOKEN_REVOKED, actor=actor, application=application)
