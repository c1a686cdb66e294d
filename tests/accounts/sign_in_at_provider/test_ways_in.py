"""How a browser gets to the provider, and whether it has another way."""

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from django.core.cache import cache
from django.test import Client

from accounts.models import IdentityProvider, PasswordRule, Role, User
from accounts.services.identity_providers import forget_offer
from accounts.services.invitations import invite
from accounts.services.links import create_password_link
from audit.actors import Actor
from audit.ip_addresses import client_network
from tests.accounts.providers import add_provider, set_rule
from tests.accounts.sign_in_at_provider.conftest import CALLBACK, SsoBrowser
from tests.accounts.test_pages import policy_of
from tests.accounts.test_popups import is_open, target_of
from tests.accounts.ways_in import LOGIN
from tests.console.pages import Browser, Page, text_of
from tests.factories import PASSWORD, AdministratorFactory, UserFactory
from tests.infrastructure.scripted_provider import ScriptedProvider
from tests.oauth_client import OAuthClient

pytestmark = pytest.mark.django_db

SIGNED_OUT, LOGOUT = "/accounts/signed-out/", "/accounts/logout/"
ADA = {"email": "ada@example.org", "email_verified": True}


@pytest.fixture(autouse=True)
def _ada(provider: ScriptedProvider) -> None:
    provider.person |= ADA


@pytest.fixture
def visitor(sso: SsoBrowser) -> Browser:
    return Browser(sso.client)


def close_passwords(emergency: User | None = None) -> None:
    set_rule(PasswordRule.EMERGENCY, emergency)
    forget_offer()


def leads_to(page: Page, provider: ScriptedProvider) -> bool:
    """Whether a page is a redirect to the provider."""
    return page.status == 302 and str(page.answer["Location"]).startswith(f"{provider.issuer}/authorize?")


def come_back(visitor: Browser, page: Page, provider: ScriptedProvider) -> Page:
    """Sign in at the provider that a redirect leads to."""
    return visitor.get(f"{CALLBACK}?{provider.answer(page.answer['Location'])}")


def has_password(page: Page) -> bool:
    return any(element.get("name") == "password" for element in page.all("input"))


@pytest.mark.spec("I-91", "the console")
@pytest.mark.parametrize("rule", [PasswordRule.EVERYBODY, PasswordRule.ADMINISTRATORS])
def test_the_sign_in_page_offers_both(
    visitor: Browser, provider: ScriptedProvider, rule: PasswordRule
) -> None:
    set_rule(rule)
    page = visitor.get(LOGIN, next="/connected/")
    assert has_password(page)
    assert page.buttons()[0] == "Sign in with Example login"
    assert "administrator" not in page.content.lower()
    there = visitor.send(page, page.posted_forms()[0].get("action", ""))
    assert leads_to(there, provider)
    assert come_back(visitor, there, provider).answer["Location"] == "/connected/"


@pytest.mark.spec("I-92", "the console")
def test_where_passwords_are_off_the_only_provider_is_gone_to_at_once(
    visitor: Browser, provider: ScriptedProvider
) -> None:
    close_passwords()
    asked = visitor.get("/connected/")
    page = visitor.follow(asked)
    assert leads_to(page, provider)
    assert come_back(visitor, page, provider).answer["Location"] == "/connected/"
    assert visitor.get("/connected/").status == 200


@pytest.mark.spec("I-92", "the console")
def test_an_authorization_request_of_any_length_goes_through_it(
    visitor: Browser, provider: ScriptedProvider, web: OAuthClient
) -> None:
    close_passwords()
    state = "s" * 8_000
    page = visitor.follow(visitor.get(target_of(web, state=state)))
    assert leads_to(page, provider)
    assert len(page.answer["Location"]) < 2_000
    consent = visitor.follow(come_back(visitor, page, provider))
    assert consent.status == 200
    allowed = visitor.send(consent, "/integrations/oauth2/authorize", decision="allow")
    assert parse_qs(urlsplit(allowed.answer["Location"]).query)["state"] == [state]


@pytest.mark.spec("I-108", "ASVS 15.2.2")
def test_strangers_are_sent_there_only_so_often_and_networks_that_are_known_always(
    visitor: Browser, provider: ScriptedProvider
) -> None:
    close_passwords()
    statuses = [Client().get(LOGIN).status_code for _ in range(61)]
    assert statuses == [302] * 60 + [429]
    form = f"{LOGIN}provider/{IdentityProvider.objects.get().provider_id}/"
    assert Client().post(form).status_code == 429
    assert Client(REMOTE_ADDR="192.0.2.7").get(LOGIN).status_code == 302
    cache.set(f"known:{client_network({'REMOTE_ADDR': '127.0.0.1'})}", True)
    assert leads_to(visitor.get(LOGIN), provider)


