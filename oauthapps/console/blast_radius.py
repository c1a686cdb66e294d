"""What a change would end, in numbers from what lives now, each with the list behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q, Sum, Window
from django.utils import timezone

from accounts.models import User
from common.words import counted
from oauthapps.console.impact import impact_of
from oauthapps.console.sub_pages import ACCESS, SETTINGS
from oauthapps.models import Application, Consent, RedirectURL, TokenFamily
from oauthapps.models.access import over_with, usable_refresh_token
from oauthapps.models.usage import CredentialCaller, UsageCount, UsageKind

LATELY = timedelta(hours=24)
# What a Redirect URL was used for is told of so many days, today among them.
DAYS = 30
NAMED = 10


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A number that a change affects.

    Attributes:
        counted: the number and what it counts, such as "42 people".
        says: what happens to them, as the rest of the sentence.
        url: of the list behind it.
    """

    counted: str
    says: str
    url: str


def figures_of(application: Application) -> list[Figure]:
    """Return what disabling or deleting an application affects; nothing where nothing of it lives."""
    return [*of_access(application), *of_credentials(application)]


def of_access(application: Application) -> list[Figure]:
    """Return who has access through an application, and who would lose it now."""
    impact, url = impact_of(application), ACCESS.url_of(application)
    consents = Consent.objects.active().filter(application=application).count()
    figures = [
        (consents, people(consents), f"{'holds' if consents == 1 else 'hold'} access through it."),
        (impact.people, people(impact.people), "would be signed out of it now."),
        (
            impact.access_tokens,
            counted(impact.access_tokens, "active access token"),
            f"{'stops' if impact.access_tokens == 1 else 'stop'} working.",
        ),
    ]
    return [Figure(counted=number, says=says, url=url) for count, number, says in figures if count]


def of_credentials(application: Application) -> list[Figure]:
    """Return what its clients have used lately."""
    since, settings = timezone.now() - LATELY, SETTINGS.url_of(application)
    used = {"last_used_at__gt": since}
    callers = CredentialCaller.objects.filter(application=application, last_at__gt=since)
    addresses = callers.order_by().values("address", "user_agent").distinct()
    counts = (
        (application.secrets.live().filter(**used).count(), "client secret", "client-secret"),
        (application.keys.live().filter(**used).count(), "public key", "public-keys"),
        (addresses.count(), "caller", "client-secret"),
    )
    return [
        Figure(counted=counted(number, noun), says=says_of_use(noun, number), url=f"{settings}#{section}")
        for number, noun, section in counts
        if number
    ]


def says_of_use(noun: str, number: int) -> str:
    """Say that something was used lately, or did use it."""
    if noun == "caller":
        return "used a secret or key in the last 24 hours."
    return f"{'was' if number == 1 else 'were'} used in the last 24 hours."


def people(number: int) -> str:
    """Return a number of people in words."""
    return f"{number} {'person' if number == 1 else 'people'}"


@dataclass(frozen=True, kw_only=True)
class UsedURL:
    """A Redirect URL that people were sent to lately.

    Attributes:
        url: the URL.
        last_used_at: when somebody was last sent there.
        times: how often tokens were issued for codes that were sent there, as far as that is counted.
    """

    url: str
    last_used_at: datetime | None
    times: int


def used_lately(application: Application, urls: Sequence[str]) -> list[UsedURL]:
    """Return which of some Redirect URLs of an application were used within the last `DAYS` days."""
    now = timezone.now()
    rows = list(
        RedirectURL.objects.filter(
            application=application, url__in=urls, last_used_at__gt=now - timedelta(days=DAYS)
        )
    )
    counts = (
        UsageCount.objects.of_kind(UsageKind.REDIRECT_URL)
        .since((now - timedelta(days=DAYS - 1)).date())
        .filter(application=application, subject__in=[row.pk for row in rows])
    )
    times = dict(counts.order_by().values_list("subject").annotate(Sum("issued"))) if rows else {}
    return [UsedURL(url=row.url, last_used_at=row.last_used_at, times=times.get(row.pk, 0)) for row in rows]


@dataclass(frozen=True, kw_only=True)
class SignedOut:
    """People whose refresh tokens would expire at once.

    Attributes:
        number: how many people.
        named: some of them.
    """

    number: int
    named: list[User]


def signed_out_by(application: Application, absolute: str, inactivity: str) -> SignedOut:
    """Return whose refresh tokens would expire at once if an application's had these lifetimes.

    Args:
        application: as it is now.
        absolute: how long they would live in any case, a `Lifetime` or its code.
        inactivity: how long while their person is away, likewise.
    """
    now = timezone.now()
    present = application.absolute_expiration, application.inactivity_expiration
    families = TokenFamily.objects.alive().filter(
        usable_refresh_token(), application=application, user__is_active=True
    )
    over = families.filter(over_with(absolute, inactivity, now))
    lost = over.exclude(Q(allowed_until__lte=now) | over_with(*present, now))
    found = User.objects.filter(pk__in=lost.values("user")).annotate(number=Window(Count("pk")))
    named: list[Any] = list(found.order_by("name", "username")[:NAMED])
    return SignedOut(number=named[0].number if named else 0, named=named)
