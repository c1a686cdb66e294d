"""What administrators type is text wherever it appears, and an address is never fetched by the server."""

import socket
from collections.abc import Iterator
from queue import Queue
from threading import Thread

import pytest
from django.urls import reverse

from accounts.models import User
from audit.actors import Actor
from oauthapps.models import Application
from oauthapps.rules.app_types import AppType
from oauthapps.services.credentials import add_key
from tests.console.pages import Browser, text_of
from tests.factories import make_application
from tests.keys import SIGNING_KEY, public_pem

NAMES = [
    '<script>alert("1")</script>',
    "</title><img src=x onerror=alert(1)>",
    "{{ request.user.password }}{% debug %}",
    "%(name)s {0} ${7*7} #{7*7}",
    "=HYPERLINK(1);+1,-1,@SUM(1)",
    "a, b; c | d : e",
    "\"'`&amp;&lt;",
    "../../etc/passwd",
]


@pytest.mark.spec("C-03", "ASVS 1.2")
@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_text_on_every_page_of_the_application(console: Browser, name: str) -> None:
    revealed = console.send(
        console.get(reverse("console:new-application")), app_type=AppType.MACHINE_TO_MACHINE, name=name
    )
    application = Application.objects.get()
    assert application.name == name
    own = application.get_absolute_url()
    add, delete, disable, generate = (
        reverse(f"console:{address}", args=[application.client_id])
        for address in ("add-key", "delete-application", "disable-application", "generate-key")
    )
    pages = [
        revealed,
        console.get(reverse("console:applications")),
        console.get(own),
        console.get(add),
        console.get(delete),
        console.follow(console.send(console.get(own), disable)),
        console.send(console.get(own), generate),
    ]
    for page in pages:  # each parsed strictly
        assert " ".join(name.split()) in page.text
        assert not [element for element in page.root.iter("img") if element.get("src") == "x"]
        assert not [script for script in page.all("script") if "alert" in text_of(script)]
        assert "pbkdf2" not in page.content


@pytest.mark.spec("C-03", "ASVS 1.2")
@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_text_where_somebody_with_a_key_changes_their_password(
    console: Browser, administrator: User, name: str
) -> None:
    application = make_application(AppType.MACHINE_TO_MACHINE, name=name).application
    add_key(application, public_pem(SIGNING_KEY), user=administrator, actor=Actor(user=administrator))
    page = console.get(reverse("account_change_password"))  # parsed strictly
    assert " ".join(name.split()) in page.text


@pytest.mark.spec("C-03", "ASVS 1.2")
@pytest.mark.parametrize("notes", [name for name in NAMES if len(name) <= 64])
def test_notes_are_text_too(console: Browser, web: Application, notes: str) -> None:
    secret = web.secrets.get()
    address = reverse("console:secret-notes", args=[web.client_id, secret.pk])
    page = console.follow(console.send(console.get(address), notes=notes))
    assert text_of(page.one("tbody")[0][4]) == notes
    assert console.get(address).field("notes").get("value") == notes
    deletion = console.get(reverse("console:delete-secret", args=[web.client_id, secret.pk]))
    assert notes in deletion.text


@pytest.mark.spec("C-03", "ASVS 1.2")
def test_what_the_env_file_is_called_and_holds_does_not_depend_on_characters(console: Browser) -> None:
    application = make_application(AppType.WEB, name='x"; rm -rf / #\\ =`id`').application
    page = console.post(reverse("console:add-secret", args=[application.client_id]))
    lines = text_of(page.by_id("env-file")).split()
    assert [line.partition("=")[0] for line in lines] == [
        "CLIENT_ID",
        "CLIENT_SECRET",
        "AUTHORIZE_URL",
        "TOKEN_URL",
        "REVOKE_URL",
        "API_URL",
    ]
    assert "`id`" not in " ".join(lines)
    assert 'data-file-name="x-rm-rf-id.env"' in page.content


@pytest.fixture
def listener() -> Iterator[tuple[int, Queue[str]]]:
    """A port of this machine, and who has connected to it."""
    callers: Queue[str] = Queue()
    server = socket.create_server(("127.0.0.1", 0))

    def listen() -> None:
        while True:
            try:
                connection, caller = server.accept()
            except OSError:
                return
            callers.put(str(caller))
            connection.close()

    Thread(target=listen, daemon=True).start()
    yield server.getsockname()[1], callers
    server.close()


@pytest.mark.spec("C-04", "ASVS 1.3.6, 15.3.2")
def test_the_server_never_fetches_an_address_it_is_given(
    console: Browser, web: Application, listener: tuple[int, Queue[str]]
) -> None:
    port, callers = listener
    here = f"http://127.0.0.1:{port}"
    fields = {
        "description_url": f"{here}/about",
        "privacy_policy_url": f"{here}/privacy",
        "terms_of_service_url": f"{here}/terms",
        "redirect_url": f"{here}/callback",
        "logo": f"{here}/logo.png",
    }
    form = console.get(web.get_absolute_url())
    saved = console.follow(console.send(form, **fields))
    assert (
        "Saved: App Description URL, Privacy policy URL, Terms of service URL, Redirect URLs"
        in saved.messages
    )
    request = {"client_id": web.client_id, "redirect_uri": fields["redirect_url"], "response_type": "code"}
    consent = console.get(reverse("oauth2_provider:authorize"), **request)
    assert f"{here}/privacy" in consent.links().values()
    assert callers.empty()
    socket.create_connection(("127.0.0.1", port), timeout=5).close()
    assert callers.get(timeout=5)  # it would have been heard
