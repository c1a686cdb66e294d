"""Second factors as people meet them: clocks that run on, two tabs, other keyboards, a changed SECRET_KEY."""

import json
from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.sessions.models import Session
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from audit.actors import Actor
from audit.models import Event, EventKind
from oauthapps.models import Application, PublicKey
from oauthapps.services.credentials import add_key
from tests.console.pages import Browser, Page
from tests.console.test_security import sign_in
from tests.factories import PASSWORD
from tests.infrastructure.authenticator import SoftAuthenticator
from tests.keys import SIGNING_KEY, public_pem
from tests.second_factors import APP, SECURITY, add_passkey, code_of, options_on, secret_on
from tests.sign_ins import age_sign_in

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
CODES = "/security/recovery-codes/"
AGAIN = "/accounts/reauthenticate/"
# A moment just after an authenticator app has begun to show another code.
STEP = timezone.now().replace(second=31, microsecond=0)


def ask(browser: Browser, code: str) -> Page:
    """Give a code after the password."""
    address = reverse("mfa_authenticate")
    return browser.send(browser.get(address), address, code=code)


def code_at(seconds: int) -> str:
    """What the app showed so many seconds from STEP."""
    with time_machine.travel(STEP + timedelta(seconds=seconds), tick=False):
        return code_of(SECRET)


def codes_on(page: Page) -> list[str]:
    return "".join(page.by_id("recovery-codes").itertext()).split()


@pytest.fixture
def app(member: User) -> None:
    TOTP.activate(member, SECRET)


@pytest.fixture
def codes(visitor: Browser, member: User) -> list[str]:
    """Recovery codes that their owner has seen."""
    TOTP.activate(member, SECRET)
    return codes_on(visitor.follow(visitor.send(visitor.get(f"{CODES}new"))))


@pytest.mark.spec("W-74", "RFC 6238 §5.2")
@pytest.mark.parametrize(("seconds", "right"), [(0, True), (-30, True), (-60, False), (30, False)])
def test_a_code_is_good_until_the_one_after_it_is_over(
    member: User, app: None, seconds: int, right: bool
) -> None:
    with time_machine.travel(STEP, tick=False):
        assert ask(sign_in(member), code_at(seconds)).status == (302 if right else 200)


@pytest.mark.spec("W-74", "RFC 6238 §5.2")
@pytest.mark.parametrize("later", [0, 29, 31, 58])
def test_a_code_is_good_once_however_long_it_is_right(member: User, app: None, later: int) -> None:
    with time_machine.travel(STEP, tick=False) as clock:
        code = code_at(0)
        assert ask(sign_in(member), code).status == 302
        clock.shift(later)
        assert "Incorrect code" in ask(sign_in(member), code).alerts()


@pytest.mark.parametrize(
    "typed",
    [
        "{0}{1}{2} {3}{4}{5}",
        " {0}{1}{2}\u00a0{3}{4}{5}\u202f",
        "{0}{1}{2}-{3}{4}{5}",
        "\u200b{0}{1}{2}{3}{4}{5}",
    ],
)
def test_a_code_may_have_spaces_and_such_in_it(member: User, app: None, typed: str) -> None:
    with time_machine.travel(STEP, tick=False):
        assert ask(sign_in(member), typed.format(*code_at(0))).status == 302


@pytest.mark.spec("W-75", "RFC 6238 §5.2")
@pytest.mark.parametrize("zero", ["\uff10", "\u0660", "\U0001d7ce"])
def test_a_code_may_be_in_digits_of_another_keyboard(
    member: User, app: None, visitor: Browser, zero: str
) -> None:
    def typed(code: str) -> str:
        return "".join(chr(ord(zero) + int(digit)) for digit in code)

    with time_machine.travel(STEP, tick=False):
        assert ask(sign_in(member), typed(code_at(0))).status == 302
        Authenticator.objects.all().delete()
        page = visitor.get(APP)
        assert visitor.send(page, APP, code=typed(code_of(secret_on(page)))).status == 302


@pytest.mark.parametrize("typed", ["½½½½½½", "12345", "1234567", "abcdef", "\u200b", "é" * 6])
def test_whatever_else_is_typed_is_an_incorrect_code(member: User, app: None, typed: str) -> None:
    page = ask(sign_in(member), typed)
    assert page.status == 200
    assert page.alerts()


