"""The endpoints whose requests are recorded, as rows and pages call them."""

from django.db.models import TextChoices


class RecordedEndpoint(TextChoices):
    """One of them."""

    AUTHORIZE = "authorize", "Authorization"
    TOKEN = "token", "Token"
    EXCHANGE = "exchange", "JWT exchange"
    REVOKE = "revoke", "Revocation"
    INTROSPECT = "introspect", "Introspection"
    VERIFY = "verify", "Token check"
    API = "api", "API"
    LOGOUT = "logout", "Sign-out at an identity provider"
    SIGN_IN = "sign_in", "Sign-in with an identity provider"
    SCIM = "scim", "Provisioning (SCIM)"
