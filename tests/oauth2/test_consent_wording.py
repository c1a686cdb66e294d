"""What people read on the consent page: scopes by API, and how that differs from what they allowed before."""

import pytest
from django.test import Client

from accounts.models import User
from audit.actors import Actor
from oauthapps.models import Api, Consent, Grant, Scope
from oauthapps.services import apis, consents
from oauthapps.services.scopes import NewScope, add_scope, change_scope
from tests.console.pages import Page, fields_of, text_of
from tests.factories import allow_scopes
from tests.oauth2.conftest import application_of, configure
from tests.oauth_client import AUTHORIZE, OAuthClient

pytestmark = pytest.mark.django_db

ADMINISTRATOR = Actor(label="an administrator")
READ = "Retrieve content and information that you have access to"
WRITE = "Create, edit, and delete records that you have access to"
CHANGED = "Changed since you allowed it"


@pytest.fixture(autouse=True)
def invoices(db: None) -> Api:
    return apis.create_api(
        name="Invoices",
        identifier="https://invoices.example.com/v1",
        actor=ADMINISTRATOR,
        new_scopes=[
            NewScope(name="invoices:read", sentence="Read your invoices"),
            NewScope(name="invoices:pay", sentence="Pay your invoices", is_default=False),
        ],
    )


@pytest.fixture
def app(web: OAuthClient) -> OAuthClient:
    """A web application that may ask for everything."""
    configure(web, allowed_scope="read write offline_access invoices:read invoices:pay")
    return web


def shown(client: OAuthClient, browser: Client, **changes: str | None) -> Page:
    return Page(client.consent_page(browser, **changes))


def lists(page: Page) -> dict[str, list[str]]:
    """What is listed under each heading below the page's own, up to the next."""
    found: dict[str, list[str]] = {}
    heading = ""
    for element in page.root.iter():
        if element.tag == "li":
            found.setdefault(heading, []).append(text_of(element))
        elif element.tag in {"h2", "h3"}:
            heading = text_of(element)
    return found


def reword(name: str, sentence: str) -> None:
    scope = Scope.objects.get(name=name)
    change_scope(scope, sentence=sentence, is_default=scope.is_default, actor=ADMINISTRATOR)


@pytest.mark.spec("Y-90", "RFC 8707 §2")
def test_scopes_are_listed_by_api_under_its_name(app: OAuthClient, visitor: Client) -> None:
    found = lists(shown(app, visitor, scope="invoices:pay read invoices:read"))
    assert found["Gatehouse"] == [READ]
    assert found["Invoices"][:2] == ["Pay your invoices", "Read your invoices"]


@pytest.mark.spec("Y-90", "RFC 8707 §2")
def test_one_that_asks_for_the_built_in_api_alone_sees_the_page_as_ever(
    app: OAuthClient, visitor: Client
) -> None:
    page = shown(app, visitor, scope="read write")
    assert page.all("h2") == []
    assert [text for text in ("Gatehouse", "Invoices") if text in lists(page)] == []
    for word in ("New", CHANGED, "You last allowed"):
        assert word not in page.text


@pytest.mark.spec("Y-91", "ASVS 10.7.2")
def test_what_is_new_since_the_last_consent_is_marked(app: OAuthClient, visitor: Client) -> None:
    app.get_tokens(visitor, scope="read")
    page = shown(app, visitor, scope="read invoices:read offline_access")
    assert "You last allowed access on" in page.text
    assert "What's new or has changed is marked." in page.text
    found = lists(page)
    assert found["Gatehouse"] == [READ]
    assert found["Invoices"][0] == "Read your invoices New"
    assert any(row.startswith("Keep this access") and row.endswith("New") for row in found["Invoices"])
    app.get_tokens(visitor, scope="read invoices:read offline_access")
    again = shown(app, visitor, scope="read invoices:read offline_access")
    assert "It asks for nothing new." in again.text
    assert not any(row.endswith("New") for rows in lists(again).values() for row in rows)


@pytest.mark.spec("Y-91", "ASVS 10.7.2")
def test_what_says_something_else_is_marked_with_what_it_said(app: OAuthClient, visitor: Client) -> None:
    app.get_tokens(visitor, scope="read invoices:read")
    reword("invoices:read", "Read and download your invoices")
    app.get_tokens(visitor, scope="read")  # which does not show it
    page = shown(app, visitor, scope="invoices:read")
    row = lists(page)["Invoices"][0]
    assert row == (f"Read and download your invoices {CHANGED} Before, it said: “Read your invoices”")
    app.get_tokens(visitor, scope="invoices:read")
    assert CHANGED not in shown(app, visitor, scope="invoices:read").text


@pytest.mark.spec("Y-91", "ASVS 10.7.2")
def test_a_sentence_that_is_as_it_was_has_not_changed(app: OAuthClient, visitor: Client) -> None:
    app.get_tokens(visitor, scope="invoices:read")
    reword("invoices:read", "Read some invoices")
    reword("invoices:read", "Read your invoices")
    assert CHANGED not in shown(app, visitor, scope="invoices:read").text


