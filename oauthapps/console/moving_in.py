"""How far the clients of an application that moves in have come, step by step, from what there is to see."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Max

from accounts.models import User
from oauthapps.models import (
    AccessToken,
    Application,
    MovingIn,
    PublicKey,
    RefreshToken,
    RefusedRedirectURL,
    TokenFamily,
)
from oauthapps.rules import scopes
from oauthapps.services.refused_urls import KEPT

DONE, NOT_YET = "Done", "Not yet"


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of moving in.

    Attributes:
        key: which one, for its part of the page.
        title: what has to happen.
        is_done: whether it has.
        state: how far it is, in a word or two.
        at: when it last happened, where that is known.
    """

    key: str
    title: str
    is_done: bool
    at: datetime | None = None
    state: str = ""

    @property
    def label(self) -> str:
        """Its state in words."""
        return self.state or (DONE if self.is_done else NOT_YET)

    @property
    def tone(self) -> str:
        """The badge's color; its label says the same."""
        return "good" if self.is_done else "caution"


@dataclass(frozen=True, kw_only=True)
class KeyStep(Step):
    """That there is a key to sign with, and whom each acts as."""

    keys: list[PublicKey] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class RedirectStep(Step):
    """That requests come with a Redirect URL that is registered.

    Attributes:
        url: the one that the latest of them came with.
        refused: others that came since moving in began, the latest first.
    """

    url: str = ""
    refused: list[RefusedRedirectURL] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class ConsentStep(Step):
    """That people allow access again.

    Attributes:
        given: how many active people have since moving in began, and have not taken it back.
        people: how many active people there are.
    """

    given: int
    people: int


def is_moving_in(application: Application) -> bool:
    """Return whether an application is marked as moving in, and nobody has finished that."""
    row: MovingIn | None = getattr(application, "moving_in", None)
    return row is not None and row.finished_at is None


def steps_of(application: Application) -> Iterator[Step]:
    """Yield the steps of an application that is moving in: those that its type has."""
    began_at = application.moving_in.began_at
    if application.type.exchanges_jwts:
        yield key_step(application)
    if application.type.has_redirect_urls:
        yield redirect_step(application, began_at)
    yield token_step(application, began_at)
    if application.type.has_redirect_urls:
        if scopes.OFFLINE_ACCESS in scopes.parse(application.allowed_scope):
            yield refresh_step(application, began_at)
        yield consent_step(application, began_at)


def key_step(application: Application) -> KeyStep:
    """Return whether a JWT could be verified: there is a key, and nobody is deactivated whom one acts as."""
    keys = list(application.keys.usable().select_related("user"))
    is_done = bool(keys) and all(key.user is None or key.user.is_active for key in keys)
    return KeyStep(key="key", title="Public key uploaded", is_done=is_done, keys=keys)


def redirect_step(application: Application, began_at: datetime) -> RedirectStep:
    """Return whether the latest redirect URI that came was a registered one."""
    used = application.redirect_urls.filter(last_used_at__gte=began_at).order_by("-last_used_at").first()
    refused = list(application.refused_redirect_urls.filter(last_refused_at__gte=began_at)[:KEPT])
    matched_at = used.last_used_at if used else None
    is_done = matched_at is not None and not any(row.last_refused_at > matched_at for row in refused)
    return RedirectStep(
        key="redirect",
        title="Redirect URL matches",
        is_done=is_done,
        at=matched_at,
        url=used.url if used else "",
        refused=refused,
    )


def token_step(application: Application, began_at: datetime) -> Step:
    """Return whether a client has got a token; tokens that are long over are known by what they came by."""
    families = TokenFamily.objects.filter(application=application, started_at__gte=began_at)
    uses = [
        application.secrets.aggregate(at=Max("last_used_at"))["at"],
        application.keys.aggregate(at=Max("last_used_at"))["at"],
        AccessToken.objects.filter(application=application)
        .order_by("-pk")
        .values_list("created", flat=True)
        .first(),
        # A single page application that has not been used lately has nothing else left.
        families.filter(refresh_tokens__isnull=False).aggregate(at=Max("started_at"))["at"],
    ]
    at = max((use for use in uses if use and use >= began_at), default=None)
    return Step(key="token", title="First token", is_done=at is not None, at=at)


def refresh_step(application: Application, began_at: datetime) -> Step:
    """Return whether a client has refreshed."""
    used = RefreshToken.objects.filter(family__application=application, last_used_at__gte=began_at)
    return Step(key="refresh", title="First refresh", is_done=used.exists())


def consent_step(application: Application, began_at: datetime) -> ConsentStep:
    """Return how many people have allowed access again."""
    people = User.objects.filter(is_active=True)
    consents = application.consents.active().filter(last_allowed_at__gte=began_at, user__in=people)
    given, number = consents.count(), people.count()
    return ConsentStep(
        key="consent",
        title="People have allowed access again",
        is_done=given >= number,
        state=f"{given} of {number}",
        given=given,
        people=number,
    )
