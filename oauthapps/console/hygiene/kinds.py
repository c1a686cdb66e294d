"""The kinds of findings: what each says, why it matters, and where it is fixed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from common.times import short_date
from oauthapps.console.hygiene import selections
from oauthapps.models import Application, ClientSecret, PublicKey, RedirectURL

Subject = Application | ClientSecret | PublicKey | RedirectURL


@dataclass(frozen=True, kw_only=True)
class FindingKind:
    """One kind of finding.

    Attributes:
        key: names it in URLs and exceptions; it never changes.
        title: what it says of those that have it.
        why: why that matters, and what to do about it.
        fix: the label of the link that leads to where it is fixed.
        model: what it is about.
        select: returns the rows that have it at a time.
        said: says of one of them what it says of none of the others.
        section: the id of the section of the settings page where it is fixed.
        view: the name of the view where it is fixed.
        needs_counting: whether it can be said only once uses have been counted for 90 days.
    """

    key: str
    title: str
    why: str
    fix: str
    model: type[Subject]
    select: Callable[[datetime], QuerySet[Any]]
    said: Callable[[Any], str]
    section: str = ""
    view: str = "console:application"
    needs_counting: bool = False

    @property
    def is_about_application(self) -> bool:
        """Whether it is about an application as a whole."""
        return self.model is Application

    def fix_url(self, application: Application) -> str:
        """Return where it is fixed for an application."""
        return reverse(self.view, args=[application.client_id]) + (f"#{self.section}" if self.section else "")


def created(row: ClientSecret | PublicKey | RedirectURL) -> str:
    """Say since when there is something."""
    return f"Created {short_date(row.created_at)}"


def created_application(application: Application) -> str:
    """Say since when there is an application, and whether it can be used."""
    state = "" if application.is_enabled else ", disabled"
    return f"Created {short_date(application.created)}{state}"


def last_used(row: ClientSecret | PublicKey | RedirectURL) -> str:
    """Say when something was last used."""
    return (
        f"Last used {short_date(row.last_used_at)}"
        if row.last_used_at
        else f"Never used, created {short_date(row.created_at)}"
    )


def expires(row: ClientSecret | PublicKey) -> str:
    """Say when a credential, or the certificate that a key came in, expires."""
    said = []
    if row.last_day:
        said.append(f"Last day: {row.last_day:%b} {row.last_day.day}, {row.last_day.year}")
    if isinstance(row, PublicKey) and row.not_after:
        said.append(f"Certificate valid until {short_date(row.not_after)}")
    return ". ".join(said)


def owner(application: Application) -> str:
    """Say who owns an application."""
    return f"{application.user.display_name} is deactivated" if application.user else "No owner"


def nothing(_: Subject) -> str:
    """Say nothing more."""
    return ""


KINDS = (
    FindingKind(
        key="unused_application",
        title="Applications unused for 90 days",
        why="Whoever has their credentials can still use them. Disable or delete them.",
        fix="Delete",
        model=Application,
        select=selections.unused_applications,
        said=created_application,
        view="console:delete-application",
        needs_counting=True,
    ),
    FindingKind(
        key="unused_secret",
        title="Client secrets unused for 90 days",
        why="A secret that nothing needs can only leak. Delete it.",
        fix="Go to client secrets",
        model=ClientSecret,
        select=selections.unused_secrets,
        said=last_used,
        section="client-secret",
        needs_counting=True,
    ),
    FindingKind(
        key="unused_key",
        title="Public keys unused for 90 days",
        why="Whoever has the private key can still use it. Delete keys that nothing signs with.",
        fix="Go to public keys",
        model=PublicKey,
        select=selections.unused_keys,
        said=last_used,
        section="public-keys",
        needs_counting=True,
    ),
    FindingKind(
        key="unused_redirect_url",
        title="Redirect URLs unused for 90 days",
        why="If the host of an abandoned URL is taken over, authorization codes go there. Remove the URL.",
        fix="Go to Redirect URLs",
        model=RedirectURL,
        select=selections.unused_redirect_urls,
        said=last_used,
        section="redirect-urls",
        needs_counting=True,
    ),
    FindingKind(
        key="old_secret",
        title="Client secrets older than a year",
        why="The longer a secret is in use, the more copies there are. Deploy a new one, then delete it.",
        fix="Go to client secrets",
        model=ClientSecret,
        select=selections.old_secrets,
        said=created,
        section="client-secret",
    ),
    FindingKind(
        key="expiring_secret",
        title="Client secrets about to expire",
        why="They have expired, or will within 30 days, and are rejected then. Deploy a new one.",
        fix="Go to client secrets",
        model=ClientSecret,
        select=selections.expiring_secrets,
        said=expires,
        section="client-secret",
    ),
    FindingKind(
        key="expiring_key",
        title="Public keys about to expire",
        why="They or their certificates have expired, or will within 30 days. Add a new key to sign with.",
        fix="Go to public keys",
        model=PublicKey,
        select=selections.expiring_keys,
        said=expires,
        section="public-keys",
    ),
    FindingKind(
        key="insecure_redirect_url",
        title="Redirect URLs with http or localhost",
        why="Other software on the device can receive the authorization code. Keep them out of production.",
        fix="Go to Redirect URLs",
        model=RedirectURL,
        select=selections.insecure_redirect_urls,
        said=created,
        section="redirect-urls",
    ),
    FindingKind(
        key="endless_refresh_tokens",
        title="Refresh tokens that never expire",
        why="A stolen refresh token works until it is revoked. Set an absolute or an inactivity expiration.",
        fix="Go to refresh tokens",
        model=Application,
        select=selections.endless_refresh_tokens,
        said=nothing,
        section="refresh-tokens",
    ),
    FindingKind(
        key="owner_gone",
        title="Applications without an active owner or contact",
        why="Nobody can be asked when something is wrong. Choose an owner, or enter a contact.",
        fix="Go to owner and contacts",
        model=Application,
        select=selections.owner_gone,
        said=owner,
        section="owner-and-contacts",
    ),
    FindingKind(
        key="no_privacy_policy",
        title="Applications without a privacy policy link",
        why="The consent page can't show people what happens to their data. Enter the privacy policy URL.",
        fix="Go to privacy policy URL",
        model=Application,
        select=selections.without_privacy_policy,
        said=nothing,
        section="id_privacy_policy_url",
    ),
)
BY_KEY = {kind.key: kind for kind in KINDS}
