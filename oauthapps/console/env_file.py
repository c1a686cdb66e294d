"""What an integration needs to know, as the lines of a .env file."""

from accounts.models import User
from oauthapps.console.instructions import address
from oauthapps.models import Application

ENDPOINTS = {
    "jwt": {"JWT_EXCHANGE_URL": "oauth2_provider:jwt-exchange", "TOKEN_URL": "oauth2_provider:token"},
    "code": {
        "AUTHORIZE_URL": "oauth2_provider:authorize",
        "TOKEN_URL": "oauth2_provider:token",
        "REVOKE_URL": "oauth2_provider:revoke-token",
    },
}


def env_file(application: Application, client_secret: str, *, signer: User) -> str:
    """Return the lines for an application with a client secret; no value needs quotation marks.

    Args:
        application: a Machine to Machine or Web Application.
        client_secret: its new secret in clear; show the result in the same answer and nowhere else.
        signer: the person whose User ID stands in every JWT, where the application signs some.
    """
    flow = application.type.flow
    values = {"CLIENT_ID": application.client_id, "CLIENT_SECRET": client_secret}
    if flow == "jwt":
        values["CUSTOMER_ID"] = application.organization.customer_id
        values["USER_ID"] = signer.user_id
    values |= {name: address(endpoint) for name, endpoint in ENDPOINTS[flow].items()}
    values["API_URL"] = address("api:me")
    return "".join(f"{name}={value}\n" for name, value in values.items())
