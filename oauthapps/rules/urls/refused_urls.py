"""What may be kept of a redirect URI that was refused: anybody can send one, with anything in it."""

from common.url_parts import (
    URLParts,
    has_space_or_control,
    is_host,
    is_port,
    split,
    split_authority,
)

LONGEST = 300  # characters
WEB_SCHEMES = {"http", "https"}


def recognizable(uri: str) -> str:
    """Return what people need to see of a refused redirect URI to recognize their own client's.

    Args:
        uri: the redirect URI, as it was sent: absolute and without a fragment.

    Returns:
        The URI without what its query says; empty where it is none that an application could have, or could
        be mistaken for another one.
    """
    parts = split(uri)
    authority = authority_of(parts)
    if authority is None or not parts.path.isascii() or has_space_or_control(parts.path):
        return ""
    url = f"{parts.scheme}:{authority}{parts.path}{'' if parts.query is None else '?…'}"
    return url if len(url) <= LONGEST else ""


def authority_of(parts: URLParts) -> str | None:
    """Return what stands between scheme and path, slashes included; None where that is no client's."""
    # Others than these are a private-use scheme (RFC 8252 section 7.1), which has a dot in it.
    if parts.scheme not in WEB_SCHEMES and "." not in parts.scheme:
        return None
    if not parts.authority:
        return None if parts.scheme in WEB_SCHEMES else ""
    found = split_authority(parts.authority)
    if found is None or found.userinfo is not None or not is_host(found.host):
        return None
    if found.port is not None and not is_port(found.port):
        return None
    return f"//{parts.authority.lower()}"
