"""Security, for everybody: the overview, the authenticator app, recovery codes and sessions."""

import re
from datetime import timedelta

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.pages.user_agents import device
from audit.actors import Actor
from audit.models import Event, EventKind
from oauthapps.services.activation import deactivate
from tests.console.pages import Browser
from tests.factories import PASSWORD
from tests.second_factors import APP, SECURITY, code_of, secret_on

LOGIN = "/accounts/login/"
SESSIONS = "/security/sessions/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def sign_in(person: User, user_agent: str = FIREFOX) -> Browser:
    """Sign in at the page, as a browser does, as far as the password goes."""
    browser = Browser(Client(headers={"user-agent": user_agent}))
    assert browser.post(LOGIN, {"login": person.username, "password": PASSWORD}).status == 302
    return browser


def half_a_minute_ago() -> time_machine.travel:
    """When an authenticator app showed another code than now: each is good once."""
    return time_machine.travel(timezone.now() - timedelta(seconds=30))


def everything_kept() -> str:
    """The whole database as text."""
    rows = [list(model._default_manager.values()) for model in apps.get_models()]
    return str(rows) + str([session.get_decoded() for session in Session.objects.all()])


@pytest.fixture
def at_home(member: User) -> Browser:
    return sign_in(member)


@pytest.fixture
def secret(at_home: Browser) -> str:
    """The secret of an authenticator app that is set up."""
    page = at_home.get(APP)
    with half_a_minute_ago():
        assert at_home.send(page, APP, code=code_of(secret_on(page))).status == 302
    return secret_on(page)


OWN_PAGES = [
    "security",
    "mfa_list_webauthn",
    "mfa_add_webauthn",
    "mfa_activate_totp",
    "mfa_generate_recovery_codes",
    "sessions",
    "end-other-sessions",
    "kept-form",
]


