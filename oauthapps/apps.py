from django.apps import AppConfig


class OAuthAppsConfig(AppConfig):
    """Applications, their credentials, and the tokens issued to them."""

    name = "oauthapps"
    verbose_name = "OAuth2 applications"

    def ready(self) -> None:
        """Listen to the sign-in code, which is not ours."""
        from oauthapps.people import receivers  # noqa: F401, PLC0415
