"""Where people may be sent: the registered redirect URI, and nothing that resembles it."""

from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import pytest
from django.test import Client

from audit.actors import Actor
from oauthapps.models import Grant
from oauthapps.rules.app_types import AppType
from oauthapps.services.applications import delete_application, disable_application
from oauthapps.services.changes import change_application
from tests.console.pages import Browser, Page, fields_of
from tests.factories import AdministratorFactory, make_application
from tests.oauth2.conftest import application_of
from tests.oauth_client import AUTHORIZE, OAuthClient, hidden_fields
from tests.sign_ins import sign_in_now

pytestmark = pytest.mark.django_db

REGISTERED = "https://client.example/callback"
SECOND = "https://client.example/second"
TESTS = Actor.command("tests")


def ask(browser: Client, parameters: list[tuple[str, str]] | dict[str, str]) -> Any:
    """Send an authorization request, spelled by the test to the last character."""
    return browser.get(f"{AUTHORIZE}?{urlencode(parameters, quote_via=quote, safe='')}")


def is_refused_here(answer: Any) -> bool:
    """A page of ours, no redirect, and no way to click on to somewhere else."""
    assert answer.status_code == 400, (answer.status_code, answer.get("Location"))
    assert "Location" not in answer
    page = Page(answer)
    assert page.heading == "This request is invalid"
    assert all(urlsplit(link).netloc == "" for link in page.links().values())
    assert not list(page.root.iter("form"))
    assert "refresh" not in [meta.get("http-equiv", "").lower() for meta in page.root.iter("meta")]
    return True


def registered(*urls: str, app_type: AppType = AppType.WEB) -> OAuthClient:
    created = make_application(app_type, redirect_urls=list(urls))
    return OAuthClient(
        created.application.client_id,
        created.client_secret or "",
        redirect_uri=urls[0],
        pkce=app_type == AppType.SINGLE_PAGE,
    )


def change_redirect_urls(client: OAuthClient, *urls: str) -> None:
    change_application(application_of(client), values={}, labels={}, actor=TESTS, redirect_urls=urls)


@pytest.mark.spec("A-11", "RFC 6749 §3.1.2.4, §10.15")
@pytest.mark.spec("A-44", "RFC 9700 §4.11")
@pytest.mark.parametrize("is_signed_in", [True, False])
@pytest.mark.parametrize("redirect_uri", ["https://evil.example/phish", "https://client.example/other"])
def test_an_unregistered_address_is_refused_here_and_nothing_leads_there(
    web: OAuthClient, visitor: Client, redirect_uri: str, is_signed_in: bool
) -> None:
    browser = visitor if is_signed_in else Client()
    assert ask(browser, web.authorization_parameters()).status_code == (200 if is_signed_in else 302)
    answer = ask(browser, web.authorization_parameters(redirect_uri=redirect_uri))
    assert is_refused_here(answer)
    assert redirect_uri in Page(answer).text  # as text, for the developer


