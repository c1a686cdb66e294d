"""APIs of one's own: who may ask for which scope, whom a token is for, and who may ask about it."""

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from django.test import Client

from audit.actors import Actor
from oauthapps.models import AccessToken, Api, FailureCount, Scope, TokenFamily
from oauthapps.models.consents import EndReason
from oauthapps.rules.app_types import AppType
from oauthapps.services import apis
from oauthapps.services.scopes import NewScope, delete_scope
from tests.factories import allow_scopes, make_application
from tests.oauth2.conftest import application_of, configure
from tests.oauth_client import AUTHORIZE, FORM, INTROSPECT, TOKEN, VERIFY, OAuthClient

pytestmark = pytest.mark.django_db

INVOICES = "https://invoices.example.com/v1"
PAYROLL = "https://payroll.example.com"
ISSUER = "http://testserver.localhost"
ADMINISTRATOR = Actor(label="an administrator")
ALL = "read write offline_access invoices:read invoices:write payroll:read"


@pytest.fixture(autouse=True)
def invoices(db: None) -> Api:
    return apis.create_api(
        name="Invoices",
        identifier=INVOICES + "/",
        actor=ADMINISTRATOR,
        new_scopes=[
            NewScope(name="invoices:read", sentence="Read your invoices"),
            NewScope(name="invoices:write", sentence="Change your invoices", is_default=False),
        ],
        fields={"token_seconds": 900},
    )


@pytest.fixture(autouse=True)
def payroll(db: None) -> Api:
    scope = NewScope(name="payroll:read", sentence="Read your payslips", is_default=False)
    return apis.create_api(name="Payroll", identifier=PAYROLL, actor=ADMINISTRATOR, new_scopes=[scope])


@pytest.fixture
def app(web: OAuthClient) -> OAuthClient:
    """A web application that may ask for everything."""
    configure(web, allowed_scope=ALL)
    return web


def asked(client: OAuthClient, browser: Client, **changes: str | None) -> dict[str, str]:
    """What comes back from the authorization endpoint where it refuses at once."""
    answer = browser.get(AUTHORIZE, client.authorization_parameters(**changes))
    assert answer.status_code == 302, answer.content
    return dict(parse_qsl(urlsplit(answer["Location"]).query))


def introspect(client: OAuthClient, token: str) -> dict[str, Any]:
    members: dict[str, Any] = client.post(INTROSPECT, {"token": token}, Authorization=client.basic).json()
    return members


def machine(name: str, **settings: object) -> OAuthClient:
    created = make_application(AppType.MACHINE_TO_MACHINE, name=name, settings=settings)
    return OAuthClient(created.application.client_id, created.client_secret)


@pytest.mark.spec("Y-10", "RFC 6749 §3.3")
def test_an_application_asks_for_what_it_may_have(app: OAuthClient, visitor: Client) -> None:
    tokens = app.get_tokens(visitor, scope="invoices:write read")
    assert tokens["scope"] == "invoices:write read"


@pytest.mark.spec("Y-10", "RFC 6749 §3.3")
def test_one_that_uses_no_api_has_the_built_in_scopes_as_ever(web: OAuthClient, visitor: Client) -> None:
    tokens = web.get_tokens(visitor)
    assert (tokens["scope"], tokens["expires_in"]) == ("read write offline_access", 3600)
    error = asked(web, visitor, scope="invoices:read")
    assert error["error"] == "invalid_scope"
    assert "invoices:read" in error["error_description"]


@pytest.mark.spec("Y-10", "RFC 6749 §3.3")
def test_without_a_scope_the_default_ones_are_asked_for(app: OAuthClient, visitor: Client) -> None:
    assert app.get_tokens(visitor)["scope"] == "read write offline_access invoices:read"
    assert app.get_tokens(visitor, resource=INVOICES)["scope"] == "offline_access invoices:read"


@pytest.mark.spec("Y-10", "RFC 6749 §3.3")
def test_where_none_is_asked_for_by_default_one_must_be_named(app: OAuthClient, visitor: Client) -> None:
    allow_scopes(application_of(app), ["payroll:read"], actor=ADMINISTRATOR)
    error = asked(app, visitor)
    assert (error["error"], "no default scopes" in error["error_description"]) == ("invalid_scope", True)
    client = machine("No default", allowed_scope="payroll:read")
    parameters = {"grant_type": "client_credentials"}
    refused = client.post(TOKEN, parameters, Authorization=client.basic)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_scope")
    granted = client.post(TOKEN, {**parameters, "scope": "payroll:read"}, Authorization=client.basic)
    assert granted.json()["scope"] == "payroll:read"


