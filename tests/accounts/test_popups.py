"""Clients keep the windows they opened, and forms lead to them: on the way of a request, and nowhere else."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from oauthapps.models import Application
from tests.accounts.test_pages import policy_of
from tests.accounts.ways_in import LOGIN, SECOND_FACTOR, WAYS, WITH_PASSKEY, Visitor, prepare_second_factor
from tests.console.pages import Page, fields_of
from tests.factories import PASSWORD, AdministratorFactory, UserFactory
from tests.oauth_client import AUTHORIZE, OAuthClient, hidden_fields

pytestmark = pytest.mark.django_db

OPENER = "Cross-Origin-Opener-Policy"
SWITCH = f"{AUTHORIZE}/switch-account"


def is_open(answer: Any) -> bool:
    """Whether a client may hold on to the window and forms may lead to it; never one without the other."""
    assert answer[OPENER] in {"same-origin", "unsafe-none"}
    keeps_opener = str(answer[OPENER]) == "unsafe-none"
    assert keeps_opener == ("form-action" not in policy_of(answer)), answer.request["PATH_INFO"]
    assert policy_of(answer)["frame-ancestors"] == "'none'"
    return keeps_opener


def target_of(client: OAuthClient, **changes: str | None) -> str:
    return f"{AUTHORIZE}?{urlencode(client.authorization_parameters(**changes))}"


@pytest.mark.spec("W-55", "HTML: cross-origin opener policies")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("decision", ["allow", "cancel"])
def test_every_answer_on_the_way_of_a_request_leaves_the_client_its_window(
    web: OAuthClient, person: User, way: str, decision: str
) -> None:
    prepare, sign_in = WAYS[way]
    prepared, browser = prepare(person), Visitor()
    page = browser.follow(browser.get(target_of(web)))
    consent = sign_in(browser, page, person, prepared)
    browser.send(consent, AUTHORIZE, decision=decision)
    assert len(browser.answers) > 5
    assert closed_among(browser.answers) == []


def closed_among(pages: list[Page]) -> list[str]:
    """Where the client would have lost its window."""
    return [page.answer.request["PATH_INFO"] for page in pages if not is_open(page.answer)]


@pytest.mark.spec("W-55", "HTML: cross-origin opener policies")
def test_so_does_switching_to_another_account(web: OAuthClient, person: User) -> None:
    browser = Visitor()
    browser.client.force_login(UserFactory.create())
    page = browser.follow(browser.send(browser.get(target_of(web)), SWITCH))
    WAYS["password"][1](browser, page, person, None)
    assert len(browser.answers) > 5
    assert closed_among(browser.answers) == []


@pytest.mark.spec("W-55", "HTML: cross-origin opener policies")
def test_an_error_that_goes_back_to_the_client_leaves_it_its_window(
    web: OAuthClient, visitor: Client
) -> None:
    for browser in (visitor, Client()):
        assert is_open(browser.get(target_of(web, response_type="token")))
        assert is_open(browser.get(target_of(web, scope="everything")))


@pytest.mark.spec("W-55", "HTML: cross-origin opener policies")
def test_a_refused_form_of_the_request_leaves_the_client_its_window(
    web: OAuthClient, person: User, visitor: Client
) -> None:
    strict = Client(enforce_csrf_checks=True)
    credentials = {"login": person.username, "password": PASSWORD, "next": target_of(web)}
    failed = strict.post(LOGIN, credentials)
    assert failed.status_code == 403
    assert is_open(failed)
    shown = hidden_fields(web.consent_page(visitor).content.decode())
    strict.cookies = visitor.cookies
    refused = strict.post(AUTHORIZE, shown | {"decision": "allow", "csrfmiddlewaretoken": "x"})
    assert refused.status_code == 403
    assert is_open(refused)
    visitor.post(AUTHORIZE, shown | {"decision": "allow"})
    answered_twice = visitor.post(AUTHORIZE, shown | {"decision": "allow"})
    assert answered_twice.status_code == 302
    assert is_open(answered_twice)


# What only resembles the way to a client.
def nowhere(_: OAuthClient) -> str:
    return AUTHORIZE


def unknown_client(web: OAuthClient) -> str:
    return target_of(web, client_id="0" * 32)


def other_redirect_uri(web: OAuthClient) -> str:
    return target_of(web, redirect_uri="https://evil.example/")


def other_path(web: OAuthClient) -> str:
    return target_of(web).replace(AUTHORIZE, f"{AUTHORIZE}/x")


def as_a_parameter(web: OAuthClient) -> str:
    return f"/connected/?x={quote(target_of(web))}"


def elsewhere(web: OAuthClient) -> str:
    return f"https://evil.example{target_of(web)}"


def without_scheme(web: OAuthClient) -> str:
    return f"//evil.example{target_of(web)}"


def other_origin(web: OAuthClient) -> str:
    return f"http://localhost{target_of(web)}"


def no_form(web: OAuthClient) -> str:
    return f"{AUTHORIZE}?%FF=1&{urlencode(web.authorization_parameters())}"


RESEMBLING = [
    nowhere,
    unknown_client,
    other_redirect_uri,
    other_path,
    as_a_parameter,
    elsewhere,
    without_scheme,
    other_origin,
    no_form,
]


@pytest.mark.spec("W-54", "CSP 3 §6.4.2")
@pytest.mark.spec("W-55", "HTML: cross-origin opener policies")
@pytest.mark.parametrize("target", RESEMBLING)
def test_what_only_resembles_a_request_opens_nothing(
    web: OAuthClient, person: User, target: Callable[[OAuthClient], str]
) -> None:
    prepare_second_factor(person)
    aim = target(web)
    for path in (LOGIN, WITH_PASSKEY):
        assert not is_open(Client().get(path, {"next": aim}))
        assert not is_open(Client().post(path, {"login": "x", "password": "x", "next": aim}))
    browser = Visitor()
    page = browser.get(LOGIN, next=aim)
    browser.follow(browser.send(page, LOGIN, login=person.username, password=PASSWORD))
    assert not any(is_open(page.answer) for page in browser.answers)
    assert is_open(Client().get(LOGIN, {"next": target_of(web)}))


@pytest.mark.spec("W-54", "CSP 3 §6.4.2")
def test_a_disabled_application_opens_nothing(web: OAuthClient) -> None:
    aim = {"next": target_of(web)}
    assert is_open(Client().get(LOGIN, aim))
    Application.objects.filter(client_id=web.client_id).update(disabled_at=timezone.now())
    assert not is_open(Client().get(LOGIN, aim))


@pytest.mark.spec("W-55", "HTML: cross-origin opener policies")
def test_no_other_page_gives_a_window_away(web: OAuthClient, visitor: Client) -> None:
    console = Client()
    console.force_login(AdministratorFactory.create())
    aim = target_of(web)
    for path in ("/", "/connected/", "/security/", "/console/applications/", "/people/", "/organization/"):
        assert not is_open(console.get(path, {"next": aim}))
    for path in (
        LOGIN,
        SECOND_FACTOR,
        WITH_PASSKEY,
        f"/accounts/password/reset/?next={quote(aim)}",
        "/accounts/password/link/",
        "/nothing",
        AUTHORIZE,
        target_of(web, client_id="0" * 32),
        target_of(web, redirect_uri="https://evil.example/"),
    ):
        assert not is_open(Client().get(path)), path
        assert not is_open(visitor.get(path)), path
    assert not is_open(visitor.post("/accounts/logout/", {"next": aim}))


@pytest.mark.spec("W-55", "HTML: cross-origin opener policies")
@pytest.mark.parametrize("path", [AUTHORIZE, SWITCH])
def test_a_forged_or_stale_answer_opens_nothing(web: OAuthClient, visitor: Client, path: str) -> None:
    sealed = fields_of(Page(web.consent_page(visitor)).form(AUTHORIZE))["authorization_request"]
    for wrong in ("", "x", sealed[:-1], sealed + "x", urlencode(web.authorization_parameters())):
        answer = visitor.post(
            f"{path}?{urlencode(web.authorization_parameters())}", {"authorization_request": wrong}
        )
        assert answer.status_code == 400
        assert not is_open(answer)
