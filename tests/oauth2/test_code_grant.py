"""The authorization code grant, from the consent page to the tokens."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import Organization, User
from audit.actors import Actor
from audit.models import Event, EventKind
from oauthapps.models import AccessToken, Grant, RedirectURL, TokenFamily
from oauthapps.models.consents import EndReason
from oauthapps.services.applications import delete_application, disable_application, enable_application
from oauthapps.services.credentials import delete_secret
from tests.oauth2.conftest import application_of
from tests.oauth_client import AUTHORIZE, OAuthClient, hidden_fields

pytestmark = pytest.mark.django_db


@pytest.mark.spec("A-01", "RFC 6749 §4.1.2")
@pytest.mark.spec("A-05", "RFC 9207 §2")
def test_allowing_sends_a_code_state_issuer_domain_and_lane(web: OAuthClient, visitor: Client) -> None:
    answer = web.allow(visitor, state="a+b/ü %2F&=")
    assert answer.pop("code").startswith("gtcode_")
    assert answer == {
        "state": "a+b/ü %2F&=",
        "iss": "http://testserver.localhost",
        "domain": "gatehouse",
        "lane": "my",
    }


@pytest.mark.spec("T-02", "RFC 6749 §5.1")
@pytest.mark.spec("T-03", "RFC 6749 §5.1")
@pytest.mark.spec("T-05", "RFC 6749 §5.1")
def test_a_web_application_gets_all_members_of_a_token_reply(
    web: OAuthClient, visitor: Client, person: User
) -> None:
    reply = web.exchange(web.get_code(visitor))
    assert reply.status_code == 200
    assert reply["Content-Type"] == "application/json"
    assert (reply["Cache-Control"], reply["Pragma"]) == ("no-store", "no-cache")
    assert not reply.cookies
    tokens = reply.json()
    assert tokens["token_type"] == "Bearer"
    assert tokens["expires_in"] == 3600
    assert tokens["wid"] == Organization.current().customer_id
    assert tokens["scope"] == "read write offline_access"
    assert tokens["access_token"].startswith("gtacc_")
    assert tokens["refresh_token"].startswith("gtref_")
    assert web.me(tokens["access_token"]).json()["ID"] == person.user_id


@pytest.mark.spec("T-36", "RFC 6749 §2.1")
def test_a_single_page_application_needs_no_secret_but_a_verifier(
    single_page: OAuthClient, visitor: Client
) -> None:
    assert single_page.me(single_page.get_tokens(visitor)["access_token"]).status_code == 200


@pytest.mark.spec("A-32", "RFC 9700 §2.1.1")
def test_a_single_page_application_without_challenge_is_sent_back(
    single_page: OAuthClient, visitor: Client
) -> None:
    parameters = single_page.authorization_parameters(code_challenge=None, code_challenge_method=None)
    answer = visitor.get(AUTHORIZE, parameters)
    assert answer.status_code == 302
    assert "error=invalid_request" in answer["Location"]
    assert "state=the%20state" in answer["Location"]


@pytest.mark.spec("A-31", "RFC 7636 §4.4.1")
@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge_method": "plain"},
        {"code_challenge_method": None},
        {"code_challenge": "short"},
        {"code_challenge": "é" * 43},
    ],
)
def test_only_s256_challenges_reach_the_consent_page(
    web: OAuthClient, visitor: Client, changes: dict[str, str | None]
) -> None:
    web.pkce = True
    answer = visitor.get(AUTHORIZE, web.authorization_parameters(**changes))
    assert answer.status_code == 302
    assert "error=invalid_request" in answer["Location"]


@pytest.mark.spec("T-20", "RFC 7636 §4.6")
@pytest.mark.spec("T-22", "RFC 7636 §4.1")
@pytest.mark.parametrize("verifier", [None, "", "w" * 43, "w" * 42, "w" * 129, "é" * 43])
def test_a_challenge_is_answered_only_by_its_verifier(
    web: OAuthClient, visitor: Client, verifier: str | None
) -> None:
    web.pkce = True
    code = web.get_code(visitor)
    refused = web.exchange(code, code_verifier=verifier)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    assert web.exchange(code).status_code == 200  # the wrong attempt did not burn the code


@pytest.mark.spec("T-23", "RFC 9700 §4.8.2")
def test_a_verifier_without_challenge_is_refused(web: OAuthClient, visitor: Client) -> None:
    assert web.exchange(web.get_code(visitor), code_verifier="v" * 43).json()["error"] == "invalid_grant"


@pytest.mark.spec("T-14", "RFC 6749 §4.1.3")
@pytest.mark.parametrize("redirect_uri", ["https://client.example/callback/", "https://evil.example/", None])
def test_the_token_request_repeats_the_redirect_uri(
    web: OAuthClient, visitor: Client, redirect_uri: str | None
) -> None:
    code = web.get_code(visitor)
    assert web.exchange(code, redirect_uri=redirect_uri).status_code == 400
    assert web.exchange(code).status_code == 200


@pytest.mark.spec("A-13", "RFC 6749 §3.1.2.3")
def test_a_redirect_uri_that_was_left_out_may_stay_out(web: OAuthClient, visitor: Client) -> None:
    code = web.get_code(visitor, redirect_uri=None)
    assert web.exchange(code, redirect_uri=None).status_code == 200


@pytest.mark.spec("T-10", "RFC 6749 §4.1.2")
@pytest.mark.spec("T-11", "RFC 6749 §4.1.2")
def test_a_second_use_of_a_code_ends_everything_that_came_of_it(web: OAuthClient, visitor: Client) -> None:
    code = web.get_code(visitor)
    tokens = web.exchange(code).json()
    second = web.exchange(code)
    assert (second.status_code, second.json()["error"]) == (400, "invalid_grant")
    assert web.me(tokens["access_token"]).status_code == 401
    assert web.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert TokenFamily.objects.get().end_reason == EndReason.CODE_REPLAYED
    assert Event.objects.filter(kind=EventKind.CODE_REPLAYED).count() == 1


@pytest.mark.spec("T-13", "RFC 6749 §4.1.3")
def test_another_clients_attempt_burns_nothing(
    web: OAuthClient, single_page: OAuthClient, visitor: Client
) -> None:
    code = web.get_code(visitor)
    assert single_page.exchange(code).json()["error"] == "invalid_grant"
    assert web.exchange(code).status_code == 200


@pytest.mark.spec("T-60", "RFC 6749 §4.1.2")
@pytest.mark.parametrize(("seconds", "status"), [(119, 200), (121, 400)])
def test_a_code_lives_two_minutes(web: OAuthClient, visitor: Client, seconds: int, status: int) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        code = web.get_code(visitor)
    with time_machine.travel(now + timedelta(seconds=seconds), tick=False):
        assert web.exchange(code).status_code == status


@pytest.mark.spec("T-03", "RFC 6749 §5.1")
def test_without_offline_access_there_is_no_refresh_token(web: OAuthClient, visitor: Client) -> None:
    tokens = web.get_tokens(visitor, scope="read")
    assert tokens["scope"] == "read"
    assert "refresh_token" not in tokens


def test_a_client_cannot_choose_its_refresh_token(web: OAuthClient, visitor: Client) -> None:
    application = application_of(web)
    application.rotate_refresh_tokens = False
    application.save()
    tokens = web.exchange(web.get_code(visitor), refresh_token="chosen").json()
    assert tokens["refresh_token"].startswith("gtref_")


@pytest.mark.parametrize(
    "name", ["client", "user", "scopes", "redemption", "used_refresh_token", "actor", "assertion_verified"]
)
def test_parameters_cannot_reach_our_own_state(web: OAuthClient, visitor: Client, name: str) -> None:
    assert web.exchange(web.get_code(visitor), **{name: "x"}).status_code == 200


@pytest.mark.spec("A-18", "RFC 6749 §4.1.2.1")
@pytest.mark.parametrize("decision", ["cancel", "", "ALLOW"])
def test_anything_but_allow_is_a_refusal(web: OAuthClient, visitor: Client, decision: str) -> None:
    answer = web.allow(visitor, decision=decision)
    assert answer["error"] == "access_denied"
    assert (answer["state"], answer["iss"]) == ("the state", "http://testserver.localhost")
    assert not Grant.objects.exists()
    assert Event.objects.filter(kind=EventKind.CONSENT_REFUSED).exists()


@pytest.mark.spec("A-45", "RFC 9700 §4.5")
def test_a_consent_page_grants_once(web: OAuthClient, visitor: Client) -> None:
    fields = hidden_fields(web.consent_page(visitor).content.decode()) | {"decision": "allow"}
    assert [visitor.post(AUTHORIZE, fields).status_code for _ in range(2)] == [302, 302]
    assert Grant.objects.count() == 1


@pytest.mark.spec("A-46", "RFC 9700 §4.5")
def test_a_consent_page_is_answered_by_the_person_it_was_shown_to(
    web: OAuthClient, visitor: Client, django_user_model: type[User]
) -> None:
    fields = hidden_fields(web.consent_page(visitor).content.decode()) | {"decision": "allow"}
    other = django_user_model.objects.create(username="other", email="other@example.org")
    visitor.force_login(other)
    assert visitor.post(AUTHORIZE, fields).status_code == 400
    assert not Grant.objects.exists()


@pytest.mark.spec("W-16", "RFC 9700 §4.5")
def test_a_tampered_consent_page_grants_nothing(web: OAuthClient, visitor: Client) -> None:
    fields = hidden_fields(web.consent_page(visitor).content.decode()) | {"decision": "allow"}
    sealed = fields["authorization_request"]
    fields["authorization_request"] = ("A" if sealed[0] != "A" else "B") + sealed[1:]
    assert visitor.post(AUTHORIZE, fields).status_code == 400
    assert not Grant.objects.exists()


@pytest.mark.spec("W-14", "RFC 6749 §10.12")
def test_the_consent_post_needs_a_csrf_token(web: OAuthClient, person: User) -> None:
    visitor = Client(enforce_csrf_checks=True)
    visitor.force_login(person)
    fields = hidden_fields(web.consent_page(visitor).content.decode()) | {"decision": "allow"}
    assert visitor.post(AUTHORIZE, {**fields, "csrfmiddlewaretoken": ""}).status_code == 403
    assert visitor.post(AUTHORIZE, fields).status_code == 302


@pytest.mark.spec("W-01", "RFC 6749 §3.1")
def test_an_anonymous_browser_signs_in_and_returns_to_the_same_request(web: OAuthClient, db: None) -> None:
    answer = Client().get(AUTHORIZE, web.authorization_parameters())
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/?next=/integrations/oauth2/authorize%3F")
    assert web.client_id in answer["Location"]


@pytest.mark.spec("A-44", "RFC 9700 §4.11")
@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "0" * 32},
        {"client_id": None},
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": "https://client.example/callback?x=1"},
        {"redirect_uri": "https://client.example/callback#"},
    ],
)
def test_a_bad_client_or_redirect_uri_is_refused_before_anybody_signs_in(
    web: OAuthClient, changes: dict[str, str | None]
) -> None:
    answer = Client().get(AUTHORIZE, web.authorization_parameters(**changes))
    assert answer.status_code == 400
    assert "Location" not in answer


@pytest.mark.spec("A-33", "RFC 6749 §4.1.2.1")
def test_a_machine_application_has_no_consent_page(machine: object, visitor: Client) -> None:
    client: OAuthClient = machine.client  # type: ignore[attr-defined]
    assert visitor.get(AUTHORIZE, client.authorization_parameters()).status_code == 400


@pytest.mark.spec("A-17", "RFC 9700 §2.1.2")
@pytest.mark.parametrize("response_type", ["token", "code token", "id_token", "CODE", "none"])
def test_code_is_the_only_response_type(web: OAuthClient, visitor: Client, response_type: str) -> None:
    answer = visitor.get(AUTHORIZE, web.authorization_parameters(response_type=response_type))
    assert answer.status_code == 302
    assert "error=unsupported_response_type" in answer["Location"]


@pytest.mark.spec("A-36", "RFC 6749 §4.1.2.1")
def test_a_redirect_url_deleted_while_the_page_is_open_gets_no_code(
    web: OAuthClient, visitor: Client
) -> None:
    fields = hidden_fields(web.consent_page(visitor).content.decode()) | {"decision": "allow"}
    RedirectURL.objects.all().delete()
    assert visitor.post(AUTHORIZE, fields).status_code == 400


@pytest.mark.spec("T-61", "RFC 6749 §10.5")
def test_a_disabled_application_stops_at_once_and_goes_on_when_enabled(
    web: OAuthClient, visitor: Client
) -> None:
    tokens, code = web.get_tokens(visitor), web.get_code(visitor)
    disable_application(application_of(web), actor=Actor.command("tests"))
    assert web.me(tokens["access_token"]).status_code == 401
    assert web.exchange(code).status_code == 401
    assert visitor.get(AUTHORIZE, web.authorization_parameters()).status_code == 400
    enable_application(application_of(web), actor=Actor.command("tests"))
    assert web.me(tokens["access_token"]).status_code == 200


@pytest.mark.spec("T-61", "RFC 6749 §10.5")
def test_a_deleted_applications_tokens_and_codes_are_dead(web: OAuthClient, visitor: Client) -> None:
    tokens, code = web.get_tokens(visitor), web.get_code(visitor)
    delete_application(application_of(web), actor=Actor.command("tests"))
    assert web.me(tokens["access_token"]).status_code == 401
    assert web.refresh(tokens["refresh_token"]).json()["error"] == "invalid_client"
    assert web.exchange(code).json()["error"] == "invalid_client"


@pytest.mark.spec("T-61", "RFC 6749 §10.5")
def test_a_deactivated_persons_tokens_and_codes_are_dead(
    web: OAuthClient, visitor: Client, person: User
) -> None:
    tokens, code = web.get_tokens(visitor), web.get_code(visitor)
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert web.me(tokens["access_token"]).status_code == 401
    assert web.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert web.exchange(code).json()["error"] == "invalid_grant"


@pytest.mark.spec("T-61", "RFC 6749 §10.5")
def test_a_deleted_secret_authenticates_nobody(web: OAuthClient, visitor: Client) -> None:
    code = web.get_code(visitor)
    delete_secret(application_of(web).secrets.get(), actor=Actor.command("tests"))
    assert web.exchange(code).json()["error"] == "invalid_client"


def test_consent_and_use_leave_their_marks(web: OAuthClient, visitor: Client, person: User) -> None:
    web.get_tokens(visitor)
    application = application_of(web)
    family = TokenFamily.objects.get(user=person, application=application)
    assert family.scope == "read write offline_access"
    assert application.redirect_urls.get().last_used_at is not None
    assert application.secrets.get().last_used_at is not None
    assert AccessToken.objects.get().token == ""
