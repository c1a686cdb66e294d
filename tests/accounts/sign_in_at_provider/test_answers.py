"""Which answers of a provider sign somebody in: a right one does, and each is wrong in one way."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from accounts.models import IdentityProvider, User
from tests.accounts.sign_in_at_provider.conftest import SsoBrowser
from tests.factories import make_provider
from tests.infrastructure.scripted_provider import (
    CLIENT_SECRET,
    SECOND,
    Claims,
    ScriptedProvider,
    signed_by_shared_secret,
    unsigned,
)
from tests.keys import SIGNING_KEY, public_pem

pytestmark = pytest.mark.django_db

Log = pytest.LogCaptureFixture


@pytest.fixture(autouse=True)
def _person(provider: ScriptedProvider) -> None:
    provider.person |= {"email": "ada@example.org", "email_verified": True, "name": "Ada Lovelace"}


def assert_refused(sso: SsoBrowser, answer: HttpResponse, code: str, log: Log) -> None:
    """Nobody is signed in or created; the person reads a sentence, the log has a code and a cause."""
    assert answer.status_code == 403, answer.content
    assert not sso.is_signed_in
    assert not User.objects.exists()
    lines = [record.getMessage() for record in log.records if record.name == "gatehouse.sign_in"]
    assert len(lines) == 1
    assert f"({code})" in lines[0]
    assert "administrator" not in answer.content.decode()


@pytest.mark.spec("I-30", "OpenID Connect Core 1.0 3.1")
def test_a_right_answer_signs_in(sso: SsoBrowser) -> None:
    answer = sso.sign_in("/security/")
    assert (answer.status_code, answer["Location"]) == (302, "/security/"), answer.content
    assert sso.is_signed_in
    person = User.objects.get(email="ada@example.org")
    assert (person.username, person.name, person.has_usable_password()) == ("ada", "Ada Lovelace", False)


@pytest.mark.spec("I-31", "RFC 7636 4.2; OpenID Connect Core 1.0 3.1.2.1")
def test_every_authorization_request_has_pkce_s256_a_nonce_and_a_state_of_its_own(
    sso: SsoBrowser, provider: ScriptedProvider
) -> None:
    sent = []
    for _ in range(2):
        provider.answer(sso.leave())
        sent.append(provider.authorized)
    for each in sent:
        assert each["response_type"] == "code"
        assert each["code_challenge_method"] == "S256"
        assert min(len(each[name]) for name in ("code_challenge", "nonce", "state")) >= 43
        assert each["redirect_uri"] == "http://testserver.localhost/accounts/login/provider/callback/"
    assert all(sent[0][name] != sent[1][name] for name in ("code_challenge", "nonce", "state"))


def left_out(*names: str) -> Callable[[Claims], Claims]:
    return lambda claims: {name: value for name, value in claims.items() if name not in names}


def with_claims(**changed: Any) -> Callable[[Claims], Claims]:
    return lambda claims: claims | changed


def shifted(**seconds: int) -> Callable[[Claims], Claims]:
    return lambda claims: claims | {name: int(time.time()) + value for name, value in seconds.items()}


WRONG_CLAIMS = {
    "another issuer": (with_claims(iss="https://evil.example"), "issuer_mismatch"),
    "an issuer with a slash more": (lambda it: it | {"iss": it["iss"] + "/"}, "issuer_mismatch"),
    "no issuer": (left_out("iss"), "issuer_mismatch"),
    "another client": (with_claims(aud="another"), "wrong_audience"),
    "no audience": (left_out("aud"), "wrong_audience"),
    "several audiences and no azp": (with_claims(aud=["gatehouse", "another"]), "wrong_audience"),
    "an azp of another": (with_claims(azp="another"), "wrong_audience"),
    "another nonce": (with_claims(nonce="another"), "wrong_nonce"),
    "no nonce": (left_out("nonce"), "wrong_nonce"),
    "it has expired": (shifted(iat=-400, exp=-61), "clock_skew"),
    "it is from the future": (shifted(iat=90, exp=400), "clock_skew"),
    "it is not valid yet": (shifted(nbf=90), "clock_skew"),
    "no exp": (left_out("exp"), "invalid_id_token"),
    "an exp that is no number": (with_claims(exp="soon"), "invalid_id_token"),
    "an exp beyond all time": (with_claims(exp=10**400), "invalid_id_token"),
    "no iat": (left_out("iat"), "invalid_id_token"),
    "no sub": (left_out("sub"), "invalid_id_token"),
    "a sub that is no text": (with_claims(sub=7), "invalid_id_token"),
    "an empty sub": (with_claims(sub=""), "invalid_id_token"),
    "a sub with NUL": (with_claims(sub="a\0b"), "invalid_id_token"),
    "a sub of half a character": (with_claims(sub="\ud800"), "invalid_id_token"),
    "a sub that can't be kept": (with_claims(sub="a" * 192), "invalid_id_token"),
}


@pytest.mark.spec("I-32", "OpenID Connect Core 1.0 3.1.3.7")
@pytest.mark.parametrize(("change", "code"), WRONG_CLAIMS.values(), ids=WRONG_CLAIMS)
def test_an_id_token_with_a_wrong_claim_signs_nobody_in(
    sso: SsoBrowser, provider: ScriptedProvider, caplog: Log, change: Callable[[Claims], Claims], code: str
) -> None:
    provider.id_token = change
    assert_refused(sso, sso.sign_in(), code, caplog)


RIGHT_CLAIMS = {
    "a clock that is behind": shifted(iat=-340, exp=-40),
    "a clock that is ahead": shifted(iat=50, exp=350),
    "several audiences, of which azp is this one": with_claims(aud=["gatehouse", "other"], azp="gatehouse"),
    "a list of one audience": with_claims(aud=["gatehouse"]),
}


@pytest.mark.spec("I-32", "OpenID Connect Core 1.0 3.1.3.7")
@pytest.mark.parametrize("change", RIGHT_CLAIMS.values(), ids=RIGHT_CLAIMS)
def test_an_id_token_that_is_unusual_and_right_signs_in(
    sso: SsoBrowser, provider: ScriptedProvider, change: Callable[[Claims], Claims]
) -> None:
    provider.id_token = change
    assert sso.sign_in().status_code == 302
    assert sso.is_signed_in


FORGERIES: dict[str, tuple[Callable[[ScriptedProvider, Claims], str], str]] = {
    "no signature, under none": (lambda _, claims: unsigned(claims), "wrong_algorithm"),
    "HS256 under the public key": (
        lambda _, claims: signed_by_shared_secret(public_pem(SIGNING_KEY))(claims),
        "wrong_algorithm",
    ),
    "HS256 under the client secret": (
        lambda _, claims: signed_by_shared_secret(CLIENT_SECRET.encode())(claims),
        "wrong_algorithm",
    ),
    "an algorithm that the provider doesn't name": (
        lambda provider, claims: provider.signed(claims, alg="PS256"),
        "wrong_algorithm",
    ),
    "a signature of another token": (
        lambda provider, claims: ".".join(
            [*provider.signed(claims).split(".")[:2], provider.signed({}).split(".")[2]]
        ),
        "unknown_key",
    ),
    "claims changed after signing": (
        lambda provider, claims: provider.signed(claims).replace(".", ".e30", 1),
        "unknown_key",
    ),
    "a key that is brought along": (
        lambda provider, claims: forged(provider, claims, jwk=SECOND.as_dict(private=False)),
        "unknown_key",
    ),
    "what must be understood and isn't": (
        lambda provider, claims: provider.signed(claims, crit=["b64"], b64=True),
        "invalid_id_token",
    ),
    "no JWT": (lambda *_: "something else", "invalid_id_token"),
    "two parts": (lambda provider, claims: provider.signed(claims).rpartition(".")[0], "invalid_id_token"),
    "encrypted": (lambda *_: "a.b.c.d.e", "invalid_id_token"),
}


def forged(provider: ScriptedProvider, claims: Claims, **header: Any) -> str:
    """A token under a key of the attacker's, with the name of the provider's."""
    provider.key = SECOND
    return provider.signed(claims, kid="first", **header)


@pytest.mark.spec("I-33", "RFC 8725 3.1; OpenID Connect Core 1.0 3.1.3.7")
@pytest.mark.parametrize(("forge", "code"), FORGERIES.values(), ids=FORGERIES)
def test_an_id_token_that_the_provider_did_not_sign_signs_nobody_in(
    sso: SsoBrowser,
    provider: ScriptedProvider,
    caplog: Log,
    forge: Callable[[ScriptedProvider, Claims], str],
    code: str,
) -> None:
    provider.sign = lambda claims: forge(provider, claims)
    assert_refused(sso, sso.sign_in(), code, caplog)


CHANGED_ANSWERS: dict[str, tuple[dict[str, str | None], str]] = {
    "another issuer": ({"iss": "https://evil.example"}, "issuer_mismatch"),
    "no issuer, although the provider sends it": ({"iss": None}, "issuer_mismatch"),
    "another issuer's error": ({"iss": "https://evil.example", "error": "access_denied"}, "issuer_mismatch"),
    "neither code nor error": ({"code": None}, "invalid_response"),
    "another code": ({"code": "guessed"}, "invalid_grant"),
    "another state": ({"state": "guessed"}, "unknown_state"),
    "no state": ({"state": None}, "unknown_state"),
    "the person said no": ({"error": "access_denied", "code": None}, "access_denied"),
    "the provider is down": ({"error": "temporarily_unavailable", "code": None}, "provider_unavailable"),
    "the scope isn't allowed": ({"error": "invalid_scope", "code": None}, "authorization_refused"),
}


@pytest.mark.spec("I-34", "RFC 9207 2.4; RFC 6749 4.1.2.1")
@pytest.mark.parametrize(("changed", "code"), CHANGED_ANSWERS.values(), ids=CHANGED_ANSWERS)
def test_an_answer_that_is_another_one_signs_nobody_in(
    sso: SsoBrowser, provider: ScriptedProvider, caplog: Log, changed: dict[str, str | None], code: str
) -> None:
    answer = sso.come_back(provider.answer(sso.leave(), **changed))
    assert_refused(sso, answer, code, caplog)


@pytest.mark.spec("I-34", "RFC 6749 3.1")
@pytest.mark.parametrize("name", ["code", "iss", "state", "error"])
def test_a_parameter_that_comes_twice_signs_nobody_in(
    sso: SsoBrowser, provider: ScriptedProvider, name: str
) -> None:
    query = provider.answer(sso.leave(), error="access_denied" if name == "error" else None)
    assert sso.come_back(f"{query}&{name}=another").status_code == 403
    assert provider.asked == []


@pytest.mark.spec("I-35", "RFC 6749 10.12")
def test_an_answer_is_good_in_the_browser_alone_that_began_and_once(
    sso: SsoBrowser, provider: ScriptedProvider
) -> None:
    query = provider.answer(sso.leave())
    theirs = SsoBrowser(provider, sso.row)
    theirs.leave()
    assert theirs.come_back(query).status_code == 403
    assert not theirs.is_signed_in
    assert sso.come_back(query).status_code == 302
    sso.client.logout()
    again = sso.come_back(query)
    assert again.status_code == 403
    assert "already used" in again.content.decode()
    assert not sso.is_signed_in


@pytest.mark.spec("I-58", "ASVS 6.3.1")
def test_a_network_that_guesses_codes_has_to_wait_and_the_provider_hears_no_more_of_it(
    sso: SsoBrowser, provider: ScriptedProvider
) -> None:
    for _ in range(20):
        assert sso.sign_in(code="guessed").status_code == 403
    assert len(provider.asked) == 20
    query = provider.answer(sso.leave())
    assert sso.come_back(query).status_code == 429
    assert len(provider.asked) == 20
    elsewhere = SsoBrowser(provider, sso.row)
    elsewhere.client.defaults["REMOTE_ADDR"] = "192.0.2.7"
    assert elsewhere.sign_in().status_code == 302


@pytest.mark.spec("I-35", "RFC 9700 4.4")
def test_an_answer_of_one_provider_is_not_taken_for_anothers(
    sso: SsoBrowser, provider: ScriptedProvider, caplog: Log
) -> None:
    """The attacker's provider forwards its person to the honest one, with the state it was given (mix-up)."""
    with ScriptedProvider() as attacker:
        document = {name: value for name, value in attacker.document().items() if name != "issuer"}
        evil = make_provider(
            attacker.issuer, name="Evil", document=document, allowed_domains=["evil.example"]
        )
        began_there = SsoBrowser(attacker, evil)
        location = began_there.leave()
        honest_answer = provider.answer(location)
        refused = began_there.client.get(f"/accounts/login/provider/callback/?{honest_answer}")
        assert refused.status_code == 403
        assert attacker.asked == []  # the honest code went nowhere
    assert "issuer_mismatch" in caplog.text


