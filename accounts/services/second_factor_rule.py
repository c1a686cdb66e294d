"""The rule that administrators and auditors need a second factor, if their organization requires it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Subquery, When
from django.utils import timezone

from accounts.models import SYSTEM_ROLES, Organization, User
from audit.actors import Actor
from audit.models import Event, EventKind

# Of a person that a query looks at. Either kind is asked for at a sign-in; recovery codes alone are not.
SECOND_FACTORS = Authenticator.objects.filter(
    user=OuterRef("pk"), type__in=[Authenticator.Type.WEBAUTHN, Authenticator.Type.TOTP]
)


def set_second_factor_rule(*, required: bool, actor: Actor) -> bool:
    """Require a second factor of administrators and auditors, or stop; return whether that is new.

    Each of them has SECOND_FACTOR_GRACE_SECONDS from now to set one up.
    """
    with transaction.atomic():
        Organization.current()
        organization = Organization.objects.select_for_update(no_key=True).get(id=Organization.THE_ONE)
        if organization.requires_second_factor == required:
            return False
        organization.second_factor_required_at = timezone.now() if required else None
        organization.save(update_fields=["second_factor_required_at"])
        kind = EventKind.SECOND_FACTOR_REQUIRED if required else EventKind.SECOND_FACTOR_OPTIONAL
        Event.objects.record(kind, actor=actor)
    return True


@dataclass(frozen=True)
class Deadline:
    """Until when somebody has to set up a second factor.

    Attributes:
        at: the time, which may have passed.
    """

    at: datetime

    @property
    def is_over(self) -> bool:
        """Whether it has passed."""
        return self.at <= timezone.now()


def with_second_factor_rule(people: QuerySet[User]) -> QuerySet[User]:
    """Have people know since when they need a second factor that they lack, without a statement more."""
    required_at = Organization.objects.filter(id=Organization.THE_ONE).values("second_factor_required_at")
    needs_one = Q(role__in=SYSTEM_ROLES) & ~Exists(SECOND_FACTORS)
    return people.annotate(needs_second_factor_since=Case(When(needs_one, then=Subquery(required_at))))


def second_factor_deadline(user: User) -> Deadline | None:
    """Return until when a person has to set up a second factor.

    Args:
        user: the person. It takes a statement unless they were found by `with_second_factor_rule`, as whoever
            is signed in is.

    Returns:
        None for members, and where no second factor is required or there is one.
    """
    if not hasattr(user, "needs_second_factor_since"):
        user = with_second_factor_rule(User.objects.all()).get(pk=user.pk)
    required_at: datetime | None = user.needs_second_factor_since  # type: ignore[attr-defined]
    return deadline_of(user, required_at) if required_at else None


def deadline_of(person: User, required_at: datetime) -> Deadline:
    """Return until when somebody has to set up a second factor that is required since a time."""
    begins = max(filter(None, (required_at, person.joined_at, person.promoted_at)))
    return Deadline(begins + timedelta(seconds=settings.SECOND_FACTOR_GRACE_SECONDS))


def without_second_factor() -> QuerySet[User]:
    """Return the administrators and auditors who have no second factor, by name."""
    people = User.objects.with_system_access().filter(~Exists(SECOND_FACTORS))
    return people.order_by("name", "username", "pk")
