"""What no installation may be served with, whichever module its settings are in.

`config/settings/production.py` refuses this by itself; a module that builds on it may set anything.
"""

from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from config import env, secret_keys


def unsafe_settings() -> list[str]:
    """Return what is unsafe, a sentence each that also says what to do."""
    found = []
    if settings.DEBUG:
        found.append("DEBUG is on, so error pages show code and settings to strangers: switch it off.")
    wildcards = [host for host in settings.ALLOWED_HOSTS if "*" in host or host.startswith(".")]
    if wildcards:
        found.append(
            f"ALLOWED_HOSTS has {', '.join(wildcards)}, so links in emails lead wherever a stranger likes: "
            "name each host."
        )
    if weakness := secret_keys.weakness_of(settings.SECRET_KEY):
        found.append(f"SECRET_KEY {weakness}.")
    if env.crosses_network_in_clear(urlsplit(settings.BASE_URL)) and not env.flag("ALLOW_HTTP"):
        found.append(
            "BASE_URL uses plain http for a host other than this machine: use https, or set ALLOW_HTTP=1."
        )
    return found


def refuse_unsafe_settings() -> None:
    """Do nothing where settings are safe.

    Raises:
        ImproperlyConfigured: with all that is unsafe.
    """
    if found := unsafe_settings():
        raise ImproperlyConfigured(" ".join(found))
