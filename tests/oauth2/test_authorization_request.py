"""What an authorization request may say, and what is answered to one that says something else."""

import socket
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from django.test import Client

from oauthapps.models import Grant, RedirectURL
from tests.console.pages import Page
from tests.oauth2.conftest import Machine
from tests.oauth_client import AUTHORIZE, TOKEN, OAuthClient, challenge_of, hidden_fields

pytestmark = pytest.mark.django_db

CHALLENGE = challenge_of("v" * 43)
MARKUP = "\"'><script>alert(1)</script>{{ 7|add:7 }}&lt;"


def ask(browser: Client, query: str) -> Any:
    """Send an authorization request as these bytes."""
    return browser.get(AUTHORIZE, QUERY_STRING=query.encode().decode("latin-1"))


def members(answer: Any) -> dict[str, str]:
    """What the client was told by a redirect; it got no code."""
    assert answer.status_code == 302, answer.content
    assert answer["Location"].startswith("https://client.example/callback?")
    told = dict(parse_qsl(urlsplit(answer["Location"]).query))
    assert "code" not in told
    assert not Grant.objects.exists()
    return told


def is_refused_here(answer: Any) -> bool:
    return 400 <= answer.status_code < 500 and "Location" not in answer


@pytest.mark.spec("A-10", "RFC 6749 §3.1.2.4")
@pytest.mark.spec("A-44", "RFC 9700 §4.11")
@pytest.mark.parametrize("is_signed_in", [True, False])
@pytest.mark.parametrize("client_id", [None, "", "0" * 32, "unknown", " "])
def test_without_a_known_client_there_is_a_page_and_no_way_on(
    web: OAuthClient, visitor: Client, client_id: str | None, is_signed_in: bool
) -> None:
    browser = visitor if is_signed_in else Client()
    assert browser.get(AUTHORIZE, web.authorization_parameters()).status_code in {200, 302}
    answer = browser.get(AUTHORIZE, web.authorization_parameters(client_id=client_id))
    assert is_refused_here(answer)
    assert Page(answer).heading == "This request is invalid"


@pytest.mark.spec("A-10", "RFC 6749 §3.1.2.4")
def test_a_client_id_is_compared_as_it_is(web: OAuthClient, visitor: Client) -> None:
    for changed in (web.client_id.upper() + "A", f" {web.client_id}", f"{web.client_id}\n"):
        assert is_refused_here(visitor.get(AUTHORIZE, web.authorization_parameters(client_id=changed)))


@pytest.mark.spec("A-15", "RFC 6749 §3.1")
@pytest.mark.parametrize("is_signed_in", [True, False])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("response_type", "code"),
        ("response_type", "token"),
        ("state", "the state"),
        ("state", ""),
        ("scope", "read"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("code_challenge_method", "plain"),
    ],
)
def test_a_parameter_sent_twice_is_told_to_the_client(
    web: OAuthClient, visitor: Client, name: str, value: str, is_signed_in: bool
) -> None:
    web.pkce = True
    parameters = list(web.authorization_parameters(scope="write").items())
    assert ask(visitor, urlencode(parameters)).status_code == 200
    browser = visitor if is_signed_in else Client()
    told = members(ask(browser, urlencode([*parameters, (name, value)])))
    assert told["error"] == "invalid_request"
    assert told.get("state") == (None if name == "state" else "the state")


@pytest.mark.spec("A-15", "RFC 6749 §3.1")
def test_a_parameter_that_is_no_text_is_told_to_the_client(web: OAuthClient, visitor: Client) -> None:
    assert members(ask(visitor, urlencode(web.authorization_parameters(scope="\0"))))["state"] == "the state"


@pytest.mark.spec("A-16", "RFC 6749 §4.1.2.1")
def test_a_missing_response_type_is_told_with_the_state(web: OAuthClient, visitor: Client) -> None:
    told = members(visitor.get(AUTHORIZE, web.authorization_parameters(response_type=None)))
    assert (told["error"], told["state"]) == ("invalid_request", "the state")


@pytest.mark.spec("A-17", "RFC 9700 §2.1.2")
@pytest.mark.parametrize(
    "response_type",
    ["token", "id_token", "code token", "code id_token", "none", "CODE", "", "code ", " code", "code\ncode"],
)
def test_code_is_the_only_response_type(web: OAuthClient, visitor: Client, response_type: str) -> None:
    told = members(visitor.get(AUTHORIZE, web.authorization_parameters(response_type=response_type)))
    assert (told["error"], told["state"]) == ("unsupported_response_type", "the state")
    assert told.keys().isdisjoint({"access_token", "id_token"})