@pytest.mark.spec("C-01", "ASVS 3.5, 8.2")
def test_strangers_are_sent_to_sign_in_and_forms_want_their_csrf_token(member: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(member)
    for name in OWN_PAGES:
        answer = Client().get(reverse(name))
        assert answer["Location"].startswith(LOGIN), name
        assert strict.post(reverse(name)).status_code == 403, name


def test_the_overview_leads_to_each_way_in(at_home: Browser) -> None:
    page = at_home.get(SECURITY)
    assert page.heading == "Security"
    links = page.links()
    assert links["Change password"] == reverse("account_change_password")
    assert links["Manage passkeys"] == reverse("mfa_list_webauthn")
    assert links["Set up authenticator app"] == APP
    assert links["View sessions"] == SESSIONS
    assert "1 session" in page.text


@pytest.mark.django_db(transaction=True)  # some of it is recorded after the commit
def test_an_authenticator_app_is_set_up_asked_for_and_removed(at_home: Browser, member: User) -> None:
    page = at_home.get(APP)
    secret = secret_on(page)
    with half_a_minute_ago():
        done = at_home.send(page, APP, code=code_of(secret))
    assert at_home.follow(done).heading == "Recovery codes"
    assert (
        "Authenticator app After your password, enter a code from an app on your phone. On"
        in at_home.get(SECURITY).text
    )

    elsewhere = sign_in(member)
    assert elsewhere.get("/connected/").status == 302
    page = elsewhere.get(reverse("mfa_authenticate"))
    wrong = elsewhere.send(page, reverse("mfa_authenticate"), code="000000")
    assert "Incorrect code" in wrong.alerts()
    answer = elsewhere.send(page, reverse("mfa_authenticate"), code=code_of(secret))
    assert answer.answer["Location"] == "/"
    assert elsewhere.get("/connected/").status == 200

    removal = reverse("mfa_deactivate_totp")
    at_home.send(at_home.get(removal))
    assert sign_in(member).get("/connected/").status == 200
    kinds = Event.objects.filter(person=member).order_by("pk").values_list("kind", "detail")
    assert list(kinds) == [
        (EventKind.SIGNED_IN, "password"),
        (EventKind.AUTHENTICATOR_ADDED, ""),
        (EventKind.RECOVERY_CODES_MADE, ""),
        (EventKind.SIGN_IN_FAILED, "wrong code"),
        (EventKind.SIGNED_IN, "password, authenticator app"),
        (EventKind.AUTHENTICATOR_REMOVED, ""),
        (EventKind.RECOVERY_CODES_REMOVED, ""),
        (EventKind.SIGNED_IN, "password"),
    ]


def test_the_code_that_set_the_app_up_signs_nobody_in(at_home: Browser, member: User) -> None:
    page = at_home.get(APP)
    with time_machine.travel(timezone.now(), tick=False):
        code = code_of(secret_on(page))
        assert at_home.send(page, APP, code=code).status == 302
        elsewhere = sign_in(member)
        asked = reverse("mfa_authenticate")
        again = elsewhere.send(elsewhere.get(asked), asked, code=code)
    assert "Incorrect code" in again.alerts()
    assert elsewhere.get("/connected/").status == 302


@pytest.mark.parametrize("change", ["password", "deactivation"])
def test_a_sign_in_that_waits_for_the_second_factor_ends_with_what_began_it(
    member: User, administrator: User, secret: str, change: str
) -> None:
    elsewhere = sign_in(member)
    page = elsewhere.get(reverse("mfa_authenticate"))
    if change == "password":
        member.set_password("an entirely different one")
        member.save()
    else:
        deactivate(member, actor=Actor.command("tests"))
    answer = elsewhere.send(page, reverse("mfa_authenticate"), code=code_of(secret))
    assert answer.answer["Location"] == LOGIN
    User.objects.filter(pk=member.pk).update(is_active=True)
    assert elsewhere.get("/connected/").status == 302
    assert Event.objects.filter(person=member, kind=EventKind.SIGNED_IN).count() == 1


def test_a_secret_that_is_being_set_up_is_nowhere_in_clear(at_home: Browser) -> None:
    page = at_home.get(APP)
    secret = secret_on(page)
    assert re.fullmatch("[A-Z2-7]{32}", secret)
    assert page.answer["Cache-Control"] == "no-store"
    assert secret not in everything_kept()
    wrong = at_home.send(page, APP, code="000000")
    assert "Incorrect code" in wrong.alerts()
    assert secret_on(wrong) == secret  # the app that scanned it goes on
    assert secret not in everything_kept()
    assert at_home.send(wrong, APP, code=code_of(secret)).status == 302
    assert secret not in everything_kept()


def test_a_code_without_a_secret_waiting_is_refused(at_home: Browser) -> None:
    page = at_home.post(APP, {"code": "123456"})
    assert "Incorrect code" in page.alerts()
    assert secret_on(page) not in everything_kept()


def test_recovery_codes_are_shown_once_and_each_works_once(
    at_home: Browser, member: User, secret: str
) -> None:
    page = at_home.get(reverse("mfa_view_recovery_codes"))
    codes = "".join(page.by_id("recovery-codes").itertext()).split()
    assert len(set(codes)) == 10
    assert page.answer["Cache-Control"] == "no-store"
    assert page.by_id("recovery-codes").get("data-secret") is not None
    assert not [code for code in codes if code in at_home.get(reverse("mfa_view_recovery_codes")).content]
    assert not [code for code in codes if code in everything_kept()]

    for expected in (302, 200):
        elsewhere = sign_in(member)
        page = elsewhere.get(reverse("mfa_authenticate"))
        assert elsewhere.send(page, reverse("mfa_authenticate"), code=codes[0]).status == expected
    assert "9 of 10 left" in at_home.get(SECURITY).text
    assert Event.objects.filter(kind=EventKind.RECOVERY_CODE_USED, person=member).count() == 1


@pytest.mark.django_db(transaction=True)
def test_new_recovery_codes_replace_the_old_ones(at_home: Browser, secret: str) -> None:
    shown = reverse("mfa_view_recovery_codes")
    old = "".join(at_home.get(shown).by_id("recovery-codes").itertext()).split()
    page = at_home.get(reverse("mfa_generate_recovery_codes"))
    assert "Your 10 unused codes stop working" in page.text
    made = at_home.send(page)
    new = "".join(at_home.follow(made).by_id("recovery-codes").itertext()).split()
    assert not set(old) & set(new)
    assert Event.objects.filter(kind=EventKind.RECOVERY_CODES_MADE).count() == 2


def test_without_a_second_factor_there_are_no_recovery_codes(at_home: Browser) -> None:
    page = at_home.post(reverse("mfa_generate_recovery_codes"))
    assert "Set up a passkey or an authenticator app first" in page.text
    assert at_home.get(reverse("mfa_view_recovery_codes")).status == 404


def test_sessions_name_device_address_and_which_one_this_is(at_home: Browser, member: User) -> None:
    sign_in(member, "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1")
    page = at_home.get(SESSIONS)
    rows = [row for row in page.root.iter("tr") if list(row.iter("td"))]
    texts = [" ".join("".join(row.itertext()).split()) for row in rows]
    assert texts[0].startswith("Firefox on Linux 127.0.0.1")
    assert "This session" in texts[0]
    assert texts[1].startswith("Safari on iPhone 127.0.0.1")
    assert texts[1].endswith("End Safari on iPhone")


def test_ending_a_session_signs_that_browser_out_at_once(at_home: Browser, member: User) -> None:
    elsewhere = sign_in(member, "curl/8")
    assert elsewhere.get("/connected/").status == 200
    page = at_home.get(at_home.get(SESSIONS).links()["End Unknown device"])
    assert page.heading == "End this session?"
    assert "Session ended: Unknown device" in at_home.follow(at_home.send(page)).messages
    assert elsewhere.get("/connected/").status == 302
    assert at_home.get("/connected/").status == 200
    event = Event.objects.get(kind=EventKind.SESSION_ENDED)
    assert (event.actor, event.person, event.detail) == (member, member, "from 127.0.0.1")


def test_ending_all_others_keeps_this_one(at_home: Browser, member: User, administrator: User) -> None:
    others = [sign_in(member), sign_in(member)]
    stranger = sign_in(administrator)
    page = at_home.get(at_home.get(SESSIONS).links()["End all other sessions"])
    assert "2 sessions ended" in at_home.follow(at_home.send(page)).messages
    assert [browser.get("/connected/").status for browser in (*others, at_home, stranger)] == [
        302,
        302,
        200,
        200,
    ]
    assert "End all other sessions" not in at_home.get(SESSIONS).links()
    assert Event.objects.get(kind=EventKind.SESSION_ENDED).detail == "2 others"


def test_without_another_session_there_is_nothing_to_end(at_home: Browser) -> None:
    page = at_home.get(reverse("end-other-sessions"))
    assert "You have no other sessions." in page.text
    assert "End all other sessions" not in page.buttons()


def test_a_session_that_was_signed_out_is_no_longer_listed(at_home: Browser, member: User) -> None:
    elsewhere = sign_in(member, "curl/8")
    elsewhere.post(reverse("account_logout"))
    assert UserSession.objects.count() == 1
    assert "Unknown device" not in at_home.get(SESSIONS).text


@pytest.mark.spec("C-01", "ASVS 8.2")
def test_another_persons_session_is_404(at_home: Browser, member: User, administrator: User) -> None:
    sign_in(administrator)
    for session in UserSession.objects.all():  # one's own present one is not ended here either
        address = reverse("end-session", args=[session.pk])
        assert at_home.get(address).status == 404
        assert at_home.post(address).status == 404
    assert UserSession.objects.count() == 2


def test_when_and_from_where_a_session_was_last_seen_is_written_once_a_minute(
    at_home: Browser, member: User
) -> None:
    from datetime import timedelta

    import time_machine
    from django.utils import timezone

    start = UserSession.objects.get().last_seen_at
    for seconds, moved in ((30, False), (90, True)):
        with time_machine.travel(timezone.now() + timedelta(seconds=seconds), tick=False):
            at_home.client.get("/connected/", REMOTE_ADDR="192.0.2.7")
        session = UserSession.objects.get()
        assert (session.last_seen_at > start, session.ip == "192.0.2.7") == (moved, moved)


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (FIREFOX, "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 15) Version/18 Safari/605.1", "Safari on macOS"),
        ("Mozilla/5.0 (Windows NT 10.0)", "Windows"),
        ("<script>", "Unknown device"),
        ("", "Unknown device"),
    ],
)
def test_a_browser_is_named_as_people_call_it(user_agent: str, words: str) -> None:
    assert device(user_agent) == words
