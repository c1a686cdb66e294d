"""What explains each field, in the words of the product's description."""

from oauthapps.rules.logos.logo_files import MAX_SIDE

ROTATION = (
    "Enable this option to issue a new refresh token whenever the refresh token is used. "
    "Your application must store the new refresh token after every refresh."
)
ABSOLUTE = (
    "Select the amount of time that you wish a refresh token to exist before it expires. "
    "When it expires, your users must log in to the integration again. "
    "Select “No expiration” if you do not want the refresh token to expire."
)
INACTIVITY = (
    "Select the amount of time after which, if the user has not been active in your system, "
    "their refresh token expires. For example, if the inactivity refresh token expiration is 6 months, "
    "and the user does not log in for six months, the refresh token expires even though the absolute "
    "refresh token expiration may be set for longer."
)
LOGO_REFUSED = "The file that you chose can't be used as a logo. Choose another one."
LOGO = (
    "You can add a logo to make this app more identifiable. PNG, JPEG, GIF or WebP, at most 1 MB and "
    f"{MAX_SIDE} by {MAX_SIDE} pixels. It is scaled to fit 256 by 256 pixels."
)
NAME = "This is the same name that you gave the app. This field cannot be empty."
DESCRIPTION = "Enter a description for the integration."
DESCRIPTION_URL = (
    "This can be a link to an “About us” page or a page with more information about the integration."
)
DEVELOPER_NAME = "This is the name of the developer who is setting up the OAuth2 application."
DEVELOPER_EMAIL = "This is the email address of the developer who is setting up the OAuth2 application."
PRIVACY_POLICY_URL = "This is the link to where your organization stores the privacy policy."
TERMS_OF_SERVICE_URL = "This is the link to where your organization stores its terms of service."
RESPONSE_PROFILE = (
    "Standard responses follow RFC 6749. Workfront-compatible responses are for integrations written for "
    "Workfront's endpoints: they have the token_type and error format that those expect."
)
MAY_VERIFY_TOKENS = (
    "Lets this application verify the access tokens of all applications, as an API or an API gateway needs "
    "to. Otherwise it can verify only its own, and those for APIs that name it as a verifying application."
)
ACCESS_TOKENS = (
    "How long new access tokens work. Never longer than the API allows; for several APIs, the shortest "
    "lifetime counts."
)
REQUIRES_PKCE = (
    "Recommended: it makes a stolen authorization code useless. Authorization requests without a code "
    "challenge (S256) are refused, so the application's OAuth2 library must send one."
)
OWNER = (
    "The username or email address of the person responsible for the application. "
    "Being the owner gives no access to it. Leave this field empty if nobody is."
)
CONTACT = "An email address for questions about the application. Only administrators see it."

HELP_TEXTS = {
    "rotate_refresh_tokens": ROTATION,
    "absolute_expiration": ABSOLUTE,
    "inactivity_expiration": INACTIVITY,
    "name": NAME,
    "description": DESCRIPTION,
    "description_url": DESCRIPTION_URL,
    "developer_name": DEVELOPER_NAME,
    "developer_email": DEVELOPER_EMAIL,
    "privacy_policy_url": PRIVACY_POLICY_URL,
    "terms_of_service_url": TERMS_OF_SERVICE_URL,
    "response_profile": RESPONSE_PROFILE,
    "may_verify_tokens": MAY_VERIFY_TOKENS,
    "requires_pkce": REQUIRES_PKCE,
    "first_contact": CONTACT,
    "second_contact": CONTACT,
}
