"""Two requests that write the same row: the second is refused, and nothing else is taken for that."""

from dataclasses import replace
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models
from django.utils import timezone

from accounts.models import Role, User
from audit.actors import Actor
from audit.models import Event
from oauthapps.errors import InvalidPublicKeyError, RequestAnsweredError
from oauthapps.models import Grant
from oauthapps.rules.app_types import AppType
from oauthapps.services import credentials, people
from oauthapps.services.consents import AllowedRequest, allow
from tests.factories import PASSWORD, REDIRECT_URL, UserFactory, make_application
from tests.keys import SIGNING_KEY, public_pem

pytestmark = pytest.mark.django_db(transaction=True)
COMMAND = Actor.command("tests")
SECRET = "a secret from elsewhere"


def create(**changes: str) -> User:
    fields: dict[str, Any] = {
        "username": "ada",
        "email": "ada@example.org",
        "role": Role.MEMBER,
        "user_id": "0" * 32,
    }
    return people.create_person(**(fields | changes), password=PASSWORD, actor=COMMAND)


@pytest.fixture
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever looks whether a row is there already looks just before the other writes it."""
    monkeypatch.setattr(models.Model, "full_clean", lambda _self, **_options: None)
    monkeypatch.setattr(credentials, "check_brought_along", lambda _application, _value: None)


@pytest.mark.spec("C-32", "ASVS 15.4.2")
@pytest.mark.parametrize(
    ("taken", "field", "message"),
    [
        ("username", "username", "Another person has this username."),
        ("email", "email", "Another person has this email address."),
        ("user_id", "user_id", "Another person has this User ID."),
    ],
)
def test_a_person_who_took_a_value_in_the_same_moment_is_named_at_its_field(
    unchecked: None, taken: str, field: str, message: str
) -> None:
    create()
    others = {"username": "bob", "email": "bob@example.org", "user_id": "1" * 32}
    del others[taken]
    with pytest.raises(ValidationError) as caught:
        create(**others)
    assert caught.value.message_dict == {field: [message]}


@pytest.mark.spec("C-32", "ASVS 15.4.2")
def test_another_broken_rule_is_not_called_a_name_that_is_taken(unchecked: None) -> None:
    with pytest.raises(IntegrityError):
        create(role="king")


def asked(page_id: str) -> tuple[AllowedRequest, User]:
    application = make_application(AppType.WEB).application
    request = AllowedRequest(
        application=application,
        redirect_url=application.redirect_urls.get(),
        redirect_uri=REDIRECT_URL,
        redirect_uri_given=True,
        sentences={"read": "Retrieve content"},
        code_challenge="",
        page_id=page_id,
    )
    return request, UserFactory.create()


@pytest.mark.spec("C-32", "ASVS 15.4.2")
def test_a_consent_page_is_answered_once_and_only_that_is_called_so(monkeypatch: pytest.MonkeyPatch) -> None:
    request, user = asked("r" * 43)
    code = allow(request, user=user, actor=COMMAND)
    assert allow(request, user=user, actor=COMMAND) == code
    Grant.objects.update(redeemed_at=timezone.now())
    with pytest.raises(RequestAnsweredError):
        allow(request, user=user, actor=COMMAND)

    monkeypatch.setattr("oauthapps.services.consents.credential_values.codes_for", lambda _: ("c" * 20,))
    allow(replace(request, page_id="s" * 43), user=user, actor=COMMAND)
    with pytest.raises(IntegrityError):  # the code is there already
        allow(replace(request, page_id="t" * 43), user=user, actor=COMMAND)
    assert Grant.objects.count() == 2


@pytest.mark.spec("C-32", "ASVS 15.4.2")
def test_a_secret_or_key_added_twice_in_the_same_moment_is_refused_in_words(unchecked: None) -> None:
    application = make_application(AppType.MACHINE_TO_MACHINE).application
    credentials.add_secret(application, actor=COMMAND, value=SECRET)
    with pytest.raises(ValidationError, match="Use a different one"):
        credentials.add_secret(application, actor=COMMAND, value=SECRET)
    owner = UserFactory.create()
    credentials.add_key(application, public_pem(SIGNING_KEY), user=owner, actor=COMMAND)
    with pytest.raises(InvalidPublicKeyError, match="already added"):
        credentials.add_key(application, public_pem(SIGNING_KEY), user=owner, actor=COMMAND)


@pytest.mark.spec("C-32", "ASVS 15.4.2")
def test_another_fault_of_a_key_is_not_called_one_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    application = make_application(AppType.MACHINE_TO_MACHINE).application

    def break_a_rule(*_arguments: Any, **_options: Any) -> None:
        User.objects.create(username="x", email="x@example.org", role="king")

    monkeypatch.setattr(Event.objects, "record", break_a_rule)
    with pytest.raises(IntegrityError):
        credentials.add_key(application, public_pem(SIGNING_KEY), user=UserFactory.create(), actor=COMMAND)
