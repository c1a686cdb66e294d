from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People and the organisation they belong to."""

    name = "accounts"

    def ready(self) -> None:
        """Listen to the sign-in code, which is not ours."""
        from accounts import receivers  # noqa: F401, PLC0415
