"""No page is left out of the registry."""

from django.urls import reverse

from tests.console.conftest import browser_of
from tests.every_page.registry import VISITS
from tests.every_page.worlds import filled
from tests.urlconf import VIEWS

# What answers GET with a redirect, a file, data, or not at all.
WITHOUT_A_PAGE = {
    "access-mail": "",
    "change-password": "",
    "color-scheme": "",
    "console:index": "",
    "console:oauth-applications": "",
    "console:oauth2-applications": "",
    "system": "",
    "healthz": "",
    "metrics": "",
    "readyz": "",
    "console:disable-application": "web",
    "console:enable-application": "web",
    "console:add-secret": "machine",
    "console:effect": "web",
    "console:stored": "machine",
    "console:open-add-key": "machine",
    "console:stored-unsaved": "machine",
    "console:unsaved-settings": "web",
    "console:generate-key": "machine",
    "console:begin-moving-in": "machine",
    "console:finish-moving-in": "machine",
    "console:give-exception": "exception",
    "console:end-exception": "exception",
    "console:stop-ignoring": "ignored",
    "console:public-key": "key",
    "console:export-activity": "",
    "console:export-usage": "",
    "console:export-application-usage": "web",
    "console:export-hygiene": "",
    "console:export-applications": "",
    "console:export-requests": "",
    "console:export-application-access": "web",
    "console:export-application-activity": "web",
    "console:export-application-requests": "web",
    "console:start-recording": "web",
    "console:stop-recording": "web",
    "export-people": "",
    "console:retire-secret": "secret",
    "console:keep-secret": "secret",
    "console:retire-key": "key",
    "console:keep-key": "key",
    "mfa_login_webauthn": "",
    "provider-logout": "provider",
    "provider-sign-in": "provider",
    "test-sign-in": "provider",
    "oauth2_provider:switch-account": "",
    "oauth2_provider:token": "",
    "oauth2_provider:jwt-exchange": "",
    "oauth2_provider:revoke-token": "",
    "oauth2_provider:explain": "",
    "oauth2_provider:introspect": "",
    "metadata": "",
    "api:me": "",
    "api:user-me": "version",
    "api:user-search": "version",
    "api:logout": "version",
    "api:attask": "",
    "api:verify": "",
    "api:protected-resource": "",
    "scim-token-stored": "",
    "scim:users": "",
    "scim:user": "",
    "scim:provider-config": "",
    "scim:resource-types": "",
    "scim:resource-type": "",
    "scim:schemas": "",
    "scim:schema": "",
    "scim:groups": "",
    "scim:not-found": "",
    "logo": "logo",
}


def test_every_address_is_visited_or_has_no_page() -> None:
    visited = {visit.name for visit in VISITS if not visit.name.startswith("/")}
    assert visited | WITHOUT_A_PAGE.keys() == VIEWS.keys()
    assert not visited & WITHOUT_A_PAGE.keys()


def test_what_is_said_to_have_no_page_answers_get_with_none(db: None) -> None:
    world = filled()
    browser = browser_of(world.people["careful"])
    for name, of in WITHOUT_A_PAGE.items():
        answer = browser.client.get(reverse(name, args=world.arguments[of]))
        is_page = answer.status_code == 200 and answer["Content-Type"].startswith("text/html")
        assert not is_page, name


def test_every_visit_has_another_name() -> None:
    names = [str(visit) for visit in VISITS]
    assert len(names) == len(set(names))
