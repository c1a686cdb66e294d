"""What is wrong with a document in itself is said where it stands; nothing is imported."""

import json
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from accounts.models import User
from oauthapps.models import Application
from oauthapps.transfer import files
from tests.keys import SIGNING_KEY, private_pem
from tests.transfer.conftest import Transfer
from tests.transfer.documents import ADA, PORTAL, document

pytestmark = pytest.mark.django_db

PERSON = {"user_id": ADA, "username": "ada", "email": "ada@example.org"}
WEB = {"client_id": PORTAL, "type": "web", "name": "Portal"}


def people(**fields: Any) -> dict[str, Any]:
    return {"people": [PERSON | fields]}


def applications(**fields: Any) -> dict[str, Any]:
    return {"applications": [WEB | fields]}


@pytest.mark.spec("O-109", "moving in")
@pytest.mark.parametrize(
    ("content", "place", "reason"),
    [
        ("{", "", "This isn't JSON (Expecting property name enclosed in double quotes, line 1, column 2)."),
        ('{"people": [1,]}', "", "line 1, column 15"),
        ("[]", "", "one JSON object"),
        ("[" * 100_000, "", "can be read"),
        ('{"people": [{"role": NaN}]}', "", "can be read"),
        ('{"format": ' + "1" * 5000 + "}", "", "can be read"),
        ('{"people": [], "people": []}', "/people", "more than once"),
        ('{"people": [{"name": "a", "name": "b"}]}', "/people/0/name", "more than once"),
        ({"format": 2}, "/format", "reads documents of the format 1"),
        ({"persons": []}, "/persons", "There is no such field. There are: format, organization, people,"),
        ({"people": {}}, "/people", "Write a list"),
        ({"people": ["ada"]}, "/people/0", "Write an object"),
        ({"people": [{"username": "ada", "email": "a@example.org"}]}, "/people/0", "user_id is missing."),
        (people(e_mail="x"), "/people/0/e_mail", "There is no such field. Did you mean email?"),
        (people(username=1), "/people/0/username", "Write text"),
        (people(username=None), "/people/0/username", "Write text"),
        (people(name="a\0"), "/people/0/name", "Remove the NUL"),
        (people(name="a\ud800"), "/people/0/name", "half character"),
        (people(user_id="1.23457E+31"), "/people/0/user_id", "A spreadsheet rounded this ID"),
        (people(user_id="ada"), "/people/0/user_id", "32 lowercase hexadecimal"),
        (people(role="boss"), "/people/0/role", "Write one of these: administrator, auditor, member."),
        (applications(redirect_uris=[]), "/applications/0/redirect_uris", "Did you mean redirect_urls?"),
        (applications(redirect_urls="https://a.example/"), "/applications/0/redirect_urls", "Write a list"),
        (applications(rotate_refresh_tokens="no"), "/applications/0/rotate_refresh_tokens", "true or false"),
        (applications(access_token_seconds=True), "/applications/0/access_token_seconds", "whole number"),
        (applications(access_token_seconds=10**30), "/applications/0/access_token_seconds", "less than"),
        (applications(absolute_expiration="2w"), "/applications/0/absolute_expiration", "1h, 8h, 1d"),
        (applications(exceptions=[]), "/applications/0/exceptions", "Write an object"),
        (
            applications(exceptions={"long_assertions": "1 Feb 2027"}),
            "/applications/0/exceptions",
            "year-month-day",
        ),
        (
            applications(exceptions={"long_assertions": "2027-02-30"}),
            "/applications/0/exceptions",
            "year-month-day",
        ),
        (applications(keys=[{"acts_as": "ada"}]), "/applications/0/keys/0", "key is missing."),
        (
            applications(keys=[{"key": "x", "acts_as": "application", "client_id": PORTAL}]),
            "/applications/0/keys/0/client_id",
            "There is no such field.",
        ),
        (
            applications(keys=[{"key": "x", "acts_as": "application"}]),
            "/applications/0/keys/0/key",
            "public key",
        ),
        (applications(type="Web App"), "/applications/0/type", "machine_to_machine, single_page, web"),
        ({"people": [PERSON, PERSON]}, "/people/1", "This person is already at"),
        ({"applications": [WEB, WEB | {"client_id": PORTAL.upper()}]}, "/applications/1", "already at"),
    ],
)
def test_a_document_that_is_none_is_refused_where_it_is_wrong(
    transfer: Transfer, content: str | dict[str, Any], place: str, reason: str
) -> None:
    told = transfer.load(content)
    assert told.error.startswith("Nothing was imported: ")
    assert list(told.refusals) == [place]
    assert reason in told.refusals[place]
    assert not User.objects.exists()
    assert not Application.objects.exists()


