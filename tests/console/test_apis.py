"""The pages of APIs: the list, creating, changing and deleting APIs and scopes, without a script."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from audit.actors import Actor
from audit.models import Event
from oauthapps.models import AccessToken, Api, Application, Scope
from oauthapps.rules.app_types import AppType
from oauthapps.rules.credential_values import digest
from oauthapps.services.apis import create_api, delete_api
from oauthapps.services.scopes import NewScope, add_scope, delete_scope
from tests.console.conftest import browser_of
from tests.console.pages import Browser, Page, fields_of, text_of
from tests.factories import AdministratorFactory, allow_scopes, make_application
from tests.sign_ins import age_sign_in

LIST, NEW = "/console/apis/", "/console/apis/new"
VALID = {"name": "Stock", "identifier": "https://stock.example.com", "scope_name": "stock:read"}
SENTENCE = {"scope_sentence": "Read what is in stock"}
MOST_STATEMENTS = 12


@pytest.fixture
def colleague(db: None) -> Browser:
    person: User = AdministratorFactory.create(name="Grace Hopper", username="grace")
    return browser_of(person)


def page_of(api: Api) -> str:
    return api.get_absolute_url()


def rows(page: Page) -> list[list[str]]:
    return [[text_of(cell) for cell in row if cell.tag in {"th", "td"}] for row in page.one("tbody")]


def create(console: Browser, **changes: Any) -> Page:
    return console.send(console.get(NEW), **{**VALID, **SENTENCE, **changes})


def kinds() -> list[str]:
    return list(Event.objects.order_by("pk").values_list("kind", flat=True))


@pytest.mark.spec("Y-70", "product")
def test_the_list_begins_with_the_built_in_api(console: Browser, api: Api, web: Application) -> None:
    allow_scopes(web, ["read", "invoices:read"], actor=Actor())
    make_application(AppType.WEB)
    page = console.get(LIST)
    assert page.links()["APIs"] == LIST
    assert rows(page) == [
        ["Gatehouse", settings.BASE_URL, "3", "2", "Built in, read-only"],
        ["Invoices", "https://invoices.example.com", "1", "1", "Edit Invoices Delete Invoices"],
    ]
    assert "None yet" not in console.get(page_of(api)).text
    allow_scopes(web, ["read"], actor=Actor())
    assert "None yet. Open an application and select scopes" in console.get(page_of(api)).text
    built_in = console.get(f"{LIST}built-in/")
    assert "offline_access" in built_in.text
    assert [form for form in built_in.posted_forms() if not form.get("action")] == []


@pytest.mark.spec("Y-71", "product")
def test_an_api_is_created_with_its_scopes(console: Browser, machine: Application) -> None:
    page = console.get(NEW)
    assert page.field("scope_name").get("placeholder") == "invoices:read"
    first = fields_of(page.form())
    assert (first["token_seconds"], first["scope_default"]) == ("3600", "1")
    more = console.send(
        page, **VALID, **SENTENCE, add="1", verifiers=machine.client_id, description="All of it"
    )
    assert more.status == 200
    fields = fields_of(more.form())
    assert fields["scope_name"] == ["stock:read", ""]
    assert (fields["name"], fields["verifiers"]) == ("Stock", machine.client_id)
    page = console.follow(
        console.send(
            more,
            scope_name=["stock:read", "stock:order"],
            scope_sentence=["Read what is in stock", "Order for you"],
            scope_default="1",
            token_seconds="900",
        )
    )
    assert "Created: Stock" in page.messages
    api = Api.objects.get()
    assert (api.identifier, api.token_seconds, api.description) == (VALID["identifier"], 900, "All of it")
    assert list(api.verifiers.all()) == [machine]
    assert list(api.scopes.values_list("name", "sentence", "is_default")) == [
        ("stock:read", "Read what is in stock", True),
        ("stock:order", "Order for you", False),
    ]
    assert kinds()[-1] == "api:create"


@pytest.mark.spec("Y-71", "product")
def test_rows_are_removed_and_empty_ones_do_not_count(console: Browser, db: None) -> None:
    page = console.send(console.get(NEW), scope_name="a:b", scope_sentence="One", add="1")
    page = console.send(page, scope_name=["a:b", "c:d"], scope_sentence=["One", "Two"], remove="1")
    assert fields_of(page.form())["scope_name"] == "c:d"
    page = console.send(page, add="1")
    assert console.send(page, name="X", identifier="urn:x:y").status == 302
    assert list(Scope.objects.values_list("name", flat=True)) == ["c:d"]


@pytest.mark.spec("Y-72", "product")
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "Give the API a name"),
        ({"name": "\u200b"}, "Name"),
        ({"identifier": ""}, "Enter the identifier"),
        ({"identifier": "invoices"}, "Enter the whole URI"),
        ({"identifier": "https://x.example/#y"}, "a fragment is not allowed"),
        ({"identifier": "HTTPS://Invoices.example.com/"}, "Another API has this identifier"),
        ({"identifier": f"{settings.BASE_URL}/"}, "Another API has this identifier"),
        ({"token_seconds": "60"}, "Access token lifetime"),
        ({"token_seconds": "86401"}, "Access token lifetime"),
        ({"scope_name": ""}, "Enter a name, such as invoices:read"),
        ({"scope_name": "read"}, "This scope is built in"),
        ({"scope_name": "stock read"}, "Spaces,"),
        ({"scope_name": "invoices:read"}, "The scope name invoices:read is in use"),
        ({"scope_name": "s" * 101}, "at most 100 characters"),
        ({"scope_sentence": ""}, "Enter the sentence that users read"),
        ({"scope_sentence": "\u202eRead"}, "Scope 1"),
        ({"scope_sentence": "W" * 201}, "at most 200 characters"),
        ({"verifiers": "0" * 32}, "Verifying applications"),
        ({"scope_name": ["a", "a"], "scope_sentence": ["One", "Two"]}, "This is the same as Scope 1."),
    ],
)
def test_what_is_invalid_is_explained_and_nothing_is_lost(
    console: Browser, api: Api, changes: dict[str, Any], words: str
) -> None:
    sent = {**VALID, **SENTENCE, "description": "Kept", **changes}
    count = Event.objects.count()
    page = create(console, **sent)
    assert page.status == 422
    assert words in page.alerts()
    assert page.title.startswith("Error: ")
    fields = fields_of(page.form())
    for name in ("name", "identifier", "description", "scope_name", "scope_sentence"):
        assert fields[name] == sent[name], name
    assert list(Api.objects.all()) == [api]
    assert Event.objects.count() == count


@pytest.mark.spec("Y-72", "product")
def test_a_deleted_name_is_refused_here_too(console: Browser, api: Api) -> None:
    delete_scope(api.scopes.get(), actor=Actor())
    page = create(console, scope_name="invoices:read")
    assert (page.status, "or was used before" in page.alerts()) == (422, True)


@pytest.mark.spec("Y-72", "product")
def test_there_is_an_end_to_scopes(console: Browser, db: None) -> None:
    names = [f"stock:{number}" for number in range(40)]
    page = create(console, scope_name=names, scope_sentence=["Read"] * 40, add="1")
    assert (page.status, "up to 40 scopes" in page.alerts()) == (422, True)
    assert console.send(page).status == 302
    [api] = Api.objects.all()
    page = console.get(page_of(api))
    fields = fields_of(page.form())
    more = {name: [*fields[name], f"x{name}"] for name in ("scope_name", "scope_sentence")}
    refused = console.send(page, **more)
    assert (refused.status, "up to 40 scopes" in refused.alerts()) == (422, True)


@pytest.mark.spec("Y-73", "product")
def test_a_form_sent_twice_creates_one(console: Browser, db: None) -> None:
    page = console.get(NEW)
    assert console.send(page, **VALID, **SENTENCE).status == 302
    repeat = console.send(page, name="Stock", identifier="https://other.example.com")
    assert "sent a second time" in console.follow(repeat).messages
    assert Api.objects.count() == 1


@pytest.mark.spec("Y-74", "product")
def test_an_api_is_changed_and_its_identifier_is_not(
    console: Browser, api: Api, machine: Application
) -> None:
    page = console.get(page_of(api))
    assert "It can't be changed" in page.text
    assert page.field("scope_name").get("readonly") is not None
    assert "see it marked as changed the next time they are asked" in page.text
    saved = console.send(
        page,
        name="Bills",
        token_seconds="86400",
        identifier="https://evil.example.com",
        scope_sentence="Read your bills",
        scope_default=None,
        verifiers=machine.client_id,
    )
    assert "Saved: Name, Access token lifetime, Scope invoices:read" in console.follow(saved).messages
    api.refresh_from_db()
    assert (api.name, api.token_seconds, api.identifier) == ("Bills", 86400, "https://invoices.example.com")
    scope = api.scopes.get()
    assert (scope.name, scope.sentence, scope.is_default) == ("invoices:read", "Read your bills", False)
    assert list(api.verifiers.all()) == [machine]
    assert kinds()[-2:] == ["api:change", "scope:change"]
    unchanged = console.follow(console.send(console.get(page_of(api))))
    assert "No changes to save" in unchanged.messages
    assert kinds()[-2:] == ["api:change", "scope:change"]


@pytest.mark.spec("Y-74", "product")
def test_another_name_is_another_scope(console: Browser, api: Api) -> None:
    """The name of a scope that exists is not editable; whoever sends another one adds a scope."""
    page = console.get(page_of(api))
    added = console.send(page, scope_name="invoices:pay", scope_sentence="Pay")
    assert "Saved: Scope invoices:pay" in console.follow(added).messages
    assert list(api.scopes.live().values_list("name", flat=True)) == ["invoices:read", "invoices:pay"]
    assert kinds()[-1] == "scope:add"
    again = console.send(page, scope_name="invoices:pay", scope_sentence="Pay")
    assert "No changes to save" in console.follow(again).messages


@pytest.mark.spec("Y-75", "product")
def test_two_administrators_overwrite_nothing_unseen(console: Browser, colleague: Browser, api: Api) -> None:
    mine = console.get(page_of(api))
    colleague.send(colleague.get(page_of(api)), name="Hers", description="Hers", scope_sentence="Read hers")
    page = console.send(mine, token_seconds="900", scope_sentence="Read mine")
    assert page.status == 409
    assert "Scope invoices:read Your value Read mineAsked for by default" in page.alerts()
    assert "by Grace Hopper" in page.alerts()
    assert "Read hers" in page.alerts()
    assert "Hers Hers" not in page.alerts()
    api.refresh_from_db()
    assert (api.name, api.token_seconds, api.scopes.get().sentence) == ("Hers", 3600, "Read hers")
    choice = page.by_id("mine-scope-invoices:read").get("value", "")
    saved = console.follow(console.send(page, **{"choice-scope-invoices:read": choice}))
    assert "kept: Name, Description" in saved.messages
    api.refresh_from_db()
    assert (api.name, api.token_seconds, api.scopes.get().sentence) == ("Hers", 900, "Read mine")


@pytest.mark.spec("Y-75", "product")
def test_the_other_value_can_be_taken(console: Browser, colleague: Browser, api: Api) -> None:
    mine = console.get(page_of(api))
    colleague.send(colleague.get(page_of(api)), name="Hers", scope_sentence="Read hers")
    page = console.send(mine, name="Mine", scope_sentence="Read mine", token_seconds="900")
    console.send(page, **{"choice-scope-invoices:read": "theirs", "choice-name": "theirs"})
    api.refresh_from_db()
    assert (api.name, api.token_seconds, api.scopes.get().sentence) == ("Hers", 900, "Read hers")


@pytest.mark.spec("Y-75", "product")
def test_two_add_the_same_scope_with_two_sentences(console: Browser, api: Api) -> None:
    mine = console.send(console.get(page_of(api)), add="1")
    add_scope(api, NewScope(name="invoices:pay", sentence="Pay hers"), actor=Actor())
    names, sentences = ["invoices:read", "invoices:pay"], ["Read your invoices", "Pay mine"]
    page = console.send(mine, scope_name=names, scope_sentence=sentences, scope_default=["1", "2"])
    assert page.status == 409
    assert "Pay hers" in page.alerts()
    assert Scope.objects.get(name="invoices:pay").sentence == "Pay hers"


@pytest.mark.spec("Y-75", "product")
def test_what_was_deleted_meanwhile_does_not_come_back(console: Browser, api: Api) -> None:
    mine = console.get(page_of(api))
    delete_scope(api.scopes.get(), actor=Actor())
    page = console.send(mine, name="Mine")
    assert page.status == 422
    assert "The scope name invoices:read is in use, or was used before" in page.alerts()
    delete_api(api, actor=Actor())
    assert console.send(mine, name="Mine").status == 404


@pytest.fixture
def holder(api: Api, web: Application, member: User) -> Application:
    """An application that may ask for a scope, with living tokens of which one has it."""
    other = make_application(AppType.MACHINE_TO_MACHINE).application
    add_scope(api, NewScope(name="Invoices:read", sentence="Another"), actor=Actor())
    allow_scopes(web, ["read", "invoices:read"], actor=Actor())
    in_an_hour = timezone.now() + timedelta(hours=1)
    for number, (application, scope) in enumerate(
        [
            (web, "read invoices:read"),
            (web, "read"),
            (web, "Invoices:read read"),
            (other, "read invoices:read"),
        ]
    ):
        AccessToken.objects.create(
            application=application,
            user=member,
            scope=scope,
            token_checksum=digest(f"token{number}"),
            expires=in_an_hour,
        )
    return web


@pytest.mark.spec("Y-76", "product")
def test_a_scope_is_deleted_after_saying_whom_it_hits(
    console: Browser, api: Api, holder: Application
) -> None:
    scope = api.scopes.get(name="invoices:read")
    page = console.get(reverse("console:delete-scope", args=[api.pk, scope.pk]))
    assert "1 application can ask for it: Field app." in page.text
    assert "1 person and 1 active access token with it lose it immediately" in page.text
    assert "A deleted name can't be used again" in page.text
    done = console.follow(console.send(page))
    assert "Deleted: the scope invoices:read" in done.messages
    holder.refresh_from_db()
    assert holder.allowed_scope == "read"
    assert kinds()[-1] == "scope:delete"
    nobody = api.scopes.get(name="Invoices:read")
    page = console.get(reverse("console:delete-scope", args=[api.pk, nobody.pk]))
    assert "No application can ask for it" in page.text


@pytest.mark.spec("Y-76", "product")
def test_an_api_is_deleted_by_its_name_after_saying_whom_it_hits(
    console: Browser, api: Api, holder: Application
) -> None:
    page = console.get(reverse("console:delete-api", args=[api.pk]))
    assert "Its 2 scopes are deleted too: invoices:read, Invoices:read." in page.text
    assert "1 application can ask for one of its scopes: Field app." in page.text
    assert "1 person and 1 active access token with one of its scopes lose them" in page.text
    refused = console.send(page, name="Another")
    assert (refused.status, "This isn't the API name" in refused.alerts()) == (422, True)
    assert Api.objects.live().exists()
    done = console.follow(console.send(page, name="invoices"))
    assert "Deleted: Invoices" in done.messages
    assert len(rows(done)) == 1
    event = Event.objects.latest("pk")
    assert (event.kind, event.before["Scopes"]) == ("api:delete", "invoices:read, Invoices:read")
    for name in ("api", "delete-api"):
        assert console.get(reverse(f"console:{name}", args=[api.pk])).status == 404


@pytest.mark.spec("Y-76", "product")
def test_scopes_of_another_api_and_deleted_ones_are_404(console: Browser, api: Api) -> None:
    other = create_api(name="Other", identifier="urn:other:api", actor=Actor())
    scope = api.scopes.get()
    assert console.get(reverse("console:delete-scope", args=[other.pk, scope.pk])).status == 404
    delete_scope(scope, actor=Actor())
    assert console.get(reverse("console:delete-scope", args=[api.pk, scope.pk])).status == 404


@pytest.mark.spec("Y-77", "ASVS 7.5.3")
def test_an_old_sign_in_is_not_enough(console: Browser, api: Api) -> None:
    pages = {address: console.get(address) for address in (NEW, page_of(api))}
    age_sign_in(console, minutes=31)
    for address, page in pages.items():
        answer = console.send(page, **{"name": "Later", **SENTENCE, "add": "1"})
        assert answer.status == 200, address  # nothing is saved
        answer = console.send(page, **({**VALID, **SENTENCE} if address == NEW else {"name": "Later"}))
        assert "/reauthenticate/" in answer.answer["Location"], address
    deletion = console.get(reverse("console:delete-api", args=[api.pk]))
    assert "/reauthenticate/" in deletion.answer["Location"]
    assert list(Api.objects.values_list("name", flat=True)) == ["Invoices"]


@pytest.mark.spec("Y-78", "product")
def test_pages_take_so_many_statements_whatever_there_is(
    console: Browser, api: Api, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    def counts() -> list[int]:
        found = []
        for address in (LIST, NEW, page_of(api), reverse("console:delete-api", args=[api.pk])):
            with django_assert_max_num_queries(MOST_STATEMENTS) as asked:
                assert console.get(address).status == 200
            found.append(len(asked))
        return found

    add_scope(api, NewScope(name="invoices:pay", sentence="Pay"), actor=Actor())
    allow_scopes(make_application(AppType.WEB).application, ["invoices:read"], actor=Actor())
    api.verifiers.add(make_application(AppType.MACHINE_TO_MACHINE).application)
    few = counts()
    for number in range(6):
        scope = NewScope(name=f"other:{number}", sentence="Read")
        add_scope(api, scope, actor=Actor())
        create_api(name=f"API {number}", identifier=f"urn:api:{number}", actor=Actor())
        machine = make_application(AppType.MACHINE_TO_MACHINE).application
        allow_scopes(machine, [scope.name], actor=Actor())
        api.verifiers.add(machine)
    assert counts() == few
