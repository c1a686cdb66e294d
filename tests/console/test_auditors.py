"""Auditors see System and change nothing."""

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client, RequestFactory
from django.urls import resolve, reverse

from accounts.access import AUDITORS_LOOK
from accounts.models import Role, User
from accounts.services.people import change_person
from audit.actors import Actor
from audit.models import Event
from tests.accounts.test_strangers_rows import addresses
from tests.console.conftest import browser_of
from tests.console.pages import Browser
from tests.test_architecture import GUIDE, OPEN
from tests.urlconf import VIEWS

# What everybody has, whatever their role: their own account. Adding a line here is a decision.
OWN = {
    "home",
    "access-mail",
    "account_change_password",
    "account_reauthenticate",
    "connected:apps",
    "connected:revoke",
    "connected:revoke-all",
    "connected:time-limit",
    "end-other-sessions",
    "end-session",
    "identities",
    "kept-form",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "mfa_deactivate_totp",
    "mfa_edit_webauthn",
    "mfa_generate_recovery_codes",
    "mfa_index",
    "mfa_list_webauthn",
    "mfa_reauthenticate",
    "mfa_reauthenticate_webauthn",
    "mfa_remove_webauthn",
    "mfa_view_recovery_codes",
    "reauthenticate-provider",
    "security",
    "sessions",
    "unlink-identity",
}
SYSTEM = VIEWS.keys() - OPEN - GUIDE - OWN
# What auditors can look at there. Adding a line here is a decision.
READABLE = {
    "console:activity",
    "console:api",
    "console:apis",
    "console:application",
    "console:application-access",
    "console:application-activity",
    "console:application-requests",
    "console:application-usage",
    "console:application-use",
    "console:applications",
    "console:bin",
    "console:built-in-api",
    "console:export-activity",
    "console:export-application-access",
    "console:export-application-activity",
    "console:export-application-requests",
    "console:export-application-usage",
    "console:export-applications",
    "console:export-hygiene",
    "console:export-requests",
    "console:export-usage",
    "console:housekeeping",
    "console:hygiene",
    "console:index",
    "console:moving-in",
    "console:oauth-applications",
    "console:oauth2-applications",
    "console:public-key",
    "console:replace-key",
    "console:replace-secret",
    "console:request",
    "console:requests",
    "console:usage",
    "export-people",
    "identity-provider",
    "identity-providers",
    "oauth2_provider:consent-preview",
    "organization",
    "people",
    "person",
    "person-access",
    "scim-tokens",
    "sign-in-rules",
    "system",
}
NOT_LOOKING = ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"]
# By name, with arguments that nothing has.
ADDRESSES = {resolve(address).view_name: address for address in addresses()}


@pytest.fixture
def looking(auditor: User) -> Browser:
    return browser_of(auditor)


def test_every_view_has_an_address_to_ask() -> None:
    assert ADDRESSES.keys() >= SYSTEM
    assert READABLE <= SYSTEM


@pytest.mark.spec("I-150", "ASVS 8.2.1")
def test_auditors_get_403_for_a_form_sent_to_any_address_of_system(looking: Browser) -> None:
    before = Event.objects.count()
    for name in sorted(SYSTEM):
        page = looking.post(ADDRESSES[name])
        assert page.status == 403, name
        assert AUDITORS_LOOK in page.content, name
    assert Event.objects.count() == before


@pytest.mark.spec("I-150", "ASVS 8.2.1")
@pytest.mark.parametrize("method", NOT_LOOKING)
def test_no_view_of_system_is_reached_by_a_method_that_is_not_looking(auditor: User, method: str) -> None:
    request = RequestFactory().generic(method, "/")
    request.user = auditor
    for name in sorted(SYSTEM):
        view, args, kwargs = resolve(ADDRESSES[name])
        with pytest.raises(PermissionDenied, match=AUDITORS_LOOK):
            view(request, *args, **kwargs)


@pytest.mark.spec("I-151", "ASVS 8.2.1")
def test_auditors_look_at_what_is_listed_alone(looking: Browser) -> None:
    statuses = {name: looking.client.get(ADDRESSES[name]).status_code for name in SYSTEM}
    assert {name for name, status in statuses.items() if status != 403} == READABLE
    assert looking.client.head(ADDRESSES["people"]).status_code == 200


@pytest.mark.spec("I-150", "ASVS 8.2.1")
def test_members_get_403_on_every_address_of_system(visitor: Browser) -> None:
    for name in sorted(SYSTEM):
        assert visitor.get(ADDRESSES[name]).status == 403, name
        page = visitor.post(ADDRESSES[name])
        assert page.status == 403, name
        assert AUDITORS_LOOK not in page.content


@pytest.mark.spec("I-152", "ASVS 8.3.2")
def test_a_role_counts_from_the_next_request_of_sessions_that_go_on(
    console: Browser, administrator: User, looking: Browser, auditor: User
) -> None:
    page, post = reverse("console:applications"), reverse("console:new-api")
    assert looking.get(post).status == 403
    change_person(auditor, {"role": Role.ADMINISTRATOR}, actor=Actor())
    assert looking.get(post).status == 200
    change_person(administrator, {"role": Role.AUDITOR}, actor=Actor())
    assert console.get(page).status == 200
    assert console.post(post).status == 403
    change_person(administrator, {"role": Role.MEMBER}, actor=Actor())
    assert console.get(page).status == 403


@pytest.mark.spec("I-152", "ASVS 8.3.2")
def test_somebody_deactivated_audits_nothing(auditor: User) -> None:
    browser = Client()
    browser.force_login(auditor)
    User.objects.filter(pk=auditor.pk).update(is_active=False)
    assert browser.get(reverse("console:applications")).status_code == 302


def test_the_refusal_says_what_auditors_can_do(looking: Browser) -> None:
    page = looking.post(reverse("console:new-application"), {"name": "Reports"})
    assert page.heading == "You don't have access"
    assert AUDITORS_LOOK in page.text


@pytest.mark.spec("I-153", "ASVS 8.2.1")
def test_signing_in_leads_auditors_to_system(looking: Browser) -> None:
    assert looking.get("/").answer["Location"] == reverse("console:applications")


@pytest.mark.spec("I-153", "ASVS 8.2.1")
def test_the_navigation_leads_to_what_a_role_can_open(
    console: Browser, looking: Browser, visitor: Browser
) -> None:
    for browser in (console, looking, visitor):
        navigation = browser.get(reverse("connected:apps")).one("nav")
        links = {link.get("href", "") for link in navigation.iter("a")}
        assert len(links) == {console: 12, looking: 11, visitor: 2}[browser]
        assert {browser.get(link).status for link in links} == {200}
