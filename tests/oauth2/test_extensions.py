"""What is not offered does not exist, and what is sent for it changes nothing."""

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import NoReverseMatch, get_resolver, reverse

from accounts.models import Role, User
from audit.actors import Actor
from oauthapps.models import Application
from oauthapps.rules.app_types import AppType
from oauthapps.services.people import create_person
from tests.factories import PASSWORD, make_application
from tests.oauth2.conftest import Machine
from tests.oauth_client import AUTHORIZE, INTROSPECT, METADATA, TOKEN, OAuthClient

pytestmark = pytest.mark.django_db

OFFERED = {
    "authorize",
    "consent-preview",
    "explain",
    "introspect",
    "jwt-exchange",
    "revoke-token",
    "switch-account",
    "token",
}

ABSENT = [
    "/integrations/oauth2/par",
    "/integrations/oauth2/api/v1/par",
    "/integrations/oauth2/register",
    "/integrations/oauth2/register/",
    "/integrations/oauth2/applications/",
    "/integrations/oauth2/applications/register/",
    "/integrations/oauth2/authorized_tokens/",
    "/integrations/oauth2/device-authorization/",
    "/integrations/oauth2/device/",
    "/integrations/oauth2/userinfo",
    "/integrations/oauth2/userinfo/",
    "/integrations/oauth2/logout/",
    "/integrations/oauth2/jwks",
    "/integrations/oauth2/.well-known/jwks.json",
    "/.well-known/openid-configuration",
    "/.well-known/jwks.json",
    "/o/authorize/",
    "/o/token/",
    "/admin/",
]


@pytest.mark.spec("X-01", "RFC 9126; RFC 7591; RFC 8628; OpenID Connect")
@pytest.mark.parametrize("path", ABSENT)
def test_no_address_leads_to_what_is_not_offered(path: str, visitor: Client) -> None:
    for method in (visitor.get, visitor.post):
        assert method(path).status_code == 404


@pytest.mark.spec("X-01", "RFC 8414 §2")
def test_the_authorization_server_has_these_endpoints_and_no_others() -> None:
    server = get_resolver().namespace_dict["oauth2_provider"][1]
    assert set(server.reverse_dict) - {view for view in server.reverse_dict if callable(view)} == OFFERED
    for name in ("list", "register", "device-authorization", "user-info", "rp-initiated-logout", "jwks-info"):
        with pytest.raises(NoReverseMatch):
            reverse(f"oauth2_provider:{name}")


@pytest.mark.spec("X-01", "RFC 8414 §2")
def test_the_metadata_names_no_extension() -> None:
    document = Client().get(METADATA).json()
    for name in document:
        for extension in ("pushed", "dpop", "registration", "device", "jwks", "userinfo", "id_token", "mtls"):
            assert extension not in name
    assert set(document["grant_types_supported"]) == {
        "authorization_code",
        "refresh_token",
        "client_credentials",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
    }


@pytest.mark.spec("X-01", "RFC 9068")
def test_an_access_token_is_no_jwt(web: OAuthClient, machine: Machine, visitor: Client) -> None:
    for tokens in (web.get_tokens(visitor), machine.client.exchange_jwt(machine.assertion()).json()):
        assert "." not in tokens["access_token"]
        assert "id_token" not in tokens


@pytest.mark.spec("X-02", "RFC 9449")
@pytest.mark.parametrize("proof", ["x", "eyJ0eXAiOiJkcG9wK2p3dCJ9.e30.c2ln", ""])
def test_a_dpop_proof_is_ignored(web: OAuthClient, visitor: Client, proof: str) -> None:
    code = web.get_code(visitor, dpop_jkt="0" * 43)
    answer = web.post(TOKEN, web.token_parameters(code, dpop_jkt="0" * 43), DPoP=proof)
    assert answer.status_code == 200
    tokens = answer.json()
    assert tokens["token_type"] == "Bearer"
    assert "DPoP-Nonce" not in answer
    assert web.me(tokens["access_token"]).status_code == 200
    refreshed = web.post(TOKEN, web.refresh_parameters(tokens["refresh_token"]), DPoP=proof)
    assert refreshed.json()["token_type"] == "Bearer"
    as_scheme = Client().get("/api/v1/me", headers={"Authorization": f"DPoP {tokens['access_token']}"})
    assert as_scheme.status_code == 401


@pytest.mark.spec("X-03", "RFC 9700 §4.15")
def test_a_client_id_is_nobodys_user_id(web: OAuthClient, visitor: Client, person: User) -> None:
    tokens = web.get_tokens(visitor)
    members = web.post(INTROSPECT, {"token": tokens["access_token"]}, Authorization=web.basic).json()
    assert members["sub"] == person.user_id != members["client_id"] == web.client_id


@pytest.mark.spec("X-03", "RFC 9700 §4.15")
def test_an_id_that_is_brought_along_must_be_free_on_both_sides(person: User) -> None:
    with pytest.raises(ValidationError, match="User ID"):
        make_application(AppType.WEB, client_id=person.user_id)
    free = "0123456789abcdef" * 2
    make_application(AppType.WEB, client_id=free)
    with pytest.raises(ValidationError, match="Client ID"):
        create_person(
            username="eve",
            email="eve@example.org",
            role=Role.MEMBER,
            password=PASSWORD,
            user_id=free,
            actor=Actor.command("tests"),
        )
    other = free[::-1]
    create_person(
        username="eve",
        email="eve@example.org",
        role=Role.MEMBER,
        password=PASSWORD,
        user_id=other,
        actor=Actor.command("tests"),
    )
    assert User.objects.filter(user_id=other).exists()
    assert not Application.objects.filter(client_id=other).exists()


@pytest.mark.spec("X-03", "RFC 9700 §4.15")
def test_the_command_says_in_one_line_that_an_id_is_taken(person: User) -> None:
    options = ["--type", "web", "--name", "Copy", "--redirect-url", "https://a.example/"]
    with pytest.raises(CommandError, match="client_id: A person has this as their User ID"):
        call_command("create_application", *options, "--client-id", person.user_id)


@pytest.mark.spec("X-02", "RFC 9449")
def test_the_authorization_endpoint_ignores_extensions_too(web: OAuthClient, visitor: Client) -> None:
    parameters = web.authorization_parameters(dpop_jkt="0" * 43, authorization_details="[]", claims="{}")
    assert visitor.get(AUTHORIZE, parameters).status_code == 200
