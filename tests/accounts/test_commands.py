"""The commands operators and containers use."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from accounts.models import Organization, Role, User
from audit.models import Event, EventKind
from oauthapps.models import Api, Application, ClientSecret
from oauthapps.rules.credential_values import digest
from tests.factories import PASSWORD, UserFactory
from tests.keys import SIGNING_KEY, private_pem, public_pem
from tests.oauth_client import OAuthClient

pytestmark = pytest.mark.django_db

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


class Terminal:
    """Runs commands with something on standard input and reads their JSON."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.monkeypatch, self.capsys, self.warning = monkeypatch, capsys, ""

    def run(self, *arguments: str, stdin: str = "") -> dict[str, Any]:
        import io

        self.monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        self.capsys.readouterr()
        call_command(*arguments, "--json")
        said = self.capsys.readouterr()
        self.warning = said.err
        printed: dict[str, Any] = json.loads(said.out)
        return printed

    def refusal(self, *arguments: str, stdin: str = "") -> str:
        with pytest.raises(CommandError) as caught:
            self.run(*arguments, stdin=stdin)
        message = str(caught.value)
        assert "\n" not in message
        return message


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(monkeypatch, capsys)


CREATE_USER = ("create_user", "--username", "ada", "--email", "ada@example.org", "--password-stdin")


def test_create_user_makes_a_person_who_can_sign_in(terminal: Terminal) -> None:
    printed = terminal.run(*CREATE_USER, "--role", "administrator", "--name", "Ada", stdin=PASSWORD + "\n")
    user = User.objects.get(user_id=printed["user_id"])
    assert (user.name, user.role, user.is_active) == ("Ada", Role.ADMINISTRATOR, True)
    assert Client().login(username="ada", password=PASSWORD)
    assert Event.objects.get(kind=EventKind.PERSON_CREATED).actor_name == "manage.py create_user"


def test_create_user_takes_a_user_id_along(terminal: Terminal) -> None:
    user_id = "0123456789abcdef" * 2
    printed = terminal.run(*CREATE_USER, "--role", "member", "--user-id", user_id.upper(), stdin=PASSWORD)
    assert printed == {"user_id": user_id}


@pytest.mark.parametrize(
    ("arguments", "stdin", "complaint"),
    [
        (("--user-id", "short"), PASSWORD, "32 lowercase hexadecimal"),
        ((), "", "to standard input, as one line"),
        ((), "password", "too common"),
        ((), "ada", "too short"),
        (("--email", "nonsense"), PASSWORD, "email"),
        (("--username", "a b"), PASSWORD, "username"),
    ],
)
def test_create_user_says_in_one_line_what_is_wrong(
    terminal: Terminal, arguments: tuple[str, ...], stdin: str, complaint: str
) -> None:
    assert complaint in terminal.refusal(*CREATE_USER, "--role", "member", *arguments, stdin=stdin)
    assert not User.objects.exists()


def test_a_user_name_or_address_exists_once_whatever_its_capitals(terminal: Terminal) -> None:
    UserFactory.create(username="Ada", email="ADA@example.org")
    message = terminal.refusal(*CREATE_USER, "--role", "member", stdin=PASSWORD)
    assert "Another person has this username." in message
    assert "Another person has this email address." in message


def test_reset_user_lets_the_last_administrator_back_in(terminal: Terminal) -> None:
    from allauth.mfa.models import Authenticator

    user = UserFactory.create(username="ada", role=Role.ADMINISTRATOR, is_active=False)
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={})
    session = Client()
    session.force_login(user)
    terminal.run("reset_user", "ada", stdin="another good password")
    assert Client().login(username="ada", password="another good password")
    assert not Authenticator.objects.exists()
    assert session.get("/console/applications/").status_code == 302  # the old session is over
    assert Event.objects.get(kind=EventKind.PERSON_RESET).person == user


