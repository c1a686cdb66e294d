"""Clients and servers of the Model Context Protocol, unmodified, which find this server by themselves."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.infrastructure.installation import ADMIN, Installation
from tests.infrastructure.leaving_out import require
from tests.infrastructure.nginx import Nginx
from tests.infrastructure.node import Script
from tests.infrastructure.processes import free_port
from tests.oauth_client import AUTHORIZE, INTROSPECT, ME, TOKEN
from tests.stories.clients import CALLBACK, key_pair
from tests.stories.conftest import Person, manage

pytestmark = pytest.mark.story

# Gatehouse, and below its origin a server that nginx asks Gatehouse for.
SITE = """\
server {{
    listen 127.0.0.1:{port};
    location / {{
        proxy_set_header Host $http_host;
        proxy_pass http://127.0.0.1:{gatehouse};
    }}
    location = /mcp {{
        auth_request /gatehouse-verify;
        auth_request_set $user_id $upstream_http_x_auth_user_id;
        proxy_set_header X-Auth-User-Id $user_id;
        proxy_set_header Authorization "";
        proxy_set_header Host localhost;
        proxy_pass http://127.0.0.1:{below};
    }}
    location = /gatehouse-verify {{
        internal;
        proxy_set_header Host $http_host;
        proxy_pass_request_body off;
        proxy_set_header Content-Length "";
        proxy_pass http://127.0.0.1:{gatehouse}/integrations/oauth2/api/v1/verify?resource={base_url}/mcp;
    }}
}}
"""


SCOPES = ("read", "write", "offline_access", "notes:use", "tools:use")


@dataclass
class Place:
    """Gatehouse behind nginx, and what its administrator has set up there.

    `below` is the port of the server of the protocol that nginx protects, `elsewhere` that of the one at an
    origin of its own. The `verifier` is the machine application of both.
    """

    installation: Installation
    package: Path
    base_url: str
    below: int
    elsewhere: int
    verifier: dict[str, Any]
    client_id: str

    def run(self, script: str, server_url: str) -> dict[str, Any]:
        """What a client found out that a person allowed to act for them at a server."""
        told = {"issuer": self.base_url, "clientId": self.client_id, "redirectUri": CALLBACK}
        with Script(self.package, script) as running:
            asked = running.ask(told | {"serverUrl": server_url})
            assert asked["authorizationUrl"].startswith(f"{self.base_url}{AUTHORIZE}?")
            return running.ask(Person(self.base_url).allow(asked["authorizationUrl"]))


@pytest.fixture(scope="module")
def place(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    require("nginx")
    port, below, elsewhere = free_port(), free_port(), free_port()
    base_url = f"http://localhost:{port}"
    folder = tmp_path_factory.mktemp("mcp") / "gatehouse"
    with Installation(folder, ADMIN | {"BASE_URL": base_url}) as installation:
        site = SITE.format(port=port, gatehouse=installation.port, below=below, base_url=base_url)
        verifier = create(installation, "machine_to_machine", "--owner", ADMIN["ADMIN_USERNAME"])
        identifiers = {"notes:use": f"{base_url}/mcp", "tools:use": f"http://localhost:{elsewhere}/mcp"}
        for scope, identifier in identifiers.items():
            options = ("--name", scope, "--scope", f"{scope}=Use them", "--verifier", verifier["client_id"])
            manage(installation, "create_api", "--identifier", identifier, *options)
        allowed = [f"--allow-scope={name}" for name in SCOPES]
        client = create(installation, "single_page", "--redirect-url", CALLBACK, *allowed)
        with Nginx(site, port):
            yield Place(installation, package, base_url, below, elsewhere, verifier, client["client_id"])


def create(installation: Installation, app_type: str, *options: str) -> dict[str, Any]:
    return manage(installation, "create_application", "--type", app_type, "--name", app_type, *options)


@pytest.fixture
def below(place: Place) -> Iterator[str]:
    """The URL of a server below Gatehouse's origin, which trusts the proxy in front of it."""
    with Script(place.package, "mcp_server.js") as server:
        server.ask({"port": place.below})
        yield f"{place.base_url}/mcp"


@pytest.fixture
def elsewhere(place: Place) -> Iterator[str]:
    """The URL of a server at an origin of its own, which asks Gatehouse about every token."""
    verifier = {"clientId": place.verifier["client_id"], "clientSecret": place.verifier["client_secret"]}
    told = {"port": place.elsewhere, "issuer": place.base_url, "verifier": verifier}
    with Script(place.package, "mcp_server.js") as server:
        yield str(server.ask(told | {"scope": "tools:use offline_access"})["serverUrl"])


def check_tokens(found: dict[str, Any], scope: str) -> None:
    first, second = found["first"], found["second"]
    for tokens in (first, second):
        assert sorted(tokens["scope"].split()) == sorted(scope.split())
    assert len({first["access_token"], second["access_token"]}) == 2
    assert len({first["refresh_token"], second["refresh_token"]}) == 2


