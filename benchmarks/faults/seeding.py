"""Rows for clients that work while something fails, on either database.

A command of its own, `python -m benchmarks.faults.seeding`: its environment says on which database. It prints
what clients must know, as JSON.
"""

import json
import secrets
from datetime import timedelta
from typing import Any

import django
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

# More than all kinds of faults on one database use up.
CHAINS, CODES, PEOPLE = 4_000, 16_000, 200
SCOPE = "read write offline_access"


def main() -> None:
    """Make the tables and rows, and print what clients must know."""
    from django.core.management import call_command  # noqa: PLC0415  # needs settings

    call_command("migrate", verbosity=0, interactive=False)
    print(json.dumps(made()))


def made() -> dict[str, str]:
    """Add applications, people, codes and refresh tokens; return the credentials of their clients."""
    from accounts.models import Organization  # noqa: PLC0415  # needs settings
    from benchmarks.seeds import REDIRECT_URI, make_clients  # noqa: PLC0415

    clients = make_clients()
    web, machine, checker = clients.web, clients.machine, clients.checker
    add_families(web.application)
    verifier = add_credentials(web.application)
    private = clients.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return {
        "web_id": web.application.client_id,
        "web_secret": web.client_secret,
        "machine_id": machine.application.client_id,
        "machine_secret": machine.client_secret,
        "checker_id": checker.application.client_id,
        "checker_secret": checker.client_secret,
        "key": private.decode(),
        "issuer": Organization.current().customer_id,
        "subject": clients.owner.user_id,
        "verifier": verifier,
        "redirect_uri": REDIRECT_URI,
    }


def add_families(application: Any) -> None:
    """Add a family for every code, then for every chain of refresh tokens."""
    from django.utils import timezone  # noqa: PLC0415  # needs settings

    from accounts.models import User  # noqa: PLC0415
    from oauthapps.models import Consent, TokenFamily  # noqa: PLC0415

    people = [
        User(username=f"person{n}", email=f"{n}@example.org", name=f"Person {n}", password="!")  # noqa: S106  # nobody signs in
        for n in range(PEOPLE)
    ]
    User.objects.bulk_create(people)
    now = timezone.now()
    consents = Consent.objects.bulk_create(
        Consent(user=person, application=application, first_allowed_at=now, last_allowed_at=now)
        for person in User.objects.filter(username__startswith="person")
    )
    TokenFamily.objects.bulk_create(
        (
            TokenFamily(
                consent=consents[n % PEOPLE],
                user_id=consents[n % PEOPLE].user_id,
                application=application,
                scope=SCOPE,
                started_at=now,
                review_at=now + timedelta(days=30),
            )
            for n in range(CODES + CHAINS)
        ),
        batch_size=500,
    )


def add_credentials(application: Any) -> str:
    """Add the codes and refresh tokens; return what the codes' challenge was made from."""
    from django.utils import timezone  # noqa: PLC0415  # needs settings

    from oauthapps.models import Grant, RedirectURL, RefreshToken, TokenFamily  # noqa: PLC0415
    from oauthapps.rules.credential_values import digest  # noqa: PLC0415
    from tests.oauth_client import challenge_of  # noqa: PLC0415

    verifier = secrets.token_urlsafe(48)
    url = RedirectURL.objects.get(application=application)
    families = list(TokenFamily.objects.order_by("pk"))
    Grant.objects.bulk_create(
        (
            Grant(
                family=family,
                user_id=family.user_id,
                application=application,
                code=digest(code(n)),
                expires=timezone.now() + timedelta(days=1),
                redirect_url=url,
                redirect_uri=url.url,
                scope=SCOPE,
                code_challenge=challenge_of(verifier),
                code_challenge_method="S256",
                request_id=f"request{n}",
            )
            for n, family in enumerate(families[:CODES])
        ),
        batch_size=500,
    )
    RefreshToken.objects.bulk_create(
        (
            RefreshToken(
                family=family,
                user_id=family.user_id,
                application=application,
                token_checksum=digest(refresh_token(n)),
                scope=SCOPE,
            )
            for n, family in enumerate(families[CODES:])
        ),
        batch_size=500,
    )
    return verifier


def code(number: int) -> str:
    """Return the value of a seeded code."""
    return f"gtcode_{number:049d}"


def refresh_token(number: int) -> str:
    """Return the value of a seeded refresh token."""
    return f"gtref_{number:049d}"


if __name__ == "__main__":
    django.setup()
    main()