def test_reset_user_knows_nobody_of_that_name(terminal: Terminal) -> None:
    assert "Nobody has" in terminal.refusal("reset_user", "nobody", stdin=PASSWORD)


def test_organization_shows_and_sets(terminal: Terminal) -> None:
    before = terminal.run("organization")
    assert before["customer_id"] == Organization.current().customer_id
    changed = terminal.run(
        "organization", "--customer-id", "A" * 32, "--domain", "acme", "--lane", "preview", "--name", "Acme"
    )
    assert changed == {
        "customer_id": "a" * 32,
        "name": "Acme",
        "domain": "acme",
        "lane": "preview",
        "require_second_factor": "off",
    }
    event = Event.objects.get(kind=EventKind.ORGANIZATION_CHANGED)
    assert (event.before["customer_id"], event.after["domain"]) == (before["customer_id"], "acme")


@pytest.mark.spec("W-88", "ASVS 6.3.3")
def test_organization_lets_administrators_back_in_who_have_no_second_factor(terminal: Terminal) -> None:
    session = Client()
    session.force_login(UserFactory.create(role=Role.ADMINISTRATOR, joined_at=LONG_AGO))
    assert terminal.run("organization", "--require-second-factor", "on")["require_second_factor"] == "on"
    assert session.get("/console/applications/").status_code == 200
    Organization.objects.update(second_factor_required_at=LONG_AGO)
    assert session.get("/console/applications/").status_code == 403
    assert terminal.run("organization")["require_second_factor"] == "on"
    assert terminal.run("organization", "--require-second-factor", "off")["require_second_factor"] == "off"
    assert session.get("/console/applications/").status_code == 200
    kinds = [EventKind.SECOND_FACTOR_OPTIONAL, EventKind.SECOND_FACTOR_REQUIRED]
    assert list(Event.objects.filter(kind__in=kinds).values_list("kind", flat=True)) == kinds


@pytest.mark.parametrize(
    "option", [("--customer-id", "x"), ("--domain", "A b"), ("--lane", ""), ("--name", "")]
)
def test_organization_refuses_what_it_cannot_be(terminal: Terminal, option: tuple[str, str]) -> None:
    before = Organization.current().__dict__.copy()
    terminal.refusal("organization", *option)
    after = Organization.current().__dict__
    assert {name: after[name] for name in ("customer_id", "domain", "lane", "name")} == {
        name: before[name] for name in ("customer_id", "domain", "lane", "name")
    }


def test_create_application_of_each_type_prints_what_its_client_needs(
    terminal: Terminal, tmp_path: Path
) -> None:
    owner = UserFactory.create(username="ada")
    key_file = tmp_path / "key.pem"
    key_file.write_bytes(public_pem(SIGNING_KEY))
    machine = terminal.run(
        *("create_application", "--type", "machine_to_machine", "--name", "Nightly", "--owner", "ada"),
        *("--public-key", str(key_file), "--may-verify-tokens", "--response-profile", "workfront"),
    )
    assert machine["user_id"] == owner.user_id
    assert machine["customer_id"] == Organization.current().customer_id
    assert len(machine["key_ids"]) == 1
    assert ClientSecret.objects.get(application=machine["id"]).digest == digest(machine["client_secret"])
    web = terminal.run(
        *("create_application", "--type", "web", "--name", "Web", "--rotation", "off"),
        *("--absolute", "30d", "--inactivity", "none"),
        *("--redirect-url", "https://a.example/", "--redirect-url", "https://b.example/"),
    )
    application = Application.objects.get(client_id=web["client_id"])
    assert (web["user_id"], application.user) == ("", None)
    assert [row.url for row in application.redirect_urls.all()] == [
        "https://a.example/",
        "https://b.example/",
    ]
    assert application.rotate_refresh_tokens is False
    assert (application.absolute_expiration, application.inactivity_expiration) == ("30d", "none")
    single_page = terminal.run(
        *("create_application", "--type", "single_page", "--name", "SPA"),
        *("--redirect-url", "http://127.0.0.1:8080/cb"),
    )
    assert single_page["client_secret"] == ""


