"""What proxies say of the scheme, brought to one form before anybody looks at it."""

from typing import Any

from audit.ip_addresses import forwarded

# As SECURE_PROXY_SSL_HEADER names it.
SCHEME = "HTTP_X_FORWARDED_PROTO"


def settle_scheme(environ: dict[str, Any]) -> None:
    """Let a request have as X-Forwarded-Proto what the outermost trusted proxy says alone.

    Django would believe the first entry of the header, which any client can forge.

    Args:
        environ: what the server says of the request (PEP 3333).
    """
    scheme = forwarded(environ, "proto")
    if scheme is None:
        environ.pop(SCHEME, None)
    else:
        environ[SCHEME] = scheme.strip().lower()
