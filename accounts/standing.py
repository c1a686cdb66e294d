"""What hangs on a person: what they allowed, what they own, and how they sign in."""

from dataclasses import dataclass
from functools import cached_property

from django.db.models import Count, QuerySet

from accounts.models import User
from accounts.services.second_factors import SecondFactors, counted, second_factors_of
from accounts.services.sessions import sessions_of
from oauthapps.models import AccessToken, Application, Consent
from oauthapps.models.access import access_by_consent
from oauthapps.rules import scopes


@dataclass(frozen=True)
class Standing:
    """Questions about a person, each asked when a page needs the answer."""

    person: User

    @cached_property
    def second_factors(self) -> SecondFactors:
        """How they sign in beside their password."""
        return second_factors_of(self.person)

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
    def applications_of_keys(self) -> QuerySet[Application]:
        """The applications whose JWTs name this person, each with `key_count`: they stop with the person."""
        applications: QuerySet[Application] = (
            Application.objects.live()
            .filter(keys__user=self.person, keys__deleted_at=None)
            .annotate(key_count=Count("keys"))
            .order_by("name")
        )
        return applications

    @cached_property
    def applications(self) -> QuerySet[Application]:
        """The applications they own."""
        return Application.objects.live().filter(user=self.person).order_by("name")

    @cached_property
    def access_tokens(self) -> int:
        """How many access tokens speak for them now."""
        return AccessToken.objects.alive().of_person(self.person).count()

    @cached_property
    def sessions(self) -> int:
        """How many browsers are signed in as them."""
        return len(sessions_of(self.person))

    @property
    def sessions_in_words(self) -> str:
        """How many sessions there are, such as "1 session"."""
        return counted(self.sessions, "session")