@pytest.mark.spec("Y-10", "RFC 6749 §3.3")
def test_a_machine_may_have_less_as_well() -> None:
    client = machine("Narrow", allowed_scope="invoices:read offline_access")
    reply = client.post(
        TOKEN,
        {"grant_type": "client_credentials", "scope": "read"},
        Authorization=client.basic,
    )
    assert (reply.status_code, reply.json()["error"]) == (400, "invalid_scope")
    assert "read" in reply.json()["error_description"]


@pytest.mark.spec("Y-11", "RFC 6749 §3.3")
def test_what_is_taken_away_is_gone_from_living_tokens_at_once(app: OAuthClient, visitor: Client) -> None:
    tokens = app.get_tokens(visitor, scope="invoices:read invoices:write offline_access read")
    allow_scopes(application_of(app), ["invoices:read", "offline_access"], actor=ADMINISTRATOR)
    assert introspect(app, tokens["access_token"])["scope"] == "invoices:read offline_access"
    assert app.me(tokens["access_token"]).status_code == 403
    again = app.refresh(tokens["refresh_token"]).json()
    assert again["scope"] == "invoices:read offline_access"
    refused = app.refresh(again["refresh_token"], scope="invoices:write")
    assert refused.json()["error"] == "invalid_scope"
    assert "invoices:write" in refused.json()["error_description"]


@pytest.mark.spec("Y-11", "RFC 6749 §3.3")
@pytest.mark.parametrize("what", ["scope", "api"])
def test_so_is_what_is_deleted(app: OAuthClient, visitor: Client, invoices: Api, what: str) -> None:
    token = app.get_tokens(visitor, scope="invoices:read payroll:read")["access_token"]
    if what == "scope":
        delete_scope(Scope.objects.get(name="invoices:read"), actor=ADMINISTRATOR)
    else:
        apis.delete_api(invoices, actor=ADMINISTRATOR)
    assert introspect(app, token)["scope"] == "payroll:read"
    assert "invoices:read" not in application_of(app).allowed_scope
    assert asked(app, visitor, scope="invoices:read")["error"] == "invalid_scope"


@pytest.mark.spec("Y-20", "RFC 8707 §2")
def test_a_token_says_which_apis_it_is_for(app: OAuthClient, visitor: Client) -> None:
    token = app.get_tokens(visitor, scope=ALL)["access_token"]
    assert introspect(app, token)["aud"] == [ISSUER, INVOICES, PAYROLL]


@pytest.mark.spec("Y-20", "RFC 8707 §2")
@pytest.mark.parametrize("resource", [INVOICES, INVOICES + "/", "HTTPS://invoices.example.com:443/v1"])
def test_resource_limits_the_code_and_all_its_tokens(
    app: OAuthClient, visitor: Client, resource: str
) -> None:
    tokens = app.get_tokens(visitor, scope=ALL, resource=resource)
    assert tokens["scope"] == "offline_access invoices:read invoices:write"
    assert TokenFamily.objects.get().scope == "offline_access invoices:read invoices:write"
    assert introspect(app, tokens["access_token"])["aud"] == [INVOICES]
    refused = app.refresh(tokens["refresh_token"], resource=PAYROLL)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_target")
    assert app.refresh(tokens["refresh_token"]).status_code == 200  # nothing is burned


@pytest.mark.spec("Y-20", "RFC 8707 §2.2")
def test_resource_narrows_an_access_token_and_the_next_may_be_for_another_api(
    app: OAuthClient, visitor: Client
) -> None:
    code = app.get_code(visitor, scope=ALL)
    tokens = app.exchange(code, resource=PAYROLL).json()
    assert tokens["scope"] == "offline_access payroll:read"
    again = app.refresh(tokens["refresh_token"], resource=INVOICES).json()
    assert again["scope"] == "offline_access invoices:read invoices:write"
    assert introspect(app, again["access_token"])["aud"] == [INVOICES]


