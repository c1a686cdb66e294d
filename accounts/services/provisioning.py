"""Creating members when people sign in with a provider for the first time."""

from django.views.decorators.debug import sensitive_variables

from accounts.models import IdentityProvider, User
from accounts.oidc.claims import ProviderClaims
from accounts.services.people import save_validated
from accounts.services.usernames import free_username
from audit.actors import Actor
from audit.models import Event, EventKind
from common.errors import InvalidNameError
from common.names import check_name

LONGEST_NAME = 120


@sensitive_variables()
def provision(claims: ProviderClaims, provider: IdentityProvider, *, actor: Actor) -> User:
    """Create a member without a password for whoever signed in; call it in a transaction.

    Raises:
        ValidationError: when the email address or the username was taken at the same moment.
    """
    username = free_username(claims.text("preferred_username"), claims.email)
    user = User(username=username, email=claims.email, name=display_name(claims))
    user.set_unusable_password()
    save_validated(user)
    after = {"Username": user.username, "Email address": user.email, "Role": user.role}
    Event.objects.record(
        EventKind.PERSON_PROVISIONED, actor=actor, person=user, detail=provider.name, after=after
    )
    return user


def display_name(claims: ProviderClaims) -> str:
    """Return the person's display name: `name`, if it can be shown; empty otherwise."""
    name = claims.text("name").strip()[:LONGEST_NAME]
    try:
        return check_name(name) if name else ""
    except InvalidNameError:
        return ""
