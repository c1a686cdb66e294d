"""What hangs on a person: what they allowed, what they own, and how they sign in."""

from dataclasses import dataclass
from functools import cached_property

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.db.models import Count, QuerySet

from accounts.models import User
from oauthapps import scopes
from oauthapps.models import AccessToken, Application, Consent
from oauthapps.models.access import access_by_consent


@dataclass(frozen=True, kw_only=True)
class SecondFactors:
    """What a person can prove themselves with beside their password.

    Attributes:
        passkeys: how many there are.
        has_app: whether an authenticator app is set up.
        codes_left: how many recovery codes have not been used; None where there are none.
    """

    passkeys: int
    has_app: bool
    codes_left: int | None

    @property
    def are_on(self) -> bool:
        """Whether a password alone is not enough to sign in."""
        return bool(self.passkeys) or self.has_app

    @property
    def take_a_code(self) -> bool:
        """Whether a code, of an app or for recovery, can be typed in the place of a passkey."""
        return self.has_app or bool(self.codes_left)

    @property
    def ways_in_words(self) -> str:
        """What the person can do after the password, all of it, in a sentence."""
        codes = ["the 6-digit code from your authenticator app"] * self.has_app
        codes += ["a recovery code"] * bool(self.codes_left)
        ways = ["use a passkey"] * bool(self.passkeys)
        ways += [f"enter {' or '.join(codes)}"] * bool(codes)
        sentence = ", or ".join(ways)
        return f"{sentence[:1].upper()}{sentence[1:]}."

    @property
    def passkeys_in_words(self) -> str:
        """How many passkeys there are, such as "2 passkeys"."""
        return counted(self.passkeys, "passkey")

    @property
    def codes_in_words(self) -> str:
        """How many recovery codes are left, such as "8 of 10 left"."""
        return f"{self.codes_left} of {settings.MFA_RECOVERY_CODE_COUNT} left"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, such as "1 passkey" or "2 passkeys"."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def second_factors_of(user: User) -> SecondFactors:
    """Count a person's second factors, in one statement."""
    rows = list(Authenticator.objects.filter(user=user))
    types = [row.type for row in rows]
    masks = [row.data["used_mask"] for row in rows if row.type == Authenticator.Type.RECOVERY_CODES]
    return SecondFactors(
        passkeys=types.count(Authenticator.Type.WEBAUTHN),
        has_app=Authenticator.Type.TOTP in types,
        codes_left=settings.MFA_RECOVERY_CODE_COUNT - masks[0].bit_count() if masks else None,
    )


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
        return len(UserSession.objects.purge_and_list(self.person))

    @property
    def sessions_in_words(self) -> str:
        """How many sessions there are, such as "1 session"."""
        return counted(self.sessions, "session")
