"""Noting which redirect URIs were refused, of applications that are moving in.

Anybody can send such a request. What is kept is a few URLs without what is in their queries, and a flood of
them pushes out none that came within the hour.
"""

from datetime import datetime, timedelta

from django.utils import timezone

from common.best_effort import best_effort
from oauthapps.models import Application, MovingIn, RefusedRedirectURL
from oauthapps.rules.urls.refused_urls import recognizable

KEPT = 5
# How long one is kept at least, and how often at most it is noted that one came again.
KEPT_FOR = timedelta(hours=1)
NOTED_EVERY = timedelta(minutes=1)


def note_refused_redirect_uri(client_id: str, uri: str) -> None:
    """Note a redirect URI that is not registered, if the client's application is moving in.

    Args:
        client_id: the Client ID that came with it.
        uri: the redirect URI, as it was sent.
    """
    url = recognizable(uri)
    if not url:
        return
    with best_effort("that a redirect URI was refused"):
        clients = Application.objects.enabled().filter(client_id=client_id)
        moving_in = MovingIn.objects.unfinished().filter(application__in=clients).first()
        if moving_in is not None:
            note(moving_in.application_id, url, timezone.now())


def note(application_id: int, url: str, now: datetime) -> None:
    """Note a URL in the place of the one that came the longest time ago."""
    rows = RefusedRedirectURL.objects.filter(application=application_id)
    known = {row.url: row for row in rows}
    if url in known:
        rows.filter(url=url, last_refused_at__lt=now - NOTED_EVERY).update(last_refused_at=now)
        return
    kept = sorted(known.values(), key=lambda row: row.last_refused_at, reverse=True)
    if any(row.last_refused_at > now - KEPT_FOR for row in kept[KEPT - 1 :]):
        return
    rows.filter(pk__in=[row.pk for row in kept[KEPT - 1 :]]).delete()
    RefusedRedirectURL.objects.get_or_create(
        application_id=application_id, url=url, defaults={"last_refused_at": now}
    )
