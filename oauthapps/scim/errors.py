"""Errors in the format of SCIM (RFC 7644 section 3.12)."""

from functools import partial

from oauthapps.http.messages import ApiResponse, Explanation, Refusal, json_response

SCIM_JSON = "application/scim+json"
ERROR_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:Error"


class ScimError(Exception):
    """A refused request.

    Attributes:
        status: the HTTP status code.
        detail: why, in a sentence that repeats nothing that was sent.
        scim_type: the error keyword from RFC 7644's table 9; empty if none fits.
        fix: what to do about it, for administrators.
        headers: further headers that the status calls for.
        username: the person that the request is about, for the log.
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
        """Return the error as a response."""
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
    """Return the refusal of an HTTP method."""
    return ScimError(405, message, headers=headers).response()