@pytest.mark.spec("I-93", "HTML: cross-origin opener policies")
@pytest.mark.parametrize("is_direct", [True, False])
def test_the_client_keeps_its_window_all_the_way(
    visitor: Browser, provider: ScriptedProvider, web: OAuthClient, is_direct: bool
) -> None:
    if is_direct:
        close_passwords()
    pages = [visitor.get(target_of(web))]
    pages.append(visitor.follow(pages[-1]))
    if not is_direct:
        pages.append(visitor.send(pages[-1], pages[-1].posted_forms()[0].get("action", "")))
    pages.append(come_back(visitor, pages[-1], provider))
    pages.append(visitor.follow(pages[-1]))
    assert pages[-1].heading.startswith("Allow") or pages[-1].status == 200
    assert all(is_open(page.answer) for page in pages)


@pytest.mark.spec("I-93", "HTML: cross-origin opener policies")
def test_elsewhere_the_provider_opens_no_window(visitor: Browser, provider: ScriptedProvider) -> None:
    page = visitor.get(LOGIN, next="/connected/")
    there = visitor.send(page, page.posted_forms()[0].get("action", ""))
    back = come_back(visitor, there, provider)
    openers = {each.answer["Cross-Origin-Opener-Policy"] for each in (page, there, back)}
    assert openers == {"same-origin"}


@pytest.mark.spec("I-94", "CSP 3 §6.4.2")
def test_the_form_may_lead_to_the_provider_and_on_pages_without_one_nowhere_else(visitor: Browser) -> None:
    assert "form-action" not in policy_of(visitor.get(LOGIN).answer)
    IdentityProvider.objects.update(is_enabled=False)
    forget_offer()
    assert policy_of(visitor.get(LOGIN).answer)["form-action"] == "'self'"


@pytest.mark.spec("I-95", "the console")
def test_the_emergency_account_has_a_way_of_its_own(visitor: Browser, sso: SsoBrowser) -> None:
    emergency = AdministratorFactory.create()
    close_passwords(emergency)
    page = visitor.get(LOGIN, local="1")
    assert has_password(page)
    assert "administrator" not in page.content.lower()
    wrong = visitor.send(page, LOGIN, login=emergency.username, password="wrong")
    assert has_password(wrong)
    assert visitor.send(wrong, LOGIN, login=emergency.username, password=PASSWORD).status == 302
    assert sso.is_signed_in


@pytest.mark.spec("I-95", "the console")
def test_of_several_providers_one_is_chosen_and_the_password_is_a_link_away(visitor: Browser) -> None:
    add_provider(name="Beta")
    close_passwords()
    page = visitor.get(LOGIN, next="/connected/")
    assert page.status == 200
    assert [text_of(button) for button in page.all("button")] == [
        "Sign in with Beta",
        "Sign in with Example login",
    ]
    assert not has_password(page)
    other = visitor.get(page.links()["Sign in another way"])
    assert has_password(other)
    assert all(
        field.get("value") == "/connected/" for field in other.all("input") if field.get("name") == "next"
    )


@pytest.mark.spec("I-96", "the console")
def test_the_page_that_is_shown_after_an_error_leads_nowhere_by_itself(
    visitor: Browser, provider: ScriptedProvider
) -> None:
    close_passwords()
    page = visitor.get(LOGIN, stay="1")
    assert page.status == 200
    assert page.buttons() == ["Sign in with Example login"]


@pytest.mark.spec("I-97", "OpenID RP-Initiated Logout 1.0 §2")
def test_signing_out_ends_the_session_here_and_offers_the_providers(
    visitor: Browser, provider: ScriptedProvider, row: IdentityProvider, sso: SsoBrowser
) -> None:
    IdentityProvider.objects.update(
        discovery=row.discovery | {"end_session_endpoint": f"{provider.issuer}/logout"}
    )
    close_passwords()
    sso.sign_in()
    page = visitor.follow(visitor.send(visitor.get(LOGOUT), LOGOUT))
    assert page.heading == "You're signed out"
    assert page.messages == ""
    assert not sso.is_signed_in
    url = urlsplit(page.links()["Sign out of Example login"])
    assert f"{url.scheme}://{url.netloc}{url.path}" == f"{provider.issuer}/logout"
    assert parse_qs(url.query) == {
        "client_id": [row.client_id],
        "post_logout_redirect_uri": [f"http://testserver.localhost{SIGNED_OUT}"],
    }
    assert page.links()["Sign in again"] == LOGIN


