"""The suite's settings: the installation's own, on a throw-away database and with cheap password hashes."""

import os
import tempfile
from pathlib import Path

os.environ["SECRET_KEY"] = "not-a-secret-but-long-enough-for-the-test-suite"
os.environ["BASE_URL"] = "http://testserver.localhost"
os.environ["ALLOW_HTTP"] = "1"
os.environ.pop("SECRET_KEY_FILE", None)
os.environ["DATABASE_URL"] = "sqlite://:memory:"

from config.settings.production import *  # noqa: F403
from config.settings.production import ALLOWED_HOSTS, CSRF_TRUSTED_ORIGINS, DATABASES

ALLOWED_HOSTS += ["testserver", "localhost", "127.0.0.1"]
CSRF_TRUSTED_ORIGINS += ["http://testserver"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
RECOVERY_CODE_COST = 2
SIGN_IN_SLOWED_SECONDS = 0.01
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = True

DATABASES["default"]["CONN_MAX_AGE"] = 0
if DATABASES["default"]["ENGINE"] == "oauthapps.sql.sqlite":
    # A file, not memory: threads of one test must meet in the same database, as workers do.
    DATABASES["default"]["TEST"] = {
        "NAME": str(Path(tempfile.gettempdir()) / f"gatehouse-test-{os.getpid()}.sqlite3")
    }
