"""What proxies say of the scheme, brought to one form before anybody looks at it."""

from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings

from accounts.client_addresses import forwarded

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
# As SECURE_PROXY_SSL_HEADER names it.
SCHEME = "HTTP_X_FORWARDED_PROTO"


def behind_proxies(application: Application) -> Application:
    """Return an application that sees as X-Forwarded-Proto what the outermost trusted proxy says alone.

    Django would believe the first entry of the header, which is anybody's.
    """
    if not settings.TRUSTED_PROXIES:
        return application

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        scheme = forwarded(environ, "proto")
        if scheme is None:
            environ.pop(SCHEME, None)
        else:
            environ[SCHEME] = scheme.strip().lower()
        return application(environ, start_response)

    return answer
