"""When keys and secrets expire that come from files and commands."""

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import Organization
from audit.models import Event, EventKind
from oauthapps.models import Application, PublicKey
from tests.transfer.conftest import Transfer
from tests.transfer.documents import NIGHTLY, SECRET, document

pytestmark = pytest.mark.django_db


def key_of(made: dict[str, Any]) -> dict[str, Any]:
    key: dict[str, Any] = made["applications"][0]["keys"][0]
    return key


def exported_keys(transfer: Transfer) -> list[dict[str, Any]]:
    exported = json.loads(transfer.save())["applications"]
    return [key for application in exported for key in application.get("keys", [])]


@pytest.mark.spec("U-99", "moving in")
def test_a_key_keeps_its_last_day_and_gets_another_one(transfer: Transfer) -> None:
    day = timezone.now().date() + timedelta(days=40)
    made = document()
    key_of(made)["last_day"] = f"{day}"
    transfer.load(made)
    assert PublicKey.objects.get().last_day == day
    assert exported_keys(transfer)[0]["last_day"] == f"{day}"
    assert transfer.load(made).changed == []
    assert transfer.load(document()).changed == []
    key_of(made)["last_day"] = f"{day + timedelta(days=1)}"
    (said,) = transfer.load(made).changed
    assert f"works through {day + timedelta(days=1)} (UTC)" in said
    assert Event.objects.filter(kind=EventKind.KEY_EXPIRY_CHANGED).count() == 1


@pytest.mark.spec("U-99", "moving in")
@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2026-01-01", "Choose today or a later day (UTC)."),
        ("9999-12-31", "Choose a day no later than"),
        ("tomorrow", "Write the day as year-month-day"),
    ],
)
def test_a_day_that_cannot_be_is_refused_where_it_stands(transfer: Transfer, day: str, said: str) -> None:
    made = document()
    key_of(made)["last_day"] = day
    refusals = transfer.load(made).refusals
    assert said in refusals["/applications/0/keys/0/last_day"]
    assert not PublicKey.objects.exists()


@pytest.mark.spec("U-99", "moving in")
def test_a_key_that_has_expired_is_not_exported(transfer: Transfer) -> None:
    transfer.load()
    PublicKey.objects.update(expires_at=timezone.now())
    assert exported_keys(transfer) == []


@pytest.mark.spec("U-101", "moving in")
def test_imported_secrets_live_as_long_as_the_organization_says(transfer: Transfer) -> None:
    transfer.load()
    Organization.objects.update(secret_days=90)
    table = transfer.write(f"client_id,secret\n{NIGHTLY},{SECRET}\n", "secrets.csv")
    transfer.load_files(options=("--secrets", str(table)))
    row = Application.objects.get(client_id=NIGHTLY).secrets.get()
    assert row.last_day == timezone.now().date() + timedelta(days=90)


@pytest.mark.spec("U-101", "operation")
def test_create_application_says_how_long_its_secret_works() -> None:
    def create(*options: str) -> None:
        arguments = ["--type", "web", "--name", "Field app", *options]
        call_command("create_application", *arguments, stdout=io.StringIO(), stderr=io.StringIO())

    today = timezone.now().date()
    create("--secret-days", "30")
    assert Application.objects.get().secrets.get().last_day == today + timedelta(days=30)
    Organization.objects.update(secret_days=90)
    create()
    assert Application.objects.latest("pk").secrets.get().last_day == today + timedelta(days=90)
    for days, said in (
        ("91", "Choose a day no later than"),
        ("0", "can be 1 to 3650"),
        ("99999999", "1 to 3650"),
    ):
        with pytest.raises(CommandError, match=said):
            create("--secret-days", days)
    assert Application.objects.count() == 2
