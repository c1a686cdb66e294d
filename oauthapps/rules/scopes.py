"""What a token may be used for, and the sentence that tells people so on the consent page."""

from collections.abc import Iterable

READ = "read"
WRITE = "write"
OFFLINE_ACCESS = "offline_access"

SCOPES: dict[str, str] = {
    READ: "Retrieve content and information that you have access to",
    WRITE: "Create, edit, and delete records that you have access to",
    OFFLINE_ACCESS: "Keep this access while you're away",
}

# An authorization request without `scope` means all of them (RFC 6749 section 3.3): existing clients send
# none and expect a refresh token.
DEFAULT_SCOPES = (READ, WRITE, OFFLINE_ACCESS)

# Nobody is away or present where a machine signs for itself, so there is nothing to refresh.
MACHINE_SCOPES = (READ, WRITE)


def parse(text: str) -> tuple[str, ...]:
    """Split the value of a `scope` parameter.

    Only the space separates (RFC 6749 section 3.3). Any other white space stays part of a name, which is then
    unknown, rather than being understood differently here than by the client.

    Args:
        text: the parameter as received.

    Returns:
        The names in the order given, each once; empty for an empty value.
    """
    return tuple(dict.fromkeys(filter(None, text.split(" "))))


def render(scopes: Iterable[str]) -> str:
    """Write scopes as a `scope` parameter.

    Args:
        scopes: names of scopes.

    Returns:
        The names in the order given, each once, separated by single spaces.
    """
    return " ".join(dict.fromkeys(scopes))


def unknown(scopes: Iterable[str]) -> tuple[str, ...]:
    """Pick the names that this server does not offer.

    Args:
        scopes: names of scopes.

    Returns:
        Those that are not in `SCOPES`, in the order given.
    """
    return tuple(name for name in scopes if name not in SCOPES)
