"""What it takes to see a page: whose eyes, which address, what was done before."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from xml.etree.ElementTree import Element

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from accounts.models import IdentityProvider, Organization, User
from accounts.oidc.claims import ProviderClaims
from accounts.oidc.proved import Confirmation, ProvedIdentity, seal
from accounts.services.invitations import invite_again
from accounts.services.links import create_password_link
from accounts.views.identity_confirmation import SESSION_KEY
from audit.models import Event
from oauthapps.models import (
    Application,
    ClientSecret,
    Consent,
    CredentialCaller,
    PublicKey,
    RefreshToken,
    TokenFamily,
)
from oauthapps.rules.credential_values import digest
from oauthapps.rules.dated_exceptions import ExceptionKind
from oauthapps.rules.scopes import SCOPES
from oauthapps.services.bin import restore_application
from oauthapps.services.credential_edits import change_notes
from oauthapps.services.credentials import add_secret
from oauthapps.services.moving_in import begin, end_exception
from tests.accounts.providers import note_identity
from tests.console.pages import Browser, Document, Page
from tests.every_page.organization import World
from tests.every_page.worlds import State
from tests.factories import PASSWORD, allow_scopes, make_provider
from tests.oauth_client import challenge_of

USUAL = (State.FILLED, State.HOSTILE)

Query = Callable[[World], Mapping[str, str]]


def nothing(_: World) -> Mapping[str, str]:
    return {}


def no_steps(_: Browser, __: World) -> None:
    pass


@dataclass(frozen=True)
class Visit:
    """One page, as somebody meets it.

    Attributes:
        name: the address' name in the URLconf, or a path that is in none.
        what: which of that address' pages, where it has several.
        of: what its arguments name, a key of `World.arguments`.
        by: who visits, a key of `World.people`; empty for somebody who is not signed in.
        states: the states of the world that it is looked at in; the first is the usual one.
        query: the address' query.
        before: what the visitor does first.
        sends: the page is what answers its form with these fields changed.
        to: the address that form is sent to, by name; the first form with those fields when empty.
        to_of: what that address' arguments name, where that is something else.
        status: the HTTP status that the page comes with.
        breaks: a function that raises, as `package.module.function`, so that its page breaks.
    """

    name: str
    what: str = ""
    of: str = ""
    by: str = "administrator"
    states: tuple[State, ...] = USUAL
    query: Query = nothing
    before: Callable[[Browser, World], None] = no_steps
    sends: Mapping[str, Any] | None = None
    to: str = ""
    to_of: str = ""
    status: int = 200
    breaks: str = ""

    def __str__(self) -> str:
        return ", ".join(part for part in (self.name, self.what) if part)

    def path(self, world: World) -> str:
        """The address without its query."""
        return self.name if self.name.startswith("/") else reverse(self.name, args=world.arguments[self.of])

    def form(self, page: Document, world: World) -> Element:
        """The form that this visit sends."""
        if self.to:
            return page.form(reverse(self.to, args=world.arguments[self.to_of or self.of]))
        # The page's own has no address; those of the navigation stand before it.
        forms = sorted(page.posted_forms(), key=lambda form: bool(form.get("action")))
        return next(form for form in forms if set(self.sends or ()) <= names_in(form))

    def action(self, page: Document, world: World) -> str:
        """The address that this visit's form is sent to; empty for the page's own."""
        if self.to:
            return reverse(self.to, args=world.arguments[self.to_of or self.of])
        return self.form(page, world).get("action", "")

    def page(self, browser: Browser, world: World) -> Page:
        """See the page with a browser that runs no scripts."""
        page = browser.get(self.path(world), **self.query(world))
        if self.sends is not None:
            page = browser.send(page, self.action(page, world), **self.sends)
        return browser.follow(page) if page.status == 302 else page


def names_in(form: Element) -> set[str]:
    """The names of a form's fields."""
    return {element.get("name", "") for element in form.iter()}


def consent_request(of: str, **changes: str) -> Query:
    """The parameters of an application's authorization request, valid but for the changes."""

    def query(world: World) -> Mapping[str, str]:
        application = Application.objects.get(client_id=world.arguments[of][0])
        return {
            "client_id": application.client_id,
            "redirect_uri": application.redirect_urls.get().url,
            "response_type": "code",
            "code_challenge": challenge_of("a verifier of some forty-three characters and more"),
            "code_challenge_method": "S256",
        } | changes

    return query


