"""Who reaches the console, and by which method."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from audit.actors import Actor
from audit.models import Event, EventKind
from oauthapps.models import Api, Application, ClientSecret, HygieneException, PublicKey
from oauthapps.services.applications import delete_application
from oauthapps.services.changes import change_application
from oauthapps.services.credential_edits import change_notes
from tests.console.pages import Browser
from tests.factories import record_redirect_mismatch

PAGES = [
    *("index", "oauth-applications", "oauth2-applications", "activity", "applications", "new-application"),
    *("apis", "built-in-api", "new-api", "housekeeping", "bin", "is-this-ours", "usage", "hygiene"),
    *("requests", "export-activity", "export-applications", "export-requests"),
    *("export-usage", "export-hygiene"),
]
OF_APPLICATION = [
    "application",
    "application-activity",
    "application-requests",
    "application-usage",
    "application-use",
    "export-application-access",
    "export-application-activity",
    "export-application-requests",
    "export-application-usage",
    "start-recording",
    "stop-recording",
    "try-it",
    "application-access",
    "revoke-all-access",
    "revoke-older-access",
    "unsaved-settings",
    "effect",
    "disable-application",
    "enable-application",
    "delete-application",
    "stored",
    "stored-unsaved",
    "add-secret",
    "add-key",
    "open-add-key",
    "generate-key",
    "moving-in",
    "begin-moving-in",
    "finish-moving-in",
]
OF_DELETED = ["restore-application", "purge-application"]
OF_CHANGE = ["revert-change"]
OF_OTHER_CHANGE = ["revert-event"]
OF_EXCEPTION = ["give-exception", "end-exception"]
OF_FINDING = ["ignore-finding"]
OF_IGNORED = ["stop-ignoring"]
OF_PERSON = ["revoke-access"]
OF_SECRET = [
    "secret-notes",
    "secret-expiry",
    "replace-secret",
    "retire-secret",
    "keep-secret",
    "delete-secret",
]
OF_KEY = ["public-key", "key-expiry", "replace-key", "retire-key", "keep-key", "delete-key"]
OF_API = ["api", "delete-api"]
OF_SCOPE = ["delete-scope"]
OF_REQUEST = ["request", "add-sent-url"]
SENT = "https://client.example/elsewhere"
ONLY_GET = {
    *("index", "oauth-applications", "oauth2-applications", "applications", "public-key"),
    *("apis", "built-in-api", "moving-in", "housekeeping", "bin", "revert-change"),
    *("usage", "application-usage", "hygiene", "replace-secret", "replace-key"),
}
ONLY_POST = [
    "start-recording",
    "stop-recording",
    "stop-ignoring",
    "retire-secret",
    "keep-secret",
    "retire-key",
    "keep-key",
    "disable-application",
    "enable-application",
    "add-secret",
    "generate-key",
    "open-add-key",
    "stored",
    "stored-unsaved",
    "unsaved-settings",
    "begin-moving-in",
    "finish-moving-in",
    "give-exception",
    "end-exception",
]
# Where a button stands that leads from another page than the settings.
PAGE_OF = {
    "open-add-key": "add-key",
    "stop-ignoring": "hygiene",
    "start-recording": "application-requests",
    "stop-recording": "application-requests",
    **dict.fromkeys(("retire-secret", "keep-secret"), "replace-secret"),
    **dict.fromkeys(("retire-key", "keep-key"), "replace-key"),
    **dict.fromkeys(ONLY_POST[-4:], "moving-in"),
}


@pytest.fixture
def ignored(machine: Application) -> HygieneException:
    return HygieneException.objects.create(application=machine, finding="old_secret", reason="Soon gone")


@pytest.fixture
def addresses(
    machine: Application, secret: ClientSecret, key: PublicKey, api: Api, ignored: HygieneException
) -> dict[str, str]:
    """Every address of the console, by name."""
    arguments: dict[str, list[object]] = {name: [] for name in PAGES}
    arguments |= {name: [machine.client_id] for name in [*OF_APPLICATION, *OF_DELETED]}
    arguments |= {name: [machine.client_id, key.subject] for name in OF_PERSON}
    change_application(machine, values={"name": "Export"}, labels={"name": "Name"}, actor=Actor())
    change = Event.objects.get(kind=EventKind.APPLICATION_CHANGED)
    arguments |= {name: [machine.client_id, change.pk] for name in OF_CHANGE}
    change_notes(secret, notes="Nightly", actor=Actor())
    noted = Event.objects.get(kind=EventKind.SECRET_CHANGED)
    arguments |= {name: [noted.pk] for name in OF_OTHER_CHANGE}
    arguments |= {name: [machine.client_id, "repeated_jti"] for name in OF_EXCEPTION}
    arguments |= {name: [machine.client_id, "owner_gone", 0] for name in OF_FINDING}
    arguments |= {name: [ignored.pk] for name in OF_IGNORED}
    arguments |= {name: [machine.client_id, secret.pk] for name in OF_SECRET}
    arguments |= {name: [machine.client_id, key.pk] for name in OF_KEY}
    arguments |= {name: [api.pk] for name in OF_API}
    arguments |= {name: [record_redirect_mismatch(machine, SENT).pk] for name in OF_REQUEST}
    arguments |= {name: [api.pk, api.scopes.get().pk] for name in OF_SCOPE}
    return {name: reverse(f"console:{name}", args=given) for name, given in arguments.items()}


def test_these_are_all_addresses_of_the_console() -> None:
    from oauthapps.console.urls import one_api, one_application, urlpatterns

    patterns = [*one_api, *one_application, *urlpatterns]
    names = {pattern.name for pattern in patterns if hasattr(pattern, "name")}
    assert names == {
        *PAGES,
        *OF_APPLICATION,
        *OF_DELETED,
        *OF_CHANGE,
        *OF_OTHER_CHANGE,
        *OF_EXCEPTION,
        *OF_FINDING,
        *OF_IGNORED,
        *OF_PERSON,
        *OF_SECRET,
        *OF_KEY,
        *OF_API,
        *OF_SCOPE,
        *OF_REQUEST,
    }


@pytest.mark.spec("C-01", "ASVS 3.5, 8.2")
def test_members_get_403_on_every_address_by_every_method(
    visitor: Browser, addresses: dict[str, str]
) -> None:
    for name, address in addresses.items():
        assert visitor.get(address).status == 403, name
        assert visitor.post(address).status == 403, name


def test_strangers_are_sent_to_the_sign_in_page(client: Client, addresses: dict[str, str]) -> None:
    for name, address in addresses.items():
        answer = client.get(address)
        assert answer.status_code == 302, name
        assert answer["Location"].startswith(reverse("account_login")), name


def test_the_refusal_is_a_page_with_a_way_out(visitor: Browser) -> None:
    page = visitor.get(reverse("console:applications"))
    assert page.heading == "You don't have access"
    assert page.links()["Go to the home page"] == "/"


@pytest.mark.spec("C-01", "ASVS 3.5, 8.2")
def test_nothing_is_changed_by_get(console: Browser, addresses: dict[str, str]) -> None:
    count = Event.objects.count()
    for name in ONLY_POST:
        page = console.follow(console.get(addresses[name]))
        shown = addresses[PAGE_OF.get(name, "application")]
        assert page.answer.request["PATH_INFO"] == shown, name
    assert Event.objects.count() == count


@pytest.mark.spec("C-01", "ASVS 3.5, 8.2")
def test_a_form_without_its_csrf_token_is_refused(administrator: User, addresses: dict[str, str]) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(administrator)
    strict.get(addresses["application"])  # sets the cookie without which the answer is another
    for name, address in addresses.items():
        if name not in ONLY_GET:
            answer = strict.post(address)
            assert answer.status_code == 403, name
            assert "This form has expired" in answer.content.decode(), name


@pytest.mark.spec("C-01", "ASVS 3.5, 8.2")
def test_unknown_and_deleted_applications_are_404(
    console: Browser, machine: Application, addresses: dict[str, str], administrator: User
) -> None:
    delete_application(machine, actor=Actor(user=administrator))
    for name in [*OF_APPLICATION, *OF_CHANGE, *OF_EXCEPTION, *OF_FINDING, *OF_PERSON, *OF_SECRET, *OF_KEY]:
        answer = console.post if name in ONLY_POST else console.get
        assert answer(addresses[name]).status == 404, name
        assert answer(addresses[name].replace(machine.client_id, "0" * 32)).status == 404, name


@pytest.mark.spec("C-01", "ASVS 3.5, 8.2")
def test_what_is_not_in_the_bin_is_404_there(console: Browser, addresses: dict[str, str]) -> None:
    for name in OF_DELETED:
        assert console.get(addresses[name]).status == 404, name
        assert console.post(addresses[name]).status == 404, name


@pytest.mark.spec("C-01", "ASVS 3.5, 8.2")
def test_secrets_and_keys_of_another_application_are_404(
    console: Browser, web: Application, secret: ClientSecret, key: PublicKey
) -> None:
    rows = [*((name, secret.pk) for name in OF_SECRET), *((name, key.pk) for name in OF_KEY)]
    for name, pk in rows:
        answer = console.get if name in ONLY_GET else console.post
        assert answer(reverse(f"console:{name}", args=[web.client_id, pk])).status == 404, name
    assert ClientSecret.objects.live().filter(pk=secret.pk).exists()


def test_types_without_secrets_or_keys_have_no_such_addresses(
    console: Browser, single_page: Application
) -> None:
    assert console.post(reverse("console:add-secret", args=[single_page.client_id])).status == 404
    assert console.post(reverse("console:generate-key", args=[single_page.client_id])).status == 404
    assert console.get(reverse("console:add-key", args=[single_page.client_id])).status == 404
    assert not ClientSecret.objects.filter(application=single_page).exists()
    assert not PublicKey.objects.exists()
