"""Client secrets on an application's page."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from accounts.models import User
from audit.actors import Actor
from oauthapps.models import Application, ClientSecret
from oauthapps.rules.app_types import AppType
from oauthapps.rules.credential_values import digest
from oauthapps.services.credential_edits import change_notes
from oauthapps.services.credentials import add_key, delete_secret
from tests.console.pages import Browser, fields_of, text_of
from tests.factories import PASSWORD, make_application
from tests.keys import SIGNING_KEY, public_pem
from tests.rules.images import encoded
from tests.sign_ins import age_sign_in

pytestmark = pytest.mark.usefixtures("small_generated_keys")


@pytest.fixture
def secret(web: Application) -> ClientSecret:
    return ClientSecret.objects.get(application=web)


def address(name: str, application: Application, *pk: int) -> str:
    return reverse(f"console:{name}", args=[application.client_id, *pk])


def test_a_secret_is_listed_by_its_last_four_characters_dates_and_notes(
    console: Browser, web: Application, secret: ClientSecret
) -> None:
    page = console.get(web.get_absolute_url())
    cells = [text_of(cell) for cell in page.one("tbody")[0]]
    assert cells[:2] == [f"gtsec_…{secret.hint}", "Active"]
    assert cells[3].startswith("Never")
    assert {f"Edit notes gtsec_…{secret.hint}", f"Delete gtsec_…{secret.hint}"} <= {*page.buttons()}
    assert console.get(address("secret-notes", web, secret.pk)).field("notes").get("maxlength") == "64"


@pytest.mark.spec("C-09", "ASVS 13.3")
def test_add_client_secret_shows_the_new_one_once(console: Browser, web: Application) -> None:
    page = console.send(console.get(web.get_absolute_url()), address("add-secret", web))
    value = page.by_id("client-secret").get("value", "")
    assert page.answer["Cache-Control"] == "no-store"
    assert web.secrets.filter(digest=digest(value)).exists()
    assert web.secrets.live().count() == 2
    assert value not in console.get(web.get_absolute_url()).content


def test_reloading_the_answer_adds_no_further_secret(console: Browser, web: Application) -> None:
    form = console.get(web.get_absolute_url())
    console.send(form, address("add-secret", web))
    again = console.send(form, address("add-secret", web))
    assert again.answer["Location"] == f"{web.get_absolute_url()}#client-secret"
    assert web.secrets.live().count() == 2


def test_a_program_without_the_page_may_add_one_as_well(console: Browser, web: Application) -> None:
    assert console.post(address("add-secret", web)).status == 200
    assert console.post(address("add-secret", web)).status == 200
    assert web.secrets.live().count() == 3


def test_notes_are_saved_and_the_answer_says_so(
    console: Browser, web: Application, secret: ClientSecret
) -> None:
    form = console.get(address("secret-notes", web, secret.pk))
    page = console.follow(console.send(form, notes="vault <b>"))
    assert f"Saved: Notes of the client secret gtsec_…{secret.hint}" in page.messages
    assert text_of(page.one("tbody")[0][4]) == "vault <b>"
    again = console.send(console.get(address("secret-notes", web, secret.pk)))
    assert "No changes to save" in console.follow(again).messages


def test_notes_of_a_secret_that_is_deleted_at_that_moment_are_not_said_to_be_saved(
    console: Browser, web: Application, secret: ClientSecret, monkeypatch: pytest.MonkeyPatch
) -> None:
    def note_too_late(row: ClientSecret, **kwargs: Any) -> bool:
        delete_secret(row, actor=Actor.command("tests"))
        return change_notes(row, **kwargs)

    monkeypatch.setattr("oauthapps.console.views.secrets.change_notes", note_too_late)
    assert console.post(address("secret-notes", web, secret.pk), {"notes": "vault"}).status == 404
    assert not console.get(web.get_absolute_url()).messages


def test_notes_have_at_most_64_characters(console: Browser, web: Application, secret: ClientSecret) -> None:
    page = console.post(address("secret-notes", web, secret.pk), {"notes": "x" * 65})
    assert page.status == 422
    assert "at most 64 characters" in page.alerts()
    secret.refresh_from_db()
    assert secret.notes == ""


def test_the_delete_icon_asks_first_and_says_which_secret_and_what_remains(
    console: Browser, web: Application, secret: ClientSecret
) -> None:
    page = console.get(address("delete-secret", web, secret.pk))
    assert secret.hint in page.heading
    assert "None. The application cannot authenticate until you add one." in page.text
    assert "24 hours" not in page.text
    assert secret.is_live


def test_deleting_a_secret_that_was_just_used_warns(
    console: Browser, web: Application, secret: ClientSecret
) -> None:
    web.secrets.update(last_used_at=timezone.now() - timedelta(hours=23))
    assert "It was used in the last 24 hours" in console.get(address("delete-secret", web, secret.pk)).text
    web.secrets.update(last_used_at=timezone.now() - timedelta(hours=25))
    assert "24 hours" not in console.get(address("delete-secret", web, secret.pk)).text


def test_deleting_the_last_secret_is_legal_and_the_page_says_what_it_means(
    console: Browser, web: Application, secret: ClientSecret
) -> None:
    form = console.get(address("delete-secret", web, secret.pk))
    page = console.follow(console.send(form))
    assert f"Deleted: the client secret gtsec_…{secret.hint}" in page.messages
    assert "No client secret. Without one, the application can't authenticate." in page.text
    assert not web.secrets.live().exists()


@pytest.mark.parametrize("acts_as_person", [False, True])
def test_a_key_that_still_authenticates_is_named_when_the_last_secret_goes(
    console: Browser, administrator: User, web: Application, secret: ClientSecret, acts_as_person: bool
) -> None:
    user = administrator if acts_as_person else None
    add_key(web, public_pem(SIGNING_KEY), user=user, actor=Actor(user=administrator))
    form = console.get(address("delete-secret", web, secret.pk))
    assert ("can still authenticate with its public key" in form.text) is not acts_as_person
    page = console.follow(console.send(form))
    assert ("authenticates with its public key alone" in page.text) is not acts_as_person
    assert ("Without one, the application can't authenticate" in page.text) is acts_as_person


def test_a_deleted_secret_is_listed_for_a_month_with_who_deleted_it(
    console: Browser, web: Application, secret: ClientSecret
) -> None:
    page = console.follow(console.send(console.get(address("delete-secret", web, secret.pk))))
    cells = [text_of(cell) for cell in page.one("tbody")[0]]
    assert cells[0] == f"gtsec_…{secret.hint}"
    assert re.fullmatch(r"Deleted just now, by Ada Lovelace .* UTC", cells[1])
    assert "Delete gtsec_…" not in page.text
    web.secrets.update(deleted_at=timezone.now() - timedelta(days=31))
    assert secret.hint not in console.get(web.get_absolute_url()).text


def test_a_secret_brought_along_has_no_prefix_of_ours(console: Browser) -> None:
    moved = make_application(AppType.WEB, client_secret="brought-along-0123456789").application
    assert text_of(console.get(moved.get_absolute_url()).one("tbody")[0][0]) == "…6789"


def test_done_wants_to_hear_that_the_secret_is_stored(console: Browser, web: Application) -> None:
    page = console.post(address("add-secret", web))
    box = page.field("stored")
    assert (box.get("type"), box.get("required"), box.get("checked")) == ("checkbox", "", None)
    assert "Done" in page.buttons()
    done = console.send(page, address("stored", web), stored="yes")
    assert done.answer["Location"] == f"{web.get_absolute_url()}#client-secret"
    assert done.answer["Clear-Site-Data"] == '"cache"'
    assert console.follow(done).messages == ""
    unsaid = console.send(page, address("stored", web))
    assert unsaid.answer["Clear-Site-Data"] == '"cache"'
    assert "You didn't confirm that you've saved it." in console.follow(unsaid).messages


@pytest.mark.spec("C-22", "the console")
@pytest.mark.parametrize("button", ["add-secret", "generate-key"])
def test_adding_a_credential_keeps_what_is_not_saved(
    console: Browser, machine: Application, button: str
) -> None:
    form = console.get(machine.get_absolute_url())
    shown = console.send(
        form, address(button, machine), description="Two\r\nlines", may_verify_tokens="on", name=""
    )
    assert shown.answer["Cache-Control"] == "no-store"
    back = console.send(shown, address("stored-unsaved", machine), stored="yes")
    assert back.status == 200
    assert back.sent_on_by is not None
    assert back.sent_on_by["Clear-Site-Data"] == '"cache"'
    assert "Your changes are still here but not saved yet." in back.messages
    assert "confirm" not in back.messages
    typed = fields_of(back.form(machine.get_absolute_url()))
    assert (typed["description"], typed["may_verify_tokens"], typed["name"]) == ("Two\nlines", "on", "")
    assert "aria-invalid" not in back.content
    machine.refresh_from_db()
    assert (machine.description, machine.name) == ("", "Nightly export")
    saved = console.send(back, machine.get_absolute_url(), name="Nightly export")
    assert "Saved: Description, May verify tokens of other applications" in console.follow(saved).messages


@pytest.mark.spec("C-22", "the console")
def test_redirect_urls_and_a_chosen_logo_come_back_as_well(console: Browser, web: Application) -> None:
    picture = SimpleUploadedFile("logo.png", encoded(Image.new("RGB", (64, 64), "teal")))
    urls = ["https://new.example/cb", "", "half"]
    form = console.get(web.get_absolute_url())
    shown = console.send(form, address("add-secret", web), redirect_url=urls, logo=picture)
    unsaid = console.send(shown, address("stored-unsaved", web))
    assert "You didn't confirm that you've saved it." in unsaid.messages
    assert fields_of(unsaid.form(web.get_absolute_url()))["redirect_url"] == urls
    saved = console.send(unsaid, web.get_absolute_url(), redirect_url=urls[:1])
    assert "Saved: Redirect URLs, Logo" in console.follow(saved).messages


@pytest.mark.spec("C-22", "the console")
def test_what_is_not_saved_outlives_a_confirmation_as_well(console: Browser, web: Application) -> None:
    form = console.get(web.get_absolute_url())
    age_sign_in(console, minutes=31)
    asked = console.follow(console.send(form, address("add-secret", web), description="Typed"))
    kept = console.follow(console.send(asked, "/accounts/reauthenticate/", password=PASSWORD))
    shown = console.send(kept, address("add-secret", web))
    assert shown.by_id("client-secret").get("value", "").startswith("gtsec_")
    back = console.send(shown, address("stored-unsaved", web), stored="yes")
    typed = fields_of(back.form(web.get_absolute_url()))
    assert (typed["description"], typed["rotate_refresh_tokens"]) == ("Typed", "on")


def test_with_nothing_unsaved_done_leads_to_the_page_as_it_is_saved(
    console: Browser, web: Application
) -> None:
    web.description = "Two\nlines"
    web.save()
    form = console.get(web.get_absolute_url())
    shown = console.send(form, address("add-secret", web), description="Two\r\nlines")
    assert console.send(shown, address("stored", web), stored="yes").status == 302


@pytest.mark.spec("C-21", "the console")
def test_a_sentence_above_the_secret_says_that_links_lose_it(console: Browser, machine: Application) -> None:
    for button in ("add-secret", "generate-key"):
        content = console.post(address(button, machine)).content
        warning = content.find("Once you leave this page, you can't come back to it.")
        assert 0 < warning < content.find("data-secret")


@pytest.mark.spec("C-23", "the console")
def test_the_pages_and_the_env_file_have_every_id_that_a_machine_needs(
    console: Browser, machine: Application, administrator: User, member: User
) -> None:
    for signer in (None, member):
        if signer:
            machine.keys.all().delete()
            add_key(machine, public_pem(SIGNING_KEY), user=member, actor=Actor(user=member))
        page = console.post(address("add-secret", machine))
        ids = [page.by_id(name).get("value") for name in ("client-id", "customer-id", "user-id")]
        subject = signer.user_id if signer else machine.service_id
        assert ids == [machine.client_id, machine.organization.customer_id, subject]
        lines = dict(line.split("=", 1) for line in text_of(page.by_id("env-file")).split())
        assert [
            lines[name] for name in ("CLIENT_ID", "CUSTOMER_ID", "USER_ID" if signer else "SERVICE_ID")
        ] == ids
    key_page = console.post(address("generate-key", machine))
    ids = [key_page.by_id(name).get("value") for name in ("client-id", "customer-id", "user-id")]
    assert ids == [machine.client_id, machine.organization.customer_id, administrator.user_id]


@pytest.mark.spec("C-23", "the console")
@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("Nightly export", "nightly-export"),
        ("\u9867\u5ba2 \u00dcber", "\u9867\u5ba2-\u00fcber"),
        ("+", "application"),
    ],
)
def test_downloads_are_named_after_the_application(console: Browser, name: str, file: str) -> None:
    machine = make_application(AppType.MACHINE_TO_MACHINE, name=name).application
    assert f'data-file-name="{file}.env"' in console.post(address("add-secret", machine)).content
    page = console.post(address("generate-key", machine))
    assert f'data-file-name="{file}_private_key.pem"' in page.content
    key = machine.keys.get()
    disposition = console.client.get(address("public-key", machine, key.pk))["Content-Disposition"]
    assert f"{file}_public_key_{key.fingerprint[:8]}.pem" in unquote(disposition)
    assert f"-sign {file}_private_key.pem" in console.get(address("application-use", machine)).text


@pytest.mark.parametrize("app_type", [AppType.WEB, AppType.MACHINE_TO_MACHINE])
def test_the_env_file_has_what_the_integration_needs(console: Browser, app_type: AppType) -> None:
    application = make_application(app_type, name="Field app: <b>").application
    page = console.post(address("add-secret", application))
    lines = dict(line.split("=", 1) for line in text_of(page.by_id("env-file")).split())
    assert lines.pop("CLIENT_ID") == application.client_id
    assert lines.pop("CLIENT_SECRET") == page.by_id("client-secret").get("value")
    endpoints = f"{settings.BASE_URL}/integrations/oauth2"
    assert lines["TOKEN_URL"] == f"{endpoints}/api/v1/token"
    assert ("AUTHORIZE_URL" in lines) == (app_type == AppType.WEB)
    assert ("JWT_EXCHANGE_URL" in lines) == ("CUSTOMER_ID" in lines) == (app_type != AppType.WEB)
    assert 'data-file-name="field-app-b.env"' in page.content


def test_a_single_page_application_shows_nothing_about_secrets(
    console: Browser, single_page: Application, web: Application
) -> None:
    for application, has_secrets in ((web, True), (single_page, False)):
        page = console.get(application.get_absolute_url())
        assert ("Client secret" in page.text) == has_secrets
        assert ("Add client secret" in page.buttons()) == has_secrets
