"""What an integration needs to know, as the lines of a .env file."""

from oauthapps.console.instructions import url_of
from oauthapps.models import Application

CODE_ENDPOINTS = {
    "AUTHORIZE_URL": "oauth2_provider:authorize",
    "TOKEN_URL": "oauth2_provider:token",
    "REVOKE_URL": "oauth2_provider:revoke-token",
}
JWT_ENDPOINTS = {"JWT_EXCHANGE_URL": "oauth2_provider:jwt-exchange", "TOKEN_URL": "oauth2_provider:token"}
ENDPOINTS = {"jwt": JWT_ENDPOINTS, "code": CODE_ENDPOINTS, "pkce": CODE_ENDPOINTS}


def env_file(application: Application, client_secret: str = "", *, subject: str) -> str:
    """Return the lines for an application; no value needs quotation marks.

    Args:
        application: the application.
        client_secret: its new secret in clear; show the result in the same response and nowhere else. Empty
            leaves the value to whoever has saved it.
        subject: the User ID or Service ID that stands in every JWT, where the application signs some.
    """
    values = {"CLIENT_ID": application.client_id}
    if application.type.has_secrets:
        values["CLIENT_SECRET"] = client_secret
    if application.type.exchanges_jwts:
        values["CUSTOMER_ID"] = application.organization.customer_id
        values["SERVICE_ID" if subject == application.service_id else "USER_ID"] = subject
    values |= {name: url_of(endpoint) for name, endpoint in ENDPOINTS[application.type.flow].items()}
    values["API_URL"] = url_of("api:me")
    return "".join(f"{name}={value}\n" for name, value in values.items())
