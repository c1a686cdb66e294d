"""An organization and what its people have done, the same in every run but for secrets."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import time_machine
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from allauth.mfa.webauthn.internal.auth import WebAuthn
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.utils import timezone

from accounts.models import Organization, Role, User
from accounts.services.invitations import invite
from accounts.sessions.store import SessionStore
from accounts.sessions.store import digest as session_digest
from audit.actors import Actor
from audit.models import Event, HousekeepingJob, HousekeepingRun
from oauthapps.models import AccessToken, Application, Consent, Logo
from oauthapps.rules.app_types import AppType, spec_of
from oauthapps.rules.credential_values import digest, new_access_token
from oauthapps.rules.scopes import SCOPES
from oauthapps.services.apis import create_api
from oauthapps.services.applications import delete_application, disable_application
from oauthapps.services.changes import change_application
from oauthapps.services.consents import AllowedRequest, allow
from oauthapps.services.credential_edits import change_notes
from oauthapps.services.credentials import add_key, add_secret
from oauthapps.services.scim_tokens import add_scim_token, record_use
from oauthapps.services.scopes import NewScope
from tests.every_page.pictures import logo
from tests.factories import (
    AdministratorFactory,
    AuditorFactory,
    UserFactory,
    allow_scopes,
    make_application,
    make_provider,
    record_redirect_mismatch,
    record_request,
)
from tests.infrastructure.authenticator import SoftAuthenticator
from tests.keys import SIGNING_KEY, public_pem

AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"
TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@dataclass
class World:
    """The people by what they are to whoever looks at pages, and arguments of addresses by what they name."""

    people: dict[str, User] = field(default_factory=dict)
    arguments: dict[str, tuple[object, ...]] = field(
        default_factory=lambda: {"": (), "version": ("v22.0",), "guide": ("errors/",)}
    )
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def new_id(self) -> str:
        """An identifier that looks like any other and is the same in every run."""
        return f"{next(self.numbers) * 0x9E3779B97F4A7C15F39CC0605CEDC835 % (1 << 128):032x}"

    def actor(self, person: str = "administrator") -> Actor:
        return Actor(user=self.people[person], ip_address="192.0.2.17", user_agent=AGENT)


def found() -> World:
    """An organization of one administrator and one member, who have done nothing yet."""
    world = World()
    Organization.objects.update_or_create(
        id=Organization.THE_ONE,
        defaults={"name": "Lindgren Logistics", "domain": "lindgren", "customer_id": world.new_id()},
    )
    with ago(days=90):
        join(world, "administrator", "Maria Lindgren", "maria", AdministratorFactory)
        join(world, "member", "Tom Okafor", "tom")
    return world


def settle(world: World) -> World:
    """Let people join the organization, make seven applications and use them."""
    with ago(days=61, hours=3):
        join(world, "careful", "Aiko Tanaka", "aiko.tanaka", AdministratorFactory)
        join(world, "gone", "Daniel Weiss", "d.weiss", is_active=False)
        join(world, "other", "Priya Raman", "priya")
        join(world, "auditor", "Elena Rossi", "elena", AuditorFactory)
        protect(world, world.people["careful"])
        invited, _ = invite(
            username="noor",
            email="noor@example.org",
            role=Role.MEMBER,
            name="Noor Haddad",
            actor=world.actor(),
        )
        world.people["invited"] = invited
        world.arguments["person:invited"] = (invited.user_id,)
    add_provider(world)
    add_applications(world)
    add_api(world)
    add_requests(world)
    add_scim_tokens(world)
    member = world.people["member"].user_id
    world.arguments["access"] = (*world.arguments["web"], member)
    world.arguments["access of person"] = (member, *world.arguments["web"])
    world.arguments["logo"] = (Logo.objects.order_by("pk")[0].digest,)
    for days in reversed(range(1, 7)):
        with ago(days=days, minutes=47):
            use_applications(world, times=4 + days * 5 % 7)
    with ago(hours=2):
        add(world, "bare", AppType.WEB, "Room booking", [])
    with ago(minutes=47):
        use_applications(world, times=4)
    with ago(days=3):
        delete_application(add(world, "deleted", AppType.WEB, "Visitor badges", []), actor=world.actor())
    keep_house()
    return world


def add_scim_tokens(world: World) -> None:
    """Let a directory provision people, and another one be about to."""
    with ago(days=20, hours=6):
        row = add_scim_token("Microsoft Entra ID", actor=world.actor()).row
        add_scim_token("Okta, for the subsidiary", actor=world.actor())
    with ago(hours=1):
        record_use(row)
    world.arguments["scim token"] = (row.pk,)


def keep_house() -> None:
    """Let housekeeping have run, and one of its jobs fail."""
    now = timezone.now()
    HousekeepingJob.objects.create(name="expired", due_at=now, ran_at=now - timedelta(minutes=3))
    HousekeepingJob.objects.create(name="emails", due_at=now, failures=3, failure="ConnectionRefusedError")
    runs: list[dict[str, Any]] = [
        {"job": "expired", "outcome": "done", "did": {"access_tokens": 1250, "token_families": 1}},
        {"job": "emails", "outcome": "failed", "failure": "ConnectionRefusedError"},
        {"job": "expired", "outcome": "interrupted", "did": {"sessions": 50}},
    ]
    for number, run in enumerate(runs):
        began = now - timedelta(minutes=3 + 5 * number)
        ended, instance = began + timedelta(seconds=1.5), f"gatehouse-{number}:8000, process 4711"
        HousekeepingRun.objects.create(began_at=began, ended_at=ended, instance=instance, **run)


def join(
    world: World, role: str, name: str, username: str, factory: Any = UserFactory, **fields: Any
) -> None:
    """Make a person; `role` is what the person is to those who look at pages."""
    person: User = factory.create(user_id=world.new_id(), name=name, username=username, **fields)
    world.people[role] = person
    world.arguments[f"person:{role}"] = (person.user_id,)


def protect(world: World, person: User) -> None:
    """Give a person every second factor, and a session on another device."""
    TOTP.activate(person, TOTP_SECRET)
    RecoveryCodes.activate(person)
    host = str(urlsplit(settings.BASE_URL).hostname)
    options = {"user": {"id": ""}, "rp": {"id": host}, "challenge": "AAAA"}
    credential = SoftAuthenticator().create(options)
    world.arguments["passkey"] = (WebAuthn.add(person, "Work laptop", credential).instance.pk,)
    store = SessionStore()
    store.update({SESSION_KEY: str(person.pk), BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0]})
    store[HASH_SESSION_KEY] = person.get_session_auth_hash()
    store.set_expiry(timedelta(days=400))
    store.create()
    session = UserSession.objects.create(
        user=person, ip="2001:db8::17", session_key=session_digest(store.session_key), user_agent=AGENT
    )
    world.arguments["session"] = (session.pk,)


def add_provider(world: World) -> None:
    """Let some people sign in at an identity provider."""
    with ago(days=58):
        provider = make_provider(
            "https://login.lindgren.example/realms/staff",
            name="Lindgren staff login",
            provider_id=world.new_id(),
            allowed_domains=["lindgren.example", "example.org"],
            provisions=True,
            groups_claim="groups",
            administrator_groups=["gatehouse-administrators"],
            second_factor_values=["mfa"],
        )
    world.arguments["provider"] = (provider.provider_id,)
    for key in ("other", "careful"):
        person = world.people[key]
        row = SocialAccount.objects.create(user=person, provider=provider.issuer, uid=f"staff-{key}")
        world.arguments[f"identity:{key}"] = (row.pk,)
        world.arguments[f"identity of person:{key}"] = (person.user_id, row.pk)


def add_applications(world: World) -> None:
    with ago(days=55, hours=5):
        web = add(world, "web", AppType.WEB, "Field visits", ["https://visits.example/oauth/callback"])
        describe(world, web, "pin", "#1f7a5c", "Plans visits to customers and writes their reports.")
        world.arguments["change"] = (web.client_id, web.events.get(kind="application:change").pk)
    with ago(days=40, hours=2):
        single_page = add(
            world, "single page", AppType.SINGLE_PAGE, "Timesheets", ["https://time.lindgren.example/"]
        )
        describe(world, single_page, "clock", "#6d3fd1", "Hours worked, from any browser.")
    with ago(days=33, hours=1):
        machine = add(world, "machine", AppType.MACHINE_TO_MACHINE, "Nightly export")
        add_credentials(world, machine)
    with ago(days=20, hours=6):
        partner = add(world, "partner", AppType.WEB, "Partner portal", ["https://partners.example/signed-in"])
        describe(world, partner, "bars", "#1d5fd0", "Orders and stock for those who sell with us.")
    with ago(days=12, hours=4):
        scanner = add(
            world, "scanner", AppType.SINGLE_PAGE, "Warehouse scanner", ["com.lindgren.scanner:/callback"]
        )
        describe(world, scanner, "parcel", "#b5460f", "Counts parcels where they are.")
    with ago(days=9):
        archive = add(world, "disabled", AppType.MACHINE_TO_MACHINE, "Invoice archive")
        disable_application(archive, actor=world.actor())


def add(
    world: World, key: str, app_type: AppType, name: str, redirect_urls: list[str] | None = None
) -> Application:
    created = make_application(
        app_type,
        client_id=world.new_id(),
        client_secret=f"invented_{world.new_id()}" if spec_of(app_type).has_secrets else "",
        name=name,
        owner=world.people["administrator"],
        redirect_urls=redirect_urls or [],
    )
    world.arguments[key] = (created.application.client_id,)
    return created.application


def add_requests(world: World) -> None:
    """Let requests have been recorded: granted, refused once and again and again, and with another URL."""
    web, single_page = (
        Application.objects.get(client_id=world.arguments[key][0]) for key in ("web", "single page")
    )
    now = timezone.now()
    since = now - timedelta(days=3, hours=5)
    common = {"request_id": "4f0c8a1be2d37900", "is_authenticated": True}
    record_request(web, **common, is_refused=False, status=200, error="", cause="", fix="", username="tom")
    again = record_request(web, request_id="4f0c8a1be2d37901", times=4210, first_at=since, at=now)
    world.arguments["request"] = (again.pk,)
    sent = "https://time.lindgren.example/callback"
    other = record_redirect_mismatch(single_page, sent, request_id="4f0c8a1be2d37902", at=since)
    world.arguments["mismatch"] = (other.pk,)
    record_request(request_id="4f0c8a1be2d37903", error="invalid_client", client_id="0" * 32, at=since)


def add_api(world: World) -> None:
    """Create an API that one application may ask for and one may verify tokens of."""
    partner = Application.objects.get(client_id=world.arguments["partner"][0])
    machine = Application.objects.get(client_id=world.arguments["machine"][0])
    with ago(days=15, hours=2):
        api = create_api(
            name="Invoices",
            identifier="https://invoices.lindgren.example",
            actor=world.actor(),
            new_scopes=[
                NewScope(name="invoices:read", sentence="Read your invoices"),
                NewScope(name="invoices:pay", sentence="Pay invoices in your name", is_default=False),
            ],
            verifiers=[machine],
            fields={"description": "Invoices of customers, and what was paid of them."},
        )
        allow_scopes(partner, [*SCOPES, "invoices:read"], actor=world.actor())
    world.arguments["api"] = (api.pk,)
    world.arguments["scope"] = (api.pk, api.scopes.get(name="invoices:read").pk)


def describe(world: World, application: Application, sign: str, color: str, description: str) -> None:
    """Fill in what the consent page shows besides the name."""
    values = {
        "description": description,
        "description_url": "https://lindgren.example/about",
        "developer_name": "Lindgren Logistics IT",
        "developer_email": "apps@lindgren.example",
        "privacy_policy_url": "https://lindgren.example/privacy",
        "terms_of_service_url": "https://lindgren.example/terms",
    }
    labels = {name: name.replace("_", " ").capitalize() for name in values}
    change_application(application, values=values, labels=labels, actor=world.actor(), logo=logo(sign, color))


def add_credentials(world: World, machine: Application) -> None:
    """Give the machine application a second secret and a public key."""
    secret = add_secret(
        machine, actor=world.actor(), notes="Report server, Malmö", value=f"invented_{world.new_id()}"
    ).row
    key = add_key(machine, public_pem(SIGNING_KEY), user=world.people["administrator"], actor=world.actor())
    world.arguments["secret"] = (machine.client_id, secret.pk)
    change_notes(secret, notes="Report server, Malmö and Lund", actor=world.actor())
    world.arguments["noted"] = (Event.objects.filter(subject=secret.pk).latest("pk").pk,)
    world.arguments["key"] = (machine.client_id, key.pk)
    world.arguments["exception"] = (machine.client_id, "long_assertions")


def use_applications(world: World, times: int) -> None:
    """Let people and programs get tokens, the busier applications more often."""
    for number, key in enumerate(("web", "single page", "partner")):
        application = Application.objects.get(client_id=world.arguments[key][0])
        for person in ("administrator", "member", "careful")[: 3 - number]:
            consent = consent_of(world, application, person)
            issue_tokens(application, consent.user, times - number, family=consent.families.first())
    machine = Application.objects.get(client_id=world.arguments["machine"][0])
    issue_tokens(machine, world.people["administrator"], 1)
    machine.secrets.update(last_used_at=timezone.now())
    machine.keys.update(last_used_at=timezone.now())


def consent_of(world: World, application: Application, person: str) -> Consent:
    """What a person allowed an application, now if not before."""
    consents = Consent.objects.filter(user=world.people[person], application=application)
    if not consents.exists():
        give_consent(world, application, person)
    return consents.get()


def give_consent(world: World, application: Application, person: str) -> None:
    redirect_url = application.redirect_urls.get()
    request = AllowedRequest(
        application=application,
        redirect_url=redirect_url,
        redirect_uri=redirect_url.url,
        redirect_uri_given=True,
        sentences=SCOPES,
        code_challenge="",
        page_id=world.new_id(),
    )
    allow(request, user=world.people[person], actor=world.actor(person))


def issue_tokens(application: Application, person: User, number: int, family: Any = None) -> None:
    AccessToken.objects.bulk_create(
        AccessToken(
            application=application,
            user=person,
            family=family,
            token_checksum=digest(new_access_token()),
            scope="read write",
            expires=timezone.now() + timedelta(hours=1),
        )
        for _ in range(number)
    )


@contextmanager
def ago(**duration: float) -> Iterator[None]:
    """Let what happens inside have happened so long ago."""
    with time_machine.travel(timezone.now() - timedelta(**duration), tick=False):
        yield
