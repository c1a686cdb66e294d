"""An organization whose people sign in at identity providers."""

import re
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import requests

from tests.infrastructure.identity_providers import IdentityProvider, is_at, sign_in_there
from tests.infrastructure.installation import ADMIN, Installation
from tests.oauth_client import hidden_fields
from tests.stories.conftest import Person
from tests.stories.single_sign_on.inside import Inside

ACTION = re.compile(r'action="([^"]+)"')
CALLBACK = "/accounts/login/provider/callback/"
SIGNED_OUT = "/accounts/signed-out/"
DOMAIN = "example.org"
RECORDED_SECONDS = 5

ADD = """
from accounts.models import IdentityProvider
from accounts.oidc.discovery import discover
from accounts.services.identity_providers import add_provider
from audit.actors import Actor
provider = add_provider(discover(issuer), values, client_secret=client_secret, actor=Actor.command("stories"))
answer = provider.provider_id
"""
CHANGE = """
from accounts.models import IdentityProvider
from accounts.services.identity_providers import change_provider
from audit.actors import Actor
provider = IdentityProvider.objects.get(provider_id=provider_id)
change_provider(provider, values, client_secret=client_secret, actor=Actor.command("stories"))
"""
PERSON = """
from accounts.models import User
answer = User.objects.filter(email=email).values("username", "name", "role", "is_active", "joined_at").first()
"""
INVITE = """
from accounts.models import Role
from accounts.services.invitations import invite
from audit.actors import Actor
_, answer = invite(username=username, email=email, role=Role.MEMBER, actor=Actor.command("stories"))
"""
MEMBER = """
from accounts.models import User
from accounts.services.people import add_person
from audit.actors import Actor
add_person(User(username=username, email=email, role=role), password=password, actor=Actor.command("stories"))
"""
EVENTS = """
from audit.models import Event
found = Event.objects.filter(person__email=email).order_by("pk")
answer = [{"kind": each.kind, "detail": each.detail, "actor": each.actor_name, "before": each.before,
           "after": each.after} for each in found]
"""
# Makes the latest proof of who somebody is older, in the session of a browser.
AGE = """
from accounts.sessions.store import SessionStore
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY as RECORDS
session = SessionStore(key)
session[RECORDS] = [record | {"at": record["at"] - seconds} for record in session[RECORDS]]
session.save()
"""
RULE = """
from accounts.models import Organization, User
Organization.current()
account = User.objects.get(username=username) if username else None
Organization.objects.update(password_rule=rule, emergency_account=account)
"""
RECORDED = """
from oauthapps.models import RecordedRequest
found = RecordedRequest.objects.with_id(request_id)
answer = found.values("endpoint", "status", "error", "cause", "fix", "parameters").first()
"""


class Office:
    """A running installation, the providers it knows, and what stories do with both.

    Attributes:
        providers: by kind.
        ids: the `provider_id` of each, by kind.
    """

    def __init__(
        self, installation: Installation, inside: Inside, providers: dict[str, IdentityProvider]
    ) -> None:
        self.installation, self.inside, self.providers = installation, inside, providers
        self.base_url = installation.base_url
        self.ids: dict[str, str] = {}

    def add_provider(self, kind: str, **values: Any) -> None:
        """Make a provider known to the installation, and the installation to the provider."""
        provider = self.providers[kind]
        usual = {"name": f"{kind.title()} login", "client_id": provider.client_id, "scopes": provider.scopes}
        self.ids[kind] = self.inside.run(
            ADD, issuer=provider.issuer, values=usual | values, client_secret=provider.client_secret
        )
        logout = f"{self.base_url}/accounts/logout/provider/{self.ids[kind]}/"
        provider.register(self.base_url + CALLBACK, self.base_url + SIGNED_OUT, logout)

    def change_provider(self, kind: str, *, client_secret: str = "", **values: Any) -> None:
        """Give a provider's entry other values, as its page does."""
        self.inside.run(CHANGE, provider_id=self.ids[kind], values=values, client_secret=client_secret)

    def set_rule(self, rule: str, username: str = "") -> None:
        """Say who may use passwords; sign-in pages know it within five seconds."""
        self.inside.run(RULE, rule=rule, username=username)

    def age_session(self, key: str, seconds: int) -> None:
        """Make it longer ago that somebody proved who they are in the session with this key."""
        self.inside.run(AGE, key=key, seconds=seconds)

    def person(self, account: str) -> dict[str, Any] | None:
        """The person with an account's email address; None where there is none."""
        found: dict[str, Any] | None = self.inside.run(PERSON, email=email_of(account))
        return found

    def role(self, account: str) -> str:
        found = self.person(account)
        assert found
        return str(found["role"])

    def invite(self, account: str) -> str:
        """Invite somebody, and return their link."""
        return str(self.inside.run(INVITE, username=account, email=email_of(account)))

    def add_person(self, account: str, password: str | None, role: str = "member") -> None:
        """Add somebody who has joined."""
        self.inside.run(MEMBER, username=account, email=email_of(account), password=password, role=role)

    def events(self, account: str) -> list[dict[str, Any]]:
        """What happened to a person, the earliest first."""
        found: list[dict[str, Any]] = self.inside.run(EVENTS, email=email_of(account))
        return found

    def kinds(self, account: str) -> list[str]:
        return [event["kind"] for event in self.events(account)]

    def check_refused(
        self, page: requests.Response, sentence: str, error: str, *causes: str
    ) -> dict[str, Any]:
        """Insist on one sentence for the person, and on cause and fix, which operators alone see."""
        assert page.status_code == 403, page.text
        shown = unescape(page.text)
        assert sentence in shown, shown
        assert page.headers["X-Request-Id"] in shown
        recorded = self.cause(page)
        assert recorded["error"] == error, recorded
        assert all(cause in recorded["cause"] for cause in causes), recorded
        assert recorded["fix"]
        assert recorded["cause"].partition(": ")[2] not in shown
        assert recorded["fix"] not in shown
        _, _, cause = recorded["cause"].partition(": ")  # after the provider's name
        wait_until(lambda: cause in self.installation.log_text(), "the cause in the log")
        return recorded

    def cause(self, page: requests.Response) -> dict[str, Any]:
        """What the request inspector has of a request that was refused."""
        found: list[dict[str, Any]] = []

        def look() -> bool:
            found.append(self.inside.run(RECORDED, request_id=page.headers["X-Request-Id"]))
            return bool(found[-1])

        wait_until(look, "the request in the inspector")
        return found[-1]