def unsigned_jwt(**claims: Any) -> str:
    """A JWT of these claims with a signature that nobody made."""
    parts = ({"alg": "RS256", "kid": "W" * 300}, claims)
    return ".".join(
        (*(urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts), "x")
    )


def language(name: str) -> Query:
    """Instructions in a language."""
    return lambda _: {"in": name}


def link_key(world: World) -> Mapping[str, str]:
    """The query of a password reset link."""
    return {"key": create_password_link(world.people["member"], actor=world.actor()).partition("key=")[2]}


def invitation_key(world: World) -> Mapping[str, str]:
    """The query of an invitation."""
    return {"key": invite_again(world.people["invited"], actor=world.actor()).partition("key=")[2]}


def type_too_late(browser: Browser, world: World) -> None:
    """Send a form when the sign-in is too long ago for it."""
    session = browser.client.session
    for record in session[AUTHENTICATION_METHODS_SESSION_KEY]:
        record["at"] -= timedelta(minutes=6).total_seconds()
    session.save()
    fields = {"name": "Thomas", "username": "tom", "email": "tom@example.org", "role": "member"}
    assert browser.post(reverse("change-person", args=world.arguments["person:member"]), fields).status == 302


def give_the_password_only(browser: Browser, world: World) -> None:
    """Sign in as far as the second factor."""
    fields = {"login": world.people["careful"].username, "password": PASSWORD}
    assert browser.post(reverse("account_login"), fields).status == 302


def give_the_first_password(browser: Browser, world: World) -> None:
    """Sign in as far as the page that asks for another password."""
    member = world.people["member"]
    User.objects.filter(pk=member.pk).update(must_change_password=True)
    fields = {"login": member.username, "password": PASSWORD}
    assert browser.post(reverse("account_login"), fields).status == 302


def come_from_a_provider(browser: Browser, world: World) -> None:
    """Sign in at an identity provider, as far as the page that asks for the account's password."""
    provider = IdentityProvider.objects.first() or make_provider("https://first.example", name="W" * 80)
    member, session = world.people["member"], browser.client.session
    claims = ProviderClaims(subject="248289761001", values={})
    waiting = Confirmation(identity=ProvedIdentity.of(claims, provider), user_pk=member.pk)
    session[SESSION_KEY] = seal(waiting)
    session.save()
    browser.client.cookies[settings.SESSION_COOKIE_NAME] = str(session.session_key)


def sign_in_at_a_provider(browser: Browser, world: World) -> None:
    """Have the session be one that began at the identity provider."""
    note_identity(browser.client, IdentityProvider.objects.get(), world.people["other"])


def signed_out_of_a_provider(world: World) -> Mapping[str, str]:
    """The query of the page after signing out of such a session."""
    provider = IdentityProvider.objects.get()
    provider.discovery["end_session_endpoint"] = f"{provider.issuer}/logout"
    provider.save()
    return {"provider": provider.provider_id}


def require_second_factor(days_ago: float = 0) -> Callable[[Browser, World], None]:
    """Require a second factor of administrators and auditors, since so many days ago."""

    def require(_: Browser, __: World) -> None:
        required_at = timezone.now() - timedelta(days=days_ago)
        Organization.objects.update(second_factor_required_at=required_at)

    return require


def limit_secrets(_: Browser, __: World) -> None:
    """Let client secrets live for 90 days at most; those that exist live longer."""
    Organization.objects.update(secret_days=90)


