"""Errors as API clients read them: RFC 6749 section 5.2, and the shape existing integrations know."""

from functools import partial
from typing import Any

from oauthapps.http.messages import ApiResponse, Explanation, Refusal, json_response

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}  # RFC 6749 section 5.1


def error_members(status: int, error: str, message: str, *, compatible: bool = False) -> dict[str, Any]:
    """Return the members of an error.

    Args:
        status: the HTTP status, in numbers.
        error: the error code.
        message: what is wrong, in ASCII and without anything that was sent.
        compatible: for a client with the Workfront-compatible response profile.
    """
    members = {
        "error": error,
        "statusCode": status,
        "type": error,
        "message": message,
        "error_description": message,
    }
    return {**members, "error": True} if compatible else members


def error_response(
    status: int, error: str, message: str, headers: dict[str, str] | None = None, fix: str = ""
) -> ApiResponse:
    """Return an error for whoever asked, in the standard shape; no cache may keep it.

    Args:
        status: the HTTP status, in numbers.
        error: the error code.
        message: what is wrong, in ASCII and without anything that was sent.
        headers: what else the status calls for.
        fix: what to do about it, for administrators, where that can be said here.
    """
    response = json_response(error_members(status, error, message), status, {**NO_STORE, **(headers or {})})
    explain = partial(Explanation, message, fix) if fix else None
    response.refusal = Refusal(error, message, explain=explain)
    return response