@pytest.mark.spec("Y-20", "RFC 8707 §2")
def test_resource_may_repeat(app: OAuthClient, visitor: Client) -> None:
    code = app.get_code(visitor, scope=ALL)
    pairs = [*app.token_parameters(code).items(), ("resource", INVOICES), ("resource", PAYROLL)]
    reply = app.http.post(
        TOKEN,
        urlencode(pairs),
        content_type=FORM,
    )
    assert reply.json()["scope"] == "offline_access invoices:read invoices:write payroll:read"


@pytest.mark.spec("Y-21", "RFC 8707 §2")
@pytest.mark.parametrize(
    "resource",
    ["https://elsewhere.example", INVOICES + "/invoices", "invoices", INVOICES + "#a", f"{INVOICES} x:y"],
)
def test_a_resource_that_is_not_there_is_an_invalid_target(
    app: OAuthClient, visitor: Client, resource: str
) -> None:
    assert asked(app, visitor, scope=ALL, resource=resource)["error"] == "invalid_target"
    code = app.get_code(visitor, scope=ALL)
    refused = app.exchange(code, resource=resource)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_target")
    assert app.exchange(code).status_code == 200


@pytest.mark.spec("Y-21", "RFC 8707 §2")
def test_nor_is_one_that_the_application_may_not_ask_for(web: OAuthClient, visitor: Client) -> None:
    assert asked(web, visitor, resource=INVOICES)["error"] == "invalid_target"
    assert web.get_tokens(visitor, resource=ISSUER)["scope"] == "read write offline_access"


@pytest.mark.spec("Y-22", "RFC 7662 §2.2")
def test_a_verifier_of_an_api_is_told_of_its_scopes_alone(
    app: OAuthClient, visitor: Client, invoices: Api
) -> None:
    verifier = machine("Invoice server")
    token = app.get_tokens(visitor, scope=ALL)["access_token"]
    assert introspect(verifier, token) == {"active": False}
    apis.change_api(invoices, {}, verifiers=[application_of(verifier)], actor=ADMINISTRATOR)
    told = introspect(verifier, token)
    assert (told["scope"], told["aud"]) == ("invoices:read invoices:write", [INVOICES])
    another = app.get_tokens(visitor, scope="read payroll:read")["access_token"]
    assert introspect(verifier, another) == {"active": False}
    apis.change_api(invoices, {}, verifiers=[], actor=ADMINISTRATOR)
    assert introspect(verifier, token) == {"active": False}


@pytest.mark.spec("Y-22", "RFC 7662 §2.2")
def test_one_that_may_verify_all_is_told_all(app: OAuthClient, visitor: Client) -> None:
    verifier = machine("Verifies all", may_verify_tokens=True)
    told = introspect(verifier, app.get_tokens(visitor, scope=ALL)["access_token"])
    assert (told["scope"], told["aud"]) == (ALL, [ISSUER, INVOICES, PAYROLL])


def verified(token: str, **query: str) -> tuple[int, str, str]:
    answer = Client().get(VERIFY, query, headers={"Authorization": f"Bearer {token}"})
    return answer.status_code, answer.get("X-Auth-Scope", ""), answer.get("X-Auth-Audience", "")


@pytest.mark.spec("Y-23", "RFC 6750 §3.1")
def test_a_proxy_asks_for_a_scope_of_an_api(app: OAuthClient, visitor: Client) -> None:
    token = app.get_tokens(visitor, scope="read invoices:read")["access_token"]
    assert verified(token, scope="invoices:read") == (200, "read invoices:read", f"{ISSUER} {INVOICES}")
    assert verified(token, resource=INVOICES) == (200, "invoices:read", INVOICES)
    assert verified(token, resource=INVOICES + "/", scope="invoices:read")[0] == 200
    for query in (
        {"scope": "invoices:write"},
        {"resource": PAYROLL},
        {"resource": INVOICES, "scope": "read"},
        {"resource": INVOICES, "scope": "invoices:write"},
        {"resource": "https://elsewhere.example"},
    ):
        assert verified(token, **query)[0] == 403, query