def use_credentials(*, stopped: bool = False) -> Callable[[Browser, World], None]:
    """Let every secret and key expire soon and have callers, and each secret a successor."""

    def use(_: Browser, world: World) -> None:
        now = timezone.now()
        for model in (ClientSecret, PublicKey):
            for credential in model.objects.live().filter(application__deleted_at=None):
                for number, agent in enumerate(("", "python-requests/2.32", "W" * 300)):
                    CredentialCaller.objects.update_or_create(
                        kind=credential.usage_kind,
                        credential=credential.pk,
                        address=("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "192.0.2.7", "")[number],
                        user_agent=agent,
                        defaults={"application": credential.application, "times": 1_234_567},
                    )
            ends = {"expires_at": now + timedelta(days=9), "retires_at": now - timedelta(hours=1)}
            model.objects.update(last_used_at=now, **ends, retirement_stopped_at=now if stopped else None)
        machine = Application.objects.get(client_id=world.arguments["machine"][0])
        add_secret(machine, actor=world.actor(), notes="New")

    return use


def guess(browser: Browser, world: World) -> None:
    """Try so many wrong passwords that the next attempt has to wait."""
    for number in range(31):
        browser.post(reverse("account_login"), {"login": f"person{number}", "password": "wrong"})


def give_the_client_an_api(browser: Browser, world: World) -> None:
    """Let the web application ask for scopes of an API, one of which has been allowed in other words."""
    application = Application.objects.get(client_id=world.arguments["web"][0])
    allow_scopes(application, [*SCOPES, "invoices:read", "invoices:pay"], actor=world.actor())
    rows = Consent.objects.filter(user=world.people["administrator"], application=application)
    rows.update(sentences={**SCOPES, "invoices:read": "Read the invoices of your team"})
    TokenFamily.objects.filter(consent__in=rows).update(scope="read write offline_access invoices:read")


def move_in(*keys: str) -> Callable[[Browser, World], None]:
    """Let applications move in, with an exception that is needed and ends soon, and one that has ended."""

    def begin_all(_: Browser, world: World) -> None:
        for key in keys:
            application = Application.objects.get(client_id=world.arguments[key][0])
            kinds = [kind for kind in ExceptionKind if kind.fits(application.type)]
            day = timezone.now().date() + timedelta(days=10)
            begin(application, exceptions=dict.fromkeys((kinds[0], kinds[-1]), day), actor=world.actor())
            rows = application.dated_exceptions.filter(kind=kinds[0])
            rows.update(times_needed=1_234_567, last_needed_at=timezone.now() - timedelta(hours=3))
            end_exception(application, kinds[-1], actor=world.actor())
            begin(application, exceptions={kinds[0]: day}, actor=world.actor())
            for url in ("https://visits.example/callback", f"https://{'w' * 60}.example/{'W' * 200}?…"):
                application.refused_redirect_urls.get_or_create(url=url)

    return begin_all


def delete_again(browser: Browser, world: World) -> None:
    """Delete an application that is in the bin once more, as its page does."""
    application = Application.objects.get(client_id=world.arguments["deleted"][0])
    restore_application(application, actor=world.actor())
    url = reverse("console:delete-application", args=world.arguments["deleted"])
    assert browser.post(url, {"name": application.name}).status == 302


def keep_access(browser: Browser, world: World) -> None:
    """Give the web application a refresh token, so that what it was allowed lasts."""
    application = Application.objects.get(client_id=world.arguments["web"][0])
    user = world.people["administrator"]
    family = TokenFamily.objects.filter(application=application, user=user).latest("started_at")
    token = {"user": user, "application": application, "scope": family.scope}
    RefreshToken.objects.create(family=family, token_checksum=digest(world.new_id()), **token)


def of_one(of: str) -> Query:
    """The query of a page that shows one application alone."""
    return lambda world: {"application": str(world.arguments[of][0])}


def age_access(browser: Browser, world: World) -> None:
    """Give the web application a refresh token for access that was allowed two days ago."""
    keep_access(browser, world)
    families = TokenFamily.objects.filter(application__client_id=world.arguments["web"][0])
    families.update(started_at=timezone.now() - timedelta(days=2))


def note_again(_: Browser, world: World) -> None:
    """Write other notes on the secret whose notes were changed before."""
    pk: Any = world.arguments["secret"][1]
    secret = ClientSecret.objects.get(pk=pk)
    change_notes(secret, notes="Report server, moved", actor=world.actor())


def keep_long_notes(_: Browser, world: World) -> None:
    """Let the change of the secret's notes have replaced longer ones than a form takes today."""
    event = Event.objects.get(pk=world.arguments["noted"][0])
    Event.objects.filter(pk=event.pk).update(values={"notes": ["W" * 65, event.values["notes"][1]]})
