"""System › Sign-in: identity providers, as administrators and auditors see them."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.totp.internal.auth import TOTP
from allauth.socialaccount.models import SocialAccount
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.models import IdentityProvider, Organization, User
from accounts.oidc.client_secrets import unseal
from accounts.services.identity_providers import change_provider
from accounts.services.sign_in_rules import change_sign_in_rules
from audit.actors import Actor
from audit.models import Event, EventKind
from tests.console.conftest import browser_of
from tests.console.pages import Browser, Page
from tests.factories import PROVIDER_SECRET, UserFactory, discovery_document, make_provider
from tests.infrastructure.line_server import LineServer, answer

LIST, NEW, RULES = "/sign-in/", "/sign-in/providers/new", "/sign-in/rules/"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def there(settings: Settings) -> Iterator[LineServer]:
    """A provider whose discovery document can be read."""
    settings.IDENTITY_PROVIDER_PRIVATE = True
    with LineServer(answer(b"{}")) as server:
        document = discovery_document(issuer_of(server))
        server.answering = answer(json.dumps(document).encode())
        yield server


def issuer_of(server: LineServer) -> str:
    return f"http://127.0.0.1:{server.port}"


def page_of(provider: IdentityProvider) -> str:
    return reverse("identity-provider", args=[provider.provider_id])


def add(console: Browser, issuer: str, **changes: str) -> Page:
    typed = {"name": "Staff login", "issuer": issuer, "client_id": "gh", "client_secret": PROVIDER_SECRET}
    return console.send(console.get(NEW), **typed | changes)


@pytest.mark.spec("I-13", "the console's pages")
def test_a_provider_is_added_and_offered_once_its_page_says_so(
    console: Browser, administrator: User, there: LineServer
) -> None:
    assert "No identity provider yet" in console.get(LIST).text
    page = console.follow(add(console, issuer_of(there)))
    provider = IdentityProvider.objects.get()
    assert (page.heading, provider.is_enabled) == ("Staff login", False)
    assert unseal(provider.sealed_secret) == PROVIDER_SECRET
    assert "Added: Staff login" in page.messages
    assert Event.objects.get(kind=EventKind.IDENTITY_PROVIDER_CREATED).actor == administrator
    page = console.follow(
        console.send(page, is_enabled="on", allowed_domains="example.com\r\nexample.org\r\n")
    )
    assert "Saved: Enabled, Allowed email domains" in page.messages
    provider.refresh_from_db()
    assert provider.allowed_domains == ["example.com", "example.org"]
    assert page.field("allowed_domains").text == "example.com\nexample.org"
    assert "Enabled" in console.get(LIST).text


@pytest.mark.spec("I-13", "the console's pages")
def test_the_redirect_url_is_under_base_url_and_can_be_copied(console: Browser, settings: Settings) -> None:
    settings.BASE_URL = "https://gatehouse.example.com"
    for address in (NEW, page_of(make_provider())):
        page = console.get(address)
        field = page.by_id("redirect-url")
        assert field.get("value") == "https://gatehouse.example.com/accounts/login/provider/callback/"
        assert [button.get("data-copy") for button in page.all("button") if button.get("data-copy")]


@pytest.mark.spec("I-11", "ASVS 13.3.1")
def test_a_secret_is_on_no_page_and_stays_unless_another_is_typed(
    console: Browser, there: LineServer
) -> None:
    provider = make_provider(issuer_of(there))
    page = console.get(page_of(provider))
    assert PROVIDER_SECRET not in page.content
    assert provider.sealed_secret not in page.content
    assert page.field("client_secret").get("value") is None
    console.send(page, name="Other")
    provider.refresh_from_db()
    assert unseal(provider.sealed_secret) == PROVIDER_SECRET
    refused = console.send(console.get(page_of(provider)), name="", client_secret="typed-secret-4e")
    assert refused.status == 422
    assert "typed-secret-4e" not in refused.content
    saved = console.send(console.get(page_of(provider)), client_secret="typed-secret-4e")
    assert "Saved: Client secret" in console.follow(saved).messages
    provider.refresh_from_db()
    assert unseal(provider.sealed_secret) == "typed-secret-4e"


@pytest.mark.spec("I-14", "OpenID Discovery §4")
def test_a_provider_that_cannot_be_read_is_not_added_and_nothing_typed_is_lost(
    console: Browser, there: LineServer
) -> None:
    there.answering = answer(json.dumps(discovery_document("https://other.example")).encode())
    page = add(console, issuer_of(there))
    assert page.status == 422
    assert "issuer is https://other.example." in page.alerts()
    assert page.field("client_id").get("value") == "gh"
    assert PROVIDER_SECRET not in page.content
    page = add(console, "https://127.0.0.1")
    assert "can't be reached" in page.alerts()
    assert not IdentityProvider.objects.exists()


@pytest.mark.spec("I-01", "OWASP SSRF; 6890")
def test_no_form_has_the_server_ask_its_own_network(console: Browser) -> None:
    with LineServer(answer(b"{}")) as server:
        for issuer in (f"https://127.0.0.1:{server.port}", f"https://localhost:{server.port}"):
            page = add(console, issuer)
            assert "which isn't public" in page.alerts()
    assert server.requests == []


@pytest.mark.spec("I-14", "OpenID Discovery §4")
def test_a_provider_that_is_down_can_be_changed(console: Browser, there: LineServer) -> None:
    provider = make_provider(issuer_of(there))
    there.answering = answer(b"busy", status="503 Busy")
    page = console.follow(console.send(console.get(page_of(provider)), is_enabled=None))
    assert "Saved: Enabled" in page.messages
    assert "the stored version is still used" in page.messages
    provider.refresh_from_db()
    assert provider.discovery["issuer"] == provider.issuer


@pytest.mark.spec("I-14", "OpenID Discovery §4")
def test_saving_reads_the_discovery_document_again(console: Browser, there: LineServer) -> None:
    provider = make_provider(issuer_of(there))
    document = discovery_document(issuer_of(there), token_endpoint=f"{issuer_of(there)}/oauth2/token")
    there.answering = answer(json.dumps(document).encode())
    console.send(console.get(page_of(provider)))
    provider.refresh_from_db()
    assert provider.discovery["token_endpoint"] == f"{issuer_of(there)}/oauth2/token"


@pytest.mark.spec("I-13", "the console's pages")
def test_a_form_that_is_sent_twice_adds_one_provider(console: Browser, there: LineServer) -> None:
    add(console, issuer_of(there))
    page = console.follow(add(console, issuer_of(there)))
    assert "nothing new was added" in page.messages
    assert IdentityProvider.objects.count() == 1
    assert "already a provider with this issuer" in add(console, issuer_of(there), name="Another").alerts()


@pytest.mark.spec("I-13", "the console's pages")
def test_two_administrators_choose_where_both_changed_the_same(console: Browser, there: LineServer) -> None:
    provider = make_provider(issuer_of(there))
    page = console.get(page_of(provider))
    change_provider(provider, {"scopes": "openid email"}, actor=Actor.command("tests"))
    conflict = console.send(page, scopes="openid profile", groups_claim="groups")
    assert conflict.status == 409
    assert "openid email" in conflict.alerts()
    assert conflict.field("groups_claim").get("value") == "groups"
    assert "Enter the client secret again." not in conflict.text
    saved = console.send(conflict, **{"choice-scopes": "theirs"})
    assert saved.status == 302
    provider.refresh_from_db()
    assert (provider.scopes, provider.groups_claim) == ("openid email", "groups")


@pytest.mark.spec("I-11", "ASVS 13.3.1")
def test_a_secret_in_a_form_that_was_not_saved_is_asked_for_again(
    console: Browser, there: LineServer
) -> None:
    provider = make_provider(issuer_of(there))
    page = console.get(page_of(provider))
    change_provider(provider, {"scopes": "openid email"}, actor=Actor.command("tests"))
    for refused in (
        console.send(page, scopes="openid profile", client_secret="typed-first-4d"),
        console.send(page, scopes="profile", client_secret="typed-first-4d"),
        add(console, "https://login.invalid"),
    ):
        assert "Enter the client secret again." in refused.alerts()
        assert "typed-first-4d" not in refused.content
    provider.refresh_from_db()
    assert unseal(provider.sealed_secret) == PROVIDER_SECRET


@pytest.mark.spec("I-81", "the console")
def test_the_list_says_that_a_rule_needs_an_enabled_provider(console: Browser) -> None:
    provider = make_provider()
    Organization.current()
    Organization.objects.update(password_rule="emergency")
    note = "Everybody, as long as no identity provider is enabled"
    assert note not in console.get(LIST).text
    change_provider(provider, {"is_enabled": False}, actor=Actor.command("tests"))
    assert note in console.get(LIST).text


@pytest.mark.spec("I-13", "the console's pages")
def test_deleting_one_says_whom_it_hits_and_asks_for_its_name(console: Browser) -> None:
    provider, person = make_provider(), UserFactory()
    person.set_unusable_password()
    person.save()
    SocialAccount.objects.create(user=person, provider=provider.issuer, uid="1")
    SocialAccount.objects.create(user=UserFactory(), provider=provider.issuer, uid="2")
    address = reverse("delete-identity-provider", args=[provider.provider_id])
    page = console.get(address)
    assert "2 people can't sign in with it anymore" in page.text
    assert "1 of them has no password" in page.text
    assert console.send(page, name="Wrong").status == 422
    assert IdentityProvider.objects.exists()
    page = console.follow(console.send(page, name="example LOGIN"))
    assert "Deleted: Example login" in page.messages
    assert not IdentityProvider.objects.exists()


@pytest.mark.spec("I-13", "the console's pages")
def test_the_pages_ask_for_a_recent_sign_in(console: Browser, there: LineServer) -> None:
    provider = make_provider(issuer_of(there))
    page = console.get(page_of(provider))
    with time_machine.travel(timezone.now() + timedelta(minutes=31)):
        assert reverse("account_reauthenticate") in console.send(page, name="X").answer["Location"]
        deletion = reverse("delete-identity-provider", args=[provider.provider_id])
        assert reverse("account_reauthenticate") in console.get(deletion).answer["Location"]
    provider.refresh_from_db()
    assert provider.name == "Example login"


@pytest.mark.spec("I-11", "ASVS 13.3.1")
def test_a_form_that_waits_for_a_sign_in_is_kept_without_its_secret(console: Browser) -> None:
    page = console.get(NEW)
    console.client.session.delete()
    typed = {"name": "Kept", "issuer": "https://login.example", "client_id": "gh"}
    refused = console.send(page, **typed, client_secret=PROVIDER_SECRET)
    assert refused.status == 403
    assert PROVIDER_SECRET not in refused.content


@pytest.mark.spec("I-13", "the console's pages")
def test_auditors_see_all_of_it_and_no_button_that_changes_it(auditor: User) -> None:
    provider = make_provider(allowed_domains=["example.com"])
    looking = browser_of(auditor)
    for address, shown in ((LIST, "Example login"), (page_of(provider), "example.com"), (RULES, "Everybody")):
        page = looking.get(address)
        assert shown in page.text
        assert [form for form in page.posted_forms() if form in list(page.one("main").iter())] == []
        links = page.links()
        assert not {"Add provider", "Delete provider", "Change"} & {text.split(" who")[0] for text in links}
    assert looking.get(NEW).status == 403
    assert looking.post(page_of(provider), {"name": "X"}).status == 403


@pytest.mark.spec("I-15", "ASVS 6.1.3")
def test_the_rules_are_changed_where_somebody_is_left_to_sign_in(
    console: Browser, administrator: User
) -> None:
    make_provider()
    page = console.get(RULES)
    refused = console.send(page, password_rule="emergency")
    assert refused.status == 422
    assert "Choose an account that can sign in" in refused.alerts()
    refused = console.send(page, password_rule="emergency", emergency_account=administrator.user_id)
    assert "Ada Lovelace can't be the emergency account: no second factor" in refused.alerts()
    TOTP.activate(administrator, SECRET)
    saved = console.send(page, password_rule="emergency", emergency_account=administrator.user_id)
    page = console.follow(saved)
    assert "Saved: Passwords, Emergency account" in page.messages
    assert "The emergency account only" in page.text
    event = Event.objects.get(kind=EventKind.SIGN_IN_RULES_CHANGED)
    assert event.after == {
        "Passwords": "The emergency account only",
        "Emergency account": "Ada Lovelace (ada)",
    }
    deletion = reverse("delete-identity-provider", args=[IdentityProvider.objects.get().provider_id])
    assert "everyone who has a password can sign in with it again" in console.get(deletion).text


@pytest.mark.spec("I-15", "ASVS 6.1.3")
def test_two_administrators_do_not_overwrite_each_others_rules(console: Browser, administrator: User) -> None:
    make_provider()
    TOTP.activate(administrator, SECRET)
    page = console.get(RULES)
    rules = {"password_rule": "administrators", "emergency_account": administrator.user_id}
    change_sign_in_rules(rules, actor=Actor.command("tests"))
    conflict = console.send(page, password_rule="emergency", emergency_account=administrator.user_id)
    assert conflict.status == 409
    assert "Administrators only" in conflict.alerts()
