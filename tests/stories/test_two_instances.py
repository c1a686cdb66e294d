"""Two servers on one PostgreSQL share nothing else, and what one does counts at the other at once."""

import itertools
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from PIL import Image

from tests.console.pages import Document, fields_of
from tests.infrastructure.installation import ADMIN, Installation
from tests.infrastructure.postgres import PostgresServer
from tests.oauth_client import AUTHORIZE, ME, REVOKE, TOKEN
from tests.stories.conftest import Person, manage

pytestmark = pytest.mark.story

CALLBACK = "https://client.example/callback"
MEMBERS_PASSWORD = "a good password of a member"
SHARED_KEY = "a-key-of-both-instances-0123456789abcdef"


@dataclass
class Pair:
    """Both instances, and an administrator with a browser at the first."""

    first: Installation
    second: Installation
    administrator: Person

    def application(self, name: str) -> dict[str, Any]:
        options = ("--type", "web", "--name", name, "--redirect-url", CALLBACK)
        return manage(self.first, "create_application", *options)

    def tokens(self, application: dict[str, Any], person: Person | None = None) -> dict[str, str]:
        """Allow at the first instance, as the administrator by default; fetch at the second."""
        asked = {"client_id": application["client_id"], "response_type": "code", "redirect_uri": CALLBACK}
        redirect = (person or self.administrator).allow(
            f"{self.first.base_url}{AUTHORIZE}?{urlencode(asked)}"
        )
        code = parse_qs(urlsplit(redirect).query)["code"][0]
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
        reply = self.post(self.second, TOKEN, form | credentials(application))
        assert reply.status_code == 200, reply.text
        members: dict[str, str] = reply.json()
        return members

    def refresh(self, at: Installation, application: dict[str, Any], token: str) -> requests.Response:
        form = {"grant_type": "refresh_token", "refresh_token": token}
        return self.post(at, TOKEN, form | credentials(application))

    def post(self, at: Installation, path: str, form: dict[str, str]) -> requests.Response:
        return requests.post(f"{at.base_url}{path}", form, timeout=30)

    def press(self, path: str, action: str = "", files: Any = None, **changes: str) -> requests.Response:
        """Send a form of one of the first instance's pages, as the administrator."""
        browser, address = self.administrator.browser, self.first.base_url + path
        fields = fields_of(Document(browser.get(address, timeout=30).text).form(action)) | changes
        target = self.first.base_url + (action or path)
        answer = browser.post(target, fields, files=files, timeout=30, headers={"Referer": address})
        assert answer.status_code == 200, answer.text
        return answer


def credentials(application: dict[str, Any]) -> dict[str, str]:
    return {name: application[name] for name in ("client_id", "client_secret")}


def statuses(pair: Pair, token: str) -> list[int]:
    """What both say to a token: each twice per worker and more, so that all of them are asked."""
    headers = {"Authorization": f"Bearer {token}"}
    urls = [f"{instance.base_url}{ME}" for instance in (pair.first, pair.second)] * 6
    return sorted({requests.get(url, headers=headers, timeout=30).status_code for url in urls})


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("pair")
    with PostgresServer() as server:
        environment = {**ADMIN, "DATABASE_URL": server.url, "SECRET_KEY": SHARED_KEY}
        first = Installation(folder / "first", environment)
        second = Installation(folder / "second", environment)
        second.environment["BASE_URL"] = first.environment["BASE_URL"] = first.base_url
        with first, second:
            administrator = Person(first.base_url)
            administrator.sign_in(ADMIN["ADMIN_USERNAME"], ADMIN["ADMIN_PASSWORD"])
            yield Pair(first, second, administrator)


def test_a_logo_uploaded_at_one_is_served_by_both(pair: Pair) -> None:
    application = pair.application("Pictured")
    picture = BytesIO()
    Image.new("RGB", (64, 64), "teal").save(picture, "PNG")
    page = f"/console/applications/{application['client_id']}/"
    answer = pair.press(page, files={"logo": ("logo.png", picture.getvalue(), "image/png")})
    address = re.search(r'src="(/logos/[0-9a-f]{64}\.png)"', answer.text)
    assert address, answer.text
    served = [requests.get(one.base_url + address[1], timeout=30) for one in (pair.first, pair.second)]
    assert [one.status_code for one in served] == [200, 200]
    assert served[0].content == served[1].content
    assert Image.open(BytesIO(served[1].content)).size == (256, 256)


