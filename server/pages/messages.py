"""Messages for the next page, in a cookie that a neighboring subdomain cannot plant."""

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage


class MessageStorage(CookieStorage):
    """Django's cookie storage under a name that has the prefix of our other cookies."""

    @property
    def cookie_name(self) -> str:  # type: ignore[override]
        """The cookie's name; `__Host-` demands Secure, so only under https."""
        return "__Host-gatehouse_messages" if settings.SESSION_COOKIE_SECURE else "gatehouse_messages"
