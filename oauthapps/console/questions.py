"""What saving the settings of an application would end: it is said, and asked about, before it is done."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from common.edits import BaseVersion, version_of
from oauthapps.console.blast_radius import SignedOut, UsedURL, signed_out_by, used_lately
from oauthapps.console.forms.base import ApplicationForm
from oauthapps.console.forms.policy import SHORTER, WITHOUT_SCOPES, WITHOUT_URLS
from oauthapps.console.forms.redirect_urls import RedirectURLRows
from oauthapps.console.impact import Impact, impact_of
from oauthapps.models import Application
from oauthapps.rules import scopes
from oauthapps.rules.lifetimes import is_longer
from oauthapps.services.edit_conflicts import ALLOWED_SCOPE, REDIRECT_URLS, value_of

LIFETIMES = ("absolute_expiration", "inactivity_expiration")


@dataclass(frozen=True, kw_only=True)
class LostScopes:
    """Scopes that an application would lose, and whom that affects."""

    names: tuple[str, ...]
    impact: Impact

    @property
    def confirmation(self) -> str:
        """What the button sends: it confirms that these are taken away, and no others."""
        return scopes.render(self.names)

    @property
    def ends_refreshing(self) -> bool:
        """Whether refresh tokens can't be used without them."""
        return scopes.OFFLINE_ACCESS in self.names


@dataclass(frozen=True, kw_only=True)
class ShorterLifetimes:
    """Lifetimes of refresh tokens that would be shorter than they are, and whom that signs out now.

    Attributes:
        confirmation: what the button sends: it confirms these lifetimes, and no others.
        signed_out: whom.
    """

    confirmation: str
    signed_out: SignedOut


@dataclass(frozen=True, kw_only=True)
class Questions:
    """What is asked before settings are saved; false where there is nothing to ask.

    Attributes:
        takes_last_url: whether the last Redirect URL would go.
        lost_urls: those that would go and were used lately.
        lost_scopes: the scopes that would go; None for none.
        shorter: the lifetimes that would be shorter and sign people out; None for none.
    """

    takes_last_url: bool
    lost_urls: list[UsedURL]
    lost_scopes: LostScopes | None
    shorter: ShorterLifetimes | None

    def __bool__(self) -> bool:
        return bool(self.takes_last_url or self.lost_urls or self.lost_scopes or self.shorter)

    @property
    def lost_urls_confirmation(self) -> str:
        """What the button sends: it confirms that these Redirect URLs are removed, and no others."""
        return version_of(sorted(lost.url for lost in self.lost_urls))


def unanswered_questions(
    stored: Application,
    form: ApplicationForm,
    edited: Mapping[str, Any],
    rows: RedirectURLRows,
    base_version: BaseVersion,
) -> Questions:
    """Return what somebody who saves a valid form has not confirmed yet.

    Args:
        stored: the application as it is.
        form: its fields as they were sent.
        edited: the values that the person changed, by field.
        rows: its redirect URLs as they were sent.
        base_version: what the form was shown with, and what the person leaves to somebody else.
    """
    lost = lost_names(stored, edited.get(ALLOWED_SCOPE), base_version)
    is_asked = bool(lost) and scopes.render(lost) not in form.confirmed(WITHOUT_SCOPES)
    return Questions(
        takes_last_url=rows.would_take_last and REDIRECT_URLS in edited,
        lost_urls=lost_urls(stored, form, edited, rows),
        lost_scopes=LostScopes(names=lost, impact=impact_of(stored, lost)) if is_asked else None,
        shorter=shorter_lifetimes(stored, form, edited),
    )


def lost_urls(
    stored: Application, form: ApplicationForm, edited: Mapping[str, Any], rows: RedirectURLRows
) -> list[UsedURL]:
    """Return the Redirect URLs that would go and were used lately, where that is not confirmed yet.

    Of the last one the other question asks.
    """
    removed = sorted(set(rows.stored_urls) - set(rows.urls))
    if REDIRECT_URLS not in edited or not removed or rows.may_be_none:
        return []
    found = used_lately(stored, removed)
    confirmed = form.confirmed(WITHOUT_URLS)
    return [] if version_of(sorted(lost.url for lost in found)) in confirmed else found


def shorter_lifetimes(
    stored: Application, form: ApplicationForm, edited: Mapping[str, Any]
) -> ShorterLifetimes | None:
    """Return the lifetimes that would sign people out at once, where that is not confirmed yet."""
    present = {name: str(getattr(stored, name)) for name in LIFETIMES}
    wanted = {name: str(edited.get(name, value)) for name, value in present.items()}
    confirmation = " ".join(wanted.values())
    if confirmation in form.confirmed(SHORTER):
        return None
    if not any(is_longer(value, wanted[name]) for name, value in present.items()):
        return None
    signed_out = signed_out_by(stored, *wanted.values())
    return ShorterLifetimes(confirmation=confirmation, signed_out=signed_out) if signed_out.number else None


def lost_names(stored: Application, allowed_scope: str | None, base_version: BaseVersion) -> tuple[str, ...]:
    """Return the scopes that an application has and would not have after it is saved.

    Where somebody else has changed them meanwhile there is another question first: whose choice counts.

    Args:
        stored: the application as it is.
        allowed_scope: what it may ask for then; None where that is not edited.
        base_version: what the form was shown with.
    """
    present = value_of(stored, ALLOWED_SCOPE)
    if allowed_scope is None or base_version.accepted.get(ALLOWED_SCOPE, "") not in {"", version_of(present)}:
        return ()
    kept = scopes.parse(allowed_scope)
    return tuple(name for name in scopes.parse(present) if name not in kept)
