"""Tables in CSV, as spreadsheets save them."""

import pytest

from accounts.models import Organization, User
from oauthapps.models import Api, Application
from tests.keys import OTHER_KEY, SIGNING_KEY, public_pem
from tests.transfer.conftest import Transfer
from tests.transfer.documents import (
    ADA,
    BOB,
    CUSTOMER_ID,
    INVOICES,
    KIOSK,
    NIGHTLY,
    PORTAL,
    SECRET,
    document,
    secrets,
)

pytestmark = pytest.mark.django_db

PEM = public_pem(SIGNING_KEY).decode()
TABLES = {
    "organization.csv": f"customer_id,name,domain,lane\n{CUSTOMER_ID},Acme,acme,preview\n",
    "people.csv": (
        "user_id,username,email,name,role\n"
        f"{ADA},ada,ada@example.org,Ada,Administrator\n"
        f"{BOB},bob,bob@example.org,,\n"
    ),
    "apis.csv": f"identifier,name,token_seconds,verifiers\n{INVOICES},Invoices,900,{NIGHTLY}\n",
    "scopes.csv": (
        "identifier,name,sentence,is_default\n"
        f"{INVOICES},invoices:read,Read your invoices,\n"
        f"{INVOICES},invoices:pay,Pay your invoices,FALSE\n"
    ),
    "applications.csv": (
        "Client ID,Type,Name,Redirect URLs,Rotate refresh tokens,absolute_expiration,inactivity_expiration,"
        "owner,allowed_scopes,exceptions,first_contact,response_profile\n"
        f"{NIGHTLY},Machine to Machine Application,Nightly report,,,,,ada,read invoices:read,"
        "long_assertions=2027-02-01,,\n"
        f'{PORTAL},web,Portal,"https://client.example/callback\nhttps://portal.example.com/b",no,2 years,'
        "No expiration,,,,portal@example.org,\n"
        f"{KIOSK},single_page,Kiosk,https://client.example/callback,,,,,,,,standard\n"
    ),
    "keys.csv": f'client_id,key,acts_as\n{NIGHTLY},"{PEM}",bob\n',
}


def write_all(transfer: Transfer, **changes: str) -> None:
    for name, text in TABLES.items():
        transfer.write(changes.get(name.removesuffix(".csv"), text), name)


@pytest.mark.spec("O-111", "moving in")
def test_tables_say_the_same_as_a_document(transfer: Transfer) -> None:
    write_all(transfer)
    told = transfer.load_files(transfer.folder)
    assert told.error == ""
    assert Application.objects.count() == 3
    after = transfer.load(document())
    assert (after.counts["new"], after.counts["changed"], after.counts["kept"]) == (0, 0, 0)


@pytest.mark.spec("O-111", "moving in")
def test_several_files_are_named_or_their_folder_and_each_name_begins_with_its_kind(
    transfer: Transfer,
) -> None:
    people = transfer.write(TABLES["people.csv"], "People 2026.csv")
    organization = transfer.write(TABLES["organization.csv"], "organization-old.csv")
    assert transfer.load_files(people, organization).error == ""
    assert User.objects.count() == 2
    assert Organization.current().customer_id == CUSTOMER_ID
    strange = transfer.write(TABLES["people.csv"], "staff.csv")
    assert "such as people.csv" in transfer.load_files(strange).refusals["staff.csv"]


@pytest.mark.spec("O-112", "moving in")
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("says_so", [True, False])
def test_what_spreadsheets_save_is_read(
    transfer: Transfer, encoding: str, separator: str, end: str, says_so: bool
) -> None:
    table = TABLES["people.csv"].replace("Ada,", "Ädä,").replace(",", separator).replace("\n", end)
    text = f"sep={separator}{end}{table}" if says_so else table
    assert transfer.load_files(transfer.write(text.encode(encoding), "people.csv")).error == ""
    assert User.objects.get(user_id=ADA).name == "Ädä"
    assert User.objects.get(user_id=BOB).role == "member"


HEAD = "user_id,username,email\n"


