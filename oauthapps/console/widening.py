"""What of an application's settings lets more in than before: it asks for a sign-in not long ago."""

from collections.abc import Mapping
from typing import Any

from oauthapps.console.forms.redirect_urls import RedirectURLRows
from oauthapps.models import Application
from oauthapps.rules import scopes
from oauthapps.rules.apis import token_lifetimes
from oauthapps.rules.lifetimes import is_longer
from oauthapps.services.edit_conflicts import ALLOWED_SCOPE, REDIRECT_URLS, TOKEN_LIFETIME

# The value of each field that lets a token be used more than once or be looked into, or a code be stolen.
WIDEST = {"rotate_refresh_tokens": False, "may_verify_tokens": True, "requires_pkce": False}
LIFETIMES = ("absolute_expiration", "inactivity_expiration")


def widens_access(stored: Application, edited: Mapping[str, Any], rows: RedirectURLRows) -> bool:
    """Return whether saving a valid form would widen who gets which tokens for how long, or verifies them.

    Args:
        stored: the application as it is.
        edited: the values of a valid form that the person changed, by field.
        rows: its redirect URLs as they were sent.
    """
    widened = any(
        name in edited and edited[name] == widest != getattr(stored, name) for name, widest in WIDEST.items()
    )
    longer = any(name in edited and is_longer(edited[name], getattr(stored, name)) for name in LIFETIMES)
    works_longer = TOKEN_LIFETIME in edited and token_lifetimes.is_longer(
        edited[TOKEN_LIFETIME], stored.access_token_seconds
    )
    new_scopes = set(scopes.parse(edited.get(ALLOWED_SCOPE, ""))) - set(scopes.parse(stored.allowed_scope))
    new_urls = set(rows.urls) - set(rows.stored_urls)
    leads_elsewhere = new_urls and stored.type.has_redirect_urls and REDIRECT_URLS in edited
    return widened or longer or works_longer or bool(new_scopes or leads_elsewhere)