@pytest.mark.spec("A-12", "RFC 9700 §2.1, §4.1.3; ASVS 10.4.1")
@pytest.mark.spec("A-44", "RFC 9700 §4.11")
@pytest.mark.parametrize(
    "presented",
    [
        f"{REGISTERED}/",
        f"{REGISTERED}/more",
        f"{REGISTERED}%2Fmore",
        f"{REGISTERED}2",
        "https://client.example/callbac",
        "https://client.example/",
        "https://client.example",
        f"{REGISTERED}?",
        f"{REGISTERED}?x=1",
        f"{REGISTERED}?code=attacker",
        f"{REGISTERED}&x=1",
        f"{REGISTERED};x=1",
        f"{REGISTERED}#f",
        f"{REGISTERED}#",
        "https://user@client.example/callback",
        "https://user:word@client.example/callback",
        "https://client.example@evil.example/callback",
        "https://client.example\\@evil.example/callback",
        "https://evil.example\\.client.example/callback",
        "https:\\\\client.example\\callback",
        "https://client.example/Callback",
        "https://CLIENT.example/callback",
        "HTTPS://client.example/callback",
        "https://client.example.evil.example/callback",
        "https://evilclient.example/callback",
        "https://client.example/x/../callback",
        "https://client.example/callback/../callback",
        "https://client.example/%2e%2e/callback",
        "https://client.example/%252e%252e/callback",
        "https://client.example%2Fcallback",
        "https://client.example/%63allback",
        "https://client.example/;/../callback",
        "https://client.example//callback",
        "https://client.example/./callback",
        f"{REGISTERED}\r\nSet-Cookie: a=b",
        f"{REGISTERED}%0d%0aSet-Cookie:%20a=b",
        f"{REGISTERED}\0",
        f"{REGISTERED}%00",
        f" {REGISTERED}",
        f"{REGISTERED} ",
        f"\t{REGISTERED}",
        "https://client.example/\tcallback",
        f"\ufeff{REGISTERED}",
        "//client.example/callback",
        "/callback",
        "client.example/callback",
        "javascript:alert(1)",
        "javascript://client.example/callback%0aalert(1)",
        "data:text/html,<script>alert(1)</script>",
        "file:///callback",
        "https://cli\u0435nt.example/callback",
        "https://client\uff0eexample/callback",
        "https://client.example\u3002evil.example/callback",
        "http://client.example/callback",
        "https://client.example:443/callback",
        "https://client.example:8443/callback",
        "https://client.example./callback",
        f"{REGISTERED} https://evil.example/",
        f"{REGISTERED},https://evil.example/",
        "https://3221225985/callback",
        "https://[::ffff:192.0.2.1]/callback",
    ],
)
def test_only_the_registered_string_is_the_registered_address(
    web: OAuthClient, visitor: Client, presented: str
) -> None:
    assert ask(visitor, web.authorization_parameters()).status_code == 200
    for browser in (visitor, Client()):
        assert is_refused_here(ask(browser, web.authorization_parameters(redirect_uri=presented)))


@pytest.mark.spec("A-12", "RFC 9700 §4.1.3")
@pytest.mark.parametrize(
    ("registered_url", "presented"),
    [
        ("http://localhost:3000/cb", "http://127.0.0.1:3000/cb"),
        ("http://127.0.0.1:3000/cb", "http://localhost:3000/cb"),
        ("http://127.0.0.1:3000/cb", "http://2130706433:3000/cb"),
        ("http://127.0.0.1:3000/cb", "http://0177.0.0.1:3000/cb"),
        ("http://127.0.0.1:3000/cb", "http://[::ffff:127.0.0.1]:3000/cb"),
        ("http://127.0.0.1:3000/cb", "https://127.0.0.1:3000/cb"),
        ("https://localhost/cb", "http://localhost/cb"),
        ("http://[::1]:3000/cb", "http://[0:0:0:0:0:0:0:1]:3000/cb"),
        ("https://client.example/cb?a=1", "https://client.example/cb"),
        ("https://client.example/cb?a=1&b=2", "https://client.example/cb?b=2&a=1"),
        ("com.example.app:/cb", "com.example.app://cb"),
        ("com.example.app:/cb", "COM.EXAMPLE.APP:/cb"),
    ],
)
def test_two_names_for_one_place_are_two_addresses(
    visitor: Client, registered_url: str, presented: str
) -> None:
    client = registered(registered_url, app_type=AppType.SINGLE_PAGE)
    assert ask(visitor, client.authorization_parameters()).status_code == 200
    assert is_refused_here(ask(visitor, client.authorization_parameters(redirect_uri=presented)))


@pytest.mark.spec("A-12", "RFC 9700 §4.1.3")
def test_another_applications_address_is_nobody_elses(web: OAuthClient, visitor: Client) -> None:
    other = registered("https://other.example/cb")
    assert ask(visitor, other.authorization_parameters()).status_code == 200
    assert is_refused_here(ask(visitor, other.authorization_parameters(redirect_uri=REGISTERED)))


