"""A secret in the wrong place never lands whole in a row."""

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from django.core import serializers
from django.test import Client

from oauthapps.models import CredentialCaller, RecordedRequest, UsageCount
from oauthapps.rules.credential_values import new_client_secret
from server.journal.journal import Journal
from tests.oauth_client import AUTHORIZE, FORM, INTROSPECT, ME, REVOKE, TOKEN, VERIFY, OAuthClient

pytestmark = pytest.mark.django_db

SECRET = new_client_secret()
JSON = "application/json"
GRANT = {"grant_type": "authorization_code"}


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def json_of(members: Any) -> dict[str, Any]:
    return {"data": json.dumps(members), "content_type": JSON}


class By(NamedTuple):
    """Who makes a mistake: anybody, or the client of an application."""

    anybody: Client
    web: OAuthClient


Ask = Callable[[By], object]
MISTAKES: dict[str, Ask] = {
    "as Client ID": lambda by: by.anybody.post(TOKEN, GRANT | {"client_id": SECRET}),
    "as grant type": lambda by: by.anybody.post(TOKEN, {"grant_type": SECRET}),
    "as code": lambda by: by.web.exchange(SECRET),
    "as redirect URI": lambda by: by.web.exchange("x", redirect_uri=f"https://x.example/{SECRET}"),
    "as scope": lambda by: by.web.exchange("x", scope=SECRET),
    "in a parameter nobody knows": lambda by: by.web.exchange("x", passwort=SECRET),
    "as a parameter's name": lambda by: by.web.exchange("x", **{SECRET: "x"}),
    "alone in the body": lambda by: by.anybody.post(TOKEN, SECRET, content_type=FORM),
    "in a body of another type": lambda by: by.anybody.post(TOKEN, SECRET, content_type="text/plain"),
    "in the URL": lambda by: by.anybody.post(f"{TOKEN}?client_secret={SECRET}&x={SECRET}", GRANT),
    "in JSON": lambda by: by.anybody.post(TOKEN, **json_of(GRANT | {"client": {"secret": [SECRET]}})),
    "in a list of JSON": lambda by: by.anybody.post(TOKEN, **json_of([SECRET])),
    "sent twice": lambda by: by.anybody.post(
        TOKEN, f"client_secret={SECRET}&client_secret={SECRET}", content_type=FORM
    ),
    "percent-encoded twice": lambda by: by.anybody.post(
        TOKEN, f"state={SECRET.replace('_', '%255F')}", content_type=FORM
    ),
    "Basic": lambda by: by.anybody.post(TOKEN, GRANT, headers={"Authorization": basic("x", SECRET)}),
    "Basic with swapped parts": lambda by: by.anybody.post(
        TOKEN, GRANT, headers={"Authorization": basic(SECRET, by.web.client_id)}
    ),
    "Basic without Base64": lambda by: by.anybody.post(
        TOKEN, GRANT, headers={"Authorization": f"Basic {by.web.client_id}:{SECRET}"}
    ),
    "Authorization without a scheme": lambda by: by.anybody.get(ME, headers={"Authorization": SECRET}),
    "Bearer": lambda by: by.anybody.get(ME, headers={"Authorization": f"Bearer {SECRET}"}),
    "Bearer with more": lambda by: by.anybody.get(ME, headers={"Authorization": f"Bearer x {SECRET} y"}),
    "sessionID": lambda by: by.anybody.get(ME, headers={"sessionID": SECRET}),
    "in the URL of the API": lambda by: by.anybody.get(f"{ME}?sessionID={SECRET}&apiKey={SECRET}"),
    "in the path of a call": lambda by: by.anybody.get(f"/attask/api/{SECRET}/{SECRET}"),
    "in the path of verify": lambda by: by.anybody.get(f"{VERIFY}/{SECRET}?scope={SECRET}&resource={SECRET}"),
    "in User-Agent": lambda by: by.anybody.get(ME, headers={"User-Agent": f"client/{SECRET}"}),
    "revoked": lambda by: by.anybody.post(REVOKE, {"token": SECRET, "client_id": "x"}),
    "introspected": lambda by: by.web.post(
        INTROSPECT, {"client_id": by.web.client_id, "client_secret": SECRET, "token": SECRET}
    ),
    "in an authorization request": lambda by: by.anybody.get(
        AUTHORIZE, by.web.authorization_parameters(redirect_uri=SECRET, state=SECRET, client_secret=SECRET)
    ),
    "as Client ID of one": lambda by: by.anybody.get(
        AUTHORIZE, by.web.authorization_parameters(client_id=SECRET, response_type=SECRET, scope=SECRET)
    ),
    "in the wrong method": lambda by: by.anybody.put(f"{TOKEN}?{SECRET}", SECRET, content_type=SECRET),
}


def everything_recorded() -> str:
    models = (RecordedRequest, UsageCount, CredentialCaller)
    return str(serializers.serialize("json", (row for model in models for row in model.objects.all())))


def long_parts(secret: str) -> Iterator[str]:
    """All parts of a secret that are a third of it or more."""
    length = len(secret) // 3
    yield from (secret[start : start + length] for start in range(len(secret) - length + 1))


@pytest.mark.spec("U-04", "ASVS 16.2.5")
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_secret_in_the_wrong_place_is_masked(
    client: Client, web: OAuthClient, journal: Journal, mistake: str
) -> None:
    for _ in range(7):  # the last ones share a row
        MISTAKES[mistake](By(client, web))
    journal.finish()
    assert RecordedRequest.objects.exists()
    kept = everything_recorded()
    encoded = base64.b64encode(SECRET.encode()).decode()
    found = [part for secret in (SECRET, encoded) for part in long_parts(secret) if part in kept]
    assert found == []


def test_a_grant_leaves_nothing_of_what_it_was_made_from_or_gave(
    web: OAuthClient, visitor: Client, journal: Journal
) -> None:
    code = web.get_code(visitor)
    tokens = web.exchange(code).json()
    again = web.refresh(tokens["refresh_token"]).json()
    web.exchange(code)
    journal.finish()
    kept = everything_recorded()
    values = [code, web.client_secret, *tokens.values(), again["access_token"], again["refresh_token"]]
    secret = [value for value in values if isinstance(value, str) and value.startswith("gt")]
    assert len(secret) == 6
    assert not [part for value in secret for part in long_parts(value) if part in kept]
