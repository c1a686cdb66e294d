"""When people are active: refresh tokens end where an application lets nobody be away for so long."""

from django.db import transaction
from django.utils import timezone

from accounts.models import ACTIVITY_INTERVAL, User
from oauthapps.models import TokenFamily
from oauthapps.models.consents import EndReason


def record_activity(user: User) -> None:
    """Write that a person is active now, at most once a minute, and end what lapsed while they were away.

    Refresh tokens that have expired would work again from now on otherwise. Of several requests at once one
    counts: the others have read an absence that is over, and would end what began since.

    Args:
        user: the person, as of their last activity; knows of this one afterward.
    """
    now = timezone.now()
    if now - user.last_active_at < ACTIVITY_INTERVAL:
        return
    absent = User.objects.filter(pk=user.pk, last_active_at=user.last_active_at)
    lapsed = TokenFamily.objects.lapsed(user, now)
    if lapsed.exists():
        with transaction.atomic():
            if absent.update(last_active_at=now):
                lapsed.end(EndReason.PERSON_AWAY)
    else:
        absent.update(last_active_at=now)
    user.last_active_at = now
