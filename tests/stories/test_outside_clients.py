"""Clients we did not write, over real HTTP, against an installation started by `dev.py run`."""

import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest
import requests
import requests_oauthlib  # type: ignore[import-untyped]
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc.jwk import ECKey
from oauthlib.oauth2 import InvalidGrantError

from tests.infrastructure.installation import ADMIN, Installation
from tests.oauth_client import AUTHORIZE, ME, REVOKE, TOKEN
from tests.stories.clients import CALLBACK, application, key_pair
from tests.stories.conftest import Person, certificate, manage

pytestmark = pytest.mark.story


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
    with application(installation, person, "web", f"Web {method}") as created:
        session = authlib_session(
            installation,
            client_id=created["client_id"],
            client_secret=created["client_secret"],
            token_endpoint_auth_method=method,
            code_challenge_method="S256",
        )
        walk_through(installation, person, session)


def test_authlib_signs_a_single_page_application_in(installation: Installation, person: Person) -> None:
    with application(installation, person, "single_page", "SPA") as created:
        session = authlib_session(
            installation,
            client_id=created["client_id"],
            token_endpoint_auth_method="none",
            code_challenge_method="S256",
        )
        walk_through(installation, person, session)


@pytest.mark.parametrize("in_body", [False, True])
def test_requests_oauthlib_signs_a_web_application_in(
    installation: Installation, person: Person, monkeypatch: pytest.MonkeyPatch, in_body: bool
) -> None:
    """With a code challenge, and with its secret in the header or in the body."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")  # the test's server speaks http
    base = installation.base_url
    with application(installation, person, "web", f"requests-oauthlib {in_body}") as created:
        client_id, secret = created["client_id"], created["client_secret"]
        session = requests_oauthlib.OAuth2Session(
            client_id, redirect_uri=CALLBACK, scope=["read", "write", "offline_access"], pkce="S256"
        )
        url, state = session.authorization_url(base + AUTHORIZE)
        location = person.allow(url)
        assert f"state={state}" in location
        credentials = {"client_secret": secret, "include_client_id": in_body or None}
        first = session.fetch_token(base + TOKEN, authorization_response=location, **credentials)
        assert first["scope"] == ["read", "write", "offline_access"]
        assert session.get(base + ME).json()["username"] == ADMIN["ADMIN_USERNAME"]

        again = {"client_id": client_id, "client_secret": secret}
        second = session.refresh_token(base + TOKEN, **again)
        assert second["access_token"] != first["access_token"]
        assert second["refresh_token"] != first["refresh_token"]
        assert session.get(base + ME).status_code == 200
        lost = session.refresh_token(base + TOKEN, refresh_token=first["refresh_token"], **again)
        assert lost["refresh_token"] == second["refresh_token"]  # as if the response had been lost
        second = session.refresh_token(base + TOKEN, refresh_token=second["refresh_token"], **again)
        with pytest.raises(InvalidGrantError):
            session.refresh_token(base + TOKEN, refresh_token=first["refresh_token"], **again)
        session.token = second

        body = session._client.prepare_token_revocation_request(base + REVOKE, second["refresh_token"])[2]
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        revoked = requests.post(base + REVOKE, body, auth=(client_id, secret), headers=form, timeout=30)
        assert revoked.status_code == 200, revoked.text
        assert session.get(base + ME).status_code == 401


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
        f"{installation.base_url}/attask/api/v22.0/user/search", headers={"SESSIONID": token}, timeout=30
    )
    assert documented.json()["data"][0]["ID"] == application["user_id"]


@pytest.mark.spec("T-47", "RFC 9112 §7.1")
@pytest.mark.spec("Y-30", "Authlib")
@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_authlib_gets_a_token_for_a_machine_itself(
    installation: Installation, person: Person, method: str
) -> None:
    person.sign_in(ADMIN["ADMIN_USERNAME"], ADMIN["ADMIN_PASSWORD"])
    with application(installation, person, "machine_to_machine", f"Authlib {method}") as created:
        session = authlib_session(
            installation,
            client_id=created["client_id"],
            client_secret=created["client_secret"],
            token_endpoint_auth_method=method,
        )
        assert_speaks_for_itself(installation, session, created["service_id"])


@pytest.mark.spec("Y-60", "Authlib")
@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256"])
def test_authlib_authenticates_with_a_key(
    installation: Installation, person: Person, tmp_path: Path, algorithm: str
) -> None:
    private, public = key_pair(tmp_path, algorithm)
    key = ECKey.import_key(private) if algorithm == "ES256" else private
    person.sign_in(ADMIN["ADMIN_USERNAME"], ADMIN["ADMIN_PASSWORD"])
    with application(
        installation, person, "machine_to_machine", algorithm, "--public-key", str(public)
    ) as created:
        session = authlib_session(
            installation,
            client_id=created["client_id"],
            client_secret=key,
            token_endpoint_auth_method=PrivateKeyJWT(installation.base_url + TOKEN, alg=algorithm),
        )
        assert_speaks_for_itself(installation, session, created["service_id"])


def assert_speaks_for_itself(installation: Installation, session: OAuth2Session, service_id: str) -> None:
    token = session.fetch_token(grant_type="client_credentials", scope="read")
    assert token["scope"] == "read"
    me = session.get(f"{installation.base_url}/api/v1/me").json()
    assert (me["ID"], me["sub_type"]) == (service_id, "service")


def test_a_client_may_send_its_body_in_chunks(installation: Installation, person: Person) -> None:
    """As streaming HTTP clients do, which know no Content-Length beforehand."""
    base = installation.base_url
    with application(installation, person, "web", "Streaming") as created:
        client_id = created["client_id"]
        query = urlencode({"client_id": client_id, "response_type": "code", "redirect_uri": CALLBACK})
        location = person.allow(f"{base}{AUTHORIZE}?{query}")
        parameters = {
            "grant_type": "authorization_code",
            "code": parse_qs(urlsplit(location).query)["code"][0],
            "redirect_uri": CALLBACK,
            "client_id": client_id,
            "client_secret": created["client_secret"],
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}

        def send(body: bytes) -> requests.Response:
            chunks = (body[at : at + 100] for at in range(0, len(body), 100))
            return requests.post(base + TOKEN, data=chunks, headers=headers, timeout=30)

        too_much = send(urlencode({**parameters, "padding": "x" * 100_000}).encode())
        assert (too_much.status_code, too_much.json()["error"]) == (413, "invalid_request")
        reply = send(urlencode(parameters).encode())
        assert reply.request.headers["Transfer-Encoding"] == "chunked"
        assert reply.status_code == 200, reply.text
