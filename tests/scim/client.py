"""An identity provider that provisions people, as one is configured: with a URL and a token, and no more."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.test import Client

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

BASE = "/scim/v2"
USERS = f"{BASE}/Users"
SCIM_JSON = "application/scim+json"
CORE_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE_USER = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
LIST_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:ListResponse"


@dataclass
class ScimClient:
    """It sends what it is told to, with its token."""

    token: str
    content_type: str = SCIM_JSON
    http: Client = field(default_factory=Client)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Send a request: a body as JSON, unless it is text."""
        text = "" if body is None else body if isinstance(body, str | bytes) else json.dumps(body)
        path = path if path.startswith("/") else f"{BASE}/{path}"
        return self.http.generic(
            method,
            path,
            text,
            self.content_type,
            headers={"Authorization": f"Bearer {self.token}", **headers},
        )

    def get(self, path: str, **parameters: Any) -> Answer:
        return self.send("GET", f"{path}?{urlencode(parameters)}" if parameters else path)

    def found(self, expression: str, **parameters: Any) -> list[dict[str, Any]]:
        """The resources that meet a filter."""
        answer = self.get("Users", filter=expression, **parameters)
        assert answer.status_code == 200, answer.content
        listed = answer.json()
        assert listed["schemas"] == [LIST_RESPONSE]
        assert listed["totalResults"] >= len(listed["Resources"]) == listed["itemsPerPage"]
        resources: list[dict[str, Any]] = listed["Resources"]
        return resources

    def create(self, user_name: str = "ada.lovelace@example.com", **changes: Any) -> dict[str, Any]:
        """Make a person, as Okta does."""
        answer = self.send("POST", "Users", okta_user(user_name, **changes))
        assert answer.status_code == 201, answer.content
        resource: dict[str, Any] = answer.json()
        return resource

    def patch(self, user_id: str, *operations: dict[str, Any]) -> Answer:
        return self.send("PATCH", f"Users/{user_id}", {"schemas": [PATCH_OP], "Operations": list(operations)})

    def replace(self, user_id: str, path: str, value: Any) -> Answer:
        """Change one attribute, as Entra ID does."""
        return self.patch(user_id, {"op": "Replace", "path": path, "value": value})


def okta_user(user_name: str, **changes: Any) -> dict[str, Any]:
    """A person as Okta's reference creates one."""
    user = {
        "schemas": [CORE_USER],
        "userName": user_name,
        "name": {"givenName": "Test", "familyName": "User"},
        "emails": [{"primary": True, "value": user_name, "type": "work"}],
        "displayName": "Test User",
        "locale": "en-US",
        "externalId": f"00u{len(user_name)}{user_name[:8]}",
        "groups": [],
        "password": "1mz050nq",
        "active": True,
    }
    return {name: value for name, value in (user | changes).items() if value is not ...}


def refusal(answer: Answer, status: int, scim_type: str = "") -> str:
    """What a refusal says, which has the form of RFC 7644 section 3.12."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == SCIM_JSON
    said = answer.json()
    assert said["schemas"] == [ERROR]
    assert said["status"] == str(status)
    assert said.get("scimType", "") == scim_type
    detail: str = said["detail"]
    return detail
