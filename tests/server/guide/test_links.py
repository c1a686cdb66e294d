"""Where people and programs find the integration guide."""

from urllib.parse import urlsplit

import pytest
from django.test import Client

from oauthapps.rules.app_types import AppType
from tests.console.conftest import browser_of
from tests.console.pages import Document
from tests.factories import AdministratorFactory, UserFactory, make_application

pytestmark = [pytest.mark.django_db, pytest.mark.spec("U-164", "the integration guide")]


def links_of(page: Document) -> set[str]:
    return {link.get("href", "") for link in page.all("a")}


def test_the_page_use_it_leads_to_the_guide() -> None:
    application = make_application(AppType.WEB).application
    administrator = browser_of(AdministratorFactory.create())
    page = administrator.get(f"/console/applications/{application.client_id}/use/")
    assert "/docs/" in links_of(page)


def test_pages_of_whoever_is_signed_in_lead_to_the_guide() -> None:
    assert "/docs/" in links_of(browser_of(UserFactory.create()).get("/connected/"))


def test_the_error_page_leads_to_what_causes_it() -> None:
    answer = Client().get("/integrations/oauth2/authorize?client_id=unknown&response_type=code")
    assert answer.status_code == 400
    links = {urlsplit(link) for link in links_of(Document(answer.content.decode()))}
    found = next(link for link in links if link.path.startswith("/docs/"))
    ids = {each.get("id") for each in Document(Client().get(found.path).content.decode()).root.iter()}
    assert found.fragment in ids
