"""Every row the console and the authorization server keep."""

from oauthapps.models.apis import Api, CatalogVersion, Scope
from oauthapps.models.applications import Application, RedirectURL, ResponseProfile
from oauthapps.models.assertions import ClientAssertion
from oauthapps.models.consents import Consent, TokenFamily
from oauthapps.models.credentials import ClientSecret, PublicKey
from oauthapps.models.logos import Logo
from oauthapps.models.moving_in import DatedException, MovingIn, RefusedRedirectURL
from oauthapps.models.requests import HygieneException, RecordedRequest
from oauthapps.models.sent_forms import SentForm
from oauthapps.models.throttles import FailureCount
from oauthapps.models.tokens import AccessToken, DeviceGrant, Grant, IDToken, RefreshToken
from oauthapps.models.usage import CredentialCaller, PersonSeen, UsageCount

__all__ = [
    "AccessToken",
    "Api",
    "Application",
    "CatalogVersion",
    "ClientAssertion",
    "ClientSecret",
    "Consent",
    "CredentialCaller",
    "DatedException",
    "DeviceGrant",
    "FailureCount",
    "Grant",
    "HygieneException",
    "IDToken",
    "Logo",
    "MovingIn",
    "PersonSeen",
    "PublicKey",
    "RecordedRequest",
    "RedirectURL",
    "RefreshToken",
    "RefusedRedirectURL",
    "ResponseProfile",
    "Scope",
    "SentForm",
    "TokenFamily",
    "UsageCount",
]
