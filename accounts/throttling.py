"""Slowing down whoever guesses passwords, without letting a stranger keep a victim out."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from accounts.client_addresses import network_of
from accounts.models import User
from oauthapps.models import Event
from oauthapps.models.events import EventKind


def must_wait(login: str, network: str) -> bool:
    """Return whether sign-ins to this account from this network are refused for now.

    Many failures from many networks are a distributed guess. A network from which the person has signed in
    before is never made to wait for it, so that the guessing does not shut its victim out.
    """
    person = User.objects.with_login(login)
    if person is None:
        return False
    events = Event.objects.filter(person=person)
    since = timezone.now() - timedelta(seconds=settings.SIGN_IN_FAILURE_SECONDS)
    failures = events.filter(kind=EventKind.SIGN_IN_FAILED, at__gt=since)
    if failures.count() < settings.SIGN_IN_FAILURES_PER_ACCOUNT:
        return False
    addresses = events.filter(kind=EventKind.SIGNED_IN).values_list("address", flat=True)
    return network not in {network_of(address or "") for address in addresses.order_by().distinct()}
