"""How a client that was refused at an API finds the authorization server (RFC 9728)."""

import pytest
from django.conf import settings
from django.test import Client

from audit.actors import Actor
from oauthapps.models import Api
from oauthapps.services import apis
from oauthapps.services.scopes import NewScope
from tests.oauth_client import ME, METADATA, VERIFY

pytestmark = pytest.mark.django_db

WELL_KNOWN = "/.well-known/oauth-protected-resource"
HERE = settings.BASE_URL


def make_api(identifier: str, name: str, sentences: dict[str, str]) -> Api:
    scopes = [NewScope(name=each, sentence=sentence) for each, sentence in sentences.items()]
    return apis.create_api(
        identifier=identifier, name=name, new_scopes=scopes, actor=Actor(label="an administrator")
    )


def challenged(path: str) -> str:
    answer = Client().get(path)
    assert answer.status_code == 401
    return str(answer["WWW-Authenticate"])


@pytest.mark.spec("Y-66", "RFC 9728 §2")
def test_the_built_in_api_says_who_issues_its_tokens() -> None:
    answer = Client().get(WELL_KNOWN)
    assert answer.json() == {
        "resource": HERE,
        "authorization_servers": [HERE],
        "scopes_supported": ["read", "write", "offline_access"],
        "bearer_methods_supported": ["header"],
        "resource_name": "Gatehouse",
        "resource_documentation": f"{HERE}/docs/",
    }
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert Client().get(METADATA).json()["issuer"] == answer.json()["authorization_servers"][0]


@pytest.mark.spec("Y-66", "RFC 9728 §3.1")
@pytest.mark.parametrize("path", ["/mcp", "/a/b", "/gr%C3%BC%C3%9Fe", "/one?of=two"])
def test_an_api_under_our_origin_has_its_own(path: str) -> None:
    make_api(f"{HERE}{path}", "Invoices", {"invoices:read": "Read your invoices"})
    document = Client().get(f"{WELL_KNOWN}{path}").json()
    assert (document["resource"], document["resource_name"]) == (f"{HERE}{path}", "Invoices")
    assert document["scopes_supported"] == ["invoices:read"]
    assert "resource_documentation" not in document


@pytest.mark.spec("Y-66", "RFC 9728 §3.1")
@pytest.mark.parametrize("path", ["/nothing", "/mcp/below", "/", "?x", "/%00", "//evil.example"])
def test_of_others_there_is_none(path: str) -> None:
    make_api(f"{HERE}/mcp", "MCP", {"tools:use": "Use tools"})
    make_api("https://elsewhere.example/mcp2", "Elsewhere", {"elsewhere:use": "Use it"})
    answer = Client().get(f"{WELL_KNOWN}{path}")
    if path == "/":  # one slash at the end names the same
        assert answer.json()["resource"] == HERE
    else:
        assert (answer.status_code, answer.json()["error"]) == (404, "not_found")
    assert Client().get(f"{WELL_KNOWN}/mcp2").status_code == 404


@pytest.mark.spec("Y-67", "RFC 9728 §5.1")
@pytest.mark.parametrize("path", [ME, VERIFY, "/attask/api/v22.0/user/me"])
def test_a_refusal_says_where_the_metadata_are(path: str) -> None:
    assert challenged(path) == f'Bearer realm="gatehouse", resource_metadata="{HERE}{WELL_KNOWN}"'


@pytest.mark.spec("Y-67", "RFC 9728 §5.1")
def test_a_proxy_that_asks_about_an_api_passes_on_its_own() -> None:
    make_api(f"{HERE}/mcp", "MCP", {"tools:use": "Use tools"})
    make_api("https://elsewhere.example", "Elsewhere", {"elsewhere:use": "Use it"})
    assert challenged(f"{VERIFY}?resource={HERE}/mcp/").endswith(f'"{HERE}{WELL_KNOWN}/mcp"')
    for resources in (f"{HERE}/x%22", "https://elsewhere.example", f"{HERE}/mcp&resource={HERE}"):
        assert "resource_metadata" not in challenged(f"{VERIFY}?resource={resources}")
