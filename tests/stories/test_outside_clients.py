"""Clients we did not write, over real HTTP, against an installation started by `dev.py run`."""

import time
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session

from tests.infrastructure.installation import ADMIN, Installation
from tests.stories.conftest import Person, certificate, manage

pytestmark = pytest.mark.story

CALLBACK = "https://client.example/callback"


def authlib_session(installation: Installation, **client: Any) -> OAuth2Session:
    return OAuth2Session(
        redirect_uri=CALLBACK,
        scope="read write offline_access",
        token_endpoint=f"{installation.base_url}/integrations/oauth2/api/v1/token",
        **client,
    )


def walk_through(installation: Installation, person: Person, session: OAuth2Session) -> None:
    """Code with PKCE, tokens, a resource, a refresh, the resource again."""
    verifier = "a-verifier-of-at-least-forty-three-characters-0123456789"
    url, _ = session.create_authorization_url(
        f"{installation.base_url}/integrations/oauth2/authorize", code_verifier=verifier
    )
    first = session.fetch_token(authorization_response=person.allow(url), code_verifier=verifier)
    me = session.get(f"{installation.base_url}/api/v1/me").json()
    assert (me["username"], me["emailAddr"]) == (ADMIN["ADMIN_USERNAME"], ADMIN["ADMIN_EMAIL"])
    second = session.refresh_token(session.metadata["token_endpoint"], refresh_token=first["refresh_token"])
    assert second["access_token"] != first["access_token"]
    assert second["refresh_token"] != first["refresh_token"]
    assert session.get(f"{installation.base_url}/api/v1/me").status_code == 200


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_authlib_signs_a_web_application_in(installation: Installation, person: Person, method: str) -> None:
    application = manage(
        installation,
        "create_application",
        "--type",
        "web",
        "--name",
        f"Web {method}",
        "--redirect-url",
        CALLBACK,
    )
    session = authlib_session(
        installation,
        client_id=application["client_id"],
        client_secret=application["client_secret"],
        token_endpoint_auth_method=method,
        code_challenge_method="S256",
    )
    walk_through(installation, person, session)


def test_authlib_signs_a_single_page_application_in(installation: Installation, person: Person) -> None:
    application = manage(
        installation,
        *("create_application", "--type", "single_page", "--name", "SPA", "--redirect-url", CALLBACK),
    )
    session = authlib_session(
        installation,
        client_id=application["client_id"],
        token_endpoint_auth_method="none",
        code_challenge_method="S256",
    )
    walk_through(installation, person, session)


def test_a_machine_exchanges_a_jwt_signed_as_documented(installation: Installation, tmp_path: Path) -> None:
    private, public = certificate(tmp_path)
    application = manage(
        installation,
        *("create_application", "--type", "machine_to_machine", "--name", "Nightly"),
        *("--owner", ADMIN["ADMIN_USERNAME"], "--public-key", str(public)),
    )
    claims = {
        "iss": application["customer_id"],
        "sub": application["user_id"],
        "exp": int(time.time()) + 60,
    }
    reply = requests.post(
        f"{installation.base_url}/integrations/oauth2/api/v1/jwt/exchange",
        data={
            "client_id": application["client_id"],
            "client_secret": application["client_secret"],
            "jwt_token": jwt.encode(claims, private.read_text(), algorithm="RS256"),
        },
        timeout=30,
    )
    assert reply.status_code == 200, reply.text
    token = reply.json()["access_token"]
    for headers in ({"sessionID": token}, {"Authorization": f"Bearer {token}"}):
        me = requests.get(f"{installation.base_url}/api/v1/me", headers=headers, timeout=30)
        assert me.json()["ID"] == application["user_id"]
    documented = requests.get(
        f"{installation.base_url}/attask/api/v15.0/user/search", headers={"SESSIONID": token}, timeout=30
    )
    assert documented.json()["data"][0]["ID"] == application["user_id"]
