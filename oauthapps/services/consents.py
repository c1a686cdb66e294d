"""What people allow applications to do."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from audit.actors import Actor
from audit.models import Event, EventKind
from oauthapps.errors import RedirectURLRemovedError, RequestAnsweredError
from oauthapps.models import Application, Consent, Grant, RedirectURL, TokenFamily
from oauthapps.models.consents import EndReason
from oauthapps.rules import credential_values, scopes
from oauthapps.rules.time_limits import TimeLimit

# What events call a time limit.
LIMIT = "Time limit"


@dataclass(frozen=True, kw_only=True)
class AllowedRequest:
    """A validated authorization request, as the consent page showed it (RFC 6749 section 4.1.1).

    Attributes:
        application: the application that asks.
        redirect_url: the registered redirect URL that the code is sent to.
        redirect_uri: the same, as the request has it.
        redirect_uri_given: whether the request has it.
        sentences: what the person read, by scope.
        code_challenge: the request's; empty for none.
        page_id: names this showing of the page: it leads to one code, however often it is answered.
        time_limit: for how long the person allows it.
    """

    application: Application
    redirect_url: RedirectURL
    redirect_uri: str
    redirect_uri_given: bool
    sentences: Mapping[str, str]
    code_challenge: str
    page_id: str
    time_limit: TimeLimit = TimeLimit.UNTIL_REVOKED

    @property
    def scope(self) -> str:
        """The scopes, as on the wire."""
        return scopes.render(self.sentences)

    def allowed_until(self, now: datetime) -> datetime | None:
        """Return when what is allowed now ends by its time limit; None for never, or where nothing lasts."""
        return self.time_limit.end(now) if scopes.OFFLINE_ACCESS in self.sentences else None


def allow(request: AllowedRequest, *, user: User, actor: Actor) -> str:
    """Write down that a person allows what was asked for, and return the authorization code in clear.

    The same answer again, as a second press sends it, changes nothing and gets the same code; one with a
    shorter time limit shortens what was allowed.

    Raises:
        RedirectURLRemovedError: when the code could be sent nowhere any more.
        RequestAnsweredError: when this showing of the consent page was answered before and its code can no
            longer be exchanged.
    """
    codes, now = credential_values.codes_for(request.page_id), timezone.now()
    try:
        with transaction.atomic():
            store_grant(request, codes[0], user=user, ip_address=actor.ip_address)
            Event.objects.record(
                EventKind.CONSENT_GIVEN,
                actor=actor,
                application=request.application,
                person=user,
                detail=request.scope,
                after={LIMIT: request.time_limit.label} if request.allowed_until(now) else None,
            )
    except IntegrityError as error:
        granted = Grant.objects.filter(request_id=name_of(request.page_id))
        if not granted.exists():
            raise
        if not granted.redeemable(timezone.now()).exists():
            raise RequestAnsweredError from error
        if until := request.allowed_until(now):
            TokenFamily.objects.filter(grants__request_id=name_of(request.page_id)).shorten(until)
        return granted_code(codes, granted.get())
    return codes[0]


def granted_code(codes: tuple[str, ...], grant: Grant) -> str:
    """Return the code that a page was answered with, which may have been made with a former key.

    Raises:
        RequestAnsweredError: when that key is no longer known.
    """
    for code in codes:
        if credential_values.digest(code) == grant.code:
            return code
    raise RequestAnsweredError


def store_grant(request: AllowedRequest, code: str, *, user: User, ip_address: str) -> Grant:
    """Store a consent, the family that begins with it, and the grant that waits for its code.

    Raises:
        RedirectURLRemovedError: when the redirect URL is not there any more.
    """
    now = timezone.now()
    family = TokenFamily.objects.create(
        consent=store_consent(request, user=user, ip_address=ip_address, now=now),
        user=user,
        application=request.application,
        scope=request.scope,
        started_at=now,
        allowed_until=request.allowed_until(now),
    )
    if not RedirectURL.objects.filter(pk=request.redirect_url.pk).update(last_used_at=now):
        raise RedirectURLRemovedError
    grant: Grant = Grant.objects.create(
        user=user,
        application=request.application,
        family=family,
        code=credential_values.digest(code),
        expires=now + timedelta(seconds=settings.AUTHORIZATION_CODE_SECONDS),
        redirect_url=request.redirect_url,
        redirect_uri=request.redirect_uri,
        redirect_uri_given=request.redirect_uri_given,
        scope=request.scope,
        code_challenge=request.code_challenge,
        code_challenge_method="S256" if request.code_challenge else "",
        request_id=name_of(request.page_id),
    )
    return grant


def store_consent(request: AllowedRequest, *, user: User, ip_address: str, now: datetime) -> Consent:
    """Store that a person allows an application something, from where, and what they have read of it."""
    rows = Consent.objects.select_for_update(no_key=True)
    consent, _ = rows.get_or_create(user=user, application=request.application)
    read_before = {} if consent.withdrawn_at else consent.sentences
    consent.sentences = {**read_before, **request.sentences}
    consent.last_allowed_at, consent.last_allowed_from = now, ip_address or None
    consent.withdrawn_at = None
    consent.save(update_fields=["sentences", "last_allowed_at", "last_allowed_from", "withdrawn_at"])
    return consent


def refuse(application: Application, *, user: User, actor: Actor, page_id: str) -> None:
    """Write down that a person refused; nothing is granted.

    What the same showing of the page granted before, because Allow was pressed first, is over.
    """
    with transaction.atomic():
        TokenFamily.objects.filter(grants__request_id=name_of(page_id)).end(EndReason.CONSENT_WITHDRAWN)
        Event.objects.record(EventKind.CONSENT_REFUSED, actor=actor, application=application, person=user)


def name_of(page_id: str) -> str:
    """Return what names a showing of the page in the database, which must not hold what codes are made of."""
    return credential_values.digest(page_id)[:32]


def withdraw(consent: Consent, *, actor: Actor) -> None:
    """Take a consent back: everything issued under it is dead at once."""
    with transaction.atomic():
        rows = Consent.objects.active().filter(pk=consent.pk)
        if rows.update(withdrawn_at=timezone.now()):
            TokenFamily.objects.filter(consent=consent).end(EndReason.CONSENT_WITHDRAWN)
            Event.objects.record(
                EventKind.CONSENT_WITHDRAWN, actor=actor, application=consent.application, person=consent.user
            )


def shorten(consent: Consent, limit: TimeLimit, *, actor: Actor) -> None:
    """Let everything issued under a consent end within a time limit; nothing is lengthened.

    Access tokens need no change: none lives longer than the shortest limit.
    """
    until = limit.end(timezone.now())
    with transaction.atomic():
        if until and TokenFamily.objects.filter(consent=consent).shorten(until):
            Event.objects.record(
                EventKind.CONSENT_SHORTENED,
                actor=actor,
                application=consent.application,
                person=consent.user,
                after={LIMIT: limit.label},
            )


def withdraw_all(user: User, *, actor: Actor) -> int:
    """Take all of a person's consents back and return how many of them were in force."""
    with transaction.atomic():
        # Several transactions with several consents of one person would wait for each other.
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        consents = list(Consent.objects.active().filter(user=user).select_related("application", "user"))
        for consent in consents:
            withdraw(consent, actor=actor)
    return sum(consent.application.is_live for consent in consents)
