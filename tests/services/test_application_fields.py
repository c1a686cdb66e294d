"""The rules of an application's fields hold below every form and command."""

import pytest
from django.core.exceptions import ValidationError

from audit.actors import Actor
from oauthapps.errors import InvalidRedirectURLError
from oauthapps.models import Application
from oauthapps.rules.app_types import AppType
from oauthapps.services.changes import change_application
from tests.factories import make_application

pytestmark = pytest.mark.django_db

REFUSED = {
    "name": "Bank\u202emoc.knab",
    "description": "\u2066",
    "developer_name": "\u3164",
    "privacy_policy_url": "javascript:alert(1)",
    "absolute_expiration": "3d",
}


@pytest.mark.parametrize(("name", "value"), REFUSED.items())
def test_a_service_takes_no_value_that_a_form_refuses(name: str, value: str) -> None:
    with pytest.raises(ValidationError):
        make_application(AppType.WEB, **({"name": value} if name == "name" else {"settings": {name: value}}))
    assert not Application.objects.exists()
    application = make_application(AppType.WEB).application
    with pytest.raises(ValidationError):
        change_application(application, values={name: value}, labels={name: name}, actor=Actor())
    application.refresh_from_db()
    assert getattr(application, name) != value


def test_spaces_around_a_name_are_no_part_of_it() -> None:
    assert make_application(AppType.WEB, name=" Field app\n").application.name == "Field app"


@pytest.mark.spec("C-18", "the service")
def test_a_service_takes_at_most_fifty_redirect_urls() -> None:
    urls = [f"https://app.example.com/{number}" for number in range(51)]
    with pytest.raises(InvalidRedirectURLError, match=r"at most 50 Redirect URLs\. Remove 1"):
        make_application(AppType.WEB, redirect_urls=urls)
    assert not Application.objects.exists()
    application = make_application(AppType.WEB, redirect_urls=urls[:50]).application
    with pytest.raises(InvalidRedirectURLError, match="at most 50"):
        change_application(application, values={}, labels={}, actor=Actor(), redirect_urls=urls)
    assert application.redirect_urls.count() == 50