@pytest.mark.spec("A-20", "OpenID Connect Core §3.1.2.6; RFC 9101")
@pytest.mark.parametrize("is_bare", [True, False])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("request", "eyJhbGciOiJub25lIn0.e30."),
        ("request_uri", "http://127.0.0.1:9/request.jwt"),
        ("request_uri", "urn:ietf:params:oauth:request_uri:1"),
        ("request_uri", "file:///etc/passwd"),
    ],
)
def test_request_objects_are_refused_by_name(
    web: OAuthClient, visitor: Client, name: str, value: str, is_bare: bool
) -> None:
    parameters = web.authorization_parameters()
    if is_bare:  # the rest would be inside the object
        parameters = {"client_id": web.client_id, "state": "the state"}
    told = members(visitor.get(AUTHORIZE, parameters | {name: value}))
    assert (told["error"], told["state"]) == (f"{name}_not_supported", "the state")
    assert visitor.get(AUTHORIZE, web.authorization_parameters(**{name: ""})).status_code == 200


@pytest.mark.spec("A-20", "RFC 9101 §10.4")
def test_a_request_uri_is_never_fetched(web: OAuthClient, visitor: Client) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.2)
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/request.jwt"
        told = members(visitor.get(AUTHORIZE, web.authorization_parameters(request_uri=address)))
        assert told["error"] == "request_uri_not_supported"
        with pytest.raises(TimeoutError):
            listening.accept()


@pytest.mark.spec("A-22", "RFC 6749 §3.1")
@pytest.mark.parametrize("scope", [None, "", " "])
def test_an_empty_scope_is_none(web: OAuthClient, visitor: Client, scope: str | None) -> None:
    assert web.get_tokens(visitor, scope=scope)["scope"] == "read write offline_access"


@pytest.mark.spec("A-23", "RFC 6749 §3.3; ASVS 10.7.2")
@pytest.mark.parametrize(
    "scope", ["admin", "read admin", "READ", "read,write", "read\twrite", "read\u00a0write", "__all__"]
)
def test_a_scope_that_does_not_exist_is_told_to_the_client(
    web: OAuthClient, visitor: Client, scope: str
) -> None:
    told = members(visitor.get(AUTHORIZE, web.authorization_parameters(scope=scope)))
    assert (told["error"], told["state"]) == ("invalid_scope", "the state")


SENTENCES = {
    "read": "Retrieve content and information",
    "write": "Create, edit, and delete records",
    "offline_access": "Keep this access while you're away",
}


@pytest.mark.spec("A-23", "RFC 6749 §3.3; ASVS 10.7.2")
@pytest.mark.parametrize(
    "scope", ["read", "write", "write read", "read read", "read offline_access", "read  write", None]
)
def test_what_the_page_shows_is_what_is_granted(web: OAuthClient, visitor: Client, scope: str | None) -> None:
    page = Page(web.consent_page(visitor, scope=scope))
    asked = set((scope or " ".join(SENTENCES)).split())
    allowed = [" ".join("".join(row.itertext()).split()) for row in next(page.root.iter("ul"))]
    assert {name for name, text in SENTENCES.items() if any(text in row for row in allowed)} == asked
    assert len(allowed) == len(asked)
    assert set(web.get_tokens(visitor, scope=scope)["scope"].split()) == asked


@pytest.mark.spec("A-30", "RFC 7636 §4.3, §4.4.1; ASVS 10.4.6")
@pytest.mark.parametrize("method", ["plain", None, "", "PLAIN"])
def test_a_plain_challenge_is_refused_before_anybody_is_asked(
    web: OAuthClient, single_page: OAuthClient, visitor: Client, method: str | None
) -> None:
    web.pkce = True
    for client in (web, single_page):
        assert visitor.get(AUTHORIZE, client.authorization_parameters()).status_code == 200
        for browser in (visitor, Client()):
            changed = client.authorization_parameters(code_challenge_method=method)
            told = members(browser.get(AUTHORIZE, changed))
            assert (told["error"], told["state"]) == ("invalid_request", "the state")


