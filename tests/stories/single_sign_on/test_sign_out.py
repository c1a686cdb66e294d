"""Signing out: here and then at the provider, or there, which tells us."""

from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from tests.infrastructure.identity_providers import IdentityProvider, is_at, sign_out_there
from tests.oauth_client import AUTHORIZE, ME, TOKEN
from tests.stories.clients import CALLBACK
from tests.stories.conftest import manage
from tests.stories.single_sign_on.office import SIGNED_OUT, Employee, Office

pytestmark = pytest.mark.story

NUMBERS = count()
PASSWORD = "a password of one's own"


@pytest.fixture(scope="module")
def client(office: Office) -> dict[str, Any]:
    """An application whose clients people let act for them."""
    options = ("--type", "web", "--name", "Signing out", "--redirect-url", CALLBACK)
    return manage(office.installation, "create_application", *options)


@pytest.fixture
def employee(office: Office, kind: str) -> Employee:
    """Somebody who has signed in at the provider."""
    account = f"leaver-{next(NUMBERS)}"
    office.providers[kind].add_person(account)
    employee = Employee(office, account)
    employee.sign_in_at(kind)
    assert employee.is_signed_in
    return employee


def tokens_of(employee: Employee, client: dict[str, Any]) -> dict[str, str]:
    """Let the application act for somebody, and return its tokens."""
    asked = {"client_id": client["client_id"], "response_type": "code", "redirect_uri": CALLBACK}
    asked["scope"] = "read offline_access"
    location = employee.allow(f"{employee.base_url}{AUTHORIZE}?{urlencode(asked)}")
    form = {"grant_type": "authorization_code", "redirect_uri": CALLBACK}
    form["code"] = parse_qs(urlsplit(location).query)["code"][0]
    reply = ask(employee, client, form)
    assert reply.status_code == 200, reply.text
    tokens: dict[str, str] = reply.json()
    return tokens


def ask(employee: Employee, client: dict[str, Any], form: dict[str, str]) -> requests.Response:
    credentials = (client["client_id"], client["client_secret"])
    return requests.post(employee.base_url + TOKEN, form, auth=credentials, timeout=30)


def work(employee: Employee, client: dict[str, Any], tokens: dict[str, str]) -> list[int]:
    """What the access token gets, and the refresh token."""
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    found = requests.get(employee.base_url + ME, headers=bearer, timeout=30)
    return [found.status_code, ask(employee, client, refresh).status_code]


@pytest.mark.spec("I-97", "OpenID RP-Initiated Logout §2")
def test_a_sign_out_here_offers_the_provider_s(
    office: Office, provider: IdentityProvider, kind: str, employee: Employee
) -> None:
    page = employee.sign_out()
    assert page.url.startswith(office.base_url + SIGNED_OUT)
    assert not employee.is_signed_in
    _, _, rest = page.text.partition(f'href="{provider.discovered["end_session_endpoint"]}?')
    query = {
        name: values[0] for name, values in parse_qs(rest.partition('"')[0].replace("&amp;", "&")).items()
    }
    assert query == {
        "client_id": provider.client_id,
        "post_logout_redirect_uri": office.base_url + SIGNED_OUT,
    }
    there = f"{provider.discovered['end_session_endpoint']}?{urlencode(query)}"
    back = sign_out_there(employee.browser, employee.browser.get(there, timeout=30))
    assert back.url.partition("?")[0] == office.base_url + SIGNED_OUT
    assert back.status_code == 200
    assert is_at(provider, employee.begin(kind))


def test_a_sign_out_here_leaves_the_provider_s_session(
    provider: IdentityProvider, kind: str, employee: Employee
) -> None:
    employee.sign_out()
    employee.sign_in_at(kind)
    assert employee.is_signed_in


@pytest.mark.spec("I-88", "OpenID BCL §2.5")
def test_a_sign_out_there_ends_all_sessions_that_began_there(
    office: Office, provider: IdentityProvider, kind: str, employee: Employee, client: dict[str, Any]
) -> None:
    tokens = tokens_of(employee, client)
    second = Employee(office, employee.account)
    second.sign_in_at(kind)
    provider.add_person(f"other-{kind}")
    other = Employee(office, f"other-{kind}")
    other.sign_in_at(kind)
    assert all(browser.is_signed_in for browser in (employee, second))
    statuses = provider.log_out(employee.account)
    assert set(statuses) == {200}
    assert not any(browser.is_signed_in for browser in (employee, second))
    assert other.is_signed_in
    assert work(employee, client, tokens) == [200, 200]
    ended = [event for event in office.events(employee.account) if "session" in event["kind"]]
    assert ended
    assert f"{kind.title()} login" in ended[-1]["actor"] + ended[-1]["detail"]


def test_it_ends_tokens_too_where_the_organization_wants_that(
    office: Office, provider: IdentityProvider, kind: str, employee: Employee, client: dict[str, Any]
) -> None:
    tokens = tokens_of(employee, client)
    office.change_provider(kind, logout_ends_tokens=True)
    try:
        assert set(provider.log_out(employee.account)) == {200}
    finally:
        office.change_provider(kind, logout_ends_tokens=False)
    assert not employee.is_signed_in
    assert work(employee, client, tokens) == [401, 400]


@pytest.mark.spec("I-88", "OpenID BCL §2.5")
def test_it_leaves_sessions_that_began_with_a_password(
    office: Office, provider: IdentityProvider, kind: str
) -> None:
    account = f"both-{kind}"
    provider.add_person(account)
    office.add_person(account, PASSWORD)
    there, here = Employee(office, account), Employee(office, account)
    there.send(there.sign_in_at(kind), password=PASSWORD)
    here.sign_in(account, PASSWORD)
    provider.log_out(account)
    assert not there.is_signed_in
    assert here.is_signed_in


def test_a_message_that_the_provider_has_not_signed_ends_nothing(
    office: Office, kind: str, employee: Employee
) -> None:
    url = f"{office.base_url}/accounts/logout/provider/{office.ids[kind]}/"
    for form in ({}, {"logout_token": "x.y.z"}, {"logout_token": ""}):
        answer = requests.post(url, form, timeout=30)
        assert answer.status_code == 400
    assert employee.is_signed_in
