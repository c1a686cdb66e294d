"""How an API client reads what it is answered."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

ERROR_TEXT = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+")  # RFC 6749 section 5.2


def error_of(answer: Answer, status: int = 400) -> str:
    """Return the error code of a refusal that looks as every refusal does."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/json"
    assert (answer["Cache-Control"], answer["Pragma"]) == ("no-store", "no-cache")
    members = answer.json()
    assert "access_token" not in members
    error: str = members["error"]
    return error


def challenge(error: str = "") -> str:
    """Return the challenge of the built-in API: with what an error adds, and where its metadata are."""
    metadata = f"{settings.BASE_URL}/.well-known/oauth-protected-resource"
    return f'Bearer realm="gatehouse"{error}, resource_metadata="{metadata}"'
