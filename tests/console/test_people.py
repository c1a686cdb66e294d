"""People: finding them, what is known of one, changing that, and the password reset link."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import DjangoAssertNumQueries

from accounts.models import Role, User
from audit.actors import Actor
from audit.models import Event, EventKind
from oauthapps.models import Application
from oauthapps.services.credentials import add_key
from tests.console.pages import Browser, Page
from tests.factories import AdministratorFactory, UserFactory
from tests.keys import SIGNING_KEY, public_pem
from tests.oauth_client import OAuthClient

PEOPLE = "/people/"
NEW_PASSWORD = "entirely different words"
OF_PERSON = [
    "person",
    "change-person",
    "password-link",
    "end-sessions-of-person",
    "reset-second-factors",
    "invite-again",
    "withdraw-invitation",
    "deactivate-person",
    "activate-person",
    "person-access",
    "revoke-all-of-person",
    "revoke-older-of-person",
]
# Of a person and one application, or one identity (tests/console/test_auditors.py tries every URL).
OF_BOTH = {"revoke-of-person", "unlink-identity-of-person"}
ALONE = ["people", "export-people", "invite-person", "organization", "second-factor-rule", "customer-id"]
ONLY_READ = ["people", "export-people", "person", "person-access"]


def of(person: User, name: str = "person") -> str:
    return reverse(name, args=[person.user_id])


def make_link(console: Browser, person: User) -> Page:
    return console.send(console.get(of(person, "password-link")))


def link_on(page: Page) -> str:
    link = page.by_id("password-link").get("value", "")
    return str(link).removeprefix("http://testserver.localhost")


@pytest.fixture
def addresses(member: User) -> dict[str, str]:
    """Every address of the people's and the organization's pages, by name."""
    return {name: reverse(name) for name in ALONE} | {name: of(member, name) for name in OF_PERSON}


def test_these_are_all_addresses_of_people_and_organization() -> None:
    import common.converters  # noqa: F401  # makes <identifier:…> known
    from accounts.urls import one_person, urlpatterns
    from oauthapps.people import urls

    patterns = [*one_person, *urlpatterns, *urls.urlpatterns]
    names = {pattern.name for pattern in patterns if hasattr(pattern, "name")}
    assert names == {*ALONE, *OF_PERSON, *OF_BOTH, "home", "provider-logout"}


@pytest.mark.spec("C-01", "ASVS 8.2")
def test_people_and_organization_are_for_administrators(visitor: Browser, addresses: dict[str, str]) -> None:
    for name, address in addresses.items():
        assert visitor.get(address).status == 403, name
        assert visitor.post(address).status == 403, name
        answer = Client().get(address)
        assert answer["Location"].startswith(reverse("account_login")), name


@pytest.mark.spec("C-01", "ASVS 3.5")
def test_no_form_of_theirs_is_taken_without_its_csrf_token(
    administrator: User, addresses: dict[str, str]
) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(administrator)
    for name, address in addresses.items():
        if name not in ONLY_READ:
            assert strict.post(address).status_code == 403, name


def test_somebody_unknown_is_404(console: Browser, addresses: dict[str, str], member: User) -> None:
    for name in OF_PERSON:
        assert console.get(addresses[name].replace(member.user_id, "0" * 32)).status == 404, name


def test_the_list_shows_who_somebody_is_and_when_they_were_last_active(
    console: Browser, member: User
) -> None:
    page = console.get(PEOPLE)
    for shown in (member.name, member.username, member.email, "Member", "Administrator", "Active"):
        assert shown in page.text
    assert page.links()["Bob Builder"] == of(member)


def test_the_list_can_be_searched_and_turned_over(console: Browser) -> None:
    UserFactory.create_batch(60)
    wanted = UserFactory.create(name="Zora Neale", email="zora@example.net")
    first = console.get(PEOPLE)
    assert "Page 1 of 2" in first.text
    assert wanted.email not in first.text
    assert wanted.email in console.get(PEOPLE, page="2").text
    for text in ("neale", "ZORA@example", wanted.username, wanted.user_id):
        found = console.get(PEOPLE, q=text)
        assert wanted.email in found.text
        assert "1 person found" in found.text
    assert "No matching people for nobody" in console.get(PEOPLE, q="nobody").text


def test_the_list_can_be_narrowed_by_role_and_status_and_says_so_on_the_next_page(
    console: Browser, member: User, administrator: User
) -> None:
    UserFactory.create_batch(60, is_active=False)
    page = console.get(PEOPLE, role="member", status="inactive")
    assert "60 people found" in page.text
    assert member.email not in page.text
    assert page.links()["Next page"] == "?role=member&status=inactive&page=2"
    assert "1 person found" in console.get(PEOPLE, role="administrator").text
    assert "No matching people" in console.get(PEOPLE, status="invited").text


@pytest.mark.parametrize("query", [{"role": "king"}, {"status": "\0"}, {"q": "a\0b"}, {"q": "x" * 60_000}])
def test_a_question_that_makes_no_sense_is_ignored(console: Browser, query: dict[str, str]) -> None:
    page = console.get(PEOPLE, **query)
    assert page.status == 200
    assert page.title == "People · Gatehouse"


def test_a_list_of_fifty_takes_as_many_statements_as_one_of_two(
    console: Browser, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    console.get(PEOPLE)
    UserFactory.create_batch(48)
    with django_assert_num_queries(4):  # the session, who asks, how many, which
        console.get(PEOPLE)


def test_a_persons_page_shows_what_they_allowed_and_whose_keys_they_own(
    console: Browser, member: User, machine: Application, web: Application
) -> None:
    add_key(machine, public_pem(SIGNING_KEY), user=member, actor=Actor(user=member))
    Application.objects.filter(pk=web.pk).update(user=member)
    theirs = Client()
    theirs.force_login(member)
    OAuthClient(web.client_id, "").allow(theirs)
    page = console.get(of(member))
    assert page.heading == "Bob Builder"
    assert page.by_id("user-id").get("value") == member.user_id
    assert "Nightly export: 1 public key" in page.text
    assert page.links()["Field app"] == web.get_absolute_url()
    assert "read write offline_access" in page.text
    assert "Second factors None" in page.text


def test_what_was_edited_is_saved_and_recorded(console: Browser, administrator: User, member: User) -> None:
    page = console.send(
        console.get(of(member, "change-person")), name="Robert", email="r@example.org", role="administrator"
    )
    page = console.follow(page)
    assert "Saved: Robert" in page.messages
    member.refresh_from_db()
    assert (member.name, member.email, member.role) == ("Robert", "r@example.org", Role.ADMINISTRATOR)
    event = Event.objects.get(kind=EventKind.PERSON_CHANGED)
    assert (event.actor, event.person) == (administrator, member)
    assert event.before == {"Name": "Bob Builder", "Email address": "bob@example.org", "Role": "member"}
    assert event.after == {"Name": "Robert", "Email address": "r@example.org", "Role": "administrator"}


def test_an_edit_by_another_administrator_in_between_stays(console: Browser, member: User) -> None:
    form = console.get(of(member, "change-person"))
    User.objects.filter(pk=member.pk).update(email="new@example.org")
    console.send(form, name="Robert")
    member.refresh_from_db()
    assert (member.name, member.email) == ("Robert", "new@example.org")


def test_saving_without_an_edit_changes_nothing(console: Browser, member: User) -> None:
    page = console.follow(console.send(console.get(of(member, "change-person"))))
    assert "No changes to save" in page.messages
    assert not Event.objects.filter(kind=EventKind.PERSON_CHANGED).exists()


@pytest.mark.parametrize(
    ("field", "value", "complaint"),
    [
        ("username", "ADA", "Another person has this username."),
        ("username", "a b", "Use 1 to 64 letters"),
        ("email", "ada@EXAMPLE.org", "Another person has this email address."),
        ("email", "nonsense", "Enter a valid email address."),
        ("role", "king", "Select a valid choice."),
        ("name", "x" * 121, "at most 120 characters"),
        ("name", "Bob\u202e", "invisible"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field_and_stays_in_the_form(
    console: Browser, member: User, field: str, value: str, complaint: str
) -> None:
    page = console.send(console.get(of(member, "change-person")), **{field: value})
    assert page.status == 422
    assert complaint in page.alerts()
    assert page.title == "Error: Edit Bob Builder · Gatehouse"
    assert page.heading == "Edit Bob Builder"
    if field != "role":
        assert page.field(field).get("value") == value
        assert page.field(field).get("aria-invalid") == "true"
    member.refresh_from_db()
    assert member.role == Role.MEMBER


def test_the_last_administrator_stays_one(console: Browser, administrator: User) -> None:
    page = console.send(console.get(of(administrator, "change-person")), role="member")
    assert page.status == 422
    assert "This is the last active administrator" in page.alerts()
    AdministratorFactory.create()
    assert console.send(console.get(of(administrator, "change-person")), role="member").status == 302
    assert console.get(PEOPLE).status == 403


def test_a_link_is_shown_once_recorded_and_good_for_one_new_password(
    console: Browser, administrator: User, member: User
) -> None:
    page = make_link(console, member)
    path = link_on(page)
    assert page.answer["Cache-Control"] == "no-store"
    assert path.startswith(reverse("set-password"))
    assert path not in console.get(of(member)).content
    event = Event.objects.get(kind=EventKind.PASSWORD_LINK_MADE)
    assert (event.actor, event.person) == (administrator, member)

    theirs = Browser(Client())
    form = theirs.get(path)
    assert form.heading == "Set a new password"
    action = reverse("set-password")
    done = theirs.follow(theirs.send(form, action, password1=NEW_PASSWORD, password2=NEW_PASSWORD))
    assert done.heading == "Sign in"
    member.refresh_from_db()
    assert member.check_password(NEW_PASSWORD)

    again = Browser(Client()).get(path)
    assert again.heading == "This link has expired or was already used"
    assert "password1" not in again.content


@pytest.mark.spec("C-13", "ASVS 6.4.1")
def test_a_newer_link_ends_the_earlier_one(console: Browser, member: User) -> None:
    earlier, newer = link_on(make_link(console, member)), link_on(make_link(console, member))
    assert Browser(Client()).get(earlier).heading == "This link has expired or was already used"
    assert Browser(Client()).get(newer).heading == "Set a new password"


def test_there_is_no_link_for_somebody_who_is_inactive(console: Browser) -> None:
    person = UserFactory.create(is_active=False)
    page = console.get(of(person))
    assert "Inactive" in page.text
    assert "Password reset link" not in page.text
    assert console.post(of(person, "password-link")).status == 404