@pytest.mark.spec("O-109", "moving in")
def test_a_pointer_escapes_what_a_name_has_of_its_own(transfer: Transfer) -> None:
    assert list(transfer.load(people(**{"a/b~c": 1})).refusals) == ["/people/0/a~1b~0c"]  # RFC 6901


@pytest.mark.spec("O-109", "ASVS 16.4.1")
def test_nothing_of_a_document_steers_the_terminal(transfer: Transfer) -> None:
    path = transfer.write(people(**{"\x1b[2J\nnew person root": 1}))
    transfer.capture.readouterr()
    with pytest.raises(CommandError):
        call_command("import", str(path))
    printed = transfer.capture.readouterr().out.decode()
    assert (printed.count("\n"), "\x1b" in printed) == (1, False)


@pytest.mark.spec("O-110", "ASVS 13.3")
@pytest.mark.parametrize(
    ("content", "place"),
    [
        ({"secrets": []}, "/secrets"),
        (applications(client_secret="a secret of the retiring service"), "/applications/0/client_secret"),
        (people(password="a secret of the retiring service"), "/people/0/password"),
    ],
)
def test_a_document_with_secrets_is_refused(transfer: Transfer, content: dict[str, Any], place: str) -> None:
    told = transfer.load(content)
    assert told.refusals[place].startswith("Secrets and passwords are no part of a document")
    assert "of the retiring service" not in told.printed + told.error


@pytest.mark.spec("O-110", "ASVS 13.3")
def test_a_private_key_in_a_document_is_refused_and_not_repeated(transfer: Transfer) -> None:
    made = document()
    made["applications"][0]["keys"][0]["key"] = private_pem(SIGNING_KEY).decode()
    told = transfer.load(made)
    assert "This is a private key" in told.refusals["/applications/0/keys/0/key"]
    assert "MII" not in told.printed


@pytest.mark.spec("O-109", "moving in")
def test_a_file_that_is_too_large_is_refused(transfer: Transfer) -> None:
    told = transfer.load(b" " * (files.MOST_BYTES + 1))
    assert told.refusals[""] == "This is larger than 16 MiB: split it."


@pytest.mark.spec("O-109", "moving in")
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_no_part_of_the_text(transfer: Transfer, encoding: str) -> None:
    text = json.dumps(people(name="Ädä"), ensure_ascii=False)
    assert transfer.load(text.encode(encoding)).error == ""
    assert User.objects.get().name == "Ädä"


@pytest.mark.spec("O-109", "moving in")
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ('{"people":\n[{"name": "Ädä"}]}'.encode("latin-1"), "Line 2 isn't UTF-8"),
        ("{}".encode("utf-16-le"), "This isn't text"),
        (b"PK\x03\x04\0", "This isn't text"),
    ],
)
def test_what_is_no_text_is_refused(transfer: Transfer, data: bytes, reason: str) -> None:
    assert reason in transfer.load(data).refusals[""]


def test_files_that_are_not_there_or_of_another_kind_are_refused(transfer: Transfer) -> None:
    assert "No such file" in next(iter(transfer.load_files("nowhere.json").refusals.values()))
    for name in ("moving.xlsx", "moving"):
        told = transfer.load_files(transfer.write(document(), name))
        assert told.refusals[name] == "A document's name ends in .json or .csv."
    told = transfer.load_files(transfer.folder / "empty")
    (transfer.folder / "none").mkdir()
    assert "no file that ends in" in next(
        iter(transfer.load_files(transfer.folder / "none").refusals.values())
    )


def test_a_document_is_read_from_standard_input(transfer: Transfer) -> None:
    told = transfer.load_files("-", stdin=json.dumps(document()).encode())
    assert told.error == ""
    assert ("new", "standard input /people/1", "person bob, member") in told.lines