@pytest.mark.spec("Y-91", "ASVS 10.7.2")
def test_after_access_was_revoked_everything_is_asked_for_as_at_first(
    app: OAuthClient, visitor: Client, person: User
) -> None:
    app.get_tokens(visitor, scope="read")
    consents.withdraw_all(person, actor=Actor(user=person))
    page = shown(app, visitor, scope="read write")
    assert "You last allowed" not in page.text
    assert lists(page)[""][:2] == [READ, WRITE]
    app.get_tokens(visitor, scope="write")
    assert Consent.objects.get().sentences == {"write": WRITE}


@pytest.mark.spec("Y-91", "ASVS 10.7.2")
def test_a_consent_of_which_nothing_was_recorded_is_not_compared(app: OAuthClient, visitor: Client) -> None:
    app.get_tokens(visitor, scope="read")
    Consent.objects.update(sentences={})  # as a release that records nothing leaves it
    page = shown(app, visitor, scope="read write")
    assert "You last allowed" not in page.text
    assert lists(page)[""][:2] == [READ, WRITE]


@pytest.mark.spec("Y-92", "ASVS 10.7.2")
def test_what_it_holds_already_is_said_where_it_asks_for_less(app: OAuthClient, visitor: Client) -> None:
    app.get_tokens(visitor, scope="write invoices:read offline_access")
    page = shown(app, visitor, scope="read")
    found = lists(page)
    assert found["Gatehouse"][:2] == [f"{READ} New", WRITE]  # the second under "Allowed earlier"
    assert "Allowed earlier, and kept whatever you choose now" in page.text
    assert found["Invoices"][0] == "Read your invoices"
    assert "Keep this access while you're away. Until" in page.text


@pytest.mark.spec("Y-92", "ASVS 10.7.2")
def test_nothing_is_denied_that_it_holds_already(app: OAuthClient, visitor: Client) -> None:
    no_writing, no_keeping = "create, edit, or delete anything", "It doesn't keep access"
    page = shown(app, visitor, scope="read").text
    assert (no_writing in page, no_keeping in page) == (True, True)
    app.get_tokens(visitor, scope="write offline_access")
    page = shown(app, visitor, scope="read").text
    assert (no_writing in page, no_keeping in page) == (False, False)


@pytest.mark.spec("Y-92", "ASVS 10.7.2")
@pytest.mark.parametrize(
    ("scope", "writing", "doing"),
    [
        ("read", "It can't create", "It can't do"),
        ("read invoices:read", "In Gatehouse, it can't create", "In Gatehouse, it can't do"),
        ("write invoices:read", "", "In Gatehouse, it can't do"),
        ("invoices:pay", "", ""),
    ],
)
def test_the_page_promises_only_what_this_installation_sees_to(
    app: OAuthClient, visitor: Client, scope: str, writing: str, doing: str
) -> None:
    rows = [row for rows in lists(shown(app, visitor, scope=scope)).values() for row in rows]
    for rest, begin in ((" create, edit, or delete anything.", writing), (" do anything that you", doing)):
        promised = [row for row in rows if rest in row]
        assert len(promised) == bool(begin)
        assert all(row.startswith(begin) for row in promised)


@pytest.mark.spec("Y-93", "RFC 9700 §4.5")
@pytest.mark.parametrize("change", ["a sentence", "a default", "the name of an API"])
def test_what_was_not_shown_is_not_granted(
    app: OAuthClient, visitor: Client, invoices: Api, change: str
) -> None:
    page = shown(app, visitor)
    fields = fields_of(page.form(AUTHORIZE)) | {"decision": "allow"}
    if change == "a sentence":
        reword("invoices:read", "Read everybody's invoices")
    elif change == "the name of an API":
        apis.change_api(invoices, {"name": "Payroll"}, actor=ADMINISTRATOR)
    else:
        add_scope(invoices, NewScope(name="invoices:send", sentence="Send invoices"), actor=ADMINISTRATOR)
        names = [*application_of(app).allowed_scope.split(), "invoices:send"]
        allow_scopes(application_of(app), names, actor=ADMINISTRATOR)
    answer = visitor.post(AUTHORIZE, fields)
    again = Page(answer)
    assert (answer.status_code, Grant.objects.exists()) == (400, False)
    assert "what the application asks for has changed" in again.text
    answer = visitor.post(AUTHORIZE, fields_of(again.form(AUTHORIZE)) | {"decision": "allow"})
    assert answer.status_code == 302
    assert Grant.objects.exists()


@pytest.mark.spec("Y-93", "RFC 9700 §4.5")
def test_changes_that_the_page_does_not_show_change_nothing(app: OAuthClient, visitor: Client) -> None:
    fields = fields_of(shown(app, visitor, scope="read").form(AUTHORIZE)) | {"decision": "allow"}
    reword("invoices:read", "Read everybody's invoices")
    assert visitor.post(AUTHORIZE, fields).status_code == 302