@pytest.mark.parametrize("typed", ["½½½½½½", "é" * 6])
def test_so_it_is_while_an_app_is_set_up(visitor: Browser, typed: str) -> None:
    assert "Incorrect code" in visitor.send(visitor.get(APP), APP, code=typed).alerts()


@pytest.mark.spec("W-76", "RFC 6238 §5.1")
def test_a_reload_and_a_second_tab_show_the_secret_that_was_scanned(visitor: Browser, member: User) -> None:
    page = visitor.get(APP)
    secret = secret_on(page)
    assert secret_on(visitor.get(APP)) == secret
    assert visitor.send(page, APP, code=code_of(secret)).status == 302
    Authenticator.objects.all().delete()
    assert secret_on(visitor.get(APP)) != secret  # the next app gets its own


def test_the_secret_outlives_confirming_who_one_is(visitor: Browser) -> None:
    secret = secret_on(visitor.get(APP))
    visitor.post(AGAIN, {"password": PASSWORD})
    assert secret_on(visitor.get(APP)) == secret


@pytest.mark.spec("W-77", "ASVS 6.3.3, 7.5.1")
def test_a_password_alone_removes_no_second_factor(visitor: Browser, member: User, codes: list[str]) -> None:
    age_sign_in(visitor, minutes=6)
    removal = reverse("mfa_deactivate_totp")
    asked = visitor.get(removal)
    assert asked.answer["Location"].startswith(reverse("mfa_reauthenticate"))
    page = visitor.follow(visitor.post(AGAIN, {"password": PASSWORD, "next": removal}))
    assert "password" not in [link.casefold() for link in page.links()]
    assert visitor.get(removal).status == 302
    page = visitor.follow(asked)
    assert (
        visitor.send(page, reverse("mfa_reauthenticate"), code=code_of(SECRET)).answer["Location"] == removal
    )
    visitor.send(visitor.get(removal))
    assert not Authenticator.objects.filter(type=Authenticator.Type.TOTP).exists()


@pytest.mark.spec("W-77", "ASVS 6.3.3, 7.5.1")
@pytest.mark.parametrize(
    "name", ["account_change_password", "mfa_add_webauthn", "mfa_generate_recovery_codes"]
)
def test_nor_does_it_change_how_one_signs_in(visitor: Browser, codes: list[str], name: str) -> None:
    age_sign_in(visitor, minutes=6)
    assert visitor.get(reverse(name)).answer["Location"].startswith(reverse("mfa_reauthenticate"))
    assert visitor.post(reverse(name)).answer["Location"].startswith(reverse("mfa_reauthenticate"))


def test_whoever_has_only_a_passkey_is_asked_for_it_first(visitor: Browser) -> None:
    add_passkey(visitor, SoftAuthenticator())
    age_sign_in(visitor, minutes=6)
    asked = visitor.get(reverse("mfa_add_webauthn"))
    assert asked.answer["Location"].startswith(reverse("mfa_reauthenticate_webauthn"))
    links = visitor.follow(asked).links()
    assert "Use your authenticator app or a recovery code" in links
    assert "Use your password" not in links


@pytest.mark.spec("S-93", "ASVS 16.3.1")
@pytest.mark.parametrize("way", ["code", "passkey"])
def test_every_way_to_confirm_renews_the_session_and_is_logged(
    visitor: Browser, codes: list[str], way: str, caplog: pytest.LogCaptureFixture
) -> None:
    device = SoftAuthenticator()
    add_passkey(visitor, device)
    before = visitor.client.cookies["gatehouse_session"].value
    if way == "code":
        visitor.post(reverse("mfa_reauthenticate"), {"code": codes[0]})
    else:
        address = reverse("mfa_reauthenticate_webauthn")
        page = visitor.get(address)
        visitor.send(page, address, credential=json.dumps(device.get(options_on(page, address))))
    assert visitor.client.cookies["gatehouse_session"].value != before
    assert visitor.get(SECURITY).status == 200
    assert f"bob confirmed who they are: {way}." in caplog.messages


