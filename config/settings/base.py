"""What holds for every installation, whatever its environment says."""

from pathlib import Path
from typing import Any

from django.contrib.messages import constants

from config.settings.oauth2 import *  # noqa: F403
from config.settings.sign_in import *  # noqa: F403

PRODUCT_NAME = "Gatehouse"
BASE_DIR = Path(__file__).resolve().parents[2]
VAR_DIR = BASE_DIR / "var"

DEBUG = False
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
# auth.W004 looks for a plain uniqueness: unique_username, on the lower-cased name, is stricter.
# security.W005 and W021 want HSTS for all subdomains: HSTS_SUBDOMAINS leaves that to the operator.
SILENCED_SYSTEM_CHECKS = ["auth.W004", "security.W005", "security.W021"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "server",
    "audit",
    "oauthapps",  # hears of a sign-in before `accounts`: an absence ends before the sign-in is recorded
    "accounts",
    "oauth2_provider",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "accounts.adapters.sessions_app.SessionsConfig",  # allauth.usersessions
    "heroicons",
]

# API clients' requests do not pass these (server.dispatcher).
MIDDLEWARE = [
    "server.request_ids.RequestIdMiddleware",
    "server.security_headers.SecurityHeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "accounts.middleware.authentication.AuthenticationMiddleware",
    "oauthapps.people.middleware.ActivityMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.second_factor.SecondFactorMiddleware",
    "accounts.middleware.sign_in.SignInMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "server.pages.context.product",
            ],
            "builtins": [
                "server.templatetags.numbers",
                "server.templatetags.texts",
                "server.templatetags.times",
                "heroicons.templatetags.heroicons",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = VAR_DIR / "static"

SESSION_ENGINE = "accounts.sessions.store"
# Eight hours without a request end a session; the middleware ends it after seven days in any case.
SESSION_COOKIE_AGE = 8 * 60 * 60
SESSION_ABSOLUTE_AGE = 7 * 24 * 60 * 60
# Lax, not Strict: a person sent here by a client must arrive signed in.
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "server.pages.old_tabs.csrf_failure"
MESSAGE_STORAGE = "server.pages.messages.MessageStorage"
# In the words of templates/components/notice.html.
MESSAGE_TAGS = {
    constants.INFO: "",
    constants.SUCCESS: "good",
    constants.WARNING: "caution",
    constants.ERROR: "danger",
}

# with "no-referrer" browsers send "Origin: null" with every form, and Django would refuse them all
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# A logo of 1 MB plus the fields around it; nothing else that arrives here comes near.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_500_000
FILE_UPLOAD_MAX_MEMORY_SIZE = 1_500_000
# The form of an API has three fields for each of its scopes (MOST_SCOPES) and one for each application that
# may verify its tokens (LARGEST_LIMIT); that of an application, one for each scope there is (MOST_OF_ALL).
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
DATA_UPLOAD_MAX_NUMBER_FILES = 5

# In the database, so that all workers count the same attempts.
CACHES = {
    "default": {
        "BACKEND": "accounts.security.attempts_cache.AttemptsCache",
        "LOCATION": "cache_entries",
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    }
}

DEFAULT_EXCEPTION_REPORTER = "server.logs.error_reports.ErrorReport"
DEFAULT_EXCEPTION_REPORTER_FILTER = "server.logs.error_reports.ErrorReportFilter"

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "text": {
            "()": "server.logs.lines.LineFormatter",
            "format": "{asctime} {levelname} {request_id} {name}: {message}",
            "style": "{",
        },
        "json": {"()": "server.logs.json_lines.JSONFormatter"},
        "whole": {"format": "{message}", "style": "{"},
    },
    "filters": {
        "wrong_host": {
            "()": "django.utils.log.CallbackFilter",
            "callback": "ext://server.logs.lines.name_the_setting",
        }
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "text"},
        "access": {"class": "logging.StreamHandler", "formatter": "whole", "stream": "ext://sys.stdout"},
        "nowhere": {"class": "logging.NullHandler"},
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        # These write redirect URIs, codes and tokens at DEBUG: they are never let out, at any level.
        "oauth2_provider": {"handlers": ["nowhere"], "propagate": False},
        "oauthlib": {"handlers": ["nowhere"], "propagate": False},
        "django.security.DisallowedHost": {"filters": ["wrong_host"]},
        "gatehouse": {"handlers": ["console"], "level": "INFO", "propagate": False},
        # Writes its lines itself (server.workers.access_log).
        "gatehouse.access": {"handlers": ["access"], "propagate": False},
    },
}
