"""Authorization server metadata (RFC 8414): what is offered, and nothing else."""

from oauthapps.http.decorators import allow_only, public
from oauthapps.http.issuer import endpoint, guide_path, issuer
from oauthapps.http.messages import ApiRequest, ApiResponse, json_response
from oauthapps.oauth2.client_assertions import ALGORITHMS
from oauthapps.rules import scopes
from oauthapps.rules.app_types import AUTHORIZATION_CODE, CLIENT_CREDENTIALS, JWT_BEARER, REFRESH_TOKEN

CONFIDENTIAL = ["client_secret_basic", "client_secret_post", "private_key_jwt"]


@public
@allow_only("GET", "HEAD")
def metadata(request: ApiRequest) -> ApiResponse:  # noqa: ARG001
    """Return the metadata document; every URL in it comes from configuration."""
    document = {
        "issuer": issuer(),
        "authorization_endpoint": endpoint("authorize"),
        "token_endpoint": endpoint("token"),
        "revocation_endpoint": endpoint("revoke-token"),
        "introspection_endpoint": endpoint("introspect"),
        "scopes_supported": list(scopes.SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": [AUTHORIZATION_CODE, REFRESH_TOKEN, CLIENT_CREDENTIALS, JWT_BEARER],
        "token_endpoint_auth_methods_supported": [*CONFIDENTIAL, "none"],
        "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "revocation_endpoint_auth_methods_supported": [*CONFIDENTIAL, "none"],
        "revocation_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "introspection_endpoint_auth_methods_supported": CONFIDENTIAL,
        "introspection_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "service_documentation": issuer() + guide_path(),
    }
    return json_response(document, headers={"Cache-Control": "public, max-age=3600"})