def test_a_session_begun_at_one_is_known_to_the_other(pair: Pair) -> None:
    cookies = pair.administrator.browser.cookies.get_dict()
    page = requests.get(f"{pair.second.base_url}/console/applications/", cookies=cookies, timeout=30)
    assert page.status_code == 200
    assert "OAuth2 Applications" in page.text
    assert "/accounts/login/" not in page.url


def test_what_is_revoked_at_one_is_dead_at_both(pair: Pair) -> None:
    application = pair.application("Revoked")
    tokens = pair.tokens(application)
    assert statuses(pair, tokens["access_token"]) == [200]
    revocation = {"token": tokens["refresh_token"], **credentials(application)}
    assert pair.post(pair.second, REVOKE, revocation).status_code == 200
    assert statuses(pair, tokens["access_token"]) == [401]
    assert pair.refresh(pair.first, application, tokens["refresh_token"]).status_code == 400


def test_a_refresh_token_is_replaced_once_whichever_is_asked(pair: Pair) -> None:
    application = pair.application("Refreshed")
    first = pair.tokens(application)["refresh_token"]
    lost = pair.refresh(pair.first, application, first).json()
    again = pair.refresh(pair.second, application, first).json()
    assert again["refresh_token"] == lost["refresh_token"]
    assert pair.refresh(pair.first, application, lost["refresh_token"]).status_code == 200
    assert pair.refresh(pair.second, application, first).status_code == 400


def test_what_is_disabled_at_one_is_disabled_at_both(pair: Pair) -> None:
    application = pair.application("Disabled")
    tokens = pair.tokens(application)
    page = f"/console/applications/{application['client_id']}/"
    pair.press(page, f"{page}disable/")
    assert statuses(pair, tokens["access_token"]) == [401]
    refused = [pair.refresh(at, application, tokens["refresh_token"]) for at in (pair.first, pair.second)]
    assert [one.status_code for one in refused] == [401, 401]
    pair.press(page, f"{page}enable/")
    assert statuses(pair, tokens["access_token"]) == [200]


def test_a_person_deactivated_at_one_has_access_at_neither(pair: Pair) -> None:
    application = pair.application("Of a member")
    options = ("--username", "mia", "--email", "mia@example.org", "--role", "member", "--password-stdin")
    user_id = manage(pair.first, "create_user", *options, stdin=MEMBERS_PASSWORD)["user_id"]
    member = Person(pair.first.base_url)
    member.sign_in("mia", MEMBERS_PASSWORD)
    tokens = pair.tokens(application, member)
    assert statuses(pair, tokens["access_token"]) == [200]
    pair.press(f"/people/{user_id}/deactivation/")
    assert statuses(pair, tokens["access_token"]) == [401]
    refused = [pair.refresh(at, application, tokens["refresh_token"]) for at in (pair.first, pair.second)]
    assert [one.json()["error"] for one in refused] == ["invalid_grant", "invalid_grant"]


def test_a_secret_deleted_at_one_authenticates_at_neither(pair: Pair) -> None:
    application = pair.application("Without secret")
    tokens = pair.tokens(application)
    page = f"/console/applications/{application['client_id']}/"
    text = pair.administrator.browser.get(pair.first.base_url + page, timeout=30).text
    deletion = re.search(rf"{page}secrets/\d+/deletion/", text)
    assert deletion, text
    pair.press(deletion[0])
    refused = [pair.refresh(at, application, tokens["refresh_token"]) for at in (pair.first, pair.second)]
    assert [one.json()["error"] for one in refused] == ["invalid_client", "invalid_client"]


def test_failures_at_both_are_counted_together(pair: Pair) -> None:
    guess = {"grant_type": "refresh_token", "refresh_token": "x", "client_id": "0" * 32, "client_secret": "x"}
    if time.time() % 60 > 40:  # a count begins anew with every minute
        time.sleep(61 - time.time() % 60)
    turns = itertools.islice(itertools.cycle((pair.first, pair.second)), 61)
    answers = [pair.post(at, TOKEN, guess).status_code for at in turns]
    assert answers == [401] * 60 + [429]  # 60 a minute; each of the two has seen 30 or 31
    assert pair.post(pair.second, TOKEN, guess).status_code == 429


def test_both_run_on_nothing_but_the_database(pair: Pair) -> None:
    for instance in (pair.first, pair.second):
        files = {path.name for path in Path(instance.folder / "var").iterdir() if path.is_file()}
        assert not {name for name in files if name.endswith(".sqlite3")}
