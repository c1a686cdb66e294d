from django.apps import AppConfig


class OAuthAppsConfig(AppConfig):
    """Applications, their credentials, and the tokens issued to them."""

    name = "oauthapps"
    verbose_name = "OAuth2 applications"
