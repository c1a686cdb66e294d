"""Somebody signs in at a provider for the first time: who they are here from then on."""

import pytest
import requests

from tests.infrastructure.identity_providers import IdentityProvider
from tests.stories.single_sign_on.office import Employee, Office, email_of

pytestmark = pytest.mark.story

PASSWORD = "a password of one's own"
CONFIRM = "/accounts/login/provider/confirm/"


def newcomer(office: Office, kind: str, account: str, /, **claims: object) -> Employee:
    """Somebody with an account of that name at a provider, who was never here."""
    account = f"{account}-{kind}"
    office.providers[kind].add_person(account, **claims)
    return Employee(office, account)


@pytest.mark.spec("I-46", "the console")
def test_a_newcomer_from_an_allowed_domain_becomes_a_member(office: Office, kind: str) -> None:
    ann = newcomer(office, kind, "ann", name="Ann Lee")
    assert ann.sign_in_at(kind).status_code == 200
    assert ann.is_signed_in
    person = office.person(ann.account)
    assert person
    assert (person["role"], person["name"], person["is_active"]) == ("member", "Ann Lee", True)
    kinds = office.kinds(ann.account)
    assert kinds == ["person:provision", "identity:link", "sign_in:success"]


@pytest.mark.spec("I-40", "OpenID Connect Core 1.0")
def test_nobody_is_asked_twice_and_a_new_email_address_changes_nobody(office: Office, kind: str) -> None:
    bea = newcomer(office, kind, "bea")
    bea.sign_in_at(kind)
    username = office.person(bea.account)
    office.providers[kind].add_person(bea.account, email=f"bea.wong-{kind}@elsewhere.example")
    again = Employee(office, bea.account)
    again.sign_in_at(kind)
    assert again.is_signed_in
    assert office.person(bea.account) == username
    assert office.kinds(bea.account).count("identity:link") == 1


@pytest.mark.spec("I-36", "ASVS 3.7.2")
def test_the_page_that_somebody_wanted_comes_after_the_sign_in(office: Office, kind: str) -> None:
    cal = newcomer(office, kind, "cal")
    assert cal.sign_in_at(kind, "/security/sessions/?a=1&b=%2F").url.endswith("/security/sessions/?a=1&b=%2F")


@pytest.mark.spec("I-36", "ASVS 3.7.2")
@pytest.mark.parametrize("foreign", ["https://evil.example/", "//evil.example/", "/\\evil.example/"])
def test_no_sign_in_leads_elsewhere(office: Office, kind: str, foreign: str) -> None:
    dot = newcomer(office, kind, "dot")
    assert dot.sign_in_at(kind, foreign).url.startswith(office.base_url)
    assert dot.is_signed_in


@pytest.mark.spec("I-43", "OpenID Connect Core 1.0")
def test_whoever_was_invited_joins_with_it(office: Office, kind: str) -> None:
    eva = newcomer(office, kind, "eva")
    link = office.invite(eva.account)
    eva.sign_in_at(kind)
    assert eva.is_signed_in
    person = office.person(eva.account)
    assert person
    assert person["is_active"]
    assert person["joined_at"]
    kinds = office.kinds(eva.account)
    assert {"person:invite", "identity:link", "person:join", "sign_in:success"} == set(kinds)
    assert "has expired or was already used" in requests.get(link, timeout=30).text


@pytest.mark.spec("I-44", "ASVS 6.8.1")
def test_a_member_confirms_with_the_password_and_never_again(office: Office, kind: str) -> None:
    fay = newcomer(office, kind, "fay")
    office.add_person(fay.account, PASSWORD)
    page = fay.sign_in_at(kind, "/security/")
    assert not fay.is_signed_in
    page = fay.send(page, password="wrong")
    assert page.status_code == 422
    assert not fay.is_signed_in
    assert "identity:link" not in office.kinds(fay.account)
    page = fay.send(page, password=PASSWORD)
    assert page.url == f"{office.base_url}/security/"
    assert office.kinds(fay.account).count("identity:link") == 1
    again = Employee(office, fay.account)
    again.sign_in_at(kind)
    assert again.is_signed_in


