"""Finding people and what speaks for them: by an index, whatever the capitals, and within bounds."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.fields import LONGEST_EMAIL
from accounts.models import OneTimeLink, User
from accounts.security.passwords import LONGEST_PASSWORD
from oauthapps.models import AccessToken, TokenFamily
from oauthapps.rules.app_types import AppType
from tests.factories import PASSWORD, AdministratorFactory, UserFactory, make_application

pytestmark = pytest.mark.django_db

LOGIN = "/accounts/login/"
RESET = "/accounts/password/reset/"


@pytest.fixture
def console() -> Client:
    browser = Client()
    administrator = AdministratorFactory.create()
    browser.post(LOGIN, {"login": administrator.username, "password": PASSWORD})
    return browser


# Bounds


@pytest.mark.spec("S-76", "ASVS 2.2.1, 15.2.2")
@pytest.mark.parametrize("length", [LONGEST_EMAIL + 1, 50_001, 1_000_000])
def test_a_name_longer_than_any_is_refused_at_its_field(length: int) -> None:
    answer = Client().post(LOGIN, {"login": "a" * length, "password": "wrong"})
    assert answer.status_code == 200
    assert f"at most {LONGEST_EMAIL} characters" in answer.content.decode()


@pytest.mark.spec("S-76", "ASVS 2.2.1, 15.2.2")
def test_the_longest_password_that_can_be_set_signs_in_and_a_longer_one_is_refused() -> None:
    longest = "password words " * 273 + "."
    assert len(longest) == LONGEST_PASSWORD
    person = UserFactory.create()
    browser = Client()
    browser.force_login(person)

    def change(old: str, new: str) -> str:
        form = {"oldpassword": old, "password1": new, "password2": new}
        return browser.post("/accounts/password/change/", form).content.decode()

    assert f"at most {LONGEST_PASSWORD} characters" in change(PASSWORD, longest + "x")
    change(PASSWORD, longest)
    form = {"login": person.username, "password": longest}
    assert Client().post(LOGIN, form).status_code == 302
    answer = Client().post(LOGIN, {**form, "password": longest + "x"})
    assert f"at most {LONGEST_PASSWORD} characters" in answer.content.decode()


# Indexes


def plan_of(statement: str) -> str:
    """How the database finds the rows of a statement."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            return "\n".join(row[0] for row in cursor.execute(f"EXPLAIN {statement}").fetchall())
        return "\n".join(row[3] for row in cursor.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall())


def plans_of_names(sql: list[str]) -> list[str]:
    """The plans of the statements that look for a username or an email address."""
    looking = [statement for statement in sql if re.search(r'WHERE.*"(username|email)"', statement)]
    return [plan_of(statement) for statement in looking if "accounts_user" in statement]


@pytest.fixture
def many_people() -> None:
    """So many that no database reads them all to find one."""
    people = [User(username=f"p{n}", email=f"p{n}@example.org", password="") for n in range(3000)]
    User.objects.bulk_create([*people, User(username="ada", email="ada@example.org")])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def statements_of(act: Callable[[], object]) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        act()
    return [query["sql"] for query in captured]


@pytest.mark.spec("S-77", "ASVS 15.2.2")
@pytest.mark.usefixtures("many_people")
@pytest.mark.parametrize("login", ["ADA", "Ada@Example.org", "nobody", "nobody@example.org"])
def test_whoever_signs_in_is_found_by_an_index(login: str) -> None:
    plans = plans_of_names(statements_of(lambda: Client().post(LOGIN, {"login": login, "password": "x"})))
    assert plans
    assert all("unique_" in plan for plan in plans), plans


@pytest.mark.spec("S-77", "ASVS 15.2.2")
@pytest.mark.usefixtures("many_people")
@pytest.mark.parametrize("email", ["Ada@Example.org", "nobody@example.org"])
def test_whoever_asks_for_a_mail_is_found_by_an_index(email: str) -> None:
    plans = plans_of_names(statements_of(lambda: Client().post(RESET, {"email": email})))
    assert OneTimeLink.objects.count() == email.startswith("Ada")
    assert plans
    assert all("unique_" in plan for plan in plans), plans


