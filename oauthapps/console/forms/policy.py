"""What an application may ask for, for how long its access tokens work, and who is responsible for it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django import forms
from django.core.exceptions import ValidationError

from accounts.fields import LONGEST_EMAIL
from accounts.models import User
from oauthapps.console.forms import wording
from oauthapps.models import Application
from oauthapps.rules import scopes
from oauthapps.rules.apis.token_lifetimes import AS_THE_API_SAYS, OFFERED_SECONDS, lifetime_label
from oauthapps.rules.app_types import REFRESH_TOKEN
from oauthapps.services.edit_conflicts import API_ACCESS
from oauthapps.sql.catalog import ApiEntry, Catalog

# What whoever was asked about it has confirmed: the scopes that are to be taken away, the Redirect URLs that
# are though they were used lately, and the lifetimes that sign people out.
WITHOUT_SCOPES, WITHOUT_URLS, SHORTER = "without_scopes", "without_used_urls", "shorter_lifetimes"
CONFIRMATIONS = (WITHOUT_SCOPES, WITHOUT_URLS, SHORTER)
# A browser must not fill in whoever sits in front of it.
OF_OTHERS = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


@dataclass(frozen=True, kw_only=True)
class ScopeBox:
    """A scope as one checkbox."""

    id: str
    name: str
    sentence: str
    is_chosen: bool


class ScopesField(forms.MultipleChoiceField):
    """The scopes that an application may ask for, of all that there are for its type."""

    def __init__(self) -> None:
        super().__init__(
            label=API_ACCESS,
            widget=forms.CheckboxSelectMultiple,
            error_messages={
                "required": "Choose at least one scope. To stop the application, disable it instead.",
                "invalid_choice": "The scope %(value)s isn't available here, or has been deleted.",
            },
        )

    def offer(self, apis: Iterable[ApiEntry], application: Application) -> None:
        """Offer the scopes of these APIs. Nobody is away from a machine whose access could be kept."""
        keeps_access = REFRESH_TOKEN in application.type.grant_types
        self.by_api = [
            (api, [name for name in api.sentences if keeps_access or name != scopes.OFFLINE_ACCESS])
            for api in apis
        ]
        self.names = [name for _, names in self.by_api for name in names]
        self.choices = [(name, name) for name in self.names]
        # One that has none, because its scopes were deleted, can have everything else changed.
        self.required = bool(scopes.parse(application.allowed_scope))

    def boxes(self, auto_id: str, chosen: Iterable[str]) -> Iterator[tuple[ApiEntry, list[ScopeBox]]]:
        """Return the APIs that have scopes, each with their checkboxes.

        Args:
            auto_id: what the ids of the checkboxes begin with.
            chosen: the names of the ticked ones.
        """
        chosen = set(chosen)
        numbers = {name: number for number, name in enumerate(self.names)}
        for api, names in self.by_api:
            if names:
                yield (
                    api,
                    [
                        ScopeBox(
                            id=f"{auto_id}_{numbers[name]}",
                            name=name,
                            sentence=api.sentences[name],
                            is_chosen=name in chosen,
                        )
                        for name in names
                    ],
                )


class TokenLifetimeField(forms.TypedChoiceField):
    """How long an access token works: as its API says, or shorter."""

    def __init__(self) -> None:
        super().__init__(
            label="Access token lifetime",
            required=False,
            coerce=int,
            empty_value=None,
            help_text=wording.ACCESS_TOKENS,
        )

    def offer(self, catalog: Catalog, application: Application) -> None:
        """Offer what is shorter than the longest of the APIs, and what is stored already."""
        longest = max(api.seconds for api in catalog.apis)
        offered = {seconds for seconds in OFFERED_SECONDS if seconds < longest}
        if application.access_token_seconds:
            offered.add(application.access_token_seconds)
        self.choices = [
            ("", AS_THE_API_SAYS),
            *((str(seconds), lifetime_label(seconds)) for seconds in sorted(offered)),
        ]


class OwnerField(forms.CharField):
    """A person by username or email address, which serves however many people there are."""

    def __init__(self) -> None:
        super().__init__(
            label="Owner",
            required=False,
            max_length=LONGEST_EMAIL,
            help_text=wording.OWNER,
            widget=forms.TextInput(attrs=OF_OTHERS),
        )


def find_owner(login: str, *, present: int | None) -> int | None:
    """Return the primary key of an active person; None where nobody is named.

    Args:
        login: the username or email address.
        present: the primary key of the present owner, who stays without being active.

    Raises:
        ValidationError: when nobody has it, or somebody who is not active.
    """
    if not login:
        return None
    person = User.objects.with_login(login)
    if person is None:
        raise ValidationError("Nobody has this username or email address.")
    if not person.is_active and person.pk != present:
        raise ValidationError("This person isn't active. Choose somebody who can sign in.")
    return person.pk