@pytest.mark.spec("S-81", "ASVS 6.5.2")
def test_recovery_codes_that_were_seen_are_kept_as_digests(
    visitor: Browser, member: User, codes: list[str]
) -> None:
    row = Authenticator.objects.get(type=Authenticator.Type.RECOVERY_CODES)
    assert set(row.data) == {"salt", "digests", "used_mask", "viewed_at"}
    digits = [code.replace("-", "") for code in codes]
    assert all(len(code) == 16 and code.isdigit() for code in digits)
    assert not [code for code in [*codes, *digits] if code in str(row.data)]
    elsewhere = sign_in(member)
    assert ask(elsewhere, f" {codes[3].replace('-', ' ')}\u00a0").status == 302
    assert elsewhere.get("/connected/").status == 200
    assert "Incorrect code" in ask(sign_in(member), codes[3]).alerts()
    assert "Your 9 unused codes stop working" in visitor.get(f"{CODES}new").text


def test_looking_whether_the_page_is_there_does_not_use_it_up(visitor: Browser, member: User) -> None:
    TOTP.activate(member, SECRET)
    visitor.send(visitor.get(f"{CODES}new"))
    visitor.client.head(CODES)
    assert len(codes_on(visitor.get(CODES))) == 10
    assert "can't be shown again" in visitor.get(CODES).text


@pytest.mark.spec("S-82", "ASVS 11.2.2")
def test_a_changed_secret_key_is_explained_and_a_recovery_code_still_works(
    member: User, codes: list[str], settings: Settings
) -> None:
    settings.SECRET_KEY = "another-key-that-is-long-enough-for-the-test-suite"
    page = ask(sign_in(member), "123456")
    assert (page.status, page.heading) == (403, "Your authenticator app can't be checked")
    assert "SECRET_KEY" in page.text
    assert "manage.py reset_user" in page.text
    browser = sign_in(member)
    assert ask(browser, codes[0]).status == 302
    age_sign_in(browser, minutes=6)
    again = reverse("mfa_reauthenticate")
    page = browser.send(browser.get(again), again, code="123456")
    assert page.status == 403
    assert f"reset_user {member.username}" in page.text
    browser.send(browser.get(again), again, code=codes[1])
    browser.send(browser.get(reverse("mfa_deactivate_totp")))
    assert not Authenticator.objects.exists()


@pytest.mark.spec("S-82", "ASVS 11.2.2")
def test_codes_that_nobody_saw_under_the_earlier_secret_key_are_made_anew(
    visitor: Browser, member: User, app: None, settings: Settings
) -> None:
    present, settings.SECRET_KEY = (
        settings.SECRET_KEY,
        "the-key-before-that-is-long-enough-for-the-test-suite",
    )
    RecoveryCodes.activate(member)
    settings.SECRET_KEY = present
    page = visitor.follow(visitor.get(CODES))
    assert "SECRET_KEY has changed" in page.messages
    assert len(codes_on(visitor.follow(visitor.send(page)))) == 10


def test_two_passkeys_of_one_name_are_told_apart(visitor: Browser, member: User) -> None:
    for name in ("Phone", "phone", "", ""):
        add_passkey(visitor, SoftAuthenticator(), name)
    rows = Authenticator.objects.filter(type=Authenticator.Type.WEBAUTHN).order_by("pk")
    assert [row.wrap().name for row in rows] == ["Phone", "phone 2", "Passkey 3", "Passkey 4"]
    page = visitor.get(visitor.get("/security/passkeys/").links()["Rename Phone"])
    assert "You already have a passkey with this name" in visitor.send(page, name="PHONE 2").alerts()
    assert visitor.send(page, name="phone").status == 302  # its own name in other letters


def test_a_name_is_not_given_twice_after_a_passkey_was_removed(visitor: Browser, member: User) -> None:
    for _ in range(2):
        add_passkey(visitor, SoftAuthenticator(), "")
    Authenticator.objects.filter(type=Authenticator.Type.WEBAUTHN).first().delete()
    add_passkey(visitor, SoftAuthenticator(), "")
    names = {row.wrap().name for row in Authenticator.objects.filter(type=Authenticator.Type.WEBAUTHN)}
    assert names == {"Passkey 2", "Passkey 3"}


def test_a_security_key_without_a_pin_is_told_so(visitor: Browser, member: User) -> None:
    refused = add_passkey(visitor, SoftAuthenticator(knows_owner=False))
    assert "it has no PIN" in refused.alerts()
    device = SoftAuthenticator()
    add_passkey(visitor, device)
    device.flags = SoftAuthenticator(knows_owner=False).flags
    elsewhere = sign_in(member)
    address = reverse("mfa_authenticate")
    page = elsewhere.get(address)
    answer = json.dumps(device.get(options_on(page, address)))
    assert "it has no PIN" in elsewhere.post(address, {"credential": answer}).text
    again = reverse("mfa_reauthenticate_webauthn")
    answer = json.dumps(device.get(options_on(visitor.get(again), again)))
    assert "it has no PIN" in visitor.follow(visitor.post(again, {"credential": answer})).messages