@pytest.mark.spec("O-112", "moving in")
@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ("", "people.csv line 1", "user_id is missing."),
        ("user_id,username,mail\n", "people.csv line 1, column mail", "no such column. Did you mean email?"),
        ("user_id,username,username\n", "people.csv line 1", "more than once"),
        ("user_id,password\n", "people.csv line 1, column password", "no part of a document"),
        (HEAD + f"{ADA},ada,ada@example.org,x\n", "people.csv line 2", "There are 4 cells, but 3 columns."),
        (HEAD + f"\n{ADA},ada\n", "people.csv line 3", "email is missing."),
        (HEAD + f"{ADA},ada,nonsense\n", "people.csv line 2, column email", "valid email"),
        (HEAD + f'{ADA},ada,"ada@example.org', "people.csv line 2", "This isn't CSV"),
        (HEAD + "1E+31,ada,a@example.org\n", "people.csv line 2, column user_id", "rounded this ID"),
        (
            HEAD + f"{ADA},ada,a@example.org\n{ADA},bob,b@example.org\n",
            "people.csv line 3",
            "people.csv line 2",
        ),
        (HEAD + f"{ADA},ada,a@example.org\n{BOB},Ada,b@example.org\n", "people.csv line 3", "username"),
        (
            "sep=;\nuser_id;username;email;role\n\n" + f"{ADA};ada;a@example.org;boss\n",
            "people.csv line 4, column role",
            "administrator, auditor, member",
        ),
    ],
)
def test_what_is_wrong_in_a_table_is_said_with_line_and_column(
    transfer: Transfer, text: str, place: str, reason: str
) -> None:
    told = transfer.load_files(transfer.write(text, "people.csv"))
    if not text:
        assert (told.error, told.counts["new"]) == ("", 0)
        return
    assert list(told.refusals) == [place]
    assert reason in told.refusals[place]
    assert not User.objects.exists()


def application(**cells: str) -> str:
    cells = {"client_id": PORTAL, "type": "web", "name": "Portal"} | cells
    return ",".join(cells) + "\n" + ",".join(cells.values()) + "\n"


@pytest.mark.spec("O-112", "moving in")
@pytest.mark.parametrize(
    ("cells", "column", "reason"),
    [
        ({"redirect_urls": "https://a.example/b;https://c.example/d"}, "redirect_urls", "on its own"),
        ({"requires_pkce": "perhaps"}, "requires_pkce", "Write yes or no."),
        ({"access_token_seconds": "5m"}, "access_token_seconds", "Write a whole number."),
        ({"access_token_seconds": "9" * 30}, "access_token_seconds", "Write a whole number."),
        ({"exceptions": "session_id_in_url"}, "exceptions", "year-month-day"),
        ({"exceptions": "session_id_in_url=01.02.2027"}, "exceptions", "year-month-day"),
        ({"exceptions": "everything=2027-02-01"}, "exceptions", "There is no exception 'everything'."),
    ],
)
def test_cells_of_lists_flags_numbers_and_days(
    transfer: Transfer, cells: dict[str, str], column: str, reason: str
) -> None:
    told = transfer.load_files(transfer.write(application(**cells), "applications.csv"))
    assert list(told.refusals) == [f"applications.csv line 2, column {column}"]
    assert reason in next(iter(told.refusals.values()))


@pytest.mark.spec("O-111", "moving in")
def test_a_key_can_lie_in_a_file_beside_its_table(transfer: Transfer) -> None:
    transfer.load()
    transfer.write(public_pem(OTHER_KEY), "nightly.pem")
    table = transfer.write(f"client_id,file,acts_as\n{NIGHTLY},nightly.pem,application\n", "keys.csv")
    assert transfer.load_files(table).error == ""
    assert Application.objects.get(client_id=NIGHTLY).keys.filter(user=None).count() == 1
    both = transfer.write(f"client_id,file,key,acts_as\n{NIGHTLY},nightly.pem,x,application\n", "keys.csv")
    assert "not both" in transfer.load_files(both).refusals["keys.csv line 2, column file"]
    for name, reason in (("../nightly.pem", "lies beside this one"), ("nobody.pem", "No such file")):
        table = transfer.write(f"client_id,file,acts_as\n{NIGHTLY},{name},application\n", "keys.csv")
        told = transfer.load_files(table)
        assert reason in told.refusals["keys.csv line 2, column file"]


