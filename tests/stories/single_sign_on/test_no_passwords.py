"""One provider, and passwords for the emergency account only."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from tests.infrastructure.identity_providers import KINDS, IdentityProvider, is_at, sign_in_there
from tests.infrastructure.smtp import MailServer
from tests.oauth_client import AUTHORIZE, hidden_fields
from tests.second_factors import code_of
from tests.stories.clients import CALLBACK
from tests.stories.conftest import manage
from tests.stories.single_sign_on.office import Employee, Office, email_of, office_with, wait_until

pytestmark = pytest.mark.story

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PASSWORD = "a password of one's own"
EMERGENCY = """
from accounts.models import User
from allauth.mfa.totp.internal.auth import TOTP
from allauth.mfa.models import Authenticator
person = User(username="glass", email="glass@example.org", role="administrator")
person.set_password(password)
person.save()
TOTP.activate(person, secret)
"""
NAMED = "from oauthapps.models import Application; answer = Application.objects.filter(name=name).exists()"


def prepare(office: Office) -> None:
    """An emergency account with a second factor, and a member who used to have a password."""
    office.inside.run(EMERGENCY, password=PASSWORD, secret=SECRET)
    office.add_person("former", PASSWORD)
    office.set_rule("emergency", "glass")
    office.change_provider(*office.providers, groups_claim="groups", administrator_groups=["admins"])


@pytest.fixture(scope="module")
def mail() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


@pytest.fixture(scope="module", params=KINDS)
def office(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, mail: MailServer
) -> Iterator[Office]:
    settings = {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": str(mail.port)}
    with office_with(tmp_path_factory.mktemp("emergency"), [request.param], prepare, **settings) as running:
        yield running


@pytest.fixture
def provider(office: Office) -> Iterator[IdentityProvider]:
    (running,) = office.providers.values()
    yield running
    running.forget(forgetful=False)
    running.set_clock(0)


@pytest.fixture(scope="module")
def client(office: Office) -> dict[str, Any]:
    options = ("--type", "web", "--name", "No passwords", "--redirect-url", CALLBACK)
    return manage(office.installation, "create_application", *options)


def administrator(office: Office, account: str) -> Employee:
    """Somebody whom a group has made an administrator, signed in at the provider."""
    (provider,) = office.providers.values()
    provider.add_person(account, groups=["admins"])
    employee = Employee(office, account)
    sign_in_there(employee.browser, employee.open("/accounts/login/"), account)
    assert office.role(account) == "administrator"
    return employee


@pytest.mark.spec("I-92", "9700 §4.11")
@pytest.mark.parametrize("state", ["short", "{é%2F" * 1600], ids=["short", "long"])
def test_an_authorization_request_goes_straight_to_the_provider_and_on_to_the_client(
    office: Office, provider: IdentityProvider, client: dict[str, Any], state: str
) -> None:
    account = f"eve{len(state)}"
    provider.add_person(account)
    employee = Employee(office, account)
    asked = {
        "client_id": client["client_id"],
        "response_type": "code",
        "redirect_uri": CALLBACK,
        "state": state,
    }
    page = employee.open(f"{AUTHORIZE}?{urlencode(asked)}")
    assert is_at(provider, page)
    assert all(step.status_code in {302, 303} for step in page.history)
    page = sign_in_there(employee.browser, page, account)
    assert urlsplit(page.url).path == AUTHORIZE
    assert "dministrator" not in page.text
    form = hidden_fields(page.text) | {"decision": "allow"}
    headers = {"Referer": f"{office.base_url}/"}
    answer = employee.browser.post(
        office.base_url + AUTHORIZE, form, timeout=30, allow_redirects=False, headers=headers
    )
    back = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert back["state"] == [state]
    assert back["code"]


@pytest.mark.spec("I-92", "9700 §4.11")
def test_the_sign_in_page_is_the_provider_s(office: Office, provider: IdentityProvider) -> None:
    assert is_at(provider, Employee(office, "nobody").open("/security/"))


@pytest.mark.spec("I-82", "ASVS 6.3.8")
def test_nobody_s_password_signs_in_and_the_answer_says_nothing(office: Office) -> None:
    answers = []
    for username, password in (("former", PASSWORD), ("former", "wrong"), ("nobody", "wrong")):
        browser = Employee(office, username)
        page = browser.open("/accounts/login/?local=1")
        answers.append(browser.send(page, login=username, password=password))
        assert not browser.is_signed_in
    assert {answer.status_code for answer in answers} == {answers[0].status_code}
    assert all("Sign-in failed" in answer.text for answer in answers)


@pytest.mark.spec("I-87", "ASVS 16.3")
def test_the_emergency_account_always_works_and_nobody_uses_it_unseen(
    office: Office, provider: IdentityProvider, mail: MailServer
) -> None:
    boss = administrator(office, "boss")
    provider.take_down()
    try:
        glass = Employee(office, "glass")
        page = glass.open("/accounts/login/?local=1")
        page = glass.send(page, login="glass", password=PASSWORD)
        page = glass.send(page, code=code_of(SECRET))
        assert glass.open("/console/applications/").status_code == 200
    finally:
        provider.bring_up()
    assert "sign_in:emergency" in office.kinds("glass")
    told = (email_of("boss"), email_of("glass"))
    wait_until(
        lambda: all(any(f"To: {one}" in email for email in mail.emails) for one in told),
        "emails to all administrators",
        seconds=60,
    )
    assert boss.open("/console/applications/").status_code == 200


def test_a_sensitive_act_asks_at_the_provider_although_somebody_is_signed_in_there(
    office: Office, provider: IdentityProvider
) -> None:
    chief = administrator(office, "chief")
    page = chief.open("/console/applications/new")
    chief.age_sign_in(3600)
    page = chief.send(page, app_type="machine_to_machine", name="Sensitive")
    assert "/accounts/reauthenticate/provider/" in page.url
    there = chief.send(page)
    assert is_at(provider, there)  # prompt=login, for there is a session
    page = sign_in_there(chief.browser, there, "chief")
    page = chief.send(page)
    assert "gtsec_" in page.text


def test_who_signs_in_there_as_somebody_else_confirms_nothing(
    office: Office, provider: IdentityProvider
) -> None:
    provider.add_person("thief")
    rosa = administrator(office, "rosa")
    rosa.age_sign_in(3600)
    page = rosa.send(rosa.open("/console/applications/new"), app_type="machine_to_machine", name="Other")
    page = sign_in_there(rosa.browser, rosa.send(page), "thief")
    if provider.kind == "node":  # it has told us that whoever was signed in there is no more
        office.check_refused(page, "started in another browser", "unknown_state", "session")
        assert not rosa.is_signed_in
    else:
        office.check_refused(page, "You signed in with a different", "other_identity", "isn't linked")
        assert rosa.is_signed_in
    assert not office.inside.run(NAMED, name="Other")


def test_a_provider_that_does_not_ask_again_confirms_nothing(
    office: Office, provider: IdentityProvider
) -> None:
    provider.set_clock(-1800)
    nora = administrator(office, "nora")
    provider.set_clock(0)
    provider.forget(forgetful=True)
    nora.age_sign_in(3600)
    page = nora.send(nora.open("/console/applications/new"), app_type="machine_to_machine", name="Lazy")
    page = nora.send(page)
    office.check_refused(page, "couldn't be verified", "not_recent", "auth_time")
    assert not office.inside.run(NAMED, name="Lazy")


@pytest.mark.spec("I-97", "OpenID RP-Initiated Logout §2")
def test_a_sign_out_does_not_sign_in_again(office: Office) -> None:
    otto = administrator(office, "otto")
    page = otto.sign_out()
    assert page.url.startswith(f"{office.base_url}/accounts/signed-out/")
    assert "You're signed out" in page.text


@pytest.mark.spec("I-84", "ASVS 6.3.8")
def test_no_email_and_no_link_set_a_password_again(office: Office, mail: MailServer) -> None:
    browser = Employee(office, "former")
    before = len(mail.emails)
    page = browser.open("/accounts/password/reset/")
    answer = browser.send(page, email=email_of("former"))
    assert answer.status_code == 200
    assert isinstance(answer, requests.Response)
    assert not [email for email in mail.emails[before:] if f"To: {email_of('former')}" in email]
