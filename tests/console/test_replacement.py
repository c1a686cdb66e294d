"""Replacing a secret or key: what is next follows from who uses which."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from audit.actors import Actor
from audit.models import Event, EventKind
from common.work import Work
from oauthapps.models import Application, ClientSecret, CredentialCaller, PublicKey, UsageCount
from oauthapps.models.credentials import Credential
from oauthapps.services.credentials import add_key, add_secret
from oauthapps.services.retirements import retire_due
from tests.console.pages import Browser, Page, text_of
from tests.factories import PASSWORD
from tests.keys import OTHER_KEY, SIGNING_KEY, public_pem
from tests.sign_ins import age_sign_in

pytestmark = pytest.mark.usefixtures("small_generated_keys")

NOW = datetime(2027, 1, 20, 12, tzinfo=UTC)
ADMINISTRATOR = Actor(label="an administrator")


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def address(name: str, credential: ClientSecret | PublicKey) -> str:
    return reverse(f"console:{name}", args=[credential.application.client_id, credential.pk])


def of_application(name: str, application: Application) -> str:
    return reverse(f"console:{name}", args=[application.client_id])


def steps(page: Page) -> dict[str, str]:
    """The steps with their badges."""
    (found,) = (part for part in page.root.iter("ol") if part.get("class") == "steps")
    return {text_of(step[0][0]): text_of(step[0][1]) for step in found}


def states(page: Page) -> list[str]:
    return list(steps(page).values())


def use(credential: Credential, *, by: str = "192.0.2.7", at: datetime | None = None) -> None:
    at = at or timezone.now()
    type(credential).objects.filter(pk=credential.pk).update(last_used_at=at)  # type: ignore[attr-defined]
    CredentialCaller.objects.create(
        application=credential.application,
        kind=credential.usage_kind,
        credential=credential.pk,
        address=by,
        user_agent="python-requests/2.32",
        first_at=at,
        last_at=at,
        times=7,
    )


@pytest.mark.spec("U-103", "the console")
def test_add_deploy_watch_retire_follow_from_what_is_used(
    console: Browser, machine: Application, secret: ClientSecret
) -> None:
    use(secret, by="192.0.2.7")
    page = console.get(address("replace-secret", secret))
    assert steps(page) == {
        "Add the new one": "Next",
        "Deploy it": "Later",
        "Watch the current one": "Later",
        "Retire the current one": "Later",
    }
    shown = console.send(page, of_application("add-secret", machine), secret_expires="365")
    assert shown.by_id("client-secret").get("value", "").startswith("gtsec_")
    done = console.send(shown, of_application("stored", machine), stored="yes")
    assert done.answer["Location"] == address("replace-secret", secret)
    page = console.follow(done)
    assert states(page) == ["Done", "Next", "Later", "Later"]
    new = machine.secrets.latest("pk")
    assert f"Current: {secret.masked}" in page.text
    assert f"New: {new.masked}" in page.text
    use(new, by="192.0.2.8")
    page = console.get(address("replace-secret", secret))
    assert states(page) == ["Done", "Done", "Next", "Later"]
    assert "Used the current one in the last 24 hours, and not the new one" in page.text
    ClientSecret.objects.filter(pk=secret.pk).update(last_used_at=NOW - timedelta(hours=24, minutes=1))
    CredentialCaller.objects.filter(credential=secret.pk).update(last_at=NOW - timedelta(hours=24, minutes=1))
    page = console.get(address("replace-secret", secret))
    assert states(page) == ["Done", "Done", "Done", "Next"]
    page = console.follow(console.send(page, address("retire-secret", secret), retire_on="2027-01-22"))
    assert states(page) == ["Done", "Done", "Done", "Done"]
    assert "It retires on Jan 22, 2027" in page.text
    assert "Retires on Jan 22, 2027 (UTC)" in console.get(machine.get_absolute_url()).text


@pytest.mark.spec("U-103", "the console")
def test_both_are_shown_side_by_side_with_their_uses_and_callers(
    console: Browser, machine: Application, secret: ClientSecret
) -> None:
    new = add_secret(machine, actor=ADMINISTRATOR, notes="Vault").row
    today = NOW.date()
    for days, row, issued in ((0, secret, 3), (6, secret, 4), (7, secret, 50), (0, new, 2)):
        UsageCount.objects.create(
            application=machine,
            day=today - timedelta(days=days),
            kind="secret",
            subject=row.pk,
            issued=issued,
            refreshed=1,
        )
    use(secret, by="192.0.2.7")
    page = console.get(address("replace-secret", secret))
    old_side, new_side = (text_of(page.by_id(f"side-{row.pk}-card")) for row in (secret, new))
    assert f"Current: {secret.masked}" in old_side
    assert "Tokens today (UTC)4 Tokens in 7 days 9" in old_side
    assert "192.0.2.7, python-requests/2.32 7 times, last" in old_side
    assert f"New: {new.masked}" in new_side
    assert "Tokens today (UTC)3 Tokens in 7 days 3" in new_side
    assert "NotesVault" in new_side
    assert "Callers: none recorded." in new_side


@pytest.mark.spec("U-103", "the console")
def test_a_key_is_replaced_by_one_that_acts_alike(
    console: Browser, machine: Application, administrator: User, member: User
) -> None:
    key = add_key(machine, public_pem(SIGNING_KEY), user=administrator, actor=ADMINISTRATOR)
    add_key(machine, public_pem(OTHER_KEY), user=None, actor=ADMINISTRATOR)
    page = console.get(address("replace-key", key))
    assert states(page)[0] == "Next"
    shown = console.send(page, of_application("generate-key", machine))
    page = console.follow(console.send(shown, of_application("stored", machine), stored="yes"))
    assert states(page) == ["Done", "Next", "Later", "Later"]
    assert machine.keys.latest("pk").user == administrator
    PublicKey.objects.exclude(pk=key.pk).delete()
    form = console.get(console.get(address("replace-key", key)).links()["Add a public key"])
    added = console.send(form, public_key=public_pem(OTHER_KEY).decode(), acts_as="viewer")
    assert added.answer["Location"] == address("replace-key", key)
    PublicKey.objects.exclude(pk=key.pk).delete()
    PublicKey.objects.update(user=member)
    assert "Only they can add another one that does." in console.get(address("replace-key", key)).text


@pytest.mark.spec("U-95", "the console")
@pytest.mark.parametrize("day", ["2027-01-19", "2028-01-22", "", "x", "9999-12-31"])
def test_a_day_that_cannot_be_is_refused_and_stays(console: Browser, secret: ClientSecret, day: str) -> None:
    page = console.send(
        console.get(address("replace-secret", secret)), address("retire-secret", secret), retire_on=day
    )
    assert page.status == 422
    assert "Retire on" in page.alerts()
    assert page.field("retire_on").get("value", "") == day
    secret.refresh_from_db()
    assert secret.retires_at is None


@pytest.mark.spec("U-95", "ASVS 7.5.3")
def test_retiring_asks_for_a_recent_sign_in_and_keeps_the_day(console: Browser, secret: ClientSecret) -> None:
    page = console.get(address("replace-secret", secret))
    age_sign_in(console, minutes=6)
    asked = console.follow(console.send(page, address("retire-secret", secret), retire_on="2027-01-31"))
    kept = console.follow(console.send(asked, "/accounts/reauthenticate/", password=PASSWORD))
    console.send(kept, address("retire-secret", secret))
    secret.refresh_from_db()
    assert f"{secret.retirement_day}" == "2027-01-31"


@pytest.mark.spec("U-95", "the console")
def test_one_that_was_not_retired_says_so_everywhere_and_offers_both_ways_on(
    console: Browser, machine: Application, secret: ClientSecret
) -> None:
    form = console.get(address("replace-secret", secret))
    console.send(form, address("retire-secret", secret), retire_on="2027-01-20")
    ClientSecret.objects.update(retires_at=NOW)
    use(secret)
    retire_due(Work())
    page = console.get(address("replace-secret", secret))
    assert "Not retired: it is still in use" in page.text
    assert page.links()["Delete anyway"] == address("delete-secret", secret)
    said = f"not retired, because it is still in use: client secret {secret.masked}"
    assert f"Nightly export: {said}" in console.get(reverse("console:applications")).text
    settings = console.get(machine.get_absolute_url()).text
    assert said in settings
    assert "Not retired Still in use on Jan 20, 2027 (UTC)" in settings
    page = console.follow(console.send(page, address("retire-secret", secret), retire_on="2027-02-01"))
    assert "still in use" not in page.text
    assert "It retires on Feb 1, 2027" in page.text
    page = console.follow(console.send(page, address("keep-secret", secret)))
    assert "Retirement canceled" in page.messages
    assert "It retires on" not in page.text
    assert Event.objects.filter(kind=EventKind.SECRET_RETIREMENT_CHANGED).count() == 3


@pytest.mark.spec("U-104", "the console")
def test_deleting_what_is_in_use_shows_by_whom(
    console: Browser, secret: ClientSecret, key: PublicKey
) -> None:
    for name, credential in (("delete-secret", secret), ("delete-key", key)):
        assert "24 hours" not in console.get(address(name, credential)).text
        use(credential, by="192.0.2.7")
        use(credential, by="192.0.2.9", at=NOW - timedelta(hours=25))
        page = console.get(address(name, credential))
        assert "It was used in the last 24 hours" in page.text
        assert "Used in the last 24 hours by" in page.text
        assert "192.0.2.7" in page.text
        assert page.links()["Replace it first"] == credential.get_absolute_url()


@pytest.mark.spec("U-104", "the console")
def test_the_secrets_section_teaches_to_add_the_new_one_first(console: Browser, machine: Application) -> None:
    text = console.get(machine.get_absolute_url()).text
    assert text.index("to generate a new Client Secret") < text.index("to delete the old Client Secret")


@pytest.mark.spec("U-103", "the console")
@pytest.mark.parametrize("replaces", ["0", "-1", "x", "9" * 30, "٣"])
def test_a_forged_way_on_leads_to_the_settings(console: Browser, machine: Application, replaces: str) -> None:
    answer = console.post(
        of_application("stored", machine),
        {"section": "client-secret", "stored": "yes", "replaces": replaces},
    )
    assert answer.answer["Location"] == f"{machine.get_absolute_url()}#client-secret"
