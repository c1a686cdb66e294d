"""What goes wrong at a provider: one sentence for the person, the cause for the operator."""

from itertools import count
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest

from tests.infrastructure.identity_providers import IdentityProvider, cancel_there, is_at, sign_in_there
from tests.stories.single_sign_on.office import CALLBACK, Employee, Office

pytestmark = pytest.mark.story

WRONG_SETUP = "isn't set up correctly"
NUMBERS = count()
NOT_RESPONDING = "isn't responding right now"
NOT_VERIFIED = "couldn't be verified"


@pytest.fixture
def employee(office: Office, provider: IdentityProvider, kind: str) -> Employee:
    """Somebody of the organization who has never signed in."""
    account = f"unlucky-{next(NUMBERS)}"
    provider.add_person(account)
    return Employee(office, account)


def works_again(employee: Employee, kind: str) -> None:
    again = Employee(employee.office, employee.account)
    again.sign_in_at(kind)
    assert again.is_signed_in


def test_the_token_endpoint_is_down(
    office: Office, provider: IdentityProvider, kind: str, employee: Employee
) -> None:
    page = employee.begin(kind)
    provider.break_endpoint("token_endpoint", 502)
    page = sign_in_there(employee.browser, page, employee.account)
    office.check_refused(page, NOT_RESPONDING, "provider_unavailable", "502")
    provider.mend_endpoints()
    works_again(employee, kind)


def test_all_of_it_is_down(office: Office, provider: IdentityProvider, kind: str, employee: Employee) -> None:
    """Who has come back from there meets our page; who has not meets the browser's."""
    page = employee.begin(kind)
    answer = sign_in_there(employee.browser, page, employee.account, follow=False)
    while not (location := answer.headers["Location"]).startswith(office.base_url):
        answer = employee.browser.get(urljoin(answer.url, location), timeout=30, allow_redirects=False)
    provider.take_down()
    try:
        page = employee.browser.get(location, timeout=30)
    finally:
        provider.bring_up()
    office.check_refused(page, NOT_RESPONDING, "provider_unavailable", "can't be reached")
    works_again(employee, kind)


def test_its_discovery_document_is_down(
    office: Office, provider: IdentityProvider, kind: str, employee: Employee
) -> None:
    """It was read before; nobody waits for it."""
    provider.break_endpoint("discovery", 500)
    employee.sign_in_at(kind)
    assert employee.is_signed_in


@pytest.mark.spec("I-37", "OpenID Connect Core 1.0")
def test_its_keys_change(office: Office, provider: IdentityProvider, kind: str, employee: Employee) -> None:
    works_again(employee, kind)
    provider.rotate_keys()
    works_again(employee, kind)


def test_its_keys_are_down_after_a_change(
    office: Office, provider: IdentityProvider, kind: str, employee: Employee
) -> None:
    page = employee.begin(kind)
    provider.rotate_keys()
    provider.break_endpoint("jwks_uri", 500)
    page = sign_in_there(employee.browser, page, employee.account)
    office.check_refused(page, NOT_RESPONDING, "provider_unavailable", "500")
    assert not employee.is_signed_in


def test_the_secret_has_changed_there(
    office: Office, provider: IdentityProvider, kind: str, employee: Employee
) -> None:
    provider.change_secret("another secret")
    try:
        page = employee.sign_in_at(kind)
        office.check_refused(page, WRONG_SETUP, "invalid_client", "client ID or secret", "invalid_client")
        assert not employee.is_signed_in
        office.change_provider(kind, client_secret="another secret")
        works_again(employee, kind)
    finally:
        provider.change_secret(provider.client_secret)
        office.change_provider(kind, client_secret=provider.client_secret)


@pytest.mark.spec("I-32", "OpenID Connect Core 1.0")
@pytest.mark.parametrize("seconds", [600, -7200])
def test_its_clock_is_wrong(
    office: Office, provider: IdentityProvider, kind: str, employee: Employee, seconds: int
) -> None:
    provider.set_clock(seconds)
    page = employee.sign_in_at(kind)
    office.check_refused(page, NOT_VERIFIED, "clock_skew", "seconds", "clock")
    provider.set_clock(0)
    works_again(employee, kind)


@pytest.mark.parametrize("seconds", [30, -30])
def test_its_clock_is_a_little_wrong(
    office: Office, provider: IdentityProvider, kind: str, employee: Employee, seconds: int
) -> None:
    provider.set_clock(seconds)
    employee.sign_in_at(kind)
    assert employee.is_signed_in


@pytest.mark.spec("I-34", "9207 §2.4")
def test_the_person_cancels_there(office: Office, kind: str, employee: Employee) -> None:
    page = cancel_there(employee.browser, employee.begin(kind))
    office.check_refused(page, "canceled or denied", "access_denied", "isn't assigned to this application")
    works_again(employee, kind)


@pytest.mark.spec("I-35", "6749 §10.12")
def test_an_answer_is_good_once_and_in_one_browser_alone(
    office: Office, provider: IdentityProvider, kind: str, employee: Employee
) -> None:
    page = employee.sign_in_at(kind)
    back = next(step.headers["Location"] for step in page.history if "code=" in step.headers["Location"])
    sentence = "already used, or was started in another browser"
    office.check_refused(employee.browser.get(back, timeout=30), sentence, "unknown_state", "session")
    other = Employee(office, employee.account)
    page = other.begin(kind)
    assert is_at(provider, page)
    office.check_refused(other.browser.get(back, timeout=30), sentence, "unknown_state", "session")
    assert not other.is_signed_in


@pytest.mark.spec("I-34", "9207 §2.4")
def test_the_answer_of_one_provider_is_not_taken_for_the_other_s(office: Office) -> None:
    """A mix-up (RFC 9207): the state says which provider was asked."""
    asked, other = office.providers
    for provider in office.providers.values():
        provider.add_person("mixed-up")
    victim = Employee(office, "mixed-up")
    first = next(step for step in victim.begin(asked).history if "state=" in step.headers["Location"])
    state = parse_qs(urlsplit(first.headers["Location"]).query)["state"][0]
    where = {"iss": office.providers[other].issuer, "code": "anything", "state": state}
    page = victim.browser.get(office.base_url + CALLBACK, params=where, timeout=30)
    office.check_refused(page, NOT_VERIFIED, "issuer_mismatch", "it must be")
