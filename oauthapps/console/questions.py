"""What saving the settings of an application would end: it is said, and asked about, before it is done."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from common.edits import BaseVersion, version_of
from oauthapps.console.forms.base import ApplicationForm
from oauthapps.console.forms.redirect_urls import RedirectURLRows
from oauthapps.console.impact import Impact, impact_of
from oauthapps.models import Application
from oauthapps.rules import scopes
from oauthapps.services.edit_conflicts import ALLOWED_SCOPE, REDIRECT_URLS, value_of


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
class Questions:
    """What is asked before settings are saved; false where there is nothing to ask."""

    takes_last_url: bool
    lost_scopes: LostScopes | None

    def __bool__(self) -> bool:
        return self.takes_last_url or self.lost_scopes is not None


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
    is_asked = bool(lost) and scopes.render(lost) not in form.confirmed_losses
    return Questions(
        takes_last_url=rows.would_take_last and REDIRECT_URLS in edited,
        lost_scopes=LostScopes(names=lost, impact=impact_of(stored, lost)) if is_asked else None,
    )


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