@pytest.mark.spec("I-35", "RFC 6749 10.12")
def test_an_answer_that_takes_longer_than_ten_minutes_is_too_late(
    sso: SsoBrowser, provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = provider.answer(sso.leave())
    later = time.time() + 601
    monkeypatch.setattr("allauth.socialaccount.internal.statekit.time.time", lambda: later)
    assert sso.come_back(query).status_code == 403
    assert provider.asked == []


@pytest.mark.spec("I-35", "OWASP ASVS 5.0 7.2.4")
def test_the_session_has_another_key_once_somebody_is_signed_in(
    sso: SsoBrowser, provider: ScriptedProvider
) -> None:
    query = provider.answer(sso.leave())
    before = sso.client.session.session_key
    sso.come_back(query)
    assert sso.client.session.session_key != before
    planted = Client()
    planted.cookies["sessionid"] = str(before)
    assert planted.get("/security/").status_code == 302


@pytest.mark.spec("I-36", "OWASP ASVS 5.0 3.7.2")
@pytest.mark.parametrize(
    "url", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:x"]
)
def test_a_sign_in_leads_to_pages_of_this_site_alone(sso: SsoBrowser, url: str) -> None:
    assert sso.sign_in(url)["Location"] == "/"


@pytest.mark.spec("I-36", "RFC 6749 4.1.1")
def test_a_sign_in_leads_on_however_long_the_page_s_url_is(sso: SsoBrowser) -> None:
    url = f"/security/?{'x' * 50_000}"
    assert sso.sign_in(url)["Location"] == url


def test_a_provider_that_is_not_offered_is_not_led_to(sso: SsoBrowser, provider: ScriptedProvider) -> None:
    query = provider.answer(sso.leave())
    IdentityProvider.objects.update(is_enabled=False)
    assert sso.come_back(query).status_code == 403
    url = f"/accounts/login/provider/{sso.row.provider_id}/"
    assert sso.client.post(url).status_code == 404


def test_opening_the_url_of_the_button_leads_to_the_sign_in_page(sso: SsoBrowser) -> None:
    answer = sso.client.get(f"/accounts/login/provider/{sso.row.provider_id}/?next=/security/")
    assert answer["Location"] == "/accounts/login/?next=%2Fsecurity%2F"