@pytest.mark.spec("A-30", "RFC 7636 §4.3; RFC 9700 §2.1.1")
@pytest.mark.parametrize("method", ["S256", "plain"])
def test_a_method_without_its_challenge_is_refused(web: OAuthClient, visitor: Client, method: str) -> None:
    told = members(visitor.get(AUTHORIZE, web.authorization_parameters(code_challenge_method=method)))
    assert (told["error"], told["state"]) == ("invalid_request", "the state")
    assert visitor.get(AUTHORIZE, web.authorization_parameters(code_challenge_method="")).status_code == 200


@pytest.mark.spec("A-31", "RFC 7636 §4.2, §4.4.1")
@pytest.mark.parametrize(
    ("challenge", "method"),
    [
        (CHALLENGE[:-1], "S256"),
        (CHALLENGE + "a", "S256"),
        ("a" * 128, "S256"),
        ("a" * 129, "S256"),
        ("", "S256"),
        ("", None),
        (CHALLENGE[:-1] + "=", "S256"),
        (CHALLENGE + "=", "S256"),
        (CHALLENGE[:-1] + "+", "S256"),
        (CHALLENGE[:-1] + "/", "S256"),
        (CHALLENGE[:-1] + "\n", "S256"),
        (CHALLENGE + "\n", "S256"),
        ("é" * 43, "S256"),
        ("\uff11" * 43, "S256"),
        ("[object Promise]", "S256"),
        (CHALLENGE, "S512"),
        (CHALLENGE, "s256"),
        (CHALLENGE, "S256 "),
    ],
)
def test_only_the_digest_of_a_verifier_is_a_challenge(
    web: OAuthClient, single_page: OAuthClient, visitor: Client, challenge: str, method: str | None
) -> None:
    changes = {"code_challenge": challenge, "code_challenge_method": method}
    for client in (web, single_page):
        valid = client.authorization_parameters(code_challenge=CHALLENGE, code_challenge_method="S256")
        assert visitor.get(AUTHORIZE, valid).status_code == 200
        told = members(visitor.get(AUTHORIZE, client.authorization_parameters(**changes)))
        assert (told["error"], told["state"]) == ("invalid_request", "the state")


@pytest.mark.spec("A-32", "RFC 9700 §2.1.1")
def test_a_single_page_application_needs_a_challenge(single_page: OAuthClient, visitor: Client) -> None:
    bare = single_page.authorization_parameters(code_challenge=None, code_challenge_method=None)
    told = members(visitor.get(AUTHORIZE, bare))
    assert (told["error"], told["state"]) == ("invalid_request", "the state")
    assert "access_token" in single_page.get_tokens(visitor)


@pytest.mark.spec("A-32", "RFC 9700 §2.1.1")
def test_a_web_application_may_send_a_challenge_and_is_held_to_it(web: OAuthClient, visitor: Client) -> None:
    assert web.exchange(web.get_code(visitor)).status_code == 200
    web.pkce = True
    code = web.get_code(visitor)
    assert web.exchange(code, code_verifier=None).json()["error"] == "invalid_grant"
    assert web.exchange(code).status_code == 200


@pytest.mark.spec("A-33", "RFC 6749 §4.1.2.1")
@pytest.mark.parametrize("redirect_uri", ["https://client.example/callback", None])
def test_a_machine_sends_nobody_here(machine: Machine, visitor: Client, redirect_uri: str | None) -> None:
    RedirectURL.objects.create(application=machine.application, url=machine.client.redirect_uri)
    asked = machine.client.authorization_parameters(redirect_uri=redirect_uri)  # it cannot mean this row
    for browser in (visitor, Client()):
        assert is_refused_here(browser.get(AUTHORIZE, asked))
    assert machine.client.exchange_jwt(machine.assertion()).status_code == 200


@pytest.mark.spec("A-40", "ASVS 16.5")
@pytest.mark.parametrize(
    "client_id",
    ["a" * 6000, "%00", "%F0%9F%9A%AA", "%FF%FE", "%C3%28", "%ED%A0%80", "%ZZ", "%", "ÿ", "🚪" * 500],
    ids=lambda value: value[:12],
)
def test_a_client_id_of_any_bytes_is_refused_without_a_stumble(
    web: OAuthClient, visitor: Client, client_id: str
) -> None:
    rest = urlencode(web.authorization_parameters(client_id=None))
    assert ask(visitor, f"client_id={web.client_id}&{rest}").status_code == 200
    for browser in (visitor, Client()):
        assert is_refused_here(ask(browser, f"client_id={client_id}&{rest}"))


