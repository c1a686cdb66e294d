"""Two servers on one PostgreSQL, reached directly or through nginx, which takes them in turns."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import requests

from tests.console.pages import Document, fields_of
from tests.infrastructure.front import BASE_URL, ENVIRONMENT, Front, in_front_of
from tests.infrastructure.installation import ADMIN, Installation
from tests.infrastructure.migrated import migrated_server
from tests.oauth_client import AUTHORIZE, TOKEN
from tests.stories.conftest import Person, manage

CALLBACK = "https://client.example/callback"
SHARED_KEY = "a-key-of-both-instances-0123456789abcdef"


@dataclass
class Pair:
    """Both instances, nginx in front of them if there is one, and an administrator with a browser.

    Where an instance is named, nginx decides which of them it is.
    """

    first: Installation
    second: Installation
    front: Front | None

    def __post_init__(self) -> None:
        self.client = self.session()
        self.administrator = self.person()
        self.administrator.sign_in(ADMIN["ADMIN_USERNAME"], ADMIN["ADMIN_PASSWORD"])

    def session(self) -> requests.Session:
        """A client without cookies."""
        return self.front.session() if self.front else requests.Session()

    def person(self) -> Person:
        """Somebody with a browser at the first instance."""
        return Person(self.url(self.first), self.session())

    def url(self, at: Installation) -> str:
        """The URL at which clients reach an instance."""
        return BASE_URL if self.front else at.base_url

    def application(self, name: str) -> dict[str, Any]:
        options = ("--type", "web", "--name", name, "--redirect-url", CALLBACK)
        return manage(self.first, "create_application", *options)

    def code(self, application: dict[str, Any], person: Person | None = None) -> dict[str, str]:
        """Allow at the first instance, as the administrator by default; return the request for tokens."""
        asked = {"client_id": application["client_id"], "response_type": "code", "redirect_uri": CALLBACK}
        authorization_url = f"{self.url(self.first)}{AUTHORIZE}?{urlencode(asked)}"
        redirect = (person or self.administrator).allow(authorization_url)
        code = parse_qs(urlsplit(redirect).query)["code"][0]
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
        return form | credentials(application)

    def tokens(self, application: dict[str, Any], person: Person | None = None) -> dict[str, str]:
        """Allow at the first instance; fetch at the second."""
        reply = self.post(self.second, TOKEN, self.code(application, person))
        assert reply.status_code == 200, reply.text
        members: dict[str, str] = reply.json()
        return members

    def refresh(self, at: Installation, application: dict[str, Any], token: str) -> requests.Response:
        form = {"grant_type": "refresh_token", "refresh_token": token}
        return self.post(at, TOKEN, form | credentials(application))

    def post(self, at: Installation, path: str, form: dict[str, str]) -> requests.Response:
        return self.client.post(f"{self.url(at)}{path}", form, timeout=30)

    def press(self, path: str, action: str = "", files: Any = None, **changes: str) -> requests.Response:
        """Send a form of one of the first instance's pages, as the administrator."""
        answer = self.send(self.page(path), action, files, **changes)
        assert answer.status_code == 200, answer.text
        return answer

    def press_and_confirm(self, path: str, action: str) -> requests.Response:
        """Send a form that is answered by what it affects first, and confirm that."""
        asked = self.send(self.page(path), action)
        assert asked.status_code == 409, asked.text
        answer = self.send(asked)
        assert answer.status_code == 200, answer.text
        return answer

    def page(self, path: str) -> requests.Response:
        """Open one of the first instance's pages, as the administrator."""
        return self.administrator.browser.get(self.url(self.first) + path, timeout=30)

    def send(
        self, page: requests.Response, action: str = "", files: Any = None, **changes: str
    ) -> requests.Response:
        """Send a page's form to an address; the page's own if none is given."""
        fields = fields_of(Document(page.text).form(action)) | changes
        return self.administrator.browser.post(
            urljoin(page.url, action), fields, files=files, timeout=30, headers={"Referer": page.url}
        )


def credentials(application: dict[str, Any]) -> dict[str, str]:
    return {name: application[name] for name in ("client_id", "client_secret")}


@contextmanager
def started(folder: Path, *, behind_nginx: bool) -> Iterator[Pair]:
    """Run both on a database of their own."""
    with migrated_server() as server:
        environment = {**ADMIN, "DATABASE_URL": server.url, "SECRET_KEY": SHARED_KEY}
        first = Installation(folder / "first", environment)
        second = Installation(folder / "second", environment)
        for one in (first, second):
            one.environment.update(ENVIRONMENT if behind_nginx else {"BASE_URL": first.base_url})
        front = in_front_of([first.port, second.port], folder) if behind_nginx else nullcontext()
        with first, second, front as entered:
            yield Pair(first, second, entered)
