"""Authorization server metadata (RFC 8414): what is offered, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from tests.oauth_client import AUTHORIZE, INTROSPECT, METADATA, REVOKE, TOKEN, OAuthClient

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

pytestmark = pytest.mark.django_db

ISSUER = "http://testserver.localhost"
ORIGIN = "https://client.example"


@pytest.fixture
def document() -> dict[str, Any]:
    answer = Client().get(METADATA)
    assert answer.status_code == 200
    members: dict[str, Any] = answer.json()
    return members


@pytest.mark.spec("M-01", "RFC 8414 §3")
def test_the_document_is_json_at_its_well_known_place_for_everybody() -> None:
    answer = Client().get(METADATA)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    assert isinstance(answer.json(), dict)
    assert not answer.cookies
    assert Client().head(METADATA).status_code == 200


@pytest.mark.spec("M-02", "RFC 8414 §2")
def test_the_issuer_is_exactly_the_base_url(document: dict[str, Any], settings: Settings) -> None:
    assert document["issuer"] == ISSUER
    settings.BASE_URL = "https://gatehouse.example:8443"
    assert Client().get(METADATA).json()["issuer"] == "https://gatehouse.example:8443"


@pytest.mark.spec("M-03", "RFC 8414 §2")
def test_the_issuer_has_no_trailing_slash_query_or_fragment(document: dict[str, Any]) -> None:
    parts = urlsplit(document["issuer"])
    assert (parts.path, parts.query, parts.fragment) == ("", "", "")
    assert not set(document["issuer"]) & set("?#")


@pytest.mark.spec("M-04", "RFC 8414 §2")
def test_the_endpoints_have_the_documented_paths(document: dict[str, Any]) -> None:
    assert document["authorization_endpoint"] == ISSUER + AUTHORIZE
    assert document["token_endpoint"] == ISSUER + TOKEN


@pytest.mark.spec("M-05", "RFC 8414 §2")
def test_only_codes_are_handed_out_and_only_in_the_query(document: dict[str, Any]) -> None:
    assert document["response_types_supported"] == ["code"]
    assert document["response_modes_supported"] == ["query"]


@pytest.mark.spec("M-06", "RFC 9700 §2.1.1")
def test_only_s256_challenges_are_taken(document: dict[str, Any]) -> None:
    assert document["code_challenge_methods_supported"] == ["S256"]


@pytest.mark.spec("M-07", "RFC 9700 §2.1.2, §2.4")
def test_exactly_the_grants_that_exist_are_listed(document: dict[str, Any]) -> None:
    assert document["grant_types_supported"] == [
        "authorization_code",
        "refresh_token",
        "client_credentials",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
    ]


@pytest.mark.spec("M-08", "RFC 8414 §2")
def test_clients_authenticate_by_secret_by_key_or_not_at_all(document: dict[str, Any]) -> None:
    confidential = ["client_secret_basic", "client_secret_post", "private_key_jwt"]
    assert document["token_endpoint_auth_methods_supported"] == [*confidential, "none"]
    assert document["revocation_endpoint_auth_methods_supported"] == [*confidential, "none"]
    assert document["introspection_endpoint_auth_methods_supported"] == confidential


@pytest.mark.spec("M-09", "RFC 8414 §2")
def test_revocation_and_introspection_are_listed(document: dict[str, Any]) -> None:
    assert document["revocation_endpoint"] == ISSUER + REVOKE
    assert document["introspection_endpoint"] == ISSUER + INTROSPECT


@pytest.mark.spec("M-10", "RFC 9207 §3")
def test_it_says_that_answers_carry_the_issuer(
    document: dict[str, Any], web: OAuthClient, visitor: Client
) -> None:
    assert document["authorization_response_iss_parameter_supported"] is True
    assert web.allow(visitor)["iss"] == document["issuer"]


@pytest.mark.spec("M-11", "RFC 8414 §2")
def test_there_is_no_key_set_because_nothing_is_signed(document: dict[str, Any]) -> None:
    assert "jwks_uri" not in document
    signing = {name for name in document if "signing" in name or "jwks" in name}
    # These say what clients sign with.
    assert {name.partition("_endpoint_auth_signing_alg")[2] for name in signing} == {"_values_supported"}


@pytest.mark.spec("U-165", "RFC 8414 §2")
def test_it_leads_developers_to_the_guide(document: dict[str, Any]) -> None:
    guide = document["service_documentation"]
    assert guide.startswith(f"{ISSUER}/")
    assert Client().get(guide.removeprefix(ISSUER)).status_code == 200


@pytest.mark.spec("M-12", "RFC 9700 §2.6")
@pytest.mark.parametrize("method", ["OPTIONS", "POST"])
def test_the_token_endpoint_never_lets_scripts_send_cookies(single_page: OAuthClient, method: str) -> None:
    headers = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
    answer = Client().generic(method, TOKEN, headers=headers)
    assert answer["Access-Control-Allow-Origin"] == ORIGIN
    assert "Access-Control-Allow-Credentials" not in answer


@pytest.mark.spec("M-13", "RFC 9700 §2.6")
@pytest.mark.parametrize("method", ["OPTIONS", "GET", "POST"])
def test_no_script_reads_the_authorization_endpoint(
    single_page: OAuthClient, visitor: Client, method: str
) -> None:
    headers = {"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}
    for browser in (Client(), visitor):
        answer = browser.generic(method, AUTHORIZE, headers=headers)
        assert not [name for name in answer.headers if name.startswith("Access-Control")]
    page = visitor.get(AUTHORIZE, single_page.authorization_parameters(), headers={"Origin": ORIGIN})
    assert page.status_code == 200
    assert not [name for name in page.headers if name.startswith("Access-Control")]


@pytest.mark.spec("M-14", "RFC 8414 §2")
@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "localhost"},
        {"Host": "127.0.0.1:81"},
        {"X-Forwarded-Host": "evil.example"},
        {"X-Forwarded-Proto": "https"},
        {"X-Forwarded-Port": "444"},
        {"X-Forwarded-Prefix": "/evil"},
        {"X-Script-Name": "/evil"},
        {"Forwarded": "host=evil.example;proto=https"},
    ],
)
def test_addresses_come_from_configuration_not_from_the_request(
    document: dict[str, Any], headers: dict[str, str]
) -> None:
    answer = Client().get(METADATA, headers=headers)
    assert answer.status_code == 200
    assert answer.json() == document
    addresses = [value for name, value in document.items() if name.endswith("_endpoint")]
    assert len(addresses) == 4
    assert all(address.startswith(f"{ISSUER}/") for address in addresses)


@pytest.mark.spec("M-14", "RFC 8414 §2")
def test_a_host_that_is_not_ours_reads_nothing() -> None:
    answer = Client().get(METADATA, headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert b"evil.example" not in answer.content


@pytest.mark.spec("X-01", "RFC 8414 §2")
def test_nothing_is_listed_that_does_not_exist(document: dict[str, Any]) -> None:
    assert set(document) == {
        "issuer",
        "authorization_endpoint",
        "token_endpoint",
        "revocation_endpoint",
        "introspection_endpoint",
        "token_endpoint_auth_signing_alg_values_supported",
        "revocation_endpoint_auth_signing_alg_values_supported",
        "introspection_endpoint_auth_signing_alg_values_supported",
        "scopes_supported",
        "response_types_supported",
        "response_modes_supported",
        "grant_types_supported",
        "token_endpoint_auth_methods_supported",
        "revocation_endpoint_auth_methods_supported",
        "introspection_endpoint_auth_methods_supported",
        "code_challenge_methods_supported",
        "authorization_response_iss_parameter_supported",
        "service_documentation",
    }
    assert document["scopes_supported"] == ["read", "write", "offline_access"]