@pytest.mark.spec("A-40", "ASVS 16.5")
@pytest.mark.parametrize(
    "rest",
    [
        "state=%FF",
        "state=%ZZ",
        "state=%00",
        "%00=%00",
        "scope=%ED%A0%80",
        "&&&&",
        "=",
        "a;b",
        "&".join(f"p{number}=" for number in range(101)),
        "&".join(f"p{number}=" for number in range(300)),
        f"state={'x' * 60_000}",
        "code_challenge=%00&code_challenge_method=%F0",
        "redirect_uri[]=x&client_id[]=y",
    ],
    ids=lambda value: f"{value[:12]} {len(value)}",
)
def test_broken_parameters_beside_good_ones_never_break_the_server(
    web: OAuthClient, visitor: Client, rest: str
) -> None:
    for browser in (visitor, Client()):
        good = web.authorization_parameters(state=None, scope=None)
        answer = ask(browser, f"{urlencode(good)}&{rest}")
        assert answer.status_code in {200, 302, 400}
        assert answer["Content-Security-Policy"]
        assert answer["Cache-Control"] == "no-store"


@pytest.mark.spec("A-41", "RFC 6749 §4.1.2.1")
@pytest.mark.parametrize("query", ["", "?", "?x", "?response_type=code"])
def test_no_parameters_are_a_page_and_no_sign_in(visitor: Client, query: str) -> None:
    for browser in (visitor, Client()):
        answer = browser.get(AUTHORIZE + query)
        assert answer.status_code == 400
        assert Page(answer).heading == "This request is invalid"


@pytest.mark.spec("A-42", "ASVS 1.2.1")
@pytest.mark.parametrize(
    "name",
    ["client_id", "redirect_uri", "response_type", "scope", "state", "code_challenge", "other", MARKUP],
)
def test_markup_is_text_on_the_error_page(web: OAuthClient, visitor: Client, name: str) -> None:
    parameters = web.authorization_parameters(client_id="0" * 32)
    answer = visitor.get(AUTHORIZE, parameters | {name: MARKUP})
    assert is_refused_here(answer)
    page = Page(answer)
    assert "<script>alert" not in page.content
    assert "1414" not in page.content
    assert [script.get("src") for script in page.root.iter("script")] == ["/static/js/main.js"]
    assert (MARKUP in page.text) == (name in {"client_id", "redirect_uri"})


@pytest.mark.spec("A-43", "RFC 6749 §3.1")
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND", "QUERY"])
@pytest.mark.parametrize("enforce_csrf_checks", [True, False])
def test_other_methods_are_refused(
    web: OAuthClient, visitor: Client, method: str, enforce_csrf_checks: bool
) -> None:
    browser = Client(enforce_csrf_checks=enforce_csrf_checks)
    browser.cookies = visitor.cookies
    for body in ("", "decision=allow"):
        answer = browser.generic(
            method, AUTHORIZE, body, QUERY_STRING=urlencode(web.authorization_parameters())
        )
        assert is_refused_here(answer)
    assert not Grant.objects.exists()


@pytest.mark.spec("A-43", "RFC 9110 §9.3.2")
def test_head_is_get_without_a_body(web: OAuthClient, visitor: Client) -> None:
    answer = visitor.head(AUTHORIZE, web.authorization_parameters())
    assert (answer.status_code, answer.content) == (200, b"")
    assert visitor.head(AUTHORIZE).status_code == 400
    assert not Grant.objects.exists()


@pytest.mark.spec("A-44", "RFC 9700 §4.11")
def test_a_valid_request_alone_leads_to_the_sign_in_form(web: OAuthClient) -> None:
    stranger = Client()
    answer = stranger.get(AUTHORIZE, web.authorization_parameters())
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/?next=")
    for wrong in ({"client_id": "0" * 32}, {"redirect_uri": "https://evil.example/"}):
        assert is_refused_here(stranger.get(AUTHORIZE, web.authorization_parameters(**wrong)))


@pytest.mark.spec("A-17", "RFC 9700 §2.1.2")
def test_the_token_endpoint_is_where_tokens_come_from(web: OAuthClient, visitor: Client) -> None:
    """The positive twin of all refusals above, once through."""
    page = ask(visitor, urlencode(web.authorization_parameters()))
    answer = visitor.post(AUTHORIZE, hidden_fields(page.content.decode()) | {"decision": "allow"})
    code = dict(parse_qsl(urlsplit(answer["Location"]).query))["code"]
    assert "access_token" in web.post(TOKEN, web.token_parameters(code)).json()
