"""Which applications, secrets, keys and Redirect URLs have which finding: a query each, of what exists."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from oauthapps.models import AccessToken, Application, ClientSecret, PublicKey, RedirectURL, UsageCount
from oauthapps.models.usage import UsageKind
from oauthapps.rules import scopes
from oauthapps.rules.app_types import AppType, spec_of
from oauthapps.rules.lifetimes import Lifetime

UNUSED_FOR = timedelta(days=90)
OLD_AFTER = timedelta(days=365)
SOON = timedelta(days=30)

OF_LIVE = Q(application__deleted_at=None)
# Not deleted by themselves soon, as what is being replaced is.
STAYING = Q(retires_at=None) | Q(retirement_stopped_at__isnull=False)
WITH_SIGN_INS = [app_type for app_type in AppType if spec_of(app_type).has_redirect_urls]
# http to whatever host, and any scheme of the web to the machine that the browser runs on. Applications on
# phones have pages on `localhost` under schemes of their own, which are no finding.
INSECURE = r"^(http://|https://(localhost|127\.[0-9.]*|\[::1\])([:/?#]|$))"


def unused_applications(now: datetime) -> QuerySet[Application]:
    """Return those that got no token for 90 days, and are older than that."""
    since = now - UNUSED_FOR
    uses: list[QuerySet[Any]] = [
        *(model.objects.filter(last_used_at__gte=since) for model in (ClientSecret, PublicKey, RedirectURL)),
        AccessToken.objects.filter(created__gte=since),
        UsageCount.objects.of_kind(UsageKind.APPLICATION)
        .since(since.date())
        .filter(Q(issued__gt=0) | Q(refreshed__gt=0)),
    ]
    found = Application.objects.live().filter(created__lt=since)
    for use in uses:
        found = found.exclude(Exists(use.filter(application=OuterRef("pk"))))
    return found


def unused_secrets(now: datetime) -> QuerySet[ClientSecret]:
    """Return those that were not used for 90 days, of applications that were."""
    return _unused_parts(ClientSecret.objects.usable().filter(STAYING), now)


def unused_keys(now: datetime) -> QuerySet[PublicKey]:
    """Return those that were not used for 90 days, of applications that were."""
    return _unused_parts(PublicKey.objects.usable().filter(STAYING), now)


def unused_redirect_urls(now: datetime) -> QuerySet[RedirectURL]:
    """Return those that were not used for 90 days, of applications that were."""
    return _unused_parts(RedirectURL.objects.all(), now)


def old_secrets(now: datetime) -> QuerySet[ClientSecret]:
    """Return those that are older than a year, but for what is being replaced."""
    return ClientSecret.objects.usable().filter(OF_LIVE, STAYING, created_at__lt=now - OLD_AFTER)


def expiring_secrets(now: datetime) -> QuerySet[ClientSecret]:
    """Return those that have expired, or will within 30 days, but for what is being replaced."""
    return ClientSecret.objects.live().filter(OF_LIVE, STAYING, expires_at__lt=now + SOON)


def expiring_keys(now: datetime) -> QuerySet[PublicKey]:
    """Return those that have expired, or will within 30 days, themselves or their certificate."""
    ends = Q(expires_at__lt=now + SOON) | Q(not_after__lt=now + SOON)
    return PublicKey.objects.live().filter(OF_LIVE, STAYING, ends)


def insecure_redirect_urls(now: datetime) -> QuerySet[RedirectURL]:  # noqa: ARG001  # as all of them
    """Return those with http, or on localhost."""
    return RedirectURL.objects.filter(OF_LIVE, url__iregex=INSECURE)


def endless_refresh_tokens(now: datetime) -> QuerySet[Application]:  # noqa: ARG001
    """Return those whose refresh tokens expire neither by age nor by inactivity."""
    rows = Application.objects.live().filter(
        app_type__in=WITH_SIGN_INS,
        absolute_expiration=Lifetime.NO_EXPIRATION,
        inactivity_expiration=Lifetime.NO_EXPIRATION,
    )
    return rows.filter(allowed_scope__contains=scopes.OFFLINE_ACCESS)


def owner_gone(now: datetime) -> QuerySet[Application]:  # noqa: ARG001
    """Return those without an active owner and without contacts."""
    nobody = Q(user=None) | Q(user__is_active=False)
    return Application.objects.live().filter(nobody, first_contact="", second_contact="")


def without_privacy_policy(now: datetime) -> QuerySet[Application]:  # noqa: ARG001
    """Return those that people allow access to without a link to what happens to their data."""
    return Application.objects.live().filter(app_type__in=WITH_SIGN_INS, privacy_policy_url="")


def _unused_parts(rows: QuerySet[Any], now: datetime) -> QuerySet[Any]:
    since = now - UNUSED_FOR
    unused = Q(last_used_at=None) | Q(last_used_at__lt=since)
    of_unused = Exists(unused_applications(now).filter(pk=OuterRef("application")))
    return rows.filter(OF_LIVE, unused, ~of_unused, created_at__lt=since)
