"""Errors as SCIM clients read them (RFC 7644 section 3.12)."""

from functools import partial

from oauthapps.http.messages import ApiResponse, Explanation, Refusal, json_response

SCIM_JSON = "application/scim+json"
ERROR_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:Error"


class ScimError(Exception):
    """A request is refused.

    Attributes:
        status: the HTTP status, in numbers.
        detail: why, in a sentence without anything that was sent.
        scim_type: the error keyword of RFC 7644's table 9; empty where none fits.
        fix: what to do about it, for administrators.
        headers: what else the status calls for.
        username: the person whom the request is about, for the log.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        scim_type: str = "",
        *,
        fix: str = "",
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.scim_type = scim_type
        self.fix = fix
        self.headers = headers or {}
        self.username = ""

    def response(self) -> ApiResponse:
        """Return the response that says so."""
        members = {"schemas": [ERROR_SCHEMA], "status": str(self.status), "detail": self.detail}
        if self.scim_type:
            members["scimType"] = self.scim_type
        response = json_response(members, self.status, {"Content-Type": SCIM_JSON, **self.headers})
        response.refusal = Refusal(
            self.scim_type or f"http_{self.status}",
            self.detail,
            username=self.username,
            explain=partial(Explanation, self.detail, self.fix),
        )
        return response


def method_refused(message: str, headers: dict[str, str]) -> ApiResponse:
    """Return the refusal of a method."""
    return ScimError(405, message, headers=headers).response()
