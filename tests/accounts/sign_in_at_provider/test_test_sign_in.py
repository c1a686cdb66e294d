"""Test sign-in: administrators see what comes from a provider and what it would do, and nothing happens."""

from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.http import HttpResponse
from django.test import Client

from accounts.models import IdentityProvider, Organization, User
from audit.models import Event
from tests.accounts.sign_in_at_provider.conftest import CALLBACK
from tests.console.pages import Browser, Document
from tests.factories import AdministratorFactory, AuditorFactory, UserFactory
from tests.infrastructure.scripted_provider import ScriptedProvider
from tests.sign_ins import sign_in_now

pytestmark = pytest.mark.django_db


@pytest.fixture
def console(row: IdentityProvider, provider: ScriptedProvider) -> Browser:
    """An administrator's browser; the provider isn't offered to anybody yet."""
    IdentityProvider.objects.update(is_enabled=False)
    provider.person |= {"email": "grace@example.org", "email_verified": True, "amr": ["pwd"]}
    client = Client()
    sign_in_now(client, AdministratorFactory.create(username="root", email="root@example.org"))
    return Browser(client)


def begin(browser: Browser, row: IdentityProvider) -> str:
    """Press the button on the provider's page; returns where that leads."""
    page = browser.get(f"/sign-in/providers/{row.provider_id}/")
    sent = browser.send(page, f"/sign-in/providers/{row.provider_id}/test/")
    return str(sent.answer["Location"])


def answer_of(browser: Browser, provider: ScriptedProvider, row: IdentityProvider) -> HttpResponse:
    query = provider.answer(begin(browser, row))
    return browser.client.get(f"{CALLBACK}?{query}")  # type: ignore[return-value]


def text_of(answer: HttpResponse) -> str:
    return Document(answer.content.decode()).text


@pytest.mark.spec("I-57", "the console")
def test_the_claims_are_shown_and_nothing_is_done(
    console: Browser, provider: ScriptedProvider, row: IdentityProvider
) -> None:
    events = Event.objects.count()
    answer = answer_of(console, provider, row)
    text = text_of(answer)
    assert (answer.status_code, answer["Referrer-Policy"]) == (200, "strict-origin")
    assert "no-store" in answer["Cache-Control"]
    for shown in (
        "grace@example.org",
        "248289761001",
        "email_verified true",
        '["pwd"]',
        "A member will be created",
    ):
        assert shown in text
    assert provider.authorized["prompt"] == "login"
    assert "access-token-3b1c" not in answer.content.decode()
    assert not SocialAccount.objects.exists()
    assert User.objects.get().username == "root"
    assert Event.objects.count() == events
    assert "grace@example.org" not in str(dict(console.client.session.items()))
    assert console.get("/security/").status == 200  # still oneself


@pytest.mark.spec("I-57", "the console")
def test_claims_with_half_a_character_are_shown_without_it(
    console: Browser, provider: ScriptedProvider, row: IdentityProvider
) -> None:
    provider.person |= {"odd \ud800": "half \udc00", "listed": ["\ud800"]}
    answer = answer_of(console, provider, row)
    assert answer.status_code == 200
    assert "odd ? half ?" in text_of(answer)


@pytest.mark.spec("I-57", "the console")
def test_it_says_whom_a_sign_in_would_be_of_and_with_which_role(
    console: Browser, provider: ScriptedProvider, row: IdentityProvider
) -> None:
    IdentityProvider.objects.update(
        groups_claim="groups", administrator_groups=["admins"], second_factor_values=["pwd"]
    )
    grace = UserFactory.create(username="grace", name="Grace", email="grace@example.org")
    assert "once they have entered their password" in text_of(answer_of(console, provider, row))
    SocialAccount.objects.create(user=grace, provider=row.issuer, uid="248289761001")
    text = text_of(answer_of(console, provider, row))
    for shown in ("The account is already linked to this person.", "Grace", "Member"):
        assert shown in text
    assert "The provider didn't send the claim “groups”." in text
    provider.person["groups"] = ["admins"]
    text = text_of(answer_of(console, provider, row))
    assert "Administrator (changed by groups)" in text
    assert "Accepted here" in text
    grace.refresh_from_db()
    assert grace.role == "member"
    User.objects.filter(pk=grace.pk).update(role="administrator")
    Organization.current()
    Organization.objects.update(emergency_account=grace)
    provider.person["groups"] = []
    text = text_of(answer_of(console, provider, row))
    assert "don't change the role of the emergency account" in text
    assert "changed by groups" not in text


@pytest.mark.spec("I-57", "the console")
@pytest.mark.parametrize(
    ("claims", "cause"),
    [({"email_verified": False}, "doesn't say that their email address is verified"), ({}, "doesn't create")],
)
def test_a_sign_in_that_would_be_refused_says_why(
    console: Browser, provider: ScriptedProvider, row: IdentityProvider, claims: dict[str, Any], cause: str
) -> None:
    IdentityProvider.objects.update(provisions=False)
    provider.person |= claims
    answer = answer_of(console, provider, row)
    assert answer.status_code == 200
    assert cause in text_of(answer)
    assert "The person would see" in text_of(answer)


@pytest.mark.spec("I-57", "the console")
def test_an_answer_that_is_not_to_be_believed_says_why_and_leads_back(
    console: Browser, provider: ScriptedProvider, row: IdentityProvider
) -> None:
    provider.token_error = (401, {"error": "invalid_client"})
    answer = answer_of(console, provider, row)
    assert answer.status_code == 403
    assert "The provider refused this installation's client ID or secret" in text_of(answer)
    assert f"/sign-in/providers/{row.provider_id}/" in answer.content.decode()


@pytest.mark.spec("I-57", "ASVS 8.2.1")
def test_nobody_but_the_administrator_who_began_sees_it(
    console: Browser, provider: ScriptedProvider, row: IdentityProvider
) -> None:
    for person in (UserFactory.create(), AuditorFactory.create()):
        client = Client()
        sign_in_now(client, person)
        assert client.post(f"/sign-in/providers/{row.provider_id}/test/").status_code == 403
    query = provider.answer(begin(console, row))
    User.objects.filter(username="root").update(role="member")
    assert console.client.get(f"{CALLBACK}?{query}").status_code == 403
    User.objects.filter(username="root").update(role="administrator")
    query = provider.answer(begin(console, row))
    console.client.post("/accounts/logout/")
    answer = console.client.get(f"{CALLBACK}?{query}")
    assert answer.status_code == 403
    assert "grace@example.org" not in answer.content.decode()
