"""Emails before a client secret or key expires: 30, 7 and 1 days ahead, each once."""

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.services.mail import can_send
from common.work import Work
from oauthapps.models import Application, ClientSecret, PublicKey
from oauthapps.services.credential_mail import tell_of_expiry

DAYS_BEFORE = (30, 7, 1)
SOON = timedelta(days=DAYS_BEFORE[0])
# In one transaction, each takes a few statements.
AT_ONCE = 20
Credential = ClientSecret | PublicKey


def warn_of_expiries(work: Work) -> None:
    """Have owners and contacts told of what expires soon; nobody as long as no mail server is set."""
    if not can_send():
        return
    for model in (ClientSecret, PublicKey):
        rows = model.objects.all()
        while work.may_go_on() and (ids := work.some_of(due(rows, timezone.now()))[:AT_ONCE]):
            with work.turn():
                for credential in due(rows, timezone.now()).filter(pk__in=ids).select_related("application"):
                    work.count("expiry_emails", warn(credential))


def expires_soon(now: datetime) -> Q:
    """Return what is true of secrets and keys that expire within 30 days."""
    return Q(expires_at__gt=now, expires_at__lte=now + SOON)


def due(rows: QuerySet[Credential], now: datetime) -> QuerySet[Credential]:
    """Return those of which a warning is due that has not been sent."""
    is_due = Q()
    for days in DAYS_BEFORE:
        untold = Q(warned_days=None) | Q(warned_days__gt=days)
        is_due |= untold & Q(expires_at__lte=now + timedelta(days=days))
    live = rows.filter(deleted_at=None, application__in=Application.objects.enabled())
    return live.filter(expires_soon(now) & is_due).order_by("expires_at", "pk")


def warn(credential: Credential) -> int:
    """Have whoever is responsible told, once for each span, and return how many they are."""
    left = (credential.expires_at or timezone.now()) - timezone.now()
    days = min(days for days in DAYS_BEFORE if left <= timedelta(days=days))
    told = type(credential).objects.filter(pk=credential.pk, expires_at=credential.expires_at)
    untold = told.filter(Q(warned_days=None) | Q(warned_days__gt=days))
    return tell_of_expiry(credential) if untold.update(warned_days=days) else 0
