"""The installation that `dev.py run` serves and `manage.py` acts on, as its environment configures it."""

from datetime import timedelta

from common.key_file import KeyFile
from config import env, secret_keys
from config.settings.base import *  # noqa: F403
from config.settings.base import BASE_DIR, LOGGING, OAUTH2_PROVIDER, PRODUCT_NAME, VAR_DIR
from oauthapps.rules.slots import DEFAULT_LIMIT, LARGEST_LIMIT

VAR_DIR.mkdir(mode=0o700, exist_ok=True)
KEY_FILE = KeyFile(VAR_DIR / "secret_key")
SECRET_KEY = secret_keys.secret_key(KEY_FILE)
FORMER_KEYS_FILE = VAR_DIR / "secret_key_fallbacks"
_former_keys = secret_keys.former_keys(FORMER_KEYS_FILE)
SECRET_KEY_FALLBACKS = _former_keys.accepted
# What is encrypted in the database is read with these until it is encrypted anew, when the server starts.
EXPIRED_SECRET_KEYS = _former_keys.expired

_base_url = env.base_url(VAR_DIR / "base_url")
BASE_URL = _base_url.geturl()
ALLOWED_HOSTS = env.allowed_hosts(_base_url)
# Tokens in URLs end up in logs and histories: only for existing integrations that cannot send a header.
ALLOW_SESSION_ID_IN_URL = env.flag("ALLOW_SESSION_ID_IN_URL")
OAUTH2_PROVIDER = {**OAUTH2_PROVIDER, "OIDC_ISS_ENDPOINT": BASE_URL}

DATABASES = {"default": env.database(VAR_DIR / "gatehouse.sqlite3", BASE_DIR)}

# Whether identity providers may have private IP addresses, or plain http on this machine.
IDENTITY_PROVIDER_PRIVATE = env.flag("IDENTITY_PROVIDER_PRIVATE")

APPLICATION_LIMIT = env.number("APPLICATION_LIMIT", DEFAULT_LIMIT, least=1, most=LARGEST_LIMIT)

# How long a refresh token that was replaced gets the same successor again: a reply may have been lost.
REFRESH_TOKEN_REUSE_SECONDS = env.number("REFRESH_TOKEN_REUSE_SECONDS", 30, most=120)

EVENT_DAYS = env.number("EVENT_DAYS", 365, least=1)
# How long requests are recorded that were refused, and how many rows of them there are at most.
REQUEST_DAYS = env.number("REQUEST_DAYS", 14, least=1)
REQUEST_ROWS = env.number("REQUEST_ROWS", 100_000, least=1000)

# Whether the server does what is due by itself; otherwise a timer starts `manage.py housekeeping`.
HOUSEKEEPING = env.flag("HOUSEKEEPING", default=True)

LOG_FORMAT = env.choice("LOG_FORMAT", ("text", "json"))
LOGGING["handlers"]["console"]["formatter"] = LOG_FORMAT

METRICS = env.flag("METRICS", default=True)
METRICS_TOKEN = env.token("METRICS_TOKEN")

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "server.pages.static_files.StaticFilesStorage"},
}

_https = _base_url.scheme == "https"
# Behind proxies that terminate TLS, and only there, what they say of a request (audit.ip_addresses) counts.
TRUSTED_PROXIES = env.proxies("BEHIND_PROXY")
FORWARDED_HEADER = env.choice("FORWARDED_HEADER", ("x-forwarded", "forwarded"))
# What they say of the scheme is brought to this form whichever header they use (server.proxies).
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_SSL_REDIRECT = _https and TRUSTED_PROXIES > 0
CSRF_TRUSTED_ORIGINS = [BASE_URL]
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if _https else 0
# Binding every other subdomain of the organization to https is the operator's decision.
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = _https and env.flag("HSTS_SUBDOMAINS")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = _https
# __Host- keeps a neighboring subdomain from planting a cookie (it demands Secure, so only under https)
SESSION_COOKIE_NAME = "__Host-gatehouse_session" if _https else "gatehouse_session"
CSRF_COOKIE_NAME = "__Host-gatehouse_csrf" if _https else "gatehouse_csrf"
PASSKEY_COOKIE_NAME = "__Host-gatehouse_passkey" if _https else "gatehouse_passkey"

EMAIL_HOST = env.text("EMAIL_HOST")
EMAIL_PORT = env.number("EMAIL_PORT", 587)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS")
DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM", f"{PRODUCT_NAME} <gatehouse@{_base_url.hostname}>")
# Without a mail server nothing is pretended: the page says whom to ask instead.
EMAIL_BACKEND = "server.mail.EmailBackend" if EMAIL_HOST else "django.core.mail.backends.dummy.EmailBackend"
EMAIL_TIMEOUT = 10
# An email's Date header has its zone, "+0000". Django's default, "-0000", says that none is known (RFC 5322).
EMAIL_USE_LOCALTIME = True
