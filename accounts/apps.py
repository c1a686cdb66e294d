from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People and the organization they belong to."""

    name = "accounts"

    def ready(self) -> None:
        """Listen to the sign-in code, which is not ours, and to new connections to the database."""
        from accounts.adapters import receivers  # noqa: F401, PLC0415
        from common import text_search  # noqa: F401, PLC0415