def wait_until(is_so: Callable[[], bool], what: str, seconds: float = RECORDED_SECONDS) -> None:
    """Wait for what the server does beside its answers."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def email_of(account: str) -> str:
    return f"{account}@{DOMAIN}"


class Employee(Person):
    """Somebody with a browser, an account at a provider, and perhaps a password here."""

    def __init__(self, office: Office, account: str) -> None:
        super().__init__(office.base_url)
        self.office, self.account = office, account

    def begin(self, kind: str, next_url: str = "") -> requests.Response:
        """Choose a provider on the sign-in page, and return the page that this leads to."""
        query = {"next": next_url} if next_url else None
        page = self.browser.get(f"{self.base_url}/accounts/login/", params=query, timeout=30)
        action = f"/accounts/login/provider/{self.office.ids[kind]}/"
        _, found, form = page.text.partition(f'action="{action}"')
        assert found, page.text
        fields = hidden_fields(form.partition("</form>")[0])
        return self.browser.post(self.base_url + action, fields, timeout=30, headers={"Referer": page.url})

    def sign_in_at(self, kind: str, next_url: str = "") -> requests.Response:
        """Sign in at a provider, unless the account is signed in there; return where that leads."""
        page = self.begin(kind, next_url)
        provider = self.office.providers[kind]
        return sign_in_there(self.browser, page, self.account) if is_at(provider, page) else page

    def open(self, path: str) -> requests.Response:
        return self.browser.get(self.base_url + path, timeout=30)

    def send(self, page: requests.Response, **fields: str) -> requests.Response:
        """Fill in the first form of a page's content that has these fields, and send it."""
        _, _, content = page.text.partition("<main")
        forms = [form.partition("</form>")[0] for form in content.split("<form")[1:]]
        form = next(form for form in forms if all(f'name="{name}"' in form for name in fields))
        found = ACTION.search(form.partition(">")[0])
        url = urljoin(page.url, found[1]) if found else page.url
        # Browsers send no more than the origin of a page whose URL is very long.
        headers = {"Referer": f"{self.base_url}/"}
        return self.browser.post(url, hidden_fields(form) | fields, timeout=30, headers=headers)

    def sign_out(self) -> requests.Response:
        """Sign out here, and return the page that follows."""
        return self.send(self.open("/accounts/logout/"))

    def age_sign_in(self, seconds: int) -> None:
        """Make it longer ago that somebody proved who they are in this browser."""
        self.office.age_session(self.browser.cookies["gatehouse_session"], seconds)

    @property
    def is_signed_in(self) -> bool:
        return (
            self.browser.get(f"{self.base_url}/security/", timeout=30, allow_redirects=False).status_code
            == 200
        )


def as_it_is(_: Office) -> None:
    """Change nothing."""


@contextmanager
def office_with(
    folder: Path, kinds: Sequence[str], prepare: Callable[[Office], None] = as_it_is, **environment: str
) -> Iterator[Office]:
    """Run providers and an installation that knows them all: whoever is from `DOMAIN` becomes a member.

    `prepare` does what should have been done when the server starts; there is nobody yet.
    """
    with ExitStack() as stack:
        providers = {kind: stack.enter_context(IdentityProvider(kind)) for kind in kinds}
        settings = ADMIN | {"IDENTITY_PROVIDER_PRIVATE": "1", "SECRET_KEY": secrets.token_urlsafe(50)}
        installation = Installation(folder / "gatehouse", settings | environment)
        inside = stack.enter_context(Inside(installation))
        office = Office(installation, inside, providers)
        for kind in kinds:
            office.add_provider(kind, allowed_domains=[DOMAIN], provisions=True)
        prepare(office)
        stack.enter_context(installation)
        yield office
