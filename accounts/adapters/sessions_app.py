"""django-allauth's list of sessions as it is installed here."""

from allauth.usersessions.apps import UserSessionsConfig


class SessionsConfig(UserSessionsConfig):
    """Their table, without what they do at a sign-in: they would write down the keys of sessions."""

    def ready(self) -> None:
        """Listen to nothing: `accounts.adapters.receivers` keeps the list."""