@pytest.mark.spec("Y-24", "RFC 6749 §5.1")
@pytest.mark.parametrize(
    ("scope", "own", "seconds"),
    [
        ("read", None, 3600),
        ("read invoices:read", None, 900),
        ("read", 600, 600),
        ("invoices:read", 3600, 900),
    ],
)
def test_a_token_lives_as_long_as_each_of_its_apis_and_its_application_allow(
    app: OAuthClient, visitor: Client, scope: str, own: int | None, seconds: int
) -> None:
    configure(app, access_token_seconds=own)
    tokens = app.get_tokens(visitor, scope=scope)
    assert tokens["expires_in"] == seconds
    row = AccessToken.objects.get()
    assert round((row.expires - row.created).total_seconds()) == seconds


@pytest.mark.spec("Y-24", "RFC 6749 §5.1")
def test_keeping_access_while_away_is_of_no_api_and_shortens_nothing(
    app: OAuthClient, visitor: Client, payroll: Api
) -> None:
    apis.change_api(payroll, {"token_seconds": 86400}, verifiers=[], actor=ADMINISTRATOR)
    page = app.consent_page(visitor, scope="payroll:read invoices:read").content.decode()
    assert "After 24 hours at most" in page  # a token for payroll alone
    assert app.get_tokens(visitor, scope="payroll:read offline_access")["expires_in"] == 86400


def test_people_are_promised_nothing_about_other_apis(app: OAuthClient, visitor: Client) -> None:
    promise = "It can't create, edit, or delete anything."
    assert promise in app.consent_page(visitor, scope="read offline_access").content.decode()
    for scope in ("write", "invoices:write", "read invoices:read"):
        assert promise not in app.consent_page(visitor, scope=scope).content.decode()


def test_people_read_the_sentences_of_an_apis_scopes(app: OAuthClient, visitor: Client) -> None:
    page = app.consent_page(visitor, scope="invoices:write").content.decode()
    assert "Change your invoices" in page
    assert "Read your invoices" not in page


@pytest.mark.spec("Y-11", "RFC 6749 §6")
def test_without_offline_access_there_is_no_refresh_until_it_is_given_back(
    app: OAuthClient, visitor: Client
) -> None:
    token = app.get_tokens(visitor)["refresh_token"]
    allow_scopes(application_of(app), ["read"], actor=ADMINISTRATOR)
    refused = app.refresh(token)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    assert "offline_access" in refused.json()["message"]
    assert introspect(app, token) == {"active": False}
    allow_scopes(application_of(app), ["read", "offline_access"], actor=ADMINISTRATOR)
    assert app.refresh(token).json()["scope"] == "read offline_access"


@pytest.mark.spec("Y-11", "RFC 6749 §3.3")
def test_a_code_for_what_was_taken_away_meanwhile_brings_nothing(app: OAuthClient, visitor: Client) -> None:
    code = app.get_code(visitor, scope="payroll:read")
    allow_scopes(application_of(app), ["read"], actor=ADMINISTRATOR)
    assert app.exchange(code).json()["error"] == "invalid_scope"
    assert not AccessToken.objects.exists()


@pytest.mark.spec("Y-22", "RFC 7662 §2.2")
def test_tokens_that_a_verifier_could_have_asked_about_are_no_guesses(
    app: OAuthClient, visitor: Client, invoices: Api
) -> None:
    verifier = machine("Invoice server")
    apis.change_api(invoices, {}, verifiers=[application_of(verifier)], actor=ADMINISTRATOR)
    ended, another = (
        app.get_tokens(visitor, scope=scope)["access_token"] for scope in ("invoices:read", "read")
    )
    TokenFamily.objects.all().end(EndReason.EXPIRED)
    for token, guesses in ((ended, False), (another, True)):
        assert introspect(verifier, token) == {"active": False}
        assert FailureCount.objects.exists() is guesses


@pytest.mark.spec("Y-25", "RFC 9700 §2.1.1")
def test_an_application_that_requires_pkce_gets_nothing_without(web: OAuthClient, visitor: Client) -> None:
    configure(web, requires_pkce=True)
    assert asked(web, visitor)["error"] == "invalid_request"
    web.pkce = True
    assert web.get_tokens(visitor)["scope"] == "read write offline_access"


def test_people_see_what_they_allowed_under_connected_apps(app: OAuthClient, visitor: Client) -> None:
    app.get_tokens(visitor, scope="read invoices:write")
    assert "Change your invoices" in visitor.get("/connected/").content.decode()
    allow_scopes(application_of(app), ["read"], actor=ADMINISTRATOR)
    assert "Change your invoices" not in visitor.get("/connected/").content.decode()
