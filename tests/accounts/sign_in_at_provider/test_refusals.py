"""What a refused sign-in tells: the person a sentence, the operator the cause; and what it never tells."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.forms.models import model_to_dict

from accounts.models import IdentityProvider, User
from audit.models import Event
from oauthapps.models import RecordedRequest
from server.journal.journal import Journal
from tests.accounts.sign_in_at_provider.conftest import SsoBrowser
from tests.factories import UserFactory
from tests.infrastructure.recording import recording
from tests.infrastructure.scripted_provider import SECOND, ScriptedProvider

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[3]
CODE = re.compile(
    r"(?:SignInRefusedError|wrongly_set_up|not_believed)\(\s*(?:provider,\s*)?\"([a-z_]+)\"", re.DOTALL
)
SECRETS = ("access-token-3b1c", "provider-secret-7d1f", "ada@example.org", "Lovelace", "248289761001")


@pytest.fixture
def journal() -> Iterator[Journal]:
    with recording() as journal:
        yield journal


@pytest.fixture(autouse=True)
def _person(provider: ScriptedProvider) -> None:
    provider.person |= {"email": "ada@example.org", "email_verified": True, "name": "Ada Lovelace"}


def codes() -> set[str]:
    """Every error that a sign-in at a provider can be refused with."""
    return {
        code for path in (ROOT / "accounts").rglob("*.py") for code in CODE.findall(path.read_text("utf-8"))
    }


@pytest.mark.spec("I-53", "the inspector")
def test_every_error_is_listed_for_operators() -> None:
    listed = re.findall(
        r"^\| `([a-z_]+)` \|", (ROOT / "docs" / "operating.md").read_text("utf-8"), re.MULTILINE
    )
    assert {"unknown_key", "invalid_client", "clock_skew"} <= codes()
    assert codes() <= set(listed)


def down(provider: ScriptedProvider) -> None:
    provider.server.shutdown()
    provider.server.server_close()


def wrong_secret(provider: ScriptedProvider) -> None:
    provider.token_error = (
        401,
        {"error": "invalid_client", "error_description": "Expired: \x1b[2J\n" + "s" * 50},
    )


def skewed(provider: ScriptedProvider) -> None:
    provider.id_token = lambda claims: claims | {"iat": claims["iat"] + 120}


def rotated(provider: ScriptedProvider) -> None:
    provider.key = SECOND


def foreign(provider: ScriptedProvider) -> None:
    provider.person["email"] = "ada@elsewhere.example"


def unwell(provider: ScriptedProvider) -> None:
    provider.token_error = (503, {})


REFUSED: dict[str, tuple[Callable[[ScriptedProvider], None], str, str, str]] = {
    "down": (down, "provider_unavailable", "isn&#x27;t responding right now", "can't be reached"),
    "unwell": (unwell, "provider_unavailable", "isn&#x27;t responding right now", "answered 503"),
    "wrong secret": (
        wrong_secret,
        "invalid_client",
        "isn&#x27;t set up correctly",
        "client ID or secret: 401",
    ),
    "clock skew": (
        skewed,
        "clock_skew",
        "couldn&#x27;t be verified",
        "seconds in the future, by this server's clock",
    ),
    "unknown key": (rotated, "unknown_key", "couldn&#x27;t be verified", "names the key “second”"),
    "foreign domain": (foreign, "domain_not_allowed", "isn&#x27;t your organization&#x27;s", "example.org"),
}


@pytest.mark.spec("I-53", "the inspector")
@pytest.mark.parametrize("case", REFUSED)
def test_the_person_reads_a_sentence_and_the_operator_the_cause(
    sso: SsoBrowser, journal: Journal, case: str
) -> None:
    spoil, error, sentence, cause = REFUSED[case]
    location = sso.leave()
    query = sso.provider.answer(location)
    spoil(sso.provider)
    answer = sso.come_back(query)
    page = answer.content.decode()
    assert (answer.status_code, answer["Referrer-Policy"]) == (403, "strict-origin")
    assert sentence in page
    assert answer["X-Request-Id"] in page
    assert "administrator" not in page
    journal.finish()
    row = RecordedRequest.objects.get()
    assert (row.endpoint, row.error, row.request_id) == ("sign_in", error, answer["X-Request-Id"])
    assert row.cause.startswith("Example login: ")
    assert cause in row.cause
    assert row.fix
    assert row.cause.isprintable()
    assert (row.parameters, row.username, row.client_id) == ({}, "", "")


def assert_nowhere(sso: SsoBrowser, words: tuple[str, ...], log: str) -> None:
    """Nothing of these is in a session, an event, a recorded request or the log."""
    sessions = [str(row.get_decoded()) for row in Session.objects.all()]
    rows = [str(model_to_dict(row)) for kind in (Event, RecordedRequest) for row in kind.objects.all()]
    for word in words:
        assert not [text for text in [*sessions, *rows, log] if word in text], word


@pytest.mark.spec("I-54", "ASVS 14.2.4, 16.2.5")
@pytest.mark.parametrize("spoil", [rotated, skewed, wrong_secret, foreign, unwell])
def test_a_refusal_keeps_nothing_of_what_came(
    sso: SsoBrowser,
    journal: Journal,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    spoil: Callable[[ScriptedProvider], None],
) -> None:
    query = sso.provider.answer(sso.leave())
    code = next(iter(sso.provider.codes))
    spoil(sso.provider)
    assert sso.come_back(query).status_code == 403
    journal.finish()
    printed = capsys.readouterr()
    sent = (*SECRETS, "elsewhere.example", "s" * 50, code, sso.provider.authorized["nonce"])
    assert_nowhere(sso, sent, caplog.text + printed.out + printed.err)


@pytest.mark.spec("I-54", "ASVS 14.2.4, 16.2.5")
def test_a_sign_in_keeps_issuer_sub_and_sid_alone(
    sso: SsoBrowser, journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    UserFactory.create(username="ada", email="someone@example.org")
    location = sso.leave()
    query = sso.provider.answer(location)
    code = next(iter(sso.provider.codes))
    assert sso.come_back(query).status_code == 302
    journal.finish()
    kept_of_the_request = (code, sso.provider.authorized["nonce"], sso.provider.authorized["state"])
    assert_nowhere(sso, ("access-token-3b1c", *kept_of_the_request), caplog.text)
    record = sso.client.session["account_authentication_methods"][0]
    assert record.keys() == {"method", "at", "provider", "uid", "sid", "name", "second_factor"}


@pytest.mark.spec("I-54", "ASVS 16.2.5")
def test_an_error_of_ours_repeats_nothing_of_it(
    sso: SsoBrowser,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr("accounts.views.provider_sign_in.enter", fail)
    sso.client.raise_request_exception = False
    query = sso.provider.answer(sso.leave())
    code = next(iter(sso.provider.codes))
    assert sso.come_back(query).status_code == 500
    printed = capsys.readouterr()
    told = caplog.text + printed.out + printed.err
    assert "a fault of ours" in told
    for word in (*SECRETS, code, sso.provider.authorized["nonce"]):
        assert word not in told
    assert not User.objects.exists()
    assert IdentityProvider.objects.count() == 1


@pytest.mark.spec("I-59", "OpenID Core §3.1.2.1")
@pytest.mark.parametrize("person", [{"email": "ada@other.example"}, {"email_verified": False}])
def test_whoever_signed_in_with_the_wrong_account_can_use_another(
    sso: SsoBrowser, provider: ScriptedProvider, person: dict[str, Any]
) -> None:
    provider.person |= person
    page = sso.sign_in("/connected/").content.decode()
    assert "Use another account" in page
    assert '<input type="hidden" name="next" value="/connected/">' in page
    assert "prompt=" not in sso.leave("/connected/")
    again = {"next": "/connected/", "another_account": "yes"}
    there = sso.client.post(f"/accounts/login/provider/{sso.row.provider_id}/", again)
    assert "prompt=login" in there["Location"]
    provider.person |= {"email": "ada@example.org", "email_verified": True}
    assert sso.come_back(provider.answer(there["Location"]))["Location"] == "/connected/"


@pytest.mark.spec("I-59", "OpenID Core §3.1.2.1")
def test_another_account_is_not_offered_where_it_would_not_help(
    sso: SsoBrowser, provider: ScriptedProvider
) -> None:
    wrong_secret(provider)
    assert b"Use another account" not in sso.sign_in().content


@pytest.mark.spec("I-53", "the console")
def test_a_browser_that_keeps_no_cookies_is_told_so(sso: SsoBrowser, provider: ScriptedProvider) -> None:
    answer = provider.answer(sso.leave())
    told = b"Your browser didn&#x27;t send cookies", b"Your browser didn't send cookies"
    assert not any(each in sso.come_back("state=unknown").content for each in told)
    sso.client.cookies.clear()
    assert any(each in sso.come_back(answer).content for each in told)