@pytest.mark.spec("W-78", "WebAuthn Level 3 §5.1.10")
@pytest.mark.parametrize("name", ["W" * 61, "a\u202eb"])
def test_a_refused_passkey_is_named_to_the_browser_which_takes_it_back(visitor: Browser, name: str) -> None:
    device = SoftAuthenticator()
    page = visitor.get("/security/passkeys/new")
    answer = device.create(options_on(page))
    page = visitor.send(page, name=name, credential=json.dumps(answer))
    assert page.form().get("data-passkey-refused") == answer["id"]
    assert "delete it there" in page.alerts()


@pytest.mark.spec("S-83", "ASVS 7.4.3")
@pytest.mark.django_db(transaction=True)  # some of it is noted after the commit
def test_after_a_second_factor_changed_ending_the_other_sessions_is_offered(member: User) -> None:
    here = sign_in(member)
    assert "End all other sessions" not in here.get(SECURITY).links()
    page = here.get(APP)
    here.send(page, APP, code=code_of(secret_on(page)))
    assert "End all other sessions" not in here.get(SECURITY).links()  # there are none
    other = sign_in(member)
    assert ask(other, codes_on(here.get(CODES))[0]).status == 302
    for address in (SECURITY, "/security/passkeys/"):
        assert here.get(address).links()["End all other sessions"] == reverse("end-other-sessions")
        assert "End all other sessions" not in other.get(address).links()
    here.send(here.get(reverse("mfa_deactivate_totp")))
    here.send(here.get(reverse("end-other-sessions")))
    assert "End all other sessions" not in here.get(SECURITY).links()
    assert other.get(SECURITY).status == 302


def test_it_is_offered_for_ten_minutes(member: User) -> None:
    here, _ = sign_in(member), sign_in(member)
    TOTP.activate(member, SECRET)
    here.send(here.get(reverse("mfa_deactivate_totp")))
    assert "End all other sessions" in here.get(SECURITY).links()
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        assert "End all other sessions" not in here.get(SECURITY).links()


@pytest.mark.spec("S-84", "ASVS 14.2.4")
def test_the_tables_of_sessions_have_no_key_that_opens_one(member: User) -> None:
    from allauth.usersessions.models import UserSession

    browser = sign_in(member)
    key = browser.client.cookies["gatehouse_session"].value
    names = [*Session.objects.values_list("pk", flat=True), *UserSession.objects.values_list("session_key")]
    assert len(names) == 2
    assert key not in str(names)
    for name in Session.objects.values_list("pk", flat=True):
        thief = Browser(type(browser.client)())
        thief.client.cookies["gatehouse_session"] = name
        assert thief.get(SECURITY).status == 302


@pytest.fixture
def speaking_key(machine: Application, administrator: User) -> PublicKey:
    """A key whose assertions speak for the administrator."""
    return add_key(machine, public_pem(SIGNING_KEY), user=administrator, actor=Actor.command("tests"))


CHANGE = "/accounts/password/change/"
CHANGED = {"oldpassword": PASSWORD, "password1": "quite another one 7", "password2": "quite another one 7"}


def test_a_password_change_may_delete_the_keys_that_speak_for_one(
    console: Browser, administrator: User, speaking_key: PublicKey
) -> None:
    page = console.get(CHANGE)
    assert speaking_key.application.name in page.text
    assert console.send(page, CHANGE, delete_keys="on", **CHANGED).status == 302
    assert not speaking_key.application.keys.live().exists()
    assert Event.objects.filter(kind=EventKind.KEY_DELETED, actor=administrator).count() == 1


def test_without_being_asked_to_it_deletes_none(console: Browser, speaking_key: PublicKey) -> None:
    assert console.send(console.get(CHANGE), CHANGE, **CHANGED).status == 302
    assert speaking_key.application.keys.live().count() == 1


def test_whoever_has_no_key_is_not_asked(visitor: Browser, speaking_key: PublicKey) -> None:
    page = visitor.get(CHANGE)
    assert page.field("password1") is not None
    assert "delete_keys" not in page.content