@pytest.mark.spec("I-42", "OpenID Connect Core 1.0")
def test_a_foreign_domain_is_refused(office: Office, kind: str) -> None:
    guy = newcomer(office, kind, "guy", email=f"guy-{kind}@elsewhere.example")
    page = guy.sign_in_at(kind)
    cause = "isn't one of this provider's allowed email domains: example.org"
    sentence = "This email address isn't your organization's"
    office.check_refused(page, sentence, "domain_not_allowed", cause)
    assert not guy.is_signed_in
    assert (
        office.inside.run(
            "from accounts.models import User; answer = User.objects.filter(email=e).exists()",
            e=f"guy-{kind}@elsewhere.example",
        )
        is False
    )


@pytest.mark.spec("I-41", "OpenID Connect Core 1.0")
@pytest.mark.parametrize("verified", [False, None, "no"])
def test_an_email_address_that_nobody_verified_is_refused(
    office: Office, kind: str, verified: object
) -> None:
    """Also where somebody here has it, who is neither signed in nor told."""
    hal = newcomer(office, kind, f"hal-{verified}", email_verified=verified)
    office.add_person(hal.account, PASSWORD)
    page = hal.sign_in_at(kind)
    office.check_refused(page, "hasn't verified your email address", "unverified_email", "verified")
    assert not hal.is_signed_in
    assert "identity:link" not in office.kinds(hal.account)


@pytest.mark.spec("I-46", "the console")
def test_nobody_is_created_unless_the_organization_wants_it(office: Office, kind: str) -> None:
    ida = newcomer(office, kind, "ida")
    office.change_provider(kind, provisions=False)
    try:
        page = ida.sign_in_at(kind)
    finally:
        office.change_provider(kind, provisions=True)
    office.check_refused(page, "have an account here yet", "no_account", "doesn't create members")
    assert office.person(ida.account) is None


@pytest.mark.spec("I-45", "ASVS 8.3.2")
def test_whoever_was_deactivated_stays_out(office: Office, kind: str) -> None:
    joy = newcomer(office, kind, "joy")
    joy.sign_in_at(kind)
    program = """
from accounts.models import User
from audit.actors import Actor
from oauthapps.services.activation import deactivate
deactivate(User.objects.get(email=email), actor=Actor.command("stories"))
"""
    office.inside.run(program, email=email_of(joy.account))
    assert not joy.is_signed_in
    page = joy.sign_in_at(kind)
    office.check_refused(page, "Your account here has been deactivated", "person_inactive", "is deactivated")
    assert not joy.is_signed_in


def test_two_providers_can_be_of_one_person(office: Office) -> None:
    """The second is confirmed with the password, or it is nobody's: an email address alone says nothing."""
    kim = Employee(office, "kim")
    for provider in office.providers.values():
        provider.add_person("kim")
    office.add_person("kim", PASSWORD)
    for kind in office.providers:
        kim = Employee(office, "kim")
        kim.send(kim.sign_in_at(kind), password=PASSWORD)
        assert kim.is_signed_in
    assert office.kinds("kim").count("identity:link") == len(office.providers)


@pytest.mark.spec("I-44", "ASVS 6.8.1")
def test_a_second_provider_takes_nobody_over(office: Office) -> None:
    """Whoever was created on a first sign-in has no password: another provider's same email is refused."""
    first, second = office.providers
    office.providers[first].add_person("leo")
    office.providers[second].add_person("leo")
    Employee(office, "leo").sign_in_at(first)
    leo = Employee(office, "leo")
    page = leo.sign_in_at(second)
    office.check_refused(page, "be linked to", "cannot_confirm", "neither an open invitation nor a password")
    assert not leo.is_signed_in


def test_what_a_provider_says_is_kept_nowhere(office: Office, provider: IdentityProvider, kind: str) -> None:
    mia = newcomer(office, kind, "mia", phone_number="+1 555 0100 90210")
    mia.sign_in_at(kind)
    var = office.installation.folder / "var"
    kept = b"".join(path.read_bytes() for path in var.rglob("*") if path.is_file())
    assert email_of(mia.account).encode() in kept
    log = office.installation.log_text()
    for secret in (b"0100 90210", provider.client_secret.encode(), b"eyJhbGciOi"):
        assert secret not in kept
        assert secret.decode() not in log
