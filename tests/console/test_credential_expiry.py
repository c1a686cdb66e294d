"""When secrets and keys expire, on pages: choosing that, changing it, and the organization's rule."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse
from pytest_django import Settings

from accounts.models import Organization
from audit.actors import Actor
from audit.models import Event, EventKind
from oauthapps.models import Application, ClientSecret, PublicKey
from oauthapps.rules.app_types import AppType
from oauthapps.services.credential_edits import change_expiry
from oauthapps.services.credentials import add_secret
from tests.console.pages import Browser, Page, fields_of, text_of
from tests.console.test_public_keys import add as add_public_key
from tests.factories import PASSWORD, make_application
from tests.keys import SIGNING_KEY, public_pem
from tests.sign_ins import age_sign_in

pytestmark = pytest.mark.usefixtures("small_generated_keys")

NOW = datetime(2027, 1, 20, 12, tzinfo=UTC)
ADMINISTRATOR = Actor(label="an administrator")


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def secret(web: Application) -> ClientSecret:
    return ClientSecret.objects.get(application=web)


def address(name: str, application: Application, *pk: int) -> str:
    return reverse(f"console:{name}", args=[application.client_id, *pk])


def choices(page: Page, name: str) -> list[str]:
    return [text_of(option) for option in page.field(name).iter("option")]


def newest(application: Application) -> ClientSecret:
    row: ClientSecret = application.secrets.latest("pk")
    return row


@pytest.mark.spec("U-99", "the console")
@pytest.mark.parametrize(
    ("choice", "day", "last_day"),
    [
        ("never", "", None),
        ("30", "", date(2027, 2, 19)),
        ("365", "", date(2028, 1, 20)),
        ("date", "2027-01-20", date(2027, 1, 20)),
        ("date", "2031-05-06", date(2031, 5, 6)),
    ],
)
def test_a_new_secret_expires_when_its_maker_says(
    console: Browser, web: Application, choice: str, day: str, last_day: date | None
) -> None:
    page = console.get(web.get_absolute_url())
    offered = ["Never", "In 30 days", "In 90 days", "In 180 days", "In 365 days", "On a date"]
    assert choices(page, "secret_expires") == offered
    shown = console.send(page, address("add-secret", web), secret_expires=choice, secret_expires_on=day)
    assert shown.status == 200
    assert newest(web).last_day == last_day
    event = Event.objects.filter(kind=EventKind.SECRET_ADDED).latest("pk")
    assert event.after == ({"Expires": f"{last_day}"} if last_day else {})


@pytest.mark.spec("U-99", "the console")
@pytest.mark.parametrize(
    ("choice", "day", "said"),
    [
        ("date", "2027-01-19", "Choose today or a later day (UTC)."),
        ("date", "2037-01-19", "Choose a day no later than 2037-01-17 (UTC)."),
        ("date", "9999-12-31", "Choose a day no later than 2037-01-17 (UTC)."),
        ("date", "2027-02-30", "Enter a valid date."),
        ("date", "", "Enter the date."),
        ("90", "2027-02-01", "Choose “On a date” to use this date, or clear it."),
    ],
)
def test_a_day_that_cannot_be_is_refused_and_loses_nothing(
    console: Browser, web: Application, choice: str, day: str, said: str
) -> None:
    form = console.get(web.get_absolute_url())
    sent = {"secret_expires": choice, "secret_expires_on": day, "description": "Typed"}
    page = console.send(form, address("add-secret", web), **sent)
    assert page.status == 422
    assert said in page.alerts()
    kept = fields_of(page.form(address("add-secret", web)))
    assert (kept["secret_expires"], kept["secret_expires_on"]) == (choice, day)
    assert web.secrets.count() == 1
    shown = console.send(page, address("add-secret", web), secret_expires="30", secret_expires_on="")
    assert newest(web).last_day == date(2027, 2, 19)
    back = console.send(shown, address("stored-unsaved", web), stored="yes")
    assert fields_of(back.form(web.get_absolute_url()))["description"] == "Typed"


@pytest.mark.spec("U-99", "the console")
def test_keys_and_the_first_secret_of_an_application_as_well(console: Browser, machine: Application) -> None:
    page = console.send(
        console.get(machine.get_absolute_url()), address("generate-key", machine), key_expires="180"
    )
    assert page.status == 200
    assert machine.keys.get().last_day == date(2027, 7, 19)
    machine.keys.all().delete()
    pem = public_pem(SIGNING_KEY).decode()
    refused = add_public_key(
        console, machine, public_key=pem, key_expires="date", key_expires_on="2027-01-01"
    )
    assert refused.status == 422
    assert "Choose today or a later day" in refused.alerts()
    assert "BEGIN PUBLIC KEY" in text_of(refused.field("public_key"))
    add_public_key(console, machine, public_key=pem, key_expires="date", key_expires_on="2027-01-31")
    assert machine.keys.get().last_day == date(2027, 1, 31)
    new = console.get(reverse("console:new-application"))
    refused = console.send(new, app_type="web", name="New", secret_expires="date")
    assert (refused.status, refused.field("name").get("value")) == (422, "New")
    console.send(refused, secret_expires="90")
    assert Application.objects.get(name="New").secrets.get().last_day == date(2027, 4, 20)


@pytest.mark.spec("U-99", "the console")
def test_the_settings_say_until_when_each_works_and_which_have_expired(
    console: Browser, web: Application, secret: ClientSecret
) -> None:
    change_expiry(secret, last_day=date(2027, 1, 31), actor=ADMINISTRATOR)
    assert "Works through Jan 31, 2027 (UTC)" in console.get(web.get_absolute_url()).text
    ClientSecret.objects.update(expires_at=NOW)
    page = console.get(web.get_absolute_url())
    assert text_of(page.one("tbody")[0][1]).startswith("Expired just now")
    assert "Setup incomplete" in page.text
    assert "All client secrets have expired. Until you add one, the application can't" in page.text


@pytest.mark.spec("U-100", "the console")
def test_its_expiry_can_be_changed_and_removed_and_both_are_recorded(
    console: Browser, web: Application, secret: ClientSecret
) -> None:
    url = address("secret-expiry", web, secret.pk)
    page = console.follow(console.send(console.get(url), secret_expires="30"))
    assert f"Saved: the client secret {secret.masked} works through 2027-02-19 (UTC)" in page.messages
    form = console.get(url)
    assert (form.field("secret_expires_on").get("value"), choices(form, "secret_expires")[0]) == (
        "2027-02-19",
        "Never",
    )
    # The date that is there already needn't be cleared.
    console.send(form, secret_expires="90")
    page = console.follow(console.send(console.get(url), secret_expires="never"))
    assert "never expires" in page.messages
    assert "No changes to save" in console.follow(console.send(console.get(url))).messages
    changes = Event.objects.filter(kind=EventKind.SECRET_EXPIRY_CHANGED).order_by("pk")
    assert [(event.before["Expires"], event.after["Expires"]) for event in changes] == [
        ("Never", "2027-02-19"),
        ("2027-02-19", "2027-04-20"),
        ("2027-04-20", "Never"),
    ]


@pytest.mark.spec("U-100", "ASVS 7.5.3")
@pytest.mark.parametrize(
    ("before", "choice", "asks"),
    [
        (None, "30", False),
        (date(2027, 6, 1), "30", False),
        (date(2027, 2, 1), "30", True),
        (date(2027, 2, 1), "never", True),
        (date(2027, 1, 19), "30", True),
    ],
)
def test_letting_it_work_longer_asks_for_a_recent_sign_in(
    console: Browser, web: Application, secret: ClientSecret, before: date | None, choice: str, *, asks: bool
) -> None:
    expires_at = datetime(before.year, before.month, before.day, tzinfo=UTC) if before else None
    ClientSecret.objects.update(expires_at=expires_at and expires_at + timedelta(days=1))
    form = console.get(address("secret-expiry", web, secret.pk))
    age_sign_in(console, minutes=31)
    answer = console.send(form, secret_expires=choice)
    assert ("reauthenticate" in answer.answer["Location"]) is asks
    if asks:
        page = console.follow(answer)
        kept = console.follow(console.send(page, "/accounts/reauthenticate/", password=PASSWORD))
        console.send(kept, address("secret-expiry", web, secret.pk))
    secret.refresh_from_db()
    assert secret.last_day == (date(2027, 2, 19) if choice == "30" else None)


@pytest.mark.spec("U-100", "the console")
def test_two_administrators_see_both_days_and_choose(
    console: Browser, web: Application, secret: ClientSecret
) -> None:
    form = console.get(address("secret-expiry", web, secret.pk))
    change_expiry(secret, last_day=date(2027, 2, 2), actor=ADMINISTRATOR)
    page = console.send(form, secret_expires="90")
    assert page.status == 409
    assert "2027-02-02" in page.text
    assert "2027-04-20" in page.text
    secret.refresh_from_db()
    assert secret.last_day == date(2027, 2, 2)


# The organization's rule


def limit(console: Browser, days: str) -> Page:
    return console.follow(console.send(console.get(reverse("organization")), secret_days=days))


@pytest.mark.spec("U-101", "the console")
def test_the_organization_limits_how_long_secrets_live(console: Browser, web: Application) -> None:
    page = console.get(reverse("organization"))
    assert choices(page, "secret_days") == ["Off", "90 days", "180 days", "365 days", "730 days"]
    assert "Saved: Maximum client secret lifetime" in limit(console, "90").messages
    form = console.get(web.get_absolute_url())
    assert choices(form, "secret_expires") == ["In 30 days", "In 90 days", "On a date"]
    assert "The organization lets client secrets live for at most 90 days." in form.text
    assert console.send(form, address("add-secret", web)).status == 200
    assert newest(web).last_day == date(2027, 4, 20)
    late = {"secret_expires": "date", "secret_expires_on": "2027-04-21"}
    page = console.send(console.get(web.get_absolute_url()), address("add-secret", web), **late)
    assert (
        "Choose a day no later than 2027-04-20 (UTC): the organization lets client secrets live"
        in page.alerts()
    )
    # Keys have no such rule.
    assert choices(form, "key_expires")[0] == "Never"
    event = Event.objects.filter(kind=EventKind.ORGANIZATION_CHANGED).latest("pk")
    assert (event.before, event.after) == ({"secret_days": None}, {"secret_days": 90})
    limit(console, "")
    assert Organization.current().secret_days is None


@pytest.mark.spec("U-101", "the console")
@pytest.mark.parametrize("sent", ["1", "91", "-90", "x"])
def test_no_other_rule_can_be_sent(console: Browser, sent: str) -> None:
    page = console.send(console.get(reverse("organization")), secret_days=sent)
    assert page.status == 422
    assert Organization.current().secret_days is None


@pytest.mark.spec("U-101", "the console")
def test_secrets_that_exist_are_not_cut_short_but_named(
    console: Browser, web: Application, secret: ClientSecret
) -> None:
    assert "live longer" not in console.get(reverse("organization")).text
    page = limit(console, "90")
    assert "Client secrets that live longer" in page.text
    assert f"Field app: {secret.masked}, created Jan 20, 2027, never expires" in page.text
    secret.refresh_from_db()
    assert secret.expires_at is None
    change_expiry(secret, last_day=date(2027, 4, 20), actor=ADMINISTRATOR)
    assert "Client secrets that live longer" not in console.get(reverse("organization")).text


@pytest.mark.spec("U-101", "the console")
def test_one_that_lives_longer_can_be_shortened_and_none_can_be_let_live_longer_than_the_rule(
    console: Browser, web: Application, secret: ClientSecret
) -> None:
    limit(console, "90")
    url = address("secret-expiry", web, secret.pk)
    console.send(console.get(url), secret_expires="date", secret_expires_on="2029-01-01")
    secret.refresh_from_db()
    assert secret.last_day == date(2029, 1, 1)
    console.send(console.get(url), secret_expires="date", secret_expires_on="2027-03-01")
    for day in ("2027-04-20", "2027-04-21"):
        page = console.send(console.get(url), secret_expires="date", secret_expires_on=day)
        assert (page.status == 422) is (day == "2027-04-21")
    assert "Never" not in choices(console.get(url), "secret_expires")
    secret.refresh_from_db()
    assert secret.last_day == date(2027, 4, 20)


@pytest.mark.spec("U-101", "the console")
def test_the_rule_counts_whoever_makes_the_secret(db: None) -> None:
    Organization.current()
    Organization.objects.update(secret_days=180)
    brought = make_application(AppType.WEB, client_secret="brought-along-0123456789").application
    assert brought.secrets.get().last_day == date(2027, 7, 19)
    assert add_secret(brought, actor=ADMINISTRATOR).row.last_day == date(2027, 7, 19)


# What is about to end


@pytest.mark.spec("U-102", "the console")
def test_the_list_and_the_application_say_what_expires_within_30_days(
    console: Browser, web: Application, secret: ClientSecret, key: PublicKey, settings: Settings
) -> None:
    nothing = "need attention"
    for url in (reverse("console:applications"), web.get_absolute_url()):
        assert nothing not in console.get(url).text
    change_expiry(secret, last_day=date(2027, 1, 31), actor=ADMINISTRATOR)
    add_secret(web, actor=ADMINISTRATOR, last_day=date(2027, 2, 10))
    add_secret(web, actor=ADMINISTRATOR, last_day=date(2027, 2, 20))
    change_expiry(key, last_day=date(2027, 2, 1), actor=ADMINISTRATOR)
    said = "2 client secrets expire within 30 days, the first on Jan 31, 2027 (UTC)"
    of_list = console.get(reverse("console:applications")).text
    assert f"Field app: {said}" in of_list
    assert "Nightly export: 1 public key expires within 30 days, on Feb 1, 2027 (UTC)" in of_list
    assert said in console.get(web.get_absolute_url()).text
    assert "No mail server is set" not in of_list
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    for url in (reverse("console:applications"), web.get_absolute_url()):
        assert "No mail server is set, so nobody gets an email about this." in console.get(url).text
