"""Who else writes to a database: `python -m benchmarks.faults.writing people SECONDS` or `expired NUMBER`."""

import secrets
import sys
import time
from datetime import timedelta

import django


def write_people(seconds: float) -> None:
    """Change people one by one, as an import does: a short transaction each, with its event."""
    from accounts.models import User  # noqa: PLC0415  # needs settings
    from accounts.services.people import change_person  # noqa: PLC0415
    from audit.actors import Actor  # noqa: PLC0415

    actor, until = Actor.command("benchmarks"), time.monotonic() + seconds
    people = list(User.objects.filter(username__startswith="person"))
    written = 0
    while time.monotonic() < until:
        person = people[written % len(people)]
        change_person(person, {"name": f"Person {written}"}, actor=actor)
        written += 1
    print(written)


def write_expired(number: int) -> None:
    """Add access tokens that have long expired: work for `prune`."""
    from django.utils import timezone  # noqa: PLC0415  # needs settings

    from oauthapps.models import AccessToken, TokenFamily  # noqa: PLC0415

    family, ago = TokenFamily.objects.all()[0], timezone.now() - timedelta(days=2)
    AccessToken.objects.bulk_create(
        (
            AccessToken(
                family=family,
                user_id=family.user_id,
                application_id=family.application_id,
                token_checksum=secrets.token_hex(32),
                scope="read",
                expires=ago,
            )
            for _ in range(number)
        ),
        batch_size=500,
    )


if __name__ == "__main__":
    django.setup()
    kind, amount = sys.argv[1:]
    {"people": lambda: write_people(float(amount)), "expired": lambda: write_expired(int(amount))}[kind]()
