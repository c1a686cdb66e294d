"""Sign-ins of long ago, for tests of what asks for a new one."""

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY

from tests.console.pages import Browser

FIVE_MINUTES = 5
HALF_AN_HOUR = 30


def age_sign_in(browser: Browser, *, minutes: float) -> None:
    """Make a browser's last proof of who uses it so many minutes older."""
    session = browser.client.session
    records = session[AUTHENTICATION_METHODS_SESSION_KEY]
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [
        record | {"at": record["at"] - minutes * 60} for record in records
    ]
    session.save()
