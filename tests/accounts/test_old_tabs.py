"""Tabs that outlive a sign-in: whatever is pressed in them leads on."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Organization, User
from oauthapps.models import Application, Consent, Grant
from oauthapps.rules.app_types import AppType
from tests.console.pages import Browser, Page, fields_of
from tests.factories import PASSWORD, AdministratorFactory, UserFactory, make_application
from tests.oauth_client import OAuthClient

LOGIN = "/accounts/login/"
ORGANIZATION = "/organization/"
AUTHORIZE = "/integrations/oauth2/authorize"
SWITCH = "/integrations/oauth2/authorize/switch-account"
ORIGIN = {"Origin": "http://testserver"}
NO_COOKIES = "Your browser didn't send cookies"


@pytest.fixture
def ada(db: None) -> User:
    person: User = AdministratorFactory.create(username="ada")
    return person


@pytest.fixture
def tabs() -> Browser:
    """A browser whose tabs share their cookies, and that says where its forms come from, as browsers do."""
    return Browser(Client(enforce_csrf_checks=True, headers=ORIGIN))


@pytest.fixture
def web(db: None) -> Application:
    created = make_application(AppType.WEB, name="Field app", redirect_urls=["https://client.example/cb"])
    return created.application


@pytest.fixture
def machine(db: None) -> Application:
    return make_application(AppType.MACHINE_TO_MACHINE, name="Nightly export").application


def sign_in(tabs: Browser, person: User, page: Page | None = None) -> Page:
    """Sign in on a page, or in a new tab."""
    page = page or tabs.get(LOGIN)
    return tabs.send(page, LOGIN, login=person.username, password=PASSWORD)


def end_session(tabs: Browser) -> None:
    """Let the session end as it does by itself: the cookie stays, and names nothing."""
    tabs.client.session.delete()


def sign_in_elsewhere(tabs: Browser, person: User) -> None:
    """Let the session end and sign in again, in another tab."""
    end_session(tabs)
    assert sign_in(tabs, person).answer["Location"] == "/"


def consent(tabs: Browser, web: Application) -> Page:
    client = OAuthClient(web.client_id, "", "https://client.example/cb", pkce=True)
    return tabs.get(AUTHORIZE, **client.authorization_parameters(state="kept"))


def is_signed_in(tabs: Browser) -> bool:
    return "_auth_user_id" in tabs.client.session


BUTTONS = ["disable-application", "enable-application", "add-secret", "generate-key"]


@pytest.mark.spec("W-58", "the product's pages")
@pytest.mark.parametrize("name", [*BUTTONS, "stored", "secret-notes"])
def test_a_button_pressed_after_the_session_ended_leads_back_to_its_page(
    tabs: Browser, ada: User, machine: Application, name: str
) -> None:
    sign_in(tabs, ada)
    page = tabs.get(machine.get_absolute_url())
    arguments = [machine.client_id, *([machine.secrets.get().pk] if name == "secret-notes" else [])]
    address = reverse(f"console:{name}", args=arguments)
    if name == "enable-application":
        tabs.send(page, reverse("console:disable-application", args=arguments))
        page = tabs.get(machine.get_absolute_url())
    if name == "stored":
        page = tabs.send(page, reverse("console:add-secret", args=arguments))
    secrets = machine.secrets.count()
    end_session(tabs)
    page = tabs.send(page, address)
    if page.status == 302:
        page = tabs.follow(page)
        assert "You had been signed out" in page.messages
    page = tabs.follow(sign_in(tabs, ada, page))
    assert machine.secrets.count() == secrets
    assert not machine.keys.exists()
    if page.status == 302:
        page = tabs.follow(page)
        assert page.heading == machine.name
    else:
        assert page.heading == "Your changes were kept"
        assert tabs.send(page, address).status in {200, 302}
        assert machine.secrets.count() - secrets == (name == "add-secret")
        assert machine.keys.count() == (name == "generate-key")


@pytest.mark.spec("W-58", "the product's pages")
@pytest.mark.parametrize("hours", [0, 9])
@pytest.mark.parametrize("decision", ["allow", "cancel"])
def test_a_decision_after_the_session_ended_is_made_again_after_signing_in(
    tabs: Browser, ada: User, web: Application, decision: str, hours: int
) -> None:
    sign_in(tabs, ada)
    page = consent(tabs, web)
    with time_machine.travel(timezone.now() + timedelta(hours=hours)):
        end_session(tabs)
        page = tabs.send(page, AUTHORIZE, decision=decision)
        assert (page.status, page.heading) == (403, "Sign in")
        assert "Your choice wasn't applied" in page.messages
        page = tabs.follow(sign_in(tabs, ada, page))
        assert "Field app" in page.heading
        assert not Grant.objects.exists()
        answer = tabs.send(page, AUTHORIZE, decision="allow").answer
    sent_back = parse_qs(urlsplit(answer["Location"]).query)
    assert sent_back["state"] == ["kept"]
    assert "code" in sent_back


@pytest.mark.spec("W-58", "the product's pages")
@pytest.mark.parametrize("ended", [True, False])
def test_switching_accounts_in_an_old_tab_asks_who_decides(
    tabs: Browser, ada: User, web: Application, ended: bool
) -> None:
    sign_in(tabs, ada)
    page = consent(tabs, web)
    (end_session if ended else lambda tabs: sign_in_elsewhere(tabs, ada))(tabs)
    page = tabs.follow(tabs.send(page, SWITCH))
    assert page.heading == "Sign in"
    other = UserFactory.create(username="other")
    page = tabs.follow(sign_in(tabs, other, page))
    assert "other" in page.heading


@pytest.mark.spec("W-59", "the product's pages")
def test_a_decision_in_an_old_tab_is_asked_for_again(tabs: Browser, ada: User, web: Application) -> None:
    sign_in(tabs, ada)
    page = consent(tabs, web)
    sign_in_elsewhere(tabs, ada)
    page = tabs.send(page, AUTHORIZE, decision="allow")
    assert page.status == 400
    assert "Your choice wasn't applied" in page.messages
    assert not Consent.objects.exists()
    answer = tabs.send(page, AUTHORIZE, decision="allow").answer
    assert "code=" in answer["Location"]


@pytest.mark.spec("W-59", "the product's pages")
def test_a_second_sign_in_tab_leads_on(tabs: Browser, ada: User) -> None:
    first, second = tabs.get(LOGIN), tabs.get(LOGIN, next=ORGANIZATION)
    assert sign_in(tabs, ada, first).answer["Location"] == "/"
    assert sign_in(tabs, ada, second).answer["Location"] == ORGANIZATION


@pytest.mark.spec("W-59", "the product's pages")
def test_a_second_sign_in_tab_leads_on_to_its_own_form(tabs: Browser, ada: User) -> None:
    sign_in(tabs, ada)
    form = tabs.get(ORGANIZATION)
    end_session(tabs)
    first, second = tabs.send(form, name="First"), tabs.send(form, name="Second")
    assert "First" in tabs.follow(sign_in(tabs, ada, first)).text
    page = tabs.follow(sign_in(tabs, ada, second))
    assert "Second" in page.text
    tabs.send(page, ORGANIZATION)
    assert Organization.current().name == "Second"


@pytest.mark.spec("W-59", "the product's pages")
def test_a_sign_in_tab_from_before_a_sign_out_signs_in(tabs: Browser, ada: User) -> None:
    sign_in(tabs, ada)
    form = tabs.get(ORGANIZATION)
    end_session(tabs)
    old = tabs.send(form, name="Typed")
    sign_in_elsewhere(tabs, ada)
    end_session(tabs)
    page = tabs.send(old, LOGIN, login="ada", password="wrong")
    assert page.heading == "Sign in"
    assert "Typed" in tabs.follow(sign_in(tabs, ada, page)).text


@pytest.fixture
def form(tabs: Browser, ada: User) -> Page:
    """A page with a form, left open in one tab when somebody signs in anew in another."""
    sign_in(tabs, ada)
    page = tabs.get(ORGANIZATION)
    sign_in_elsewhere(tabs, ada)
    return page


@pytest.mark.spec("W-59", "the product's pages")
def test_a_form_typed_before_signing_in_elsewhere_is_kept(tabs: Browser, ada: User, form: Page) -> None:
    page = tabs.follow(tabs.send(form, name="Typed"))
    assert page.heading == "Your changes were kept"
    assert Organization.current().name != "Typed"
    tabs.send(page, ORGANIZATION)
    assert Organization.current().name == "Typed"


@pytest.mark.spec("W-59", "the product's pages")
def test_it_is_kept_as_well_when_nobody_is_signed_in_any_more(tabs: Browser, ada: User, form: Page) -> None:
    end_session(tabs)
    page = tabs.send(form, name="Typed")
    assert page.heading == "Sign in"
    assert "Typed" in tabs.follow(sign_in(tabs, ada, page)).text


@pytest.mark.spec("W-59", "the product's pages")
def test_a_session_that_is_too_old_is_none_in_an_old_tab_either(tabs: Browser, ada: User, form: Page) -> None:
    session = tabs.client.session
    session["started_at"] -= timedelta(days=8).total_seconds()
    session.save()
    assert tabs.send(form, name="Typed").heading == "Sign in"
    assert not is_signed_in(tabs)


@pytest.mark.spec("W-59", "the product's pages")
def test_what_is_never_kept_leads_to_its_page_and_says_so(
    tabs: Browser, ada: User, machine: Application
) -> None:
    sign_in(tabs, ada)
    address = reverse("console:add-key", args=[machine.client_id])
    form = tabs.get(address)
    sign_in_elsewhere(tabs, ada)
    page = tabs.follow(tabs.send(form, public_key="-----BEGIN PRIVATE KEY-----"))
    assert page.heading == "Add a public key"
    assert "nothing was changed or kept" in page.messages


@pytest.mark.spec("W-59", "the product's pages")
@pytest.mark.parametrize("ended", [True, False])
def test_confirming_who_one_is_in_an_old_tab_leads_to_where_it_would_have(
    tabs: Browser, ada: User, web: Application, ended: bool
) -> None:
    sign_in(tabs, ada)
    session = tabs.client.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = []
    session.save()
    deletion = f"{web.get_absolute_url()}deletion/"
    page = tabs.follow(tabs.get(deletion))
    (end_session if ended else lambda tabs: sign_in_elsewhere(tabs, ada))(tabs)
    page = tabs.follow(tabs.send(page, "/accounts/reauthenticate/", password=PASSWORD))
    if ended:
        page = tabs.follow(sign_in(tabs, ada, page))
    assert page.heading == f"Delete {web.name}?"


def press_dark(tabs: Browser, page: Page) -> Page:
    return tabs.send(page, "/color-scheme/", color_scheme="dark")


@pytest.mark.spec("W-60", "the product's pages")
@pytest.mark.parametrize("leave", [end_session, lambda _: None], ids=["ended", "signed in again"])
def test_sign_out_and_dark_work_in_an_old_tab(
    tabs: Browser, ada: User, leave: Callable[[Browser], None]
) -> None:
    sign_in(tabs, ada)
    page = tabs.get(ORGANIZATION)
    sign_in_elsewhere(tabs, ada)
    leave(tabs)
    assert press_dark(tabs, page).answer["Location"] == ORGANIZATION
    assert tabs.client.cookies["color_scheme"].value == "dark"
    assert tabs.send(page, "/accounts/logout/").answer["Location"] == LOGIN
    assert not is_signed_in(tabs)


@pytest.mark.spec("W-60", "the product's pages")
def test_a_mailed_link_in_an_old_tab_sets_the_password_that_was_typed(tabs: Browser, ada: User) -> None:
    from accounts.services.links import create_password_link
    from audit.actors import Actor

    link = create_password_link(ada, actor=Actor(user=ada))
    page = tabs.get(link.replace("http://testserver.localhost", ""))
    sign_in(tabs, ada)
    new = {"password1": "a new long password", "password2": "a new long password"}
    assert tabs.send(page, "/accounts/password/link/", **new).answer["Location"] == LOGIN
    ada.refresh_from_db()
    assert ada.check_password("a new long password")


@pytest.mark.spec("W-04", "ASVS 3.5")
@pytest.mark.parametrize(
    ("origin", "token"),
    [
        ("https://evil.example", {}),
        ("null", {}),
        ("http://testserver.evil.example", {}),
        (None, {}),
        ("http://testserver", {"csrfmiddlewaretoken": ""}),
    ],
)
def test_what_another_site_sends_does_nothing_and_leads_nowhere(
    tabs: Browser, ada: User, web: Application, origin: str | None, token: dict[str, str]
) -> None:
    sign_in(tabs, ada)
    page = tabs.get(ORGANIZATION)
    asked = consent(tabs, web)
    sign_in_elsewhere(tabs, ada)
    del tabs.client.defaults["HTTP_ORIGIN"]
    headers = {} if origin is None else {"Origin": origin}
    old = str(fields_of(page.form())["csrfmiddlewaretoken"])
    for address, fields in {
        "/accounts/logout/": {"csrfmiddlewaretoken": old},
        "/color-scheme/": {"color_scheme": "dark", "csrfmiddlewaretoken": old},
        LOGIN: {"login": "ada", "password": PASSWORD, "csrfmiddlewaretoken": old},
        ORGANIZATION: fields_of(page.form()),
        AUTHORIZE: fields_of(asked.form(AUTHORIZE)) | {"decision": "allow"},
        SWITCH: fields_of(asked.form(SWITCH)),
    }.items():
        answer = tabs.client.post(address, fields | token, headers=headers)
        assert (answer.status_code, "Location" in answer) == (403, False), address
        assert "This form has expired" in answer.content.decode(), address
    assert is_signed_in(tabs)
    assert "color_scheme" not in tabs.client.cookies
    assert "kept_forms" not in tabs.client.session


@pytest.mark.spec("W-60", "RFC 6265 §5.4")
@pytest.mark.parametrize("headers", [ORIGIN, {}], ids=["Origin", "no Origin"])
@pytest.mark.parametrize("address", [LOGIN, "/accounts/logout/", AUTHORIZE, "/security/passkeys/new"])
def test_a_request_without_cookies_is_told_so(db: None, address: str, headers: dict[str, str]) -> None:
    client = Client(enforce_csrf_checks=True, headers=headers)
    page = Page(client.post(address, {"login": "ada", "next": ORGANIZATION}))
    assert (page.status, page.heading) == (403, NO_COOKIES)
    assert "another application on this host" in page.text
    assert page.links()["Try again"] == ORGANIZATION


@pytest.mark.spec("W-60", "RFC 6265 §5.4")
def test_a_form_without_cookies_is_kept_until_they_arrive(tabs: Browser, ada: User) -> None:
    sign_in(tabs, ada)
    page = tabs.get(ORGANIZATION)
    tabs.client.cookies.clear()
    page = tabs.send(page, name="Typed")
    assert page.heading == "Sign in"
    assert NO_COOKIES in page.text
    tabs.client.cookies.clear()
    page = sign_in(tabs, ada, page)
    assert NO_COOKIES in page.text
    assert "Typed" in tabs.follow(sign_in(tabs, ada, page)).text


@pytest.mark.spec("W-60", "RFC 6265 §5.4")
def test_so_is_one_that_was_kept_before(tabs: Browser, ada: User) -> None:
    sign_in(tabs, ada)
    page = tabs.get(ORGANIZATION)
    end_session(tabs)
    page = tabs.follow(sign_in(tabs, ada, tabs.send(page, name="Typed")))
    assert page.heading == "Your changes were kept"
    tabs.client.cookies.clear()
    page = tabs.send(page, ORGANIZATION)
    assert NO_COOKIES in page.text
    assert "Typed" in tabs.follow(sign_in(tabs, ada, page)).text


@pytest.mark.spec("W-58", "the product's pages")
def test_what_is_only_sent_to_leads_to_its_page(tabs: Browser, ada: User) -> None:
    sign_in(tabs, ada)
    for address in ("/color-scheme/", SWITCH):
        assert tabs.get(address).answer["Location"] == "/", address
    assert tabs.get("/accounts/login/passkey/").status == 302
