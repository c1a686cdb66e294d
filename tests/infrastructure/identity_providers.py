"""Identity providers of an organization: OpenID Connect providers that are not ours, as processes.

They differ as providers do:

- `node`: oidc-provider. It wants `client_secret_basic`, signs with RS256, and names sessions (`sid`) in
  logout tokens. ID tokens say `sub`, `amr`, `acr`, and `auth_time` where it was asked for `max_age`; no more.
- `authlib`: Authlib's server. It wants `client_secret_post`, signs with ES256, says everything in ID tokens,
  and names people alone in logout tokens.

Both have the same pages: one to sign in on, by the name of an account alone, and one to sign out on.
"""

import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self
from urllib.parse import urljoin

import requests

from tests.infrastructure.conversations import Conversation
from tests.infrastructure.installation import ROOT
from tests.infrastructure.node import NODE, installed
from tests.oauth_client import hidden_fields

KINDS = ("node", "authlib")
CLIENT_ID = "gatehouse"
# Has what `client_secret_basic` encodes (RFC 6749 section 2.3.1).
CLIENT_SECRET = "a secret: 100% +/&="
NODE_FOLDER = ROOT / "tests" / "stories" / "node"
SECONDS = 900
# A form that a script sends as soon as the page is there.
OF_ITSELF = "document.forms[0].submit()"
ACTION = re.compile(r'<form[^>]* action="([^"]+)"')

Claims = dict[str, Any]


class IdentityProvider(Conversation):
    """A provider at `issuer` that knows one client and the people it was told about, during the `with` block.

    Args:
        kind: one of `KINDS`.
    """

    def __init__(self, kind: str) -> None:
        folder, command = program(kind)
        super().__init__(command, folder, environment=os.environ, seconds=SECONDS)
        self.kind = kind
        self.client_id, self.client_secret = CLIENT_ID, CLIENT_SECRET
        self.people: dict[str, Claims] = {}

    def __enter__(self) -> Self:
        super().__enter__()
        told = self.ask({"clientId": self.client_id, "clientSecret": self.client_secret})
        self.issuer = str(told["issuer"])
        return self

    @property
    def scopes(self) -> str:
        """What a client asks for to get every claim."""
        return "openid email profile groups" if self.kind == "node" else "openid email profile"

    @property
    def discovered(self) -> dict[str, Any]:
        """Its discovery document."""
        url = f"{self.issuer}/.well-known/openid-configuration"
        document: dict[str, Any] = requests.get(url, timeout=10).json()
        return document

    def register(self, redirect_uri: str, signed_out_uri: str = "", logout_uri: str = "") -> None:
        """Learn the client's URLs: where people come back to, also signed out; and who is told then."""
        metadata: dict[str, Any] = {"redirect_uris": [redirect_uri]}
        if signed_out_uri:
            metadata["post_logout_redirect_uris"] = [signed_out_uri]
        if logout_uri:
            metadata |= {"backchannel_logout_uri": logout_uri, "backchannel_logout_session_required": True}
        self.tell("register", metadata=metadata)

    def add_person(self, sub: str, **claims: Any) -> None:
        """Add or change an account; it has a verified email address and a name unless claims say otherwise.

        `amr` and `acr` are what its sign-ins say from now on. A claim of None is left out.
        """
        usual: Claims = {"email": f"{sub}@example.org", "email_verified": True, "name": sub.title()}
        self.people[sub] = {name: value for name, value in (usual | claims).items() if value is not None}
        self.tell("person", sub=sub, claims=self.people[sub])

    def rotate_keys(self, *, keep: bool = False) -> None:
        """Sign with a new key; the former is published no more unless it is kept."""
        self.tell("rotate_keys", keep=keep)

    def change_secret(self, secret: str) -> None:
        """Accept this secret of the client's and no other."""
        self.tell("register", metadata={"client_secret": secret})

    def set_clock(self, seconds: int) -> None:
        """Be so many seconds ahead; 0 is the time of this machine."""
        self.tell("clock", seconds=seconds)

    def break_endpoint(self, name: str, status: int = 503) -> None:
        """Answer with this status alone; `name` is that of the discovery document, or `discovery`."""
        url = (
            f"{self.issuer}/.well-known/openid-configuration"
            if name == "discovery"
            else self.discovered[name]
        )
        self.tell("break_paths", paths={url.removeprefix(self.issuer): status})

    def mend_endpoints(self) -> None:
        self.tell("break_paths", paths={})

    def forget(self, *, forgetful: bool) -> None:
        """Overhear `prompt` and `max_age`: whoever is signed in goes on without a sign-in."""
        self.tell("forget", forgetful=forgetful)

    def take_down(self) -> None:
        """Refuse connections."""
        self.tell("down")

    def bring_up(self) -> None:
        self.tell("up")

    def log_out(self, sub: str) -> list[int]:
        """Tell the client that a person has signed out; return the status that each message got."""
        return list(self.tell("log_out", sub=sub)["statuses"])

    def tell(self, name: str, **given: Any) -> dict[str, Any]:
        return self.ask({"command": name, **given})


def program(kind: str) -> tuple[Path, Sequence[str]]:
    """The folder and the command of a kind."""
    if kind == "node":
        return installed(NODE_FOLDER), [NODE, "identity_provider.js"]
    return ROOT, [sys.executable, "-m", "tests.infrastructure.authlib_provider"]


def is_at(provider: IdentityProvider, page: requests.Response) -> bool:
    """Whether a browser has come to the provider's page to sign in on."""
    return page.url.startswith(provider.issuer) and "<h1>Sign in at the identity provider</h1>" in page.text


def sign_in_there(
    browser: requests.Session, page: requests.Response, account: str, *, follow: bool = True
) -> requests.Response:
    """Send the provider's sign-in form, and return where that leads to."""
    page = submit(browser, page, {"account": account, "decision": "sign_in"}, follow=follow)
    if OF_ITSELF in page.text:  # it signs out whoever was signed in there
        page = submit(browser, page, {}, follow=follow)
    return page


def cancel_there(browser: requests.Session, page: requests.Response) -> requests.Response:
    """Press Cancel on the provider's page."""
    return submit(browser, page, {"decision": "cancel"})


def sign_out_there(
    browser: requests.Session, page: requests.Response, *, follow: bool = True
) -> requests.Response:
    """Press Sign out on the provider's page, and return where that leads to."""
    return submit(browser, page, {"logout": "yes"}, follow=follow)


def submit(
    browser: requests.Session, page: requests.Response, fields: Mapping[str, str], *, follow: bool = True
) -> requests.Response:
    """Send the form of a page as it stands there, with these fields."""
    form = hidden_fields(page.text) | dict(fields)
    action = ACTION.search(page.text)
    url = urljoin(page.url, action[1]) if action else page.url
    return browser.post(url, form, timeout=30, allow_redirects=follow)
