"""Making members of people who sign in at a provider for the first time."""

import re
import secrets
from collections.abc import Iterator

from django.views.decorators.debug import sensitive_variables

from accounts.models import IdentityProvider, User
from accounts.oidc.claims import ProviderClaims
from accounts.services.people import save_validated
from audit.actors import Actor
from audit.models import Event, EventKind
from common.errors import InvalidNameError
from common.names import check_name

LONGEST_USERNAME, LONGEST_NAME = 64, 120
# What no username has (`accounts.models.identifiers.validate_username`).
NOT_IN_USERNAMES = re.compile(r"[^A-Za-z0-9._+-]+")
# Numbers that are tried behind a username that somebody else has.
MOST_NUMBERS = 20


@sensitive_variables()
def provision(claims: ProviderClaims, provider: IdentityProvider, *, actor: Actor) -> User:
    """Make a member, without a password, of whoever signed in; call it in a transaction.

    Raises:
        ValidationError: when somebody else took the email address or the username in the same moment.
    """
    user = User(username=free_username(claims), email=claims.email, name=display_name(claims))
    user.set_unusable_password()
    save_validated(user)
    after = {"Username": user.username, "Email address": user.email, "Role": user.role}
    Event.objects.record(
        EventKind.PERSON_PROVISIONED, actor=actor, person=user, detail=provider.name, after=after
    )
    return user


def display_name(claims: ProviderClaims) -> str:
    """Return what pages call the person: `name`, if it can be shown; otherwise nothing."""
    name = claims.text("name").strip()[:LONGEST_NAME]
    try:
        return check_name(name) if name else ""
    except InvalidNameError:
        return ""


def free_username(claims: ProviderClaims) -> str:
    """Return a username that nobody has, like the one at the provider or in the email address.

    Usernames at providers are often email addresses, or have characters that none has here.
    """
    return next(name for name in candidates(claims) if not User.objects.whose("username", name).exists())


def candidates(claims: ProviderClaims) -> Iterator[str]:
    """Yield usernames, the likeliest first; the last ones are nobody's."""
    wanted = [valid_username(claims.text("preferred_username")), valid_username(claims.email)]
    yield from filter(None, wanted)
    base = next(filter(None, wanted), "person")
    for number in range(2, MOST_NUMBERS):
        yield f"{base[: LONGEST_USERNAME - 4]}-{number}"
    while True:
        yield f"{base[: LONGEST_USERNAME - 9]}-{secrets.token_hex(4)}"


def valid_username(text: str) -> str:
    """Return a text as a username: without what follows an @, and a hyphen for what no username has."""
    return NOT_IN_USERNAMES.sub("-", text.partition("@")[0])[:LONGEST_USERNAME].strip("-")
