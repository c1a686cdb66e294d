"""A form that makes something is obeyed once, also when it is sent several times at the same moment."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from audit.models import Event
from oauthapps.models import Application, ClientSecret, PublicKey, SentForm
from oauthapps.rules.app_types import AppType
from oauthapps.services.cleanup import prune
from tests.console.conftest import browser_of
from tests.console.pages import Browser, fields_of
from tests.factories import make_application
from tests.parallel import THREADS, in_parallel

pytestmark = pytest.mark.usefixtures("small_generated_keys")


NEW = "/console/applications/new"
AT_ONCE = [pytest.mark.django_db(transaction=True), pytest.mark.locking]


def send_at_once(console: Browser, address: str, fields: dict[str, Any]) -> list[int]:
    """Send a form from several tabs of one browser, together, and return the statuses."""

    def send() -> int:
        tab = Client()
        tab.cookies = console.client.cookies
        return tab.post(address, fields).status_code

    return sorted(in_parallel(send))


@pytest.mark.parametrize("app_type", AppType, ids=str)
class TestNewApplication:
    pytestmark = AT_ONCE

    def test_one_form_makes_one_application(self, administrator: User, app_type: AppType) -> None:
        console = browser_of(administrator)
        fields = fields_of(console.get(NEW).form()) | {"app_type": app_type, "name": "ClientApp"}
        first = 302 if app_type == AppType.SINGLE_PAGE else 200
        assert send_at_once(console, NEW, fields) == sorted([first, *[302] * (THREADS - 1)])
        assert Application.objects.count() == 1
        assert ClientSecret.objects.count() == (0 if app_type == AppType.SINGLE_PAGE else 1)
        assert Event.objects.filter(kind="application:create").count() == 1


class TestCredentials:
    pytestmark = AT_ONCE

    @pytest.mark.parametrize(("name", "model"), [("add-secret", ClientSecret), ("generate-key", PublicKey)])
    def test_one_form_makes_one_secret_or_key(
        self, administrator: User, name: str, model: type[ClientSecret | PublicKey]
    ) -> None:
        machine = make_application(AppType.MACHINE_TO_MACHINE).application
        before = model.objects.count()
        console = browser_of(administrator)
        address = reverse(f"console:{name}", args=[machine.client_id])
        fields = fields_of(console.get(machine.get_absolute_url()).form(address))
        assert send_at_once(console, address, fields) == [200, *[302] * (THREADS - 1)]
        assert model.objects.count() == before + 1

    @pytest.mark.spec("C-08", "the product's limit")
    @pytest.mark.spec("S-09", "ASVS 15.4.2")
    def test_of_five_forms_at_once_for_the_last_place_one_gets_it(self, administrator: User) -> None:
        for number in range(9):
            make_application(AppType.SINGLE_PAGE, name=f"Application {number}")
        console = browser_of(administrator)
        forms = [fields_of(console.get(NEW).form()) for _ in range(5)]

        def create() -> int:
            tab = Client()
            tab.cookies = console.client.cookies
            return tab.post(NEW, forms.pop() | {"app_type": AppType.WEB, "name": "The tenth"}).status_code

        assert sorted(in_parallel(create, 5)) == [200, 409, 409, 409, 409]
        assert Application.objects.live().count() == 10


def test_a_form_that_was_refused_may_be_sent_again(console: Browser) -> None:
    form = console.get(NEW)
    assert console.send(form, app_type=AppType.WEB, name="").status == 422
    assert console.send(form, app_type=AppType.WEB, name="ClientApp").status == 200


def test_two_people_may_send_forms_of_the_same_id(
    console: Browser, administrator: User, web: Application
) -> None:
    address = reverse("console:add-secret", args=[web.client_id])
    assert console.post(address, {"form_id": "x"}).status == 200
    other = browser_of(User.objects.create(username="eve", email="eve@example.org", role="administrator"))
    assert other.post(address, {"form_id": "x"}).status == 200
    assert other.post(address, {"form_id": "x"}).status == 302


def test_notes_of_obeyed_forms_go_after_a_month(console: Browser, web: Application) -> None:
    console.post(reverse("console:add-secret", args=[web.client_id]), {"form_id": "x"})
    assert prune().sent_forms == 0
    SentForm.objects.update(at=timezone.now() - timedelta(days=31))
    assert prune().sent_forms == 1
