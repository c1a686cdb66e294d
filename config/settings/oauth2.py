"""How django-oauth-toolkit is wired in: a reason for every value that is not its default.

What of it is not used stands in oauthapps/oauth2/toolkit.py, with the reasons.
"""

from oauthapps.rules.scopes import DEFAULT_SCOPES, SCOPES

# All six models are ours, so that every row of the protocol lives in one app and one migration history.
OAUTH2_PROVIDER_APPLICATION_MODEL = "oauthapps.Application"
OAUTH2_PROVIDER_GRANT_MODEL = "oauthapps.Grant"
OAUTH2_PROVIDER_ACCESS_TOKEN_MODEL = "oauthapps.AccessToken"
OAUTH2_PROVIDER_REFRESH_TOKEN_MODEL = "oauthapps.RefreshToken"
OAUTH2_PROVIDER_ID_TOKEN_MODEL = "oauthapps.IDToken"
OAUTH2_PROVIDER_DEVICE_GRANT_MODEL = "oauthapps.DeviceGrant"

# The documented life of a code is two minutes; of an access token, ours to choose: one hour.
AUTHORIZATION_CODE_SECONDS = 120
ACCESS_TOKEN_SECONDS = 3600

# Failed client authentications a minute before they are answered with 429. Right credentials always pass.
CLIENT_FAILURES_PER_CLIENT_AND_NETWORK = 60
CLIENT_FAILURES_PER_NETWORK = 300

OAUTH2_PROVIDER = {
    # A server that knows exactly the grants we offer; anything unlisted does not exist.
    "OAUTH2_SERVER_CLASS": "oauthapps.oauth2.toolkit.AuthorizationServer",
    # Form or JSON bodies, read once and strictly.
    "OAUTH2_BACKEND_CLASS": "oauthapps.oauth2.toolkit.RequestBackend",
    # Exact redirect URIs, S256 alone, scopes as we read them.
    "OAUTH2_VALIDATOR_CLASS": "oauthapps.oauth2.validator.Validator",
    "CLIENT_ID_GENERATOR_CLASS": "oauthapps.oauth2.toolkit.ClientIdGenerator",
    "CLIENT_SECRET_GENERATOR_CLASS": "oauthapps.oauth2.toolkit.UnusableSecretGenerator",
    "ACCESS_TOKEN_GENERATOR": "oauthapps.oauth2.toolkit.access_token",
    "REFRESH_TOKEN_GENERATOR": "oauthapps.oauth2.toolkit.refresh_token",
    "AUTHORIZATION_CODE_EXPIRE_SECONDS": AUTHORIZATION_CODE_SECONDS,
    "ACCESS_TOKEN_EXPIRE_SECONDS": ACCESS_TOKEN_SECONDS,
    # Refresh tokens end per application (absolute and inactivity); the token endpoint decides.
    "REFRESH_TOKEN_EXPIRE_SECONDS": None,
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    "SCOPES": SCOPES,
    # Named one by one: "__all__" would silently grant a scope that is added later.
    "DEFAULT_SCOPES": list(DEFAULT_SCOPES),
    # Our own rules judge redirect URLs, loopback ones too (RFC 8252 section 7.3); stock code gets these.
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https"],
    "COMPLIANT_BCP_RFC9700_REDIRECT_URI_SCHEME": True,
    # RFC 9700: the compliant side of each gate. Our own code decides all of this by itself; these keep the
    # toolkit's deployment checks quiet for the right reason, and its stock code strict should it ever run.
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
    "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,
    "COMPLIANT_BCP_RFC9700_REFRESH_TOKEN": True,
    "COMPLIANT_BCP_RFC9700_REDIRECT_URI_MATCHING": True,
    "COMPLIANT_BCP_RFC9700_PKCE_REQUIRED": True,
}