WEB = ("create_application", "--type", "web", "--name", "Web", "--redirect-url", "https://a.example/")
SINGLE_PAGE = ("create_application", "--type", "single_page", "--name", "Kiosk")
MACHINE = ("create_application", "--type", "machine_to_machine", "--name", "Machine")
CREATE_API = (
    *("create_api", "--identifier", "https://Invoices.example.com/", "--name", "Invoices"),
    *("--scope", "invoices:read=Read your invoices", "--scope", "invoices:write=Change = them"),
)


@pytest.mark.spec("Y-10", "RFC 6749 §3.3")
@pytest.mark.spec("Y-32", "RFC 7523 §3")
def test_an_api_is_created_and_a_machine_application_that_may_ask_for_it(
    terminal: Terminal, tmp_path: Path
) -> None:
    verifier = terminal.run(*MACHINE)
    options = ("--verifier", verifier["client_id"], "--default-scope", "invoices:read")
    printed = terminal.run(*CREATE_API, *options, "--token-lifetime", "15m")
    api = Api.objects.get()
    assert printed == {
        "id": api.pk,
        "identifier": "https://invoices.example.com",
        "scopes": ["invoices:read", "invoices:write"],
    }
    assert (api.token_seconds, api.verifiers.get().client_id) == (900, verifier["client_id"])
    assert list(api.scopes.values_list("sentence", "is_default")) == [
        ("Read your invoices", True),
        ("Change = them", False),
    ]
    key_file = tmp_path / "key.pem"
    key_file.write_bytes(public_pem(SIGNING_KEY))
    machine = terminal.run(*MACHINE, "--allow-scope", "invoices:read", "--public-key", str(key_file))
    application = Application.objects.get(client_id=machine["client_id"])
    assert application.allowed_scope == "invoices:read"
    assert (machine["service_id"], machine["user_id"]) == (application.service_id, "")
    assert application.keys.get().subject == application.service_id
    assert "service_id" not in terminal.run(*WEB)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ((*CREATE_API, "--scope", "read=Read"), "built in"),
        ((*CREATE_API, "--scope", "a"), "--scope needs a name and a sentence"),
        ((*CREATE_API, "--scope", "a b=Read"), "Spaces,"),
        ((*CREATE_API, "--default-scope", "a"), "not one of the scopes"),
        ((*CREATE_API, "--verifier", "0" * 32), "There is no Machine to Machine application"),
        ((*CREATE_API, "--token-lifetime", "4m"), "from 5m to 24h"),
        ((*CREATE_API[:2], "invoices", *CREATE_API[3:]), "Enter the whole URI"),
    ],
)
def test_create_api_says_in_one_line_what_is_wrong(
    terminal: Terminal, arguments: tuple[str, ...], complaint: str
) -> None:
    assert complaint in terminal.refusal(*arguments)
    assert not Api.objects.exists()


def test_a_client_id_and_secret_can_be_brought_along(terminal: Terminal) -> None:
    printed = terminal.run(
        *("create_application", "--type", "web", "--name", "Moved", "--client-id", "AB" * 16),
        *("--client-secret-stdin", "--redirect-url", "https://client.example/callback"),
        stdin="an old secret +%\n",
    )
    assert printed["client_id"] == "ab" * 16
    client = OAuthClient(printed["client_id"], "an old secret +%")
    visitor = Client()
    visitor.force_login(UserFactory.create())
    assert client.exchange(client.get_code(visitor)).status_code == 200


@pytest.mark.parametrize(
    ("options", "profile"),
    [
        ((), "standard"),
        (("--client-id", "ab" * 16), "workfront"),
        (("--client-id", "ab" * 16, "--response-profile", "standard"), "standard"),
    ],
    ids=["new", "imported", "imported, told otherwise"],
)
def test_an_imported_application_starts_in_the_compatible_profile(
    terminal: Terminal, options: tuple[str, ...], profile: str
) -> None:
    printed = terminal.run(*WEB, *options)
    assert Application.objects.get(client_id=printed["client_id"]).response_profile == profile


