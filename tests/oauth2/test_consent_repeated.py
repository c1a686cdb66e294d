"""A consent form that is sent again ends where it ended at first, with one code however often it is sent."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import time_machine
from django.conf import settings
from django.core import signing
from django.test import Client
from django.utils import timezone

from accounts.models import User
from audit.actors import Actor
from audit.models import Event
from oauthapps.models import Consent, Grant, RedirectURL, TokenFamily
from oauthapps.rules import credential_values
from oauthapps.services import consents
from tests.console.pages import Page, fields_of
from tests.oauth2.stored import everything_stored
from tests.oauth_client import AUTHORIZE, OAuthClient
from tests.parallel import in_parallel

pytestmark = pytest.mark.django_db


def shown(client: OAuthClient, browser: Client) -> dict[str, str]:
    """The fields of a consent page's form, with Allow pressed."""
    return fields_of(Page(client.consent_page(browser)).form(AUTHORIZE)) | {"decision": "allow"}


def place(answer: Any) -> tuple[str, dict[str, str]]:
    """Where an answer leads, and what the client is told there."""
    assert answer.status_code == 302, answer.content
    parts = urlsplit(answer["Location"])
    return f"{parts.scheme}://{parts.netloc}{parts.path}", dict(parse_qsl(parts.query))


@pytest.mark.django_db(transaction=True)
def test_allow_beside_the_removal_of_its_redirect_url_sends_nobody_anywhere(
    web: OAuthClient, visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields, store = shown(web, visitor), consents.store_grant

    def store_after_removal(
        request: consents.AllowedRequest, code: str, *, user: User, ip_address: str
    ) -> Grant:
        RedirectURL.objects.filter(pk=request.redirect_url.pk).delete()
        return store(request, code, user=user, ip_address=ip_address)

    monkeypatch.setattr(consents, "store_grant", store_after_removal)
    answer = visitor.post(AUTHORIZE, fields)
    assert answer.status_code == 400
    assert not Grant.objects.exists()


@pytest.mark.spec("A-51", "RFC 6749 §4.1.2")
def test_the_same_form_again_leads_to_the_same_place_with_the_same_code(
    web: OAuthClient, visitor: Client
) -> None:
    fields = shown(web, visitor)
    answers = [visitor.post(AUTHORIZE, fields) for _ in range(3)]
    assert len({answer["Location"] for answer in answers}) == 1
    assert (Grant.objects.count(), TokenFamily.objects.count()) == (1, 1)
    assert Event.objects.filter(kind="consent:give").count() == 1
    assert web.exchange(place(answers[2])[1]["code"]).status_code == 200


@pytest.mark.spec("A-51", "RFC 6749 §4.1.2")
@pytest.mark.django_db(transaction=True)
@pytest.mark.locking
def test_however_many_arrive_together(web: OAuthClient, visitor: Client) -> None:
    fields = shown(web, visitor)

    def send() -> str:
        tab = Client()
        tab.cookies = visitor.cookies
        return str(tab.post(AUTHORIZE, fields)["Location"])

    assert len(set(in_parallel(send))) == 1
    assert (Grant.objects.count(), Consent.objects.count()) == (1, 1)


@pytest.mark.spec("A-51", "RFC 6749 §4.1.2")
@pytest.mark.parametrize("over", ["used", "expired", "withdrawn"])
def test_once_its_code_is_over_the_client_is_told_so_and_keeps_what_it_has(
    web: OAuthClient, visitor: Client, person: User, over: str
) -> None:
    fields = shown(web, visitor)
    where, told = place(visitor.post(AUTHORIZE, fields))
    later, tokens = timezone.now(), {}
    if over == "used":
        tokens = web.exchange(told["code"]).json()
    elif over == "expired":
        later += timedelta(seconds=settings.AUTHORIZATION_CODE_SECONDS + 1)
    else:
        consents.withdraw_all(person, actor=Actor(user=person))
    with time_machine.travel(later, tick=False):
        again, error = place(visitor.post(AUTHORIZE, fields))
    assert again == where
    assert error["error"] == "access_denied"
    assert error["state"] == told["state"]
    assert error["iss"] == told["iss"]
    assert "already submitted" in error["error_description"]
    assert Grant.objects.count() == 1
    if tokens:
        assert web.me(tokens["access_token"]).status_code == 200


@pytest.mark.spec("A-52", "RFC 6749 §4.1.2.1")
@pytest.mark.parametrize("fetched", [False, True], ids=["code waiting", "code used"])
def test_cancel_after_allow_ends_what_was_allowed(web: OAuthClient, visitor: Client, fetched: bool) -> None:
    earlier = web.get_tokens(visitor)
    fields = shown(web, visitor)
    code = place(visitor.post(AUTHORIZE, fields))[1]["code"]
    tokens = web.exchange(code).json() if fetched else {}
    assert place(visitor.post(AUTHORIZE, fields | {"decision": "cancel"}))[1]["error"] == "access_denied"
    if fetched:
        assert web.me(tokens["access_token"]).status_code == 401
    else:
        assert web.exchange(code).json()["error"] == "invalid_grant"
    assert place(visitor.post(AUTHORIZE, fields))[1]["error"] == "access_denied"
    assert web.me(earlier["access_token"]).status_code == 200  # another page granted it


@pytest.mark.spec("A-06", "RFC 6749 §10.10; ASVS 11.5.1")
def test_the_database_does_not_hold_what_the_code_is_made_of(web: OAuthClient, visitor: Client) -> None:
    fields = shown(web, visitor)
    page_id = signing.loads(fields["authorization_request"], salt="oauthapps.consent")["page_id"]
    assert len(page_id) == 43  # 256 bits
    code = place(visitor.post(AUTHORIZE, fields))[1]["code"]
    assert code == credential_values.codes_for(page_id)[0]
    assert page_id not in everything_stored()
    assert code not in fields["authorization_request"]


def test_a_page_of_another_version_has_to_be_asked_for_again(
    web: OAuthClient, visitor: Client, person: User
) -> None:
    content = {
        "parameters": web.authorization_parameters(),
        "user_id": person.user_id,
        "request_id": "0" * 32,
    }
    sealed = signing.dumps(content, salt="oauthapps.consent", compress=True)
    answer = visitor.post(AUTHORIZE, {"authorization_request": sealed, "decision": "allow"})
    assert answer.status_code == 400
    assert "start over" in Page(answer).text