@pytest.mark.spec("O-113", "ASVS 13.3")
def test_secrets_come_from_a_table_of_their_own(transfer: Transfer) -> None:
    told = transfer.load_files(
        transfer.write(document()), options=("--secrets", str(transfer.write(secrets(), "old.csv")))
    )
    assert (told.error, told.next_steps[2:]) == ("", [])
    portal = Application.objects.get(client_id=PORTAL)
    row = portal.secrets.get()
    assert (len(row.digest), row.hint) == (64, "long")
    assert SECRET not in told.printed
    again = transfer.load_files(options=("--secrets", "-"), stdin=secrets().encode("utf-16"))
    assert (again.counts["new"], again.counts["unchanged"]) == (0, 2)
    assert portal.secrets.count() == 1


@pytest.mark.spec("O-113", "ASVS 13.3")
@pytest.mark.parametrize(
    ("table", "place", "reason"),
    [
        (f"client_id,secret\n{PORTAL},fifteen letters\n", "secrets.csv line 2", "16 or more printable ASCII"),
        (
            f"client_id,secret\n{PORTAL},{SECRET}\n" * 1 + f"{PORTAL},{SECRET}\n",
            "secrets.csv line 3",
            "line 2",
        ),
        (f"client_id,secret\n{KIOSK},{SECRET}\n", "secrets.csv line 2", "has no secrets"),
        (
            f"client_id,secret\n{'9' * 32},{SECRET}\n",
            "secrets.csv line 2",
            "no application with this Client ID",
        ),
        (f"{PORTAL},{SECRET}\n", "secrets.csv line 1", "The first line names the columns: client_id,secret."),
        (f"client_id,secret,notes\n{PORTAL},{SECRET},\n", "secrets.csv line 1", "client_id,secret."),
        (f"client_id,secret\n{PORTAL},{SECRET},{SECRET}\n", "secrets.csv line 2", "3 cells"),
        (f'client_id,secret\n{PORTAL},"{SECRET}\n', "secrets.csv line 2", "This isn't CSV"),
    ],
)
def test_a_secret_that_is_refused_is_not_repeated(
    transfer: Transfer, table: str, place: str, reason: str
) -> None:
    transfer.load()
    told = transfer.load_files(options=("--secrets", str(transfer.write(table, "secrets.csv"))))
    assert list(told.refusals) == [place]
    assert reason in told.refusals[place]
    for part in (SECRET, "fifteen"):
        assert part not in told.printed + told.error
    assert not Application.objects.get(client_id=PORTAL).secrets.exists()


@pytest.mark.spec("O-113", "ASVS 13.3")
def test_secrets_among_documents_are_refused_and_a_deleted_one_stays_deleted(transfer: Transfer) -> None:
    from audit.actors import Actor
    from oauthapps.services.credentials import delete_secret

    table = transfer.write(secrets(), "secrets.csv")
    assert "give this file with --secrets" in transfer.load_files(table).refusals["secrets.csv"]
    assert transfer.load_files(transfer.write(document()), options=("--secrets", str(table))).error == ""
    row = Application.objects.get(client_id=PORTAL).secrets.get()
    delete_secret(row, actor=Actor.command("tests"))
    told = transfer.load_files(options=("--secrets", str(table)))
    assert told.kept == [f"the client secret {row.masked} of Portal was deleted here, and stays it"]
    assert told.counts["new"] == 0


def test_an_api_without_its_table_is_refused(transfer: Transfer) -> None:
    told = transfer.load_files(transfer.write(TABLES["scopes.csv"], "scopes.csv"))
    assert "There is no API with this identifier." in told.refusals["scopes.csv line 2, column identifier"]
    assert not Api.objects.exists()