@pytest.mark.spec("A-13", "RFC 6749 §3.1.2.3")
@pytest.mark.parametrize("absent", [None, ""])
def test_a_request_without_address_means_the_only_one_there_is(visitor: Client, absent: str | None) -> None:
    client = registered(REGISTERED)
    answer = client.allow(visitor, redirect_uri=absent)
    assert client.exchange(answer["code"], redirect_uri=None).status_code == 200
    change_redirect_urls(client, REGISTERED, SECOND)
    assert is_refused_here(ask(visitor, client.authorization_parameters(redirect_uri=absent)))
    assert ask(visitor, client.authorization_parameters(redirect_uri=SECOND)).status_code == 200


@pytest.mark.spec("A-14", "RFC 6749 §3.1; ASVS 15.3.7")
@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("redirect_uri", "https://evil.example/"),
        ("redirect_uri", REGISTERED),
        ("redirect_uri", ""),
        ("client_id", "0" * 32),
        ("client_id", ""),
    ],
)
def test_two_addresses_or_two_clients_are_refused_here(
    web: OAuthClient, visitor: Client, name: str, value: str, is_first: bool
) -> None:
    parameters = list(web.authorization_parameters().items())
    assert ask(visitor, parameters).status_code == 200
    doubled = [(name, value), *parameters] if is_first else [*parameters, (name, value)]
    for browser in (visitor, Client()):
        assert is_refused_here(ask(browser, doubled))


@pytest.mark.spec("A-34", "RFC 8252 §7.3")
@pytest.mark.parametrize("host", ["http://127.0.0.1", "http://[::1]"])
@pytest.mark.parametrize("port", ["", ":1", ":8080", ":65535"])
def test_a_native_application_listens_at_any_port(visitor: Client, host: str, port: str) -> None:
    client = registered(f"{host}/cb", app_type=AppType.SINGLE_PAGE)
    client.redirect_uri = f"{host}{port}/cb"
    fields = hidden_fields(client.consent_page(visitor).content.decode())
    sent_to = visitor.post(AUTHORIZE, fields | {"decision": "allow"})["Location"]
    assert sent_to.startswith(f"{host}{port}/cb?code=")
    code = dict(parse_qsl(urlsplit(sent_to).query))["code"]
    assert client.exchange(code, redirect_uri=f"{host}:9/cb").status_code == 400  # the same one, not any
    assert client.exchange(code).status_code == 200


@pytest.mark.spec("A-34", "RFC 8252 §7.3, §8.3")
@pytest.mark.parametrize(
    "presented",
    [
        "http://localhost:8080/cb",
        "http://127.0.0.1:8080/other",
        "http://127.0.0.1:8080/cb/",
        "http://127.0.0.1:8080/cb?x=1",
        "http://127.0.0.1:8080/cb#",
        "http://user@127.0.0.1:8080/cb",
        "https://127.0.0.1:8080/cb",
        "http://0.0.0.0:8080/cb",
        "http://127.0.0.2:8080/cb",
        "http://127.0.0.1:1.evil/cb",
        "http://127.0.0.1:8080@evil.example/cb",
        "http://127.0.0.1.evil.example:8080/cb",
        "http://127.0.0.1:65536/cb",
        "http://127.0.0.1:0/cb",
        "http://127.0.0.1:/cb",
        "http://[::1]:8080/cb",
    ],
)
def test_at_the_loopback_address_nothing_but_the_port_is_free(visitor: Client, presented: str) -> None:
    client = registered("http://127.0.0.1/cb", app_type=AppType.SINGLE_PAGE)
    valid = client.authorization_parameters(redirect_uri="http://127.0.0.1:8080/cb")
    assert ask(visitor, valid).status_code == 200
    assert is_refused_here(ask(visitor, valid | {"redirect_uri": presented}))


