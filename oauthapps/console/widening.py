"""What of an application's settings lets more in than before: it asks for a sign-in not long ago."""

from oauthapps.console.forms.base import ApplicationForm
from oauthapps.console.forms.redirect_urls import RedirectURLRows
from oauthapps.edits import Basis
from oauthapps.lifetimes import Lifetime
from oauthapps.models import Application
from oauthapps.services.clashes import REDIRECT_URLS

# The value of each field that lets tokens live longer, or be looked into.
WIDEST = {
    "rotate_refresh_tokens": False,
    "absolute_expiration": Lifetime.NO_EXPIRATION,
    "inactivity_expiration": Lifetime.NO_EXPIRATION,
    "may_verify_tokens": True,
}


def widens_access(stored: Application, form: ApplicationForm, rows: RedirectURLRows, basis: Basis) -> bool:
    """Return whether saving a valid form would widen who gets tokens, for how long, or who may verify them.

    Args:
        stored: the application as it is.
        form: its fields as they were sent.
        rows: its redirect URLs as they were sent.
        basis: which fields the person leaves to somebody else.
    """
    widened = any(
        form.values.get(name) == widest and getattr(stored, name) != widest and not basis.gives_way(name)
        for name, widest in WIDEST.items()
    )
    new_urls = set(rows.urls) - set(rows.stored_urls)
    return widened or bool(new_urls and stored.type.has_redirect_urls and not basis.gives_way(REDIRECT_URLS))
