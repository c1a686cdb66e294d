"""The pages of one application: their links, what stands at the top of each, where one lands after acting."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from accounts.models import User
from audit.actors import Actor
from audit.models import EventKind
from oauthapps.models import Application, ClientSecret
from oauthapps.rules.app_types import AppType
from oauthapps.services.applications import disable_application
from oauthapps.services.credentials import add_key, add_secret
from tests.console.pages import Browser, Page, fields_of, text_of
from tests.console.test_activity import listed, record
from tests.factories import PASSWORD, UserFactory, make_application
from tests.keys import OTHER_KEY, SIGNING_KEY, public_pem
from tests.rules.images import encoded
from tests.sign_ins import age_sign_in

pytestmark = pytest.mark.usefixtures("small_generated_keys")

PAGES = {
    "Settings": "console:application",
    "Access": "console:application-access",
    "Activity": "console:application-activity",
    "Use it": "console:application-use",
}
TYPED = "Typed, not saved"


@pytest.fixture(params=AppType)
def application(request: pytest.FixtureRequest, db: None) -> Application:
    return make_application(request.param, name="ClientApp").application


def url_of(name: str, application: Application, *pk: int) -> str:
    return reverse(name, args=[application.client_id, *pk])


def pages_of(console: Browser, application: Application) -> dict[str, Page]:
    return {label: console.get(url_of(name, application)) for label, name in PAGES.items()}


def is_current(page: Page, label: str) -> bool:
    (link,) = [link for link in page.one("main").iter("a") if text_of(link) == label]
    return link.get("aria-current") == "page"


def test_each_page_links_to_all_of_them_and_says_which_it_is(
    console: Browser, application: Application
) -> None:
    for label, page in pages_of(console, application).items():
        assert page.status == 200
        assert (page.heading, page.title) == ("ClientApp", f"{label} · ClientApp · Gatehouse")
        shown = {name: page.links()[name] for name in PAGES}
        assert shown == {name: url_of(view, application) for name, view in PAGES.items()}
        assert [name for name in PAGES if is_current(page, name)] == [label]


def test_the_links_stand_on_the_settings_after_an_error_and_with_unsaved_edits_as_well(
    console: Browser, machine: Application
) -> None:
    form = console.get(machine.get_absolute_url())
    for page in (console.send(form, name=""), come_back(console, machine, form)):
        assert is_current(page, "Settings")


def come_back(console: Browser, machine: Application, form: Page, **typed: str) -> Page:
    """Send the settings to the URL that shows them unsaved, as pages that carry them do."""
    fields = fields_of(form.form()) | {"description": TYPED} | typed
    return console.post(url_of("console:unsaved-settings", machine), fields)


MOST_STATEMENTS = {
    "console:application": {AppType.MACHINE_TO_MACHINE: 9, AppType.SINGLE_PAGE: 8, AppType.WEB: 10},
    "console:application-activity": dict.fromkeys(AppType, 5),
    "console:application-access": {AppType.MACHINE_TO_MACHINE: 8, AppType.SINGLE_PAGE: 7, AppType.WEB: 7},
    "console:application-use": {AppType.MACHINE_TO_MACHINE: 5, AppType.SINGLE_PAGE: 5, AppType.WEB: 5},
}


@pytest.mark.parametrize("view", PAGES.values())
def test_a_page_takes_few_statements_however_much_the_application_has(
    console: Browser, application: Application, administrator: User, view: str
) -> None:
    actor = Actor(user=administrator)
    for number in range(30):
        if application.type.has_secrets:
            add_secret(application, actor=actor, notes=str(number))
        person = UserFactory.create()  # each another one: what is joined must not be asked for one by one
        record(EventKind.TOKEN_REVOKED, application=application, actor=actor, person=person)
    if application.type.has_keys:
        add_key(application, public_pem(SIGNING_KEY), user=administrator, actor=actor)
    with CaptureQueriesContext(connection) as asked:
        console.get(url_of(view, application))
    statements = [query["sql"] for query in asked.captured_queries]
    assert len(statements) <= MOST_STATEMENTS[view][AppType(application.app_type)], "\n".join(statements)


def test_a_disabled_application_says_so_on_each_page_with_enable_beside_it(
    console: Browser, application: Application, administrator: User
) -> None:
    for page in pages_of(console, application).values():
        assert "is disabled" not in page.text
        assert {"Disable ClientApp"} == {name for name in page.buttons() if "able ClientApp" in name}
    disable_application(application, actor=Actor(user=administrator))
    for label, page in pages_of(console, application).items():
        (banner,) = [part for part in page.root.iter("div") if "banner" in part.get("class", "").split()]
        assert "This application is disabled All requests are rejected." in text_of(banner)
        assert [text_of(button) for button in banner.iter("button")] == ["Enable ClientApp"]
        url = url_of("console:enable-application", application)
        enabled = console.send(page, url, **page.pressed(url))
        assert enabled.answer["Location"] == url_of(PAGES[label], application)
        assert Application.objects.enabled().filter(pk=application.pk).exists()
        disable_application(application, actor=Actor(user=administrator))


def test_what_the_setup_needs_is_said_on_each_page_and_leads_to_the_settings(console: Browser) -> None:
    begun = make_application(AppType.WEB, name="Begun", redirect_urls=[]).application
    for page in pages_of(console, begun).values():
        assert "Setup incomplete It can't be used until it has a Redirect URL." in page.text
        assert page.links()["a Redirect URL"] == f"{begun.get_absolute_url()}#redirect-urls"


@pytest.mark.spec("Y-88", "RFC 6749 §4.4")
def test_a_machine_application_without_a_key_can_be_used_by_its_secret(
    console: Browser, machine: Application, secret: ClientSecret
) -> None:
    page = console.get(machine.get_absolute_url())
    assert (
        "It can't exchange a JWT until it has a public key. With its client secret alone, it can" in page.text
    )
    secret.delete()
    page = console.get(machine.get_absolute_url())
    assert "It can't be used until it has a client secret and a public key." in page.text


def test_disable_enable_and_delete_are_in_a_menu_on_each_page(console: Browser, web: Application) -> None:
    for page in pages_of(console, web).values():
        menu = page.one("details")
        assert text_of(menu.findall("summary")[0]) == "Actions for Field app"
        assert "All requests are rejected immediately" in text_of(menu)
        assert "You'll be asked to confirm." in text_of(menu)
        buttons = [text_of(button) for button in menu.iter("button")]
        assert buttons == ["Disable Field app", "Mark as moving in"]
        assert [link.get("href") for link in menu.iter("a")] == [url_of("console:delete-application", web)]


@pytest.mark.parametrize("label", PAGES)
def test_disabling_and_enabling_lead_back_to_the_page_one_was_on(
    console: Browser, web: Application, label: str
) -> None:
    here = url_of(PAGES[label], web)
    for act, said in (("disable", "Disabled: Field app"), ("enable", "Enabled: Field app")):
        url = url_of(f"console:{act}-application", web)
        shown = console.get(here)
        page = console.send(shown, url, **shown.pressed(url))
        assert page.answer["Location"] == here
        assert said in console.follow(page).messages


def test_a_page_that_does_not_exist_counts_as_the_settings(console: Browser, web: Application) -> None:
    page = console.post(url_of("console:disable-application", web), {"page": "//evil.example"})
    assert page.answer["Location"] == web.get_absolute_url()


def test_the_activity_is_of_this_application_alone_and_filters_stay_there(
    console: Browser, web: Application, machine: Application
) -> None:
    here = url_of("console:application-activity", web)
    record(EventKind.TOKEN_REVOKED, application=web)
    record(EventKind.TOKEN_REVOKED, application=machine)
    record(EventKind.SIGNED_IN)
    assert len(listed(console.get(here))) == web.events.count()
    page = console.get(here, what="token:revoke", who="nobody")
    assert page.field("who").get("value") == "nobody"
    assert "No matching events" in page.text
    assert page.links()["Clear filters"] == here
    assert is_current(page, "Activity")
    found = console.get(here, what="token:revoke", application=machine.client_id)
    assert len(listed(found)) == 1  # the form has no such field: another application cannot be asked for


def test_the_activity_offers_events_that_an_application_can_have(console: Browser, web: Application) -> None:
    page = console.get(url_of("console:application-activity", web))
    values = [option.get("value", "") for option in page.field("what").iter("option")]
    assert {"secret:", "consent:withdraw", "code:replay"} <= {*values}
    assert not any(value.startswith(("sign_in", "person", "organization")) for value in values)


def test_older_events_of_an_application_are_a_page_away_and_filters_stay(
    console: Browser, web: Application
) -> None:
    for _ in range(25):
        record(EventKind.TOKEN_REVOKED, application=web)
    here = url_of("console:application-activity", web)
    page = console.get(here, what="token:revoke")
    assert len(listed(page)) == 20
    older = console.get(f"{here}{page.links()['Older events']}")
    assert len(listed(older)) == 5
    assert older.links()["Latest events"] == "?what=token%3Arevoke"


def test_what_cannot_be_looked_for_is_explained(console: Browser, web: Application) -> None:
    page = console.get(url_of("console:application-activity", web), address="192.0.2.999")
    assert page.status == 422
    assert page.title.startswith("Error: Activity")
    assert "IP address" in page.alerts()


@pytest.mark.spec("C-23", "the console")
def test_use_it_has_the_env_file_without_the_secret(console: Browser, application: Application) -> None:
    page = console.get(url_of("console:application-use", application))
    lines = dict(line.split("=", 1) for line in text_of(page.by_id("env-file")).split())
    assert lines["CLIENT_ID"] == application.client_id
    assert lines.get("CLIENT_SECRET") == ("" if application.type.has_secrets else None)
    assert lines["TOKEN_URL"].endswith("/integrations/oauth2/api/v1/token")
    assert ("CUSTOMER_ID" in lines) == application.type.exchanges_jwts
    assert 'data-file-name="clientapp.env"' in page.content


SECRETS, KEYS = "#client-secret", "#public-keys"


def test_acting_on_a_secret_leads_back_to_the_secrets_and_is_said_there(
    console: Browser, machine: Application, secret: ClientSecret
) -> None:
    here = machine.get_absolute_url()
    shown = console.send(console.get(here), url_of("console:add-secret", machine))
    done = console.send(shown, url_of("console:stored", machine), stored="yes")
    assert done.answer["Location"] == f"{here}{SECRETS}"
    noted = console.send(console.get(url_of("console:secret-notes", machine, secret.pk)), notes="vault")
    assert noted.answer["Location"] == f"{here}{SECRETS}"
    assert "Saved: Notes of the client secret" in said_at(console.follow(noted), "client-secret")
    deleted = console.send(console.get(url_of("console:delete-secret", machine, secret.pk)))
    assert deleted.answer["Location"] == f"{here}{SECRETS}"
    assert "Deleted: the client secret" in said_at(console.follow(deleted), "client-secret")


def test_acting_on_a_key_leads_back_to_the_keys_and_is_said_there(
    console: Browser, machine: Application
) -> None:
    here = machine.get_absolute_url()
    shown = console.send(console.get(here), url_of("console:generate-key", machine))
    done = console.send(shown, url_of("console:stored", machine), stored="yes")
    assert done.answer["Location"] == f"{here}{KEYS}"
    pem = public_pem(SIGNING_KEY).decode()
    added = console.send(console.get(url_of("console:add-key", machine)), public_key=pem)
    assert added.answer["Location"] == f"{here}{KEYS}"
    assert "Public key added" in said_at(console.follow(added), "public-keys")
    deletion = console.get(url_of("console:delete-key", machine, machine.keys.all()[0].pk))
    deleted = console.send(deletion)
    assert deleted.answer["Location"] == f"{here}{KEYS}"
    assert "Deleted: the public key" in said_at(console.follow(deleted), "public-keys")


def said_at(page: Page, section: str) -> str:
    """The messages inside a section of the settings; there are none elsewhere."""
    (found,) = [part for part in page.root.iter("section") if part.get("aria-labelledby") == section]
    said = [text_of(part) for part in found.iter("div") if part.get("class") == "messages"]
    assert " ".join(said) == page.messages
    return page.messages


def test_a_message_about_a_secret_is_not_lost_when_one_goes_elsewhere(
    console: Browser, machine: Application, secret: ClientSecret
) -> None:
    console.send(console.get(url_of("console:delete-secret", machine, secret.pk)))
    page = console.get(url_of("console:application-use", machine))
    assert "Deleted: the client secret" in page.messages


def type_into(console: Browser, machine: Application, button: str, *pk: int) -> Page:
    """Type into the settings, then press another button."""
    form = console.get(machine.get_absolute_url())
    return console.send(form, url_of(f"console:{button}", machine, *pk), description=TYPED)


def assert_kept(page: Page, machine: Application) -> None:
    """The settings show what was typed, and it is not saved."""
    assert page.sent_on_by is None or page.sent_on_by.status_code == 307
    form = page.form(machine.get_absolute_url())
    assert fields_of(form)["description"] == TYPED
    assert "Your changes are still here but not saved yet." in page.messages
    assert "Changes are not saved yet." in text_of(form)
    machine.refresh_from_db()
    assert machine.description == ""


def open_page(console: Browser, machine: Application, button: str) -> Page:
    """Type into the settings, then press a button that leads to a page which asks before it acts."""
    rows = {
        "delete-secret": machine.secrets.values_list("pk", flat=True),
        "secret-notes": machine.secrets.values_list("pk", flat=True),
        "delete-key": machine.keys.values_list("pk", flat=True),
    }
    page = type_into(console, machine, button, *rows.get(button, []))
    assert page.status == 200
    assert page.heading != machine.name
    return page


ASKING = ["delete-secret", "secret-notes", "delete-key", "open-add-key"]


@pytest.mark.spec("C-22", "the console")
@pytest.mark.usefixtures("key")
@pytest.mark.parametrize("button", ASKING)
def test_what_is_not_saved_comes_back_by_cancel(console: Browser, machine: Application, button: str) -> None:
    section = KEYS if "key" in button else SECRETS
    asked = open_page(console, machine, button)
    back = console.send(asked, f"{url_of('console:unsaved-settings', machine)}{section}")
    assert_kept(back, machine)
    assert (machine.secrets.live().count(), machine.keys.live().count()) == (1, 1)


@pytest.mark.spec("C-22", "the console")
@pytest.mark.usefixtures("key")
@pytest.mark.parametrize("button", ASKING)
def test_what_is_not_saved_comes_back_after_the_act(
    console: Browser, machine: Application, button: str
) -> None:
    action = url_of("console:add-key", machine) if button == "open-add-key" else ""
    changes = {
        "secret-notes": {"notes": "vault"},
        "open-add-key": {"public_key": public_pem(OTHER_KEY).decode()},
    }
    back = console.send(open_page(console, machine, button), action, **changes.get(button, {}))
    section = KEYS if "key" in button else SECRETS
    assert back.sent_on_by is not None
    assert back.sent_on_by["Location"] == f"{url_of('console:unsaved-settings', machine)}{section}"
    assert_kept(back, machine)
    secrets, keys, notes = {
        "delete-secret": (0, 1, ""),
        "secret-notes": (1, 1, "vault"),
        "delete-key": (1, 0, ""),
        "open-add-key": (1, 2, ""),
    }[button]
    assert (machine.secrets.live().count(), machine.keys.live().count()) == (secrets, keys)
    assert machine.secrets.get().notes == notes


@pytest.mark.spec("C-22", "the console")
@pytest.mark.parametrize("button", ["delete-secret", "secret-notes"])
def test_a_chosen_logo_comes_back_from_such_a_page_as_well(
    console: Browser, web: Application, button: str
) -> None:
    form = console.get(web.get_absolute_url())
    url = url_of(f"console:{button}", web, web.secrets.get().pk)
    picture = SimpleUploadedFile("logo.png", encoded(Image.new("RGB", (64, 64), "teal")))
    asked = console.send(form, url, logo=picture)
    back = console.send(asked, f"{url_of('console:unsaved-settings', web)}{SECRETS}")
    assert fields_of(back.form(web.get_absolute_url()))["logo_kept"]


@pytest.mark.spec("C-22", "the console")
@pytest.mark.parametrize("button", ["delete-secret", "secret-notes"])
def test_a_file_that_cannot_become_a_logo_is_said_to_be_missing_afterward(
    console: Browser, web: Application, button: str
) -> None:
    form = console.get(web.get_absolute_url())
    url = url_of(f"console:{button}", web, web.secrets.get().pk)
    asked = console.send(form, url, logo=SimpleUploadedFile("logo.png", b"no picture"))
    back = console.send(asked, f"{url_of('console:unsaved-settings', web)}{SECRETS}")
    assert "The file that you chose can't be used as a logo." in back.alerts()
    again = console.send(back, web.get_absolute_url(), description=TYPED)
    assert again.status == 302


@pytest.mark.spec("C-22", "the console")
def test_such_a_page_carries_settings_and_nothing_else(console: Browser, machine: Application) -> None:
    form = console.get(machine.get_absolute_url())
    url = url_of("console:open-add-key", machine)
    asked = console.send(form, url, description=TYPED, csrf="more", public_key="kept elsewhere")
    carried = {field.get("name") for field in asked.root.iter("input") if field.get("type") == "hidden"}
    assert "unsaved-description" in carried
    assert not {"unsaved-public_key", "unsaved-csrf"} & carried
    assert "kept elsewhere" not in asked.content


@pytest.mark.spec("C-22", "the console")
@pytest.mark.usefixtures("key")
@pytest.mark.parametrize("button", [*ASKING, "add-secret", "generate-key"])
def test_what_is_carried_is_sent_as_it_came_however_long(
    console: Browser, machine: Application, button: str
) -> None:
    """Written as %C3%A4, a text in another alphabet would be too large to be sent back."""
    page = open_page(console, machine, button)
    forms = [form for form in page.root.iter("form") if any("unsaved-" in name for name in fields_of(form))]
    assert forms
    assert {form.get("enctype") for form in forms} == {"multipart/form-data"}


@pytest.mark.spec("C-22", "the console")
def test_the_settings_do_not_confirm_a_deletion(console: Browser, web: Application) -> None:
    form = console.get(web.get_absolute_url())
    fields = fields_of(form.form())
    page = console.post(url_of("console:delete-application", web), fields)
    assert (page.status, page.heading) == (200, f"Delete {web.name}?")
    assert Application.objects.live().filter(pk=web.pk).exists()


@pytest.mark.spec("C-22", "the console")
def test_a_mistake_on_such_a_page_loses_nothing_either(console: Browser, machine: Application) -> None:
    asked = type_into(console, machine, "open-add-key")
    refused = console.send(asked, url_of("console:add-key", machine), public_key="hello")
    assert refused.status == 422
    back = console.send(refused, f"{url_of('console:unsaved-settings', machine)}{KEYS}", public_key=None)
    assert_kept(back, machine)


@pytest.mark.spec("C-22", "the console")
def test_a_deletion_after_another_sign_in_keeps_what_is_not_saved(
    console: Browser, machine: Application, secret: ClientSecret
) -> None:
    form = console.get(machine.get_absolute_url())
    url = url_of("console:delete-secret", machine, secret.pk)
    age_sign_in(console, minutes=31)
    question = console.follow(console.send(form, url, description=TYPED))
    kept = console.follow(console.send(question, "/accounts/reauthenticate/", password=PASSWORD))
    asked = console.send(kept, url)
    secret.refresh_from_db()
    assert secret.is_live
    assert_kept(console.send(asked), machine)
    secret.refresh_from_db()
    assert not secret.is_live


def test_with_nothing_unsaved_a_button_leads_to_the_page_by_its_own_url(
    console: Browser, machine: Application, secret: ClientSecret
) -> None:
    for button in ("delete-secret", "secret-notes"):
        url = url_of(f"console:{button}", machine, secret.pk)
        page = console.send(console.get(machine.get_absolute_url()), url)
        assert page.answer["Location"] == url
        assert console.follow(page).links()["Cancel"] == f"{machine.get_absolute_url()}{SECRETS}"
    machine.keys.update(deleted_at=timezone.now())
    assert secret.is_live


@pytest.mark.spec("C-22", "the console")
def test_with_nothing_unsaved_add_a_public_key_leads_to_its_page_as_well(
    console: Browser, machine: Application
) -> None:
    page = console.send(console.get(machine.get_absolute_url()), url_of("console:open-add-key", machine))
    while page.status == 302:
        page = console.follow(page)
    assert page.heading == "Add a public key"
    assert page.answer.request["PATH_INFO"] == url_of("console:add-key", machine)


def test_unsaved_settings_are_never_saved_by_coming_back(console: Browser, machine: Application) -> None:
    page = come_back(console, machine, console.get(machine.get_absolute_url()), name="", save="save")
    assert_kept(page, machine)
    assert page.alerts() == ""
    saved = console.send(page, machine.get_absolute_url(), name="Renamed", save="save")
    assert "Saved: Name, Description" in console.follow(saved).messages


def test_required_fields_are_marked_and_the_mark_is_explained_once(
    console: Browser, web: Application
) -> None:
    page = console.get(web.get_absolute_url())
    marked = [part for part in page.root.iter("div") if "field-required" in part.get("class", "").split()]
    fields = [field for part in marked for tag in ("input", "select") for field in part.iter(tag)]
    names = {field.get("name") for field in fields}
    assert names == {"name"}
    assert all(field.get("required") is not None for field in fields)
    legends = [part for part in page.root.iter("p") if "required-legend" in part.get("class", "").split()]
    assert [text_of(legend) for legend in legends] == ["* Required field"]