@pytest.mark.spec("A-34", "RFC 8252 §8.3")
@pytest.mark.parametrize("host", ["http://localhost", "https://client.example", "https://127.0.0.1"])
def test_every_other_address_keeps_its_port(visitor: Client, host: str) -> None:
    client = registered(f"{host}/cb")
    assert ask(visitor, client.authorization_parameters()).status_code == 200
    moved = client.authorization_parameters(redirect_uri=f"{host}:8080/cb")
    assert is_refused_here(ask(visitor, moved))


@pytest.mark.spec("A-35", "RFC 6749 §3.1.2; RFC 8252 §7.1; RFC 9700 §4.1.3")
@pytest.mark.parametrize(
    "url",
    [
        "https://client.example/cb#f",
        "https://client.example/cb#",
        "https://user@client.example/cb",
        "/cb",
        "//client.example/cb",
        "https://*.client.example/cb",
        "http://client.example/cb",
        "http://127.0.0.1.evil.example/cb",
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "blob:https://client.example/1",
        "https://client.example/a b",
        "https://client.example/\tcb",
        "https://client.example/\u0085cb",
        "https://client.example/" + "a" * 2048,
        "https://clie\u043dt.example/cb",
        "myapp:/cb",
        [SECOND, SECOND],
    ],
)
@pytest.mark.parametrize("app_type", [AppType.WEB, AppType.SINGLE_PAGE])
def test_the_form_registers_nothing_that_is_dangerous_or_unclear(
    url: str | list[str], app_type: AppType
) -> None:
    client = registered(REGISTERED, app_type=app_type)
    browser = Client()
    sign_in_now(browser, AdministratorFactory.create())
    address = application_of(client).get_absolute_url()
    fields = fields_of(Browser(browser).get(address).form())
    assert browser.post(address, fields | {"redirect_url": [SECOND, REGISTERED]}).status_code == 302
    assert browser.post(address, fields | {"redirect_url": url}).status_code == 422
    rows = application_of(client).redirect_urls.order_by("position")
    assert [row.url for row in rows] == [SECOND, REGISTERED]


@pytest.mark.spec("A-35", "RFC 8252 §7.1")
def test_the_form_takes_a_scheme_of_its_own_from_single_page_applications_alone() -> None:
    browser = Client()
    sign_in_now(browser, AdministratorFactory.create())
    for app_type, status in ((AppType.SINGLE_PAGE, 302), (AppType.WEB, 422)):
        address = application_of(registered(REGISTERED, app_type=app_type)).get_absolute_url()
        fields = fields_of(Browser(browser).get(address).form())
        assert browser.post(address, fields | {"redirect_url": "com.example.app:/cb"}).status_code == status


@pytest.mark.spec("A-36", "RFC 6749 §4.1.2.1")
@pytest.mark.parametrize("decision", ["allow", "cancel"])
@pytest.mark.parametrize("end", ["redirect URL", "disabled", "deleted"])
def test_what_ends_while_the_page_is_open_gets_no_answer(visitor: Client, end: str, decision: str) -> None:
    client = registered(REGISTERED, SECOND)
    fields = hidden_fields(client.consent_page(visitor).content.decode()) | {"decision": decision}
    end_it(client, end)
    assert is_refused_here(visitor.post(AUTHORIZE, fields))
    assert not Grant.objects.exists()


@pytest.mark.spec("A-36", "RFC 6749 §4.1.2.1")
@pytest.mark.parametrize(
    "end",
    [
        "redirect URL",
        "disabled",
        "deleted",
    ],
)
def test_what_ends_before_the_code_is_exchanged_gets_no_token(visitor: Client, end: str) -> None:
    client = registered(REGISTERED, SECOND)
    assert client.exchange(client.get_code(visitor)).status_code == 200
    code = client.get_code(visitor)
    end_it(client, end)
    answer = client.exchange(code)
    assert answer.status_code in {400, 401}
    assert answer.json()["error"] in {"invalid_grant", "invalid_client"}


def end_it(client: OAuthClient, end: str) -> None:
    if end == "redirect URL":
        change_redirect_urls(client, SECOND)
    elif end == "disabled":
        disable_application(application_of(client), actor=TESTS)
    else:
        delete_application(application_of(client), actor=TESTS)
