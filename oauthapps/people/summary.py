"""What a person may do here at a glance: what they allowed, what they own, and how they sign in."""

from dataclasses import dataclass
from functools import cached_property

from django.db.models import QuerySet

from accounts.services.sign_in_summary import SignInSummary
from oauthapps.models import AccessToken, Application, Consent
from oauthapps.models.access import access_by_consent
from oauthapps.rules import scopes
from oauthapps.services.credentials import applications_with_keys_of


@dataclass(frozen=True)
class PersonSummary(SignInSummary):
    """Questions about a person, each asked when a page needs the answer."""

    @cached_property
    def consents(self) -> QuerySet[Consent]:
        """What they allow at present."""
        rows = Consent.objects.in_force().filter(user=self.person)
        return rows.select_related("application").order_by("application__name")

    @cached_property
    def consents_with_scope(self) -> list[tuple[Consent, str]]:
        """The same, each with what its application may do now; nothing where nothing works any more."""
        access = access_by_consent(self.person)
        return [(consent, scopes.render(access[consent.pk].scope)) for consent in self.consents]

    @cached_property
    def applications_with_keys(self) -> QuerySet[Application]:
        """The applications with keys that act as this person, each with `key_count`."""
        return applications_with_keys_of(self.person)

    @cached_property
    def applications_to_stop(self) -> QuerySet[Application]:
        """Those of them that would stop acting as the person: disabled ones have stopped already."""
        return self.applications_with_keys.filter(disabled_at=None)

    @cached_property
    def applications(self) -> QuerySet[Application]:
        """The applications they own."""
        return Application.objects.live().filter(user=self.person).order_by("name")

    @cached_property
    def access_tokens(self) -> int:
        """How many access tokens speak for them now."""
        return AccessToken.objects.alive().of_person(self.person).count()
