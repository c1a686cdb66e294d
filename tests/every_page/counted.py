"""Counts of usage and findings of the hygiene page, for the ordinary organization."""

from datetime import UTC, date, timedelta

from django.utils import timezone

from accounts.models import Organization
from oauthapps.models import (
    Api,
    Application,
    ClientSecret,
    CredentialCaller,
    PersonSeen,
    RedirectURL,
    UsageCount,
)
from oauthapps.models.usage import UsageKind
from oauthapps.rules.lifetimes import Lifetime
from oauthapps.services.hygiene import ignore
from tests.every_page.organization import AGENT, World

DAYS = 60
DELETED = 4711  # no row has this primary key


def count_usage(world: World) -> None:
    """Let usage have been counted for more than 90 days, the busier applications more."""
    Organization.objects.update(usage_counted_since=timezone.now() - timedelta(days=120))
    today = timezone.now().astimezone(UTC).date()
    for number, key in enumerate(("web", "single page", "machine", "partner")):
        application = Application.objects.get(client_id=world.arguments[key][0])
        for days in range(DAYS // (number + 1)):
            count_day(application, today - timedelta(days=days), (days * 7 + 3) % 11 * (4 - number) ** 4)
    person = world.people["member"]
    web = Application.objects.get(client_id=world.arguments["web"][0])
    PersonSeen.objects.create(application=web, day=today, person=person)


def count_day(application: Application, day: date, issued: int) -> None:
    """Count a day of an application, and what its tokens came by."""
    api = Api.objects.filter(verifiers=application).first()
    subjects = [
        (UsageKind.APPLICATION, 0),
        (UsageKind.API, 0),
        *((UsageKind.API, row.pk) for row in [api] if row),
        *((UsageKind.SECRET, row.pk) for row in application.secrets.all()),
        *((UsageKind.KEY, row.pk) for row in application.keys.all()),
        *(
            (UsageKind.REDIRECT_URL, pk)
            for pk in [*application.redirect_urls.values_list("pk", flat=True), DELETED]
        ),
    ]
    UsageCount.objects.bulk_create(
        UsageCount(
            application=application,
            day=day,
            kind=kind,
            subject=subject,
            issued=issued,
            refreshed=issued // 3,
            refused=issued // 100,
            people=issued // 20 if kind == UsageKind.APPLICATION else 0,
        )
        for kind, subject in subjects
    )


def leave_findings(world: World) -> None:
    """Leave something for the hygiene page to find, and ignore some of it."""
    now = timezone.now()
    of = {
        key: Application.objects.get(client_id=world.arguments[key][0]) for key in ("web", "partner", "bare")
    }
    of["web"].secrets.update(created_at=now - timedelta(days=400), last_used_at=None)
    ClientSecret.objects.filter(pk=int(str(world.arguments["secret"][1]))).update(
        expires_at=now + timedelta(days=9)
    )
    RedirectURL.objects.create(application=of["partner"], url="http://localhost:8000/signed-in", position=1)
    endless = {"absolute_expiration": Lifetime.NO_EXPIRATION, "inactivity_expiration": Lifetime.NO_EXPIRATION}
    Application.objects.filter(client_id=world.arguments["scanner"][0]).update(**endless)
    Application.objects.filter(pk=of["bare"].pk).update(user=None)
    reason = "Rooms are booked within the office only; the works council agreed."
    ignore(of["bare"], "no_privacy_policy", 0, reason=reason, named="Nothing", actor=world.actor())
    world.arguments["ignored"] = (of["bare"].hygiene_exceptions.get().pk,)
    world.arguments["finding"] = (of["bare"].client_id, "owner_gone", 0)
    for number in range(3):
        CredentialCaller.objects.create(
            application=of["web"],
            kind=UsageKind.SECRET,
            credential=of["web"].secrets.get().pk,
            address=f"192.0.2.{number}",
            user_agent=AGENT,
            times=number + 1,
        )
