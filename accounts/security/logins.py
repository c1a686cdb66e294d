"""What somebody signs in as."""

from collections.abc import Mapping
from typing import Any


def login_in(credentials: Mapping[str, Any]) -> str:
    """Return the username or email address in the credentials of a sign-in, whichever they name."""
    return str(credentials.get("username") or credentials.get("email") or "")