@pytest.mark.spec("I-97", "OpenID RP-Initiated Logout 1.0 §2")
def test_whoever_signed_in_here_is_offered_nothing_and_is_not_signed_in_again(visitor: Browser) -> None:
    emergency = AdministratorFactory.create()
    close_passwords(emergency)
    visitor.send(visitor.get(LOGIN, local="1"), LOGIN, login=emergency.username, password=PASSWORD)
    page = visitor.follow(visitor.send(visitor.get(LOGOUT), LOGOUT))
    assert page.heading == "You're signed out"
    assert list(page.links()) == ["Skip to content", "Gatehouse", "Sign in again"]
    assert visitor.follow(visitor.get(LOGOUT)).heading == "You're signed out"


@pytest.mark.parametrize("provider_id", ["", "x", "0" * 32, "\0", "a" * 3000])
def test_the_page_after_signing_out_offers_no_provider_that_there_is_not(provider_id: str) -> None:
    page = Browser(Client()).get(SIGNED_OUT, provider=provider_id)
    assert page.status == 200
    assert list(page.links()) == ["Skip to content", "Gatehouse", "Sign in again"]


@pytest.mark.spec("I-98", "the console")
def test_a_form_that_met_an_ended_session_waits_while_its_sender_signs_in_there(
    visitor: Browser, provider: ScriptedProvider, sso: SsoBrowser
) -> None:
    administrator = UserFactory.create(email="ada@example.org", role="administrator")
    sso.provider.person |= ADA
    SocialAccount.objects.create(user=administrator, provider=provider.issuer, uid=provider.person["sub"])
    close_passwords()
    refused = visitor.post(
        "/people/new", {"username": "grace", "email": "grace@example.org", "role": "member"}
    )
    assert refused.status == 403
    assert "Your changes are kept" in refused.text
    there = visitor.send(refused, refused.posted_forms()[0].get("action", ""))
    assert leads_to(there, provider)
    waiting = visitor.follow(come_back(visitor, there, provider))
    assert "grace@example.org" in waiting.content


@pytest.mark.spec("I-99", "the console")
def test_an_invitation_offers_both_where_both_work_and_another_link_the_password_alone(
    visitor: Browser, provider: ScriptedProvider
) -> None:
    actor = Actor.command("tests")
    _, link = invite(username="ada", email="ada@example.org", role=Role.MEMBER, actor=actor)
    page = visitor.get(link)
    assert page.buttons() == ["Sign in with Example login", "Set password"]
    assert "form-action" not in policy_of(page.answer)
    other = visitor.get(create_password_link(UserFactory.create(), actor=actor))
    assert other.buttons() == ["Set password"]
    assert policy_of(other.answer)["form-action"] == "'self'"


@pytest.mark.spec("I-99", "the console")
def test_an_invitation_is_accepted_at_the_provider_where_passwords_are_off(
    visitor: Browser, provider: ScriptedProvider, sso: SsoBrowser
) -> None:
    person, link = invite(
        username="ada", email="ada@example.org", role=Role.MEMBER, actor=Actor.command("tests")
    )
    close_passwords()
    page = visitor.get(link)
    assert page.status == 200
    assert not page.all("input") or not has_password(page)
    assert page.answer["Referrer-Policy"] == "strict-origin"
    form = {"key": link.partition("key=")[2], "password1": "an unusual pair of trousers"}
    again = visitor.post("/accounts/password/link/", form | {"password2": form["password1"]})
    assert not person.has_usable_password()
    there = visitor.send(again, again.posted_forms()[0].get("action", ""))
    come_back(visitor, there, provider)
    assert sso.is_signed_in
    person.refresh_from_db()
    assert person.is_active


@pytest.mark.spec("I-92", "the console")
@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x"]
)
def test_the_way_through_the_provider_leads_to_no_other_origin(
    visitor: Browser, provider: ScriptedProvider, target: str
) -> None:
    close_passwords()
    page = visitor.get(f"{LOGIN}?{urlencode({'next': target})}")
    assert leads_to(page, provider)
    assert come_back(visitor, page, provider).answer["Location"] == "/"
