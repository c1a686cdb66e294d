"""Replacing a client secret or key: add, deploy, watch, retire. Where one is follows from the rows alone."""

from dataclasses import dataclass

from django.db.models import Q

from oauthapps.models import ClientSecret, CredentialCaller, PublicKey
from oauthapps.services.credential_callers import Credential, Evidence, evidence_of


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing to do.

    Attributes:
        key: names it in templates.
        title: what it is called.
        is_done: whether it has been done.
        is_next: whether it is the one to do now.
    """

    key: str
    title: str
    is_done: bool
    is_next: bool

    @property
    def label(self) -> str:
        """How far it is, in a word."""
        return "Done" if self.is_done else "Next" if self.is_next else "Later"

    @property
    def tone(self) -> str:
        """The badge's color; its label says the same."""
        return "good" if self.is_done else "caution" if self.is_next else ""


@dataclass(frozen=True, kw_only=True)
class Side:
    """One of the two: a secret or key, with what is known of its uses."""

    title: str
    credential: Credential
    evidence: Evidence


@dataclass(frozen=True, kw_only=True)
class Replacement:
    """How far replacing a secret or key is.

    Attributes:
        old: the one to replace.
        new: the one that was added for it; None where there is none yet.
        steps: what to do, in order.
        left_behind: who used the old one in the last 24 hours and not the new one.
    """

    old: Side
    new: Side | None
    steps: list[Step]
    left_behind: list[CredentialCaller]

    @property
    def sides(self) -> list[Side]:
        """Both, where there are two."""
        return [self.old, self.new] if self.new else [self.old]


def replacement_of(credential: Credential) -> Replacement:
    """Return how far replacing a live secret or key is."""
    successor = successor_of(credential)
    old = Side(title="Current", credential=credential, evidence=evidence_of(credential))
    new = Side(title="New", credential=successor, evidence=evidence_of(successor)) if successor else None
    return Replacement(old=old, new=new, steps=steps(old, new), left_behind=left_behind(old, new))


def successor_of(credential: Credential) -> Credential | None:
    """Return the latest secret or key that works and was added after this one; a key that acts alike."""
    if isinstance(credential, PublicKey):
        keys = PublicKey.objects.usable().filter(user=credential.user_id)
        return keys.filter(added_after(credential)).order_by("-created_at", "-pk").first()
    secrets = ClientSecret.objects.usable().filter(added_after(credential))
    return secrets.order_by("-created_at", "-pk").first()


def added_after(credential: Credential) -> Q:
    """Return what is true of those that were added to the same application later."""
    at, pk = credential.created_at, credential.pk
    later = Q(created_at__gt=at) | Q(created_at=at, pk__gt=pk)
    return later & Q(application=credential.application_id)


def steps(old: Side, new: Side | None) -> list[Step]:
    """Return the steps; the first that isn't done is next."""
    is_deployed = new is not None and new.evidence.last_used_at is not None
    done = {
        "add": ("Add the new one", new is not None),
        "deploy": ("Deploy it", is_deployed),
        "watch": ("Watch the current one", is_deployed and not old.evidence.is_in_use),
        "retire": ("Retire the current one", old.credential.is_retiring),
    }
    following = next((key for key, (_, is_done) in done.items() if not is_done), "")
    return [
        Step(key=key, title=title, is_done=is_done, is_next=key == following)
        for key, (title, is_done) in done.items()
    ]


def left_behind(old: Side, new: Side | None) -> list[CredentialCaller]:
    """Return who used the old one lately and not the new one: where that is still to be deployed."""
    moved = {(caller.address, caller.user_agent) for caller in new.evidence.callers} if new else set()
    recent = old.evidence.recent_callers
    return [caller for caller in recent if (caller.address, caller.user_agent) not in moved]
