"""A person with second factors, who uses a running installation by its pages alone."""

import json
import time
from dataclasses import dataclass, field
from typing import Any

import requests
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

from tests.console.pages import Document, fields_of
from tests.infrastructure.authenticator import SoftAuthenticator
from tests.infrastructure.installation import ADMIN
from tests.second_factors import ADD_PASSKEY, APP, options_on, secret_on
from tests.stories.conftest import Person

LOGIN, SECOND_FACTOR, WITH_PASSKEY = (
    "/accounts/login/",
    "/accounts/login/second-factor/",
    "/accounts/login/passkey/",
)
PASSKEYS = "/security/passkeys/"
STEP_SECONDS = 30


class Visitor(Person):
    """A browser that reads pages and sends their forms."""

    def page(self, path: str) -> Document:
        return Document(self.browser.get(self.base_url + path, timeout=30).text)

    def send(self, page: Document, path: str, action: str = "", **changes: str) -> requests.Response:
        """Send a page's form with some fields changed."""
        address = self.base_url + path
        fields = fields_of(page.form(action)) | changes
        target = self.base_url + (action or path)
        return self.browser.post(target, fields, timeout=30, headers={"Referer": address})

    def is_signed_in(self) -> bool:
        answer = self.browser.get(f"{self.base_url}/security/", timeout=30)
        return answer.status_code == 200 and LOGIN not in answer.url

    def give_password(self) -> Document:
        """Give the right password; return the page that asks for more."""
        changes = {"login": ADMIN["ADMIN_USERNAME"], "password": ADMIN["ADMIN_PASSWORD"]}
        return Document(self.send(self.page(LOGIN), LOGIN, LOGIN, **changes).text)


@dataclass
class Owner:
    """The administrator's session, authenticator app, recovery codes and passkey.

    Of an app each code is good once. It was set up with the one before the code that it shows.
    """

    session: Visitor
    device: SoftAuthenticator
    app_secret: str = ""
    recovery_codes: list[str] = field(default_factory=list)

    def set_up(self) -> None:
        self.session.sign_in(ADMIN["ADMIN_USERNAME"], ADMIN["ADMIN_PASSWORD"])
        page = self.session.page(APP)
        self.app_secret = secret_on(page)
        shown = self.session.send(page, APP, APP, code=self.code(steps_back=1))
        codes = Document(shown.text).by_id("recovery-codes")
        self.recovery_codes = "".join(codes.itertext()).split()
        page = self.session.page(ADD_PASSKEY)
        options = options_on(page)
        credential = json.dumps(self.device.create(options))
        self.session.send(page, ADD_PASSKEY, name="Phone", credential=credential)
        assert "Phone" in self.session.page(PASSKEYS).text

    def code(self, *, steps_back: int = 0) -> str:
        step = int(time.time()) // STEP_SECONDS - steps_back
        return str(format_hotp_value(hotp_value(self.app_secret, step)))

    def session_at(self, base_url: str) -> Visitor:
        """The same browser at another installation of this host."""
        visitor = Visitor(base_url)
        visitor.browser.cookies.update(self.session.browser.cookies)
        return visitor

    def signed_in_with_app(self, base_url: str) -> bool:
        return self.signed_in_with_code(base_url, self.code())

    def signed_in_with_recovery_code(self, base_url: str) -> bool:
        return self.signed_in_with_code(base_url, self.recovery_codes.pop())

    def signed_in_with_code(self, base_url: str, code: str) -> bool:
        visitor = Visitor(base_url)
        visitor.send(visitor.give_password(), SECOND_FACTOR, SECOND_FACTOR, code=code)
        return visitor.is_signed_in()

    def signed_in_with_passkey(self, base_url: str) -> bool:
        visitor = Visitor(base_url)
        page = visitor.page(LOGIN)
        asked = visitor.browser.get(
            base_url + WITH_PASSKEY, headers={"Accept": "application/json"}, timeout=30
        ).json()
        self.device.origin = base_url  # a browser names the page's
        answer: Any = self.device.get(asked["request_options"]["publicKey"])
        visitor.send(page, LOGIN, WITH_PASSKEY, credential=json.dumps(answer))
        return visitor.is_signed_in()
