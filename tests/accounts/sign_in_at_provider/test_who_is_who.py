"""Who a sign-in at a provider is of, the first time and later."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from allauth.socialaccount.models import SocialAccount
from django.db import transaction
from django.http import HttpResponse
from django.utils import timezone

from accounts.models import IdentityProvider, OneTimeLink, Role, User
from accounts.oidc.claims import ProviderClaims
from accounts.oidc.failures import SignInRefusedError
from accounts.services.identities import enter, link, link_confirmed
from accounts.services.identity_providers import delete_provider
from accounts.services.invitations import invite, withdraw_invitation
from accounts.services.links import allow_linking
from audit.actors import Actor
from audit.models import Event, EventKind
from tests.accounts.sign_in_at_provider.conftest import SsoBrowser
from tests.accounts.ways_in import TOTP_SECRET
from tests.factories import PASSWORD, AdministratorFactory, UserFactory, make_provider
from tests.infrastructure.scripted_provider import ScriptedProvider
from tests.parallel import in_parallel
from tests.second_factors import code_of

SUBJECT = "248289761001"
CONFIRM = "/accounts/login/provider/link/"
ADA = {"email": "ada@example.org", "email_verified": True, "name": "Ada Lovelace"}
TESTS = Actor.command("tests")

US = Actor.command("tests")
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _person(provider: ScriptedProvider) -> None:
    provider.person |= ADA


def linked() -> list[tuple[str, str]]:
    """Who is linked to which sub; nothing else is kept of an identity."""
    rows = SocialAccount.objects.select_related("user")
    assert all(row.extra_data == {} for row in rows)
    return [(row.user.username, row.uid) for row in rows]


def kinds_of(person: User) -> list[str]:
    return list(Event.objects.filter(person=person).order_by("pk").values_list("kind", flat=True))


def is_refused(answer: HttpResponse, words: str) -> bool:
    return answer.status_code == 403 and words in answer.content.decode()


@pytest.mark.spec("I-40", "OpenID Connect Core 1.0 5.7")
def test_whoever_is_linked_signs_in_whatever_their_email_address_is_by_now(
    sso: SsoBrowser, provider: ScriptedProvider
) -> None:
    person = UserFactory.create(username="grace", email="grace@example.org")
    SocialAccount.objects.create(user=person, provider=sso.row.issuer, uid=SUBJECT)
    UserFactory.create(username="ada", email="ada@example.org")
    for email in ({}, {"email": "grace@elsewhere.example"}, {"email_verified": False}):
        provider.person |= email
        sso.client.logout()
        assert sso.sign_in().status_code == 302
        assert sso.client.session["_auth_user_id"] == str(person.pk)
    assert linked() == [("grace", SUBJECT)]


@pytest.mark.spec("I-40", "OpenID Connect Core 1.0 5.7")
def test_the_same_sub_at_another_provider_is_somebody_else(sso: SsoBrowser) -> None:
    other = make_provider("https://other.example", name="Other")
    person = UserFactory.create(username="eve")
    SocialAccount.objects.create(user=person, provider=other.issuer, uid=SUBJECT)
    assert sso.sign_in().status_code == 302
    assert linked() == [("eve", SUBJECT), ("ada", SUBJECT)]


NOT_VERIFIED: list[dict[str, Any]] = [
    {"email_verified": False},
    {"email_verified": "false"},
    {"email_verified": None},
    {"email_verified": 1},
    {"email_verified": "yes"},
    {"email_verified": [True]},
    {"email_verified": False, "xms_edov": True},
]


@pytest.mark.spec("I-41", "OpenID Connect Core 1.0 5.1, 5.7")
@pytest.mark.parametrize("claims", NOT_VERIFIED)
def test_an_email_address_that_is_not_verified_finds_nobody(
    sso: SsoBrowser, provider: ScriptedProvider, claims: dict[str, Any]
) -> None:
    UserFactory.create(username="ada", email="ada@example.org")
    provider.person |= claims
    assert is_refused(sso.sign_in(), "verified your email address")
    assert linked() == []


@pytest.mark.spec("I-41", "OpenID Connect Core 1.0 5.1")
@pytest.mark.parametrize("claims", [{"email_verified": "true"}, {"email_verified": "True"}])
def test_true_may_be_a_text(sso: SsoBrowser, provider: ScriptedProvider, claims: dict[str, Any]) -> None:
    provider.person |= claims
    assert sso.sign_in().status_code == 302


@pytest.mark.spec("I-41", "Microsoft identity platform, optional claims")
@pytest.mark.parametrize("value", [True, 1, "1", "true"], ids=repr)
def test_entra_id_says_it_in_a_claim_of_its_own(
    sso: SsoBrowser, provider: ScriptedProvider, value: object
) -> None:
    del provider.person["email_verified"]
    provider.person["xms_edov"] = value
    assert sso.sign_in().status_code == 302


FOREIGN = [
    "ada@example.com",
    "ada@sub.example.org",
    "ada@notexample.org",
    "ada@example.org.evil.example",
    "ada@evil.example@example.org",
    "\u212aada@example.org",  # the Kelvin sign, which is k in lower case
    "ada@ex\u00e4mple.org",
    "ada",
    "@example.org",
    "ada@example.org\n",
]


@pytest.mark.spec("I-42", "OpenID Connect Core 1.0 5.7")
@pytest.mark.parametrize("email", FOREIGN)
def test_an_email_address_of_another_domain_finds_nobody(
    sso: SsoBrowser, provider: ScriptedProvider, email: str
) -> None:
    UserFactory.create(username="kada", email="kada@example.org")
    provider.person["email"] = email
    assert sso.sign_in().status_code == 403
    assert (linked(), User.objects.count()) == ([], 1)


@pytest.mark.spec("I-42", "OpenID Connect Core 1.0 5.7")
def test_without_allowed_domains_nobody_is_linked(sso: SsoBrowser) -> None:
    IdentityProvider.objects.update(allowed_domains=[], provisions=False)
    assert is_refused(sso.sign_in(), "isn&#x27;t your organization&#x27;s")


@pytest.mark.spec("I-43", "OpenID Connect Core 1.0 5.7")
def test_somebody_invited_joins_with_the_first_sign_in(sso: SsoBrowser, provider: ScriptedProvider) -> None:
    person, link = invite(username="lovelace", email="Ada@Example.org", role=Role.AUDITOR, actor=TESTS)
    provider.person["email"] = "ADA@EXAMPLE.ORG"
    assert sso.sign_in().status_code == 302
    assert sso.is_signed_in
    person.refresh_from_db()
    assert (person.is_active, person.role, person.has_usable_password()) == (True, Role.AUDITOR, False)
    assert not OneTimeLink.objects.exists()
    assert linked() == [("lovelace", SUBJECT)]
    assert EventKind.INVITATION_ACCEPTED in kinds_of(person)
    assert EventKind.IDENTITY_LINKED in kinds_of(person)
    assert sso.client.get(link.removeprefix("http://testserver.localhost")).status_code == 400


@pytest.mark.spec("I-43", "OpenID Connect Core 1.0 5.7")
@pytest.mark.parametrize("is_withdrawn", [True, False])
def test_an_invitation_that_is_over_lets_nobody_in(sso: SsoBrowser, is_withdrawn: bool) -> None:
    person, _ = invite(username="ada", email="ada@example.org", role=Role.MEMBER, actor=TESTS)
    if is_withdrawn:
        withdraw_invitation(person, actor=TESTS)
    OneTimeLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert is_refused(sso.sign_in(), "invitation has expired or was withdrawn")
    assert linked() == []


@pytest.mark.spec("I-43", "RFC 7644 3.3")
def test_whoever_a_directory_created_was_invited_by_that_once(
    sso: SsoBrowser, provider: ScriptedProvider
) -> None:
    person = UserFactory.create(username="ada", email="ada@example.org", external_id="e-1", password=None)
    User.objects.update(password="!", last_login=None)
    assert sso.sign_in().status_code == 302
    assert linked() == [("ada", SUBJECT)]
    sso.client.logout()
    provider.person["sub"] = "the next one with this address"
    assert is_refused(sso.sign_in(), "can&#x27;t be linked")
    assert linked() == [("ada", SUBJECT)]
    assert person.external_id == "e-1"


@pytest.mark.spec("I-44", "ASVS 6.8.1")
def test_an_address_of_somebody_without_a_password_is_not_enough(
    sso: SsoBrowser, provider: ScriptedProvider
) -> None:
    """The provider gave the address of somebody who left to another person: they are not the same."""
    assert sso.sign_in().status_code == 302
    theirs = SsoBrowser(provider, sso.row)
    provider.person["sub"] = "somebody else"
    assert is_refused(theirs.sign_in(), "can&#x27;t be linked")
    assert linked() == [("ada", SUBJECT)]


@pytest.mark.spec("I-45", "ASVS 8.3.2")
@pytest.mark.parametrize("is_linked", [True, False])
def test_whoever_was_deactivated_stays_out(sso: SsoBrowser, is_linked: bool) -> None:
    person = UserFactory.create(username="ada", email="ada@example.org", is_active=False)
    if is_linked:
        SocialAccount.objects.create(user=person, provider=sso.row.issuer, uid=SUBJECT)
    assert is_refused(sso.sign_in(), "Your account here has been deactivated")
    assert not sso.is_signed_in


@pytest.mark.spec("I-46", "the console")
def test_without_provisioning_strangers_are_told_whom_to_ask(sso: SsoBrowser) -> None:
    IdentityProvider.objects.update(provisions=False)
    answer = sso.sign_in()
    assert is_refused(answer, "don&#x27;t have an account here yet")
    assert "administrator" not in answer.content.decode()
    assert not User.objects.exists()


USERNAMES: list[tuple[dict[str, Any], str]] = [
    ({}, "ada"),
    ({"preferred_username": "countess"}, "countess"),
    ({"preferred_username": "Ada.L@example.org"}, "Ada.L"),
    ({"preferred_username": "DOMAIN\\ada l"}, "DOMAIN-ada-l"),
    ({"preferred_username": "\u0410\u0434a"}, "a"),
    ({"preferred_username": "数学"}, "ada"),
    ({"preferred_username": "taken"}, "ada"),
    ({"preferred_username": "TAKEN", "email": "taken@example.org"}, "TAKEN-2"),
    ({"preferred_username": "x" * 100}, "x" * 64),
    ({"preferred_username": 7}, "ada"),
]


@pytest.mark.spec("I-46", "the console")
@pytest.mark.parametrize(("claims", "username"), USERNAMES)
def test_a_member_gets_a_username_that_is_free_and_valid(
    sso: SsoBrowser, provider: ScriptedProvider, claims: dict[str, Any], username: str
) -> None:
    UserFactory.create(username="taken", email="other@example.org")
    provider.person |= claims
    assert sso.sign_in().status_code == 302
    person = User.objects.get(email=provider.person["email"])
    assert person.username == username
    assert (person.role, kinds_of(person)[:2]) == (
        Role.MEMBER,
        [EventKind.PERSON_PROVISIONED, EventKind.IDENTITY_LINKED],
    )
    person.full_clean()


@pytest.mark.spec("I-46", "the console")
@pytest.mark.parametrize("name", ["\u202eadA", "a\0b", "", 7, None, "x" * 500])
def test_a_name_that_cannot_be_shown_is_left_out(
    sso: SsoBrowser, provider: ScriptedProvider, name: object
) -> None:
    provider.person["name"] = name
    assert sso.sign_in().status_code == 302
    assert User.objects.get().name in ("", "x" * 120)


@pytest.fixture
def ada(db: None) -> User:
    user: User = UserFactory.create(username="ada", email="ada@example.org")
    return user


@pytest.mark.spec("I-44", "ASVS 6.8.1")
def test_the_password_links_whoever_has_the_email_address_and_leads_on(sso: SsoBrowser, ada: User) -> None:
    answer = sso.sign_in("/security/sessions/")
    assert (answer.status_code, answer["Location"]) == (302, CONFIRM)
    assert not sso.is_signed_in
    assert linked() == []
    confirmed = sso.client.post(CONFIRM, {"password": PASSWORD})
    assert confirmed["Location"] == "/security/sessions/"
    assert linked() == [("ada", SUBJECT)]
    assert EventKind.IDENTITY_LINKED in kinds_of(ada)
    sso.client.logout()
    assert sso.sign_in()["Location"] == "/"


@pytest.mark.spec("I-44", "ASVS 6.8.1")
def test_a_wrong_password_links_nobody_and_counts_as_a_failure(sso: SsoBrowser, ada: User) -> None:
    sso.sign_in()
    for _ in range(5):
        answer = sso.client.post(CONFIRM, {"password": "a guess"})
        assert answer.status_code == 422
    assert sso.client.post(CONFIRM, {"password": PASSWORD}).status_code == 429
    login = {"login": "ada", "password": PASSWORD}
    assert sso.client.post("/accounts/login/", login).status_code == 429
    assert (linked(), sso.is_signed_in) == ([], False)
    assert kinds_of(ada).count(EventKind.SIGN_IN_FAILED) == 5


@pytest.mark.spec("I-44", "ASVS 6.8.1")
def test_nothing_of_what_waits_for_the_password_is_kept_in_clear(sso: SsoBrowser, ada: User) -> None:
    sso.sign_in()
    kept = str(dict(sso.client.session.items()))
    assert SUBJECT not in kept
    assert "example.org" not in kept


@pytest.mark.spec("I-44", "ASVS 6.8.1")
def test_the_password_is_taken_for_ten_minutes_at_most(
    sso: SsoBrowser, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    sso.sign_in()
    monkeypatch.setattr("accounts.oidc.proved.SECONDS", -1)
    assert sso.client.get(CONFIRM)["Location"] == "/accounts/login/"
    assert sso.client.post(CONFIRM, {"password": PASSWORD})["Location"] == "/accounts/login/"
    assert linked() == []


@pytest.mark.spec("I-44", "ASVS 6.8.1")
def test_without_a_sign_in_under_way_there_is_nothing_to_confirm(sso: SsoBrowser) -> None:
    assert sso.client.get(CONFIRM)["Location"] == "/accounts/login/"


@pytest.mark.spec("I-44", "ASVS 6.8.1")
def test_whoever_was_deactivated_meanwhile_is_not_linked(sso: SsoBrowser, ada: User) -> None:
    sso.sign_in()
    User.objects.update(is_active=False)
    assert sso.client.post(CONFIRM, {"password": PASSWORD})["Location"] == "/accounts/login/"
    assert linked() == []


@pytest.mark.spec("I-44", "ASVS 6.8.1")
def test_whoever_has_a_second_factor_shows_it_before_the_identity_is_linked(
    sso: SsoBrowser, ada: User
) -> None:
    TOTP.activate(ada, TOTP_SECRET)
    sso.sign_in("/connected/")
    answer = sso.client.post(CONFIRM, {"password": PASSWORD})
    assert answer["Location"] == "/accounts/login/second-factor/"
    assert (linked(), sso.is_signed_in) == ([], False)
    sso.client.post("/accounts/login/second-factor/", {"code": "000000"})
    assert linked() == []
    answer = sso.client.post("/accounts/login/second-factor/", {"code": code_of(TOTP_SECRET)})
    assert answer["Location"] == "/connected/"
    assert linked() == [("ada", SUBJECT)]


@pytest.mark.spec("I-44", "ASVS 6.8.1")
def test_a_second_factor_at_the_provider_is_none_of_whom_its_identity_is_yet_to_be_linked_to(
    sso: SsoBrowser, provider: ScriptedProvider, ada: User
) -> None:
    TOTP.activate(ada, TOTP_SECRET)
    IdentityProvider.objects.update(second_factor_values=["mfa"])
    provider.person["amr"] = ["mfa"]
    sso.sign_in()
    answer = sso.client.post(CONFIRM, {"password": PASSWORD})
    assert answer["Location"] == "/accounts/login/second-factor/"
    assert (linked(), sso.is_signed_in) == ([], False)
    sso.client.post("/accounts/login/second-factor/", {"code": code_of(TOTP_SECRET)})
    assert (linked(), sso.is_signed_in) == ([("ada", SUBJECT)], True)


@pytest.mark.spec("I-44", "ASVS 6.8.1")
def test_an_identity_that_somebody_else_got_meanwhile_is_not_linked_twice(
    sso: SsoBrowser, ada: User, caplog: pytest.LogCaptureFixture
) -> None:
    sso.sign_in()
    SocialAccount.objects.create(user=UserFactory.create(), provider=sso.row.issuer, uid=SUBJECT)
    assert sso.client.post(CONFIRM, {"password": PASSWORD})["Location"] == "/accounts/login/"
    assert not sso.is_signed_in
    assert "An account was not linked to ada" in caplog.text
    assert len(linked()) == 1


@pytest.mark.locking
@pytest.mark.django_db(transaction=True)
@pytest.mark.spec("I-47", "ASVS 15.4.1")
@pytest.mark.parametrize("is_invited", [True, False])
def test_of_first_sign_ins_at_once_all_are_of_one_person(row: IdentityProvider, is_invited: bool) -> None:
    if is_invited:
        invite(username="ada", email="ada@example.org", role=Role.MEMBER, actor=TESTS)
    claims = ProviderClaims(subject=SUBJECT, values={"sub": SUBJECT, **ADA})
    found = in_parallel(lambda: enter(claims, row, actor=TESTS))
    assert {each.person and each.person.username for each in found} == {"ada"}
    assert User.objects.count() == 1
    assert linked() == [("ada", SUBJECT)]


@pytest.mark.locking
@pytest.mark.django_db(transaction=True)
@pytest.mark.spec("I-47", "ASVS 15.4.1")
def test_people_of_one_username_who_come_at_once_get_one_each(row: IdentityProvider) -> None:
    AdministratorFactory.create()
    numbers = iter(range(100))

    def come() -> str:
        number = next(numbers)
        values = {**ADA, "email": f"ada{number}@example.org", "preferred_username": "ada"}
        claims = ProviderClaims(subject=f"sub {number}", values=values)
        person = enter(claims, row, actor=TESTS).person
        assert person is not None
        return person.username

    assert len(set(in_parallel(come, times=3))) == 3


@pytest.mark.spec("I-48", "ASVS 15.4.1")
@pytest.mark.parametrize("knows_password", [True, False])
def test_a_provider_that_is_deleted_meanwhile_leaves_no_account_behind(
    row: IdentityProvider, knows_password: bool
) -> None:
    person = UserFactory(email="ada@example.org")
    delete_provider(IdentityProvider.objects.get(pk=row.pk), actor=US)
    if knows_password:
        assert not link_confirmed(person, "248289761001", row, actor=US)
    else:
        with pytest.raises(SignInRefusedError), transaction.atomic():
            link(person, "248289761001", row, how="invited", actor=US)
    assert not SocialAccount.objects.exists()


@pytest.mark.spec("I-49", "OpenID Core §5.7")
def test_whoever_has_no_password_links_an_account_once_that_is_allowed(
    sso: SsoBrowser, provider: ScriptedProvider
) -> None:
    person = UserFactory(email="ada@example.org", last_login=timezone.now())
    person.set_unusable_password()
    person.save()
    provider.person |= {"email": "ada@example.org", "email_verified": True}
    assert sso.sign_in().status_code == 403
    allow_linking(person, actor=US)
    person.one_time_links.update(expires_at=timezone.now())
    assert sso.sign_in().status_code == 403
    allow_linking(person, actor=US)
    provider.person |= {"email_verified": False}
    assert sso.sign_in().status_code == 403
    provider.person |= {"email_verified": True}
    assert sso.sign_in().status_code == 302
    assert sso.is_signed_in
    assert SocialAccount.objects.get().user == person
    assert not person.one_time_links.exists()
    assert kinds_of(person)[:2] == [EventKind.IDENTITY_ALLOWED] * 2
    provider.person |= {"sub": "another"}
    assert SsoBrowser(provider, sso.row).sign_in().status_code == 403
