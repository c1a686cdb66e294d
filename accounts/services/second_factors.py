"""What a person can prove themselves with beside their password."""

import unicodedata
from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction

from accounts.models import User
from accounts.services.emergency_account import require_no_emergency_account, with_emergency_account
from accounts.services.sessions import end_sessions_of, require_somebody_else, sessions_of
from audit.actors import Actor
from audit.models import Event, EventKind
from common.words import counted

# Unicode categories of what apps, pages and keyboards put between digits: spaces, dashes, invisible marks.
BETWEEN = ("Z", "P", "C")


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
    def is_last(self) -> bool:
        """Whether there is one second factor, recovery codes aside."""
        return self.passkeys + self.has_app == 1

    @property
    def in_words(self) -> str:
        """All there are, such as "2 passkeys, authenticator app, recovery codes"; nothing without any."""
        kinds = [self.passkeys_in_words] * bool(self.passkeys)
        kinds += ["authenticator app"] * self.has_app
        kinds += ["recovery codes"] * (self.codes_left is not None)
        return ", ".join(kinds)

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


@dataclass(frozen=True, kw_only=True)
class FactorReset:
    """What a reset of somebody's second factors came to.

    Attributes:
        removed: the second factors that were removed.
        sessions: how many sessions ended.
    """

    removed: SecondFactors
    sessions: int


def reset_second_factors(user: User, *, actor: Actor) -> FactorReset | None:
    """Remove all second factors of somebody else's, and end their sessions; None where there were none.

    Raises:
        ValidationError: when it is the actor, who must not get rid of their own in this way, or the emergency
            account.
    """
    require_somebody_else(user, actor)
    with transaction.atomic():
        held = with_emergency_account(User.objects.select_for_update(no_key=True))
        person = held.get(pk=user.pk)
        require_no_emergency_account(person)
        removed = second_factors_of(person)
        if not removed.in_words:
            return None
        sessions = len(sessions_of(person))
        remove_second_factors(person)
        end_sessions_of(person)
        detail = f"{removed.in_words}; {counted(sessions, 'session')} ended"
        Event.objects.record(EventKind.SECOND_FACTORS_RESET, actor=actor, person=person, detail=detail)
    return FactorReset(removed=removed, sessions=sessions)


def remove_second_factors(user: User) -> None:
    """Remove all second factors of a person's, whose row the caller holds: nobody adds one meanwhile."""
    Authenticator.objects.filter(user=user).delete()


def keep_if_in_time(factor: Authenticator, *, began: User) -> bool:
    """Return whether a new second factor stays; remove it where its owner's sessions have ended meanwhile.

    Whoever added it may be the one whom a reset was to keep out. A reset holds the owner's row: either it has
    seen the new second factor, or this sees that it is over.

    Args:
        factor: the second factor, which has been committed.
        began: its owner as of the beginning of the request.
    """
    with transaction.atomic():
        owner = User.objects.select_for_update(no_key=True).get(pk=began.pk)
        if owner.get_session_auth_hash() == began.get_session_auth_hash():
            return True
        Authenticator.objects.filter(pk=factor.pk).delete()
        if not second_factors_of(owner).are_on:
            remove_second_factors(owner)  # the recovery codes that came with it
    return False


def plain_code(typed: str) -> str:
    """Return a code without what stands between its digits, which may be of any script."""
    kept = (sign for sign in typed if not unicodedata.category(sign).startswith(BETWEEN))
    return "".join(str(unicodedata.decimal(sign, sign)) for sign in kept)