@pytest.mark.spec("S-77", "ASVS 15.2.2")
@pytest.mark.usefixtures("many_people")
def test_whether_a_name_is_taken_follows_an_index(console: Client) -> None:
    form = {"username": "ADA", "email": "ADA@example.org", "role": "member", "name": ""}
    answers = []
    plans = plans_of_names(statements_of(lambda: answers.append(console.post("/people/new", form))))
    page = answers[0].content.decode()
    assert "Another person has this username." in page
    assert "Another person has this email address." in page
    assert len(plans) > 1
    assert all("unique_" in plan for plan in plans), plans


@pytest.fixture
def holder() -> User:
    """Somebody for whom two access tokens speak, one of a consent and one of a machine; others have many."""
    person: User = UserFactory.create()
    web = make_application(AppType.WEB).application
    machine = make_application(AppType.MACHINE_TO_MACHINE).application
    expires = timezone.now() + timedelta(hours=1)
    tokens = []
    for user, number in ((person, 1), (UserFactory.create(), 3000)):
        consent = user.consents.create(application=web)
        families = [TokenFamily(consent=consent, user=user, application=web) for _ in range(number)]
        for n, family in enumerate(TokenFamily.objects.bulk_create(families)):
            for name, of_family, application in (("w", family, web), ("m", None, machine)):
                tokens.append(
                    AccessToken(
                        user=user,
                        application=application,
                        family=of_family,
                        token_checksum=f"{name}{user}{n}",
                        expires=expires,
                    )
                )
    AccessToken.objects.bulk_create(tokens)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return person


@pytest.mark.spec("S-78", "ASVS 15.2.2")
def test_tokens_of_a_person_are_counted_and_ended_by_an_index(console: Client, holder: User) -> None:
    page = f"/people/{holder.user_id}/deactivation/"
    shown = []
    sql = statements_of(lambda: shown.append(console.get(page)))
    assert "2 active access tokens" in " ".join(shown[0].content.decode().split())
    sql += statements_of(lambda: console.post(page))
    plans = [plan_of(one) for one in sql if re.search(r'(FROM|UPDATE) "oauthapps_accesstoken"', one)]
    assert len(plans) > 2
    for plan in plans:
        assert "access_token_expires" not in plan, plan  # which has everybody's
        assert not re.search(r"Seq Scan on oauthapps_accesstoken|SCAN oauthapps_accesstoken", plan), plan
    ended = AccessToken.objects.exclude(revoked_at=None)
    assert set(ended.values_list("user", flat=True)) == {holder.pk}
    assert ended.count() == 2
    assert AccessToken.objects.alive().count() == 6000


# Capitals of every script


@pytest.mark.spec("S-79", "ASVS 2.2.1")
@pytest.mark.parametrize(("name", "text"), [("Жанна Дарк", "жанна"), ("Øystein", "øY"), ("Ärzte", "äRZ")])
def test_a_name_in_any_script_is_found_whatever_the_capitals(console: Client, name: str, text: str) -> None:
    UserFactory.create(username="sought", name=name)
    UserFactory.create(username="other", name="Somebody else")
    page = console.get("/people/", {"q": text}).content.decode()
    assert name in page
    assert "Somebody else" not in page


@pytest.mark.spec("S-79", "ASVS 2.2.1")
def test_activity_of_somebody_is_found_whatever_the_capitals(console: Client) -> None:
    person = UserFactory.create(username="sought", name="Жанна Дарк")
    Client().post(LOGIN, {"login": person.username, "password": PASSWORD})
    assert (
        "Signed in" in console.get("/console/activity/", {"who": "ДАРК"}).content.decode().partition("<ol")[2]
    )


@pytest.mark.spec("S-79", "ASVS 2.2.1")
def test_what_is_looked_for_is_a_text_and_no_pattern(console: Client) -> None:
    UserFactory.create(username="sought", name="100 % of_it")
    UserFactory.create(username="other", name="Somebody else")
    for text in ("%", "_", "0 % OF"):
        page = console.get("/people/", {"q": text}).content.decode()
        assert "100 % of_it" in page
        assert "Somebody else" not in page
