"""`manage.py scim_token`, by which installations are set up without a page."""

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from accounts.models import ScimToken
from audit.models import Event
from tests.accounts.test_commands import Terminal
from tests.scim.client import ScimClient

pytestmark = pytest.mark.django_db


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(monkeypatch, capsys)


@pytest.mark.spec("I-130", "ASVS 11.4.2")
def test_a_token_is_added_listed_and_removed(terminal: Terminal) -> None:
    added = terminal.run("scim_token", "add", "--name", "Entra ID")
    assert added["url"] == "http://testserver.localhost/scim/v2"
    scim = ScimClient(added["token"])
    assert scim.get("Users").status_code == 200
    listed = terminal.run("scim_token", "list")[str(added["id"])]
    assert listed.startswith(f"Entra ID (…{added['token'][-4:]}), created ")
    assert added["token"] not in listed
    terminal.run("scim_token", "remove", "--id", str(added["id"]))
    assert scim.get("Users").status_code == 401
    actors = Event.objects.filter(kind__startswith="scim_token:").values_list("actor_name", flat=True)
    assert set(actors) == {"manage.py scim_token"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add",), "--name"),
        (("add", "--name", "x" * 81), "at most 80 characters"),
        (("remove",), "--id"),
        (("remove", "--id", "7"), "--id"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_missing_is_said_in_one_line(arguments: tuple[str, ...], said: str) -> None:
    with pytest.raises(CommandError, match=said) as refused:
        call_command("scim_token", *arguments)
    assert "\n" not in str(refused.value)
    assert not ScimToken.objects.exists()