def audience(place: Place, token: str) -> list[str]:
    """The APIs that an access token is for, as the machine application that verifies them is told."""
    credentials = (place.verifier["client_id"], place.verifier["client_secret"])
    reply = requests.post(place.base_url + INTROSPECT, {"token": token}, auth=credentials, timeout=30)
    return list(reply.json()["aud"])


@pytest.mark.spec("Y-120", "MCP 2025-11-25, authorization")
def test_a_client_finds_the_way_from_the_built_in_api(place: Place) -> None:
    found = place.run("mcp_auth.js", place.base_url + ME)
    assert found["resourceMetadataUrl"] == f"{place.base_url}/.well-known/oauth-protected-resource"
    discovered = found["discovered"]
    assert discovered["resourceMetadata"]["resource"] == place.base_url
    assert discovered["authorizationServerUrl"] == place.base_url
    assert discovered["authorizationServerMetadata"]["issuer"] == place.base_url
    assert found["results"] == ["REDIRECT", "AUTHORIZED", "AUTHORIZED"]
    check_tokens(found, "read write offline_access")
    assert found["me"]["ID"] == place.verifier["user_id"]
    assert found["afterRefresh"] == 200


@pytest.mark.spec("Y-120", "MCP 2025-11-25, authorization")
def test_a_client_finds_the_way_from_a_server_below_this_origin(place: Place, below: str) -> None:
    found = place.run("mcp_helpers.js", below)
    assert found["status"] == 401
    assert found["resourceMetadataUrl"] == f"{place.base_url}/.well-known/oauth-protected-resource/mcp"
    assert found["protectedResource"]["resource"] == below
    assert found["protectedResource"]["authorization_servers"] == [place.base_url]
    assert found["protectedResource"]["scopes_supported"] == ["notes:use"]
    assert found["metadata"]["issuer"] == place.base_url
    check_tokens(found, "notes:use offline_access")
    assert audience(place, found["second"]["access_token"]) == [below]
    assert found["whoami"] == place.verifier["user_id"]


@pytest.mark.spec("Y-120", "MCP 2025-11-25, authorization")
def test_a_client_finds_the_way_from_a_server_elsewhere(place: Place, elsewhere: str) -> None:
    found = place.run("mcp_transport.js", elsewhere)
    discovered = found["discovered"]
    assert discovered["resourceMetadata"]["resource"] == elsewhere
    assert discovered["authorizationServerUrl"] == place.base_url
    assert discovered["authorizationServerMetadata"]["issuer"] == place.base_url
    check_tokens(found, "tools:use offline_access")
    assert audience(place, found["second"]["access_token"]) == [elsewhere]
    assert found["whoami"] == [place.verifier["user_id"]] * 2


@pytest.mark.spec("Y-20", "MCP 2025-11-25, authorization")
@pytest.mark.spec("Y-23", "MCP 2025-11-25, authorization")
def test_a_server_takes_no_token_for_another_api(place: Place, below: str, elsewhere: str) -> None:
    """Not even one of the application that asks about it, which is told whatever its token is for."""
    credentials = (place.verifier["client_id"], place.verifier["client_secret"])
    grant = {"grant_type": "client_credentials"}
    token = requests.post(place.base_url + TOKEN, grant, auth=credentials, timeout=30).json()["access_token"]
    assert audience(place, token) == [place.base_url]
    headers = {"Authorization": f"Bearer {token}"}
    assert requests.post(below, headers=headers, timeout=30).status_code == 403
    refused = requests.post(elsewhere, headers=headers, timeout=30)
    assert refused.status_code == 401
    assert refused.json()["error_description"] == "Token was not issued for this resource"


@pytest.mark.spec("Y-121", "MCP, extension for client credentials")
@pytest.mark.parametrize("algorithm", ["", "RS256", "ES256"], ids=["secret", "RS256", "ES256"])
def test_a_machine_acts_at_a_server_as_itself(
    place: Place, elsewhere: str, tmp_path: Path, algorithm: str
) -> None:
    allowed = ("--allow-scope=read", "--allow-scope=tools:use")
    if algorithm:
        private, public = key_pair(tmp_path, algorithm)
        created = create(place.installation, "machine_to_machine", "--public-key", str(public), *allowed)
        credentials = {"privateKey": private, "algorithm": algorithm}
    else:
        created = create(place.installation, "machine_to_machine", *allowed)
        credentials = {"clientSecret": created["client_secret"]}
    told = {"issuer": place.base_url, "clientId": created["client_id"], "serverUrl": elsewhere}
    with Script(place.package, "mcp_machine.js") as script:
        found = script.ask(told | credentials)
    assert found["whoami"] == created["service_id"]
    assert found["tokens"]["scope"] == "tools:use"
    assert "refresh_token" not in found["tokens"]