FIFTY_MORE = [
    part for number in range(50) for part in ("--redirect-url", f"https://app.example.com/{number}")
]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ((*WEB[:-1], "https://a.example/,https://b.example/"), "on its own"),
        ((*WEB, *FIFTY_MORE), "at most 50 Redirect URLs. Remove 1."),
        ((*MACHINE, "--redirect-url", "https://a.example/"), "has no --redirect-url"),
        ((*MACHINE, "--rotation", "on"), "has no --rotation"),
        (
            ("create_application", "--type", "single_page", "--name", "S", "--public-key", "x"),
            "has no --public-key",
        ),
        ((*WEB, "--may-verify-tokens"), "has no --may-verify-tokens"),
        ((*MACHINE, "--allow-scope", "invoices:read"), "There is no scope invoices:read."),
        ((*WEB, "--owner", "nobody"), "Nobody has"),
        ((*WEB[:-1], "http://a.example/"), "https"),
        ((*WEB, "--client-id", "short"), "client_id"),
        ((*WEB[:3], "--name", "", *WEB[5:]), "name"),
        ((*WEB[:3], "--name", " \u3164", *WEB[5:]), "can be seen"),
        ((*WEB[:3], "--name", "a\u202eb", *WEB[5:]), "U+202E"),
        ((*WEB, "--client-secret-stdin"), "to standard input, as one line"),
    ],
)
def test_create_application_says_in_one_line_what_is_wrong(
    terminal: Terminal, arguments: tuple[str, ...], complaint: str
) -> None:
    assert complaint in terminal.refusal(*arguments)
    assert not Application.objects.exists()


@pytest.mark.spec("S-66", "ASVS 11.5.1")
def test_a_secret_brought_along_needs_16_characters(terminal: Terminal) -> None:
    message = terminal.refusal(*WEB, "--client-secret-stdin", stdin="fifteen letters\n")
    assert "needs 16 or more" in message
    assert terminal.run(*WEB, "--client-secret-stdin", stdin="sixteen letters!\n")["client_secret"]


@pytest.mark.spec("C-20", "the product's description: only the name cannot be empty")
@pytest.mark.parametrize("app_type", ["web", "single_page"])
def test_an_application_may_be_created_before_its_redirect_url_is_known(
    terminal: Terminal, app_type: str
) -> None:
    printed = terminal.run("create_application", "--type", app_type, "--name", "Begun")
    assert not Application.objects.get(client_id=printed["client_id"]).redirect_urls.exists()
    assert terminal.warning.startswith("Setup incomplete: add a Redirect URL in the console")
    terminal.run(*WEB)
    assert terminal.warning == ""


@pytest.mark.spec("C-19", "RFC 3986 section 6.2.2.1")
def test_redirect_urls_are_stored_tidy_and_each_once(terminal: Terminal) -> None:
    printed = terminal.run(*WEB[:-1], " https://A.example/ ", "--redirect-url", "https://a.example/")
    application = Application.objects.get(client_id=printed["client_id"])
    assert [row.url for row in application.redirect_urls.all()] == ["https://a.example/"]


def test_a_private_key_is_refused_and_leaves_nothing_behind(terminal: Terminal, tmp_path: Path) -> None:
    UserFactory.create(username="ada")
    key_file = tmp_path / "key.pem"
    key_file.write_bytes(private_pem(SIGNING_KEY))
    message = terminal.refusal(*MACHINE, "--owner", "ada", "--public-key", str(key_file))
    assert "private key" in message
    assert "MII" not in message
    assert not Application.objects.exists()


def test_the_eleventh_application_is_refused(terminal: Terminal) -> None:
    for _ in range(10):
        terminal.run(*WEB)
    assert "up to a total of 10 OAuth2 applications" in terminal.refusal(*WEB)
