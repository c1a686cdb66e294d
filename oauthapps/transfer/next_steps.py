"""What is left to do after an import."""

from collections.abc import Iterable, Iterator

from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX

from accounts.models import User
from accounts.services.mail import can_send
from common.words import counted
from oauthapps.models import Application, ClientSecret
from oauthapps.rules.app_types import AppType, spec_of
from oauthapps.transfer.entries import Entry
from oauthapps.transfer.kinds import PEOPLE

WITH_SECRETS = [app_type for app_type in AppType if spec_of(app_type).has_secrets]


def next_steps(entries: Iterable[Entry]) -> Iterator[str]:
    """Go through what is left to do, a sentence each.

    Args:
        entries: what was imported: people are only mentioned where there were some.
    """
    without = User.objects.filter(is_active=True, password__startswith=UNUSABLE_PASSWORD_PREFIX)
    number = without.count()
    if number and any(entry.kind is PEOPLE for entry in entries):
        how = (
            f"“Forgot your password?” at {settings.BASE_URL} mails them a link"
            if can_send()
            else "no mail server is set, so an administrator creates a password reset link on each one's page"
        )
        people = "person has" if number == 1 else "people have"
        yield f"{number} {people} no password yet: {how}."
    administrators = User.objects.administrators()
    if number and not administrators.exclude(pk__in=without).exists():
        first = administrators.order_by("username").first()
        if first is not None:
            yield f"No administrator has a password: set one with manage.py reset_user {first.username}."
    waiting = Application.objects.live().filter(app_type__in=WITH_SECRETS)
    lacking = waiting.exclude(secrets__in=ClientSecret.objects.usable()).count()
    if lacking:
        what = counted(lacking, "application")
        yield f"{what} without a client secret: import them with --secrets, or add new ones in the console."
