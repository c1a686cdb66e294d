"""One-time links: invitations, and links by which somebody who is locked out sets a new password.

The key of a link exists in clear in the link alone; what is kept of it is its digest.
"""

import secrets
from datetime import timedelta
from hashlib import sha256
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import LinkPurpose, OneTimeLink, User
from accounts.services.password_rule import may_use_password, must_use_provider, with_password_rule
from audit.actors import Actor
from audit.models import Event, EventKind

NOT_ACTIVE = "Activate this person first. Only active people can set a new password."
NOT_ACTIVE_TO_LINK = "Activate this person first. Only active people can link an account."
WITHOUT_PASSWORD = "This person signs in with an identity provider and can't use a password."  # noqa: S105  # a sentence


def create_link_key(user: User, purpose: LinkPurpose) -> str:
    """Make the key of a new link and return it in clear.

    It takes the place of an earlier one of its purpose, unless it is mailed: whoever asks for a mail may be a
    stranger, who must not end the link that the person has got.
    """
    key = secrets.token_urlsafe(32)
    seconds = settings.INVITATION_SECONDS if purpose == LinkPurpose.INVITATION else settings.LINK_SECONDS
    now = timezone.now()
    values = {"digest": digest(key), "made_at": now, "expires_at": now + timedelta(seconds=seconds)}
    if purpose == LinkPurpose.MAILED:
        OneTimeLink.objects.create(user=user, purpose=purpose, **values)
    else:
        OneTimeLink.objects.update_or_create(user=user, purpose=purpose, defaults=values)
    return key


def digest(key: str) -> str:
    """Return what is kept of a key: SHA-256 suffices for 256 random bits."""
    return sha256(key.encode()).hexdigest()


def link_url(key: str) -> str:
    """Return the URL of the page on which the bearer of a key sets a password.

    The key stands in the query, which access logs leave out.
    """
    return f"{settings.BASE_URL}{reverse('set-password')}?{urlencode({'key': key})}"


def create_password_link(user: User, *, actor: Actor) -> str:
    """Make a link by which an active person sets a new password: once, within LINK_SECONDS.

    An earlier one that was made in the same way stops working.

    Raises:
        ValidationError: when the person is not active, or may not use a password.
    """
    with transaction.atomic():
        people = with_password_rule(User.objects.select_for_update(no_key=True))
        person = people.filter(pk=user.pk, is_active=True).first()
        if person is None:
            raise ValidationError(NOT_ACTIVE)
        if not may_use_password(person):
            raise ValidationError(WITHOUT_PASSWORD)
        key = create_link_key(user, LinkPurpose.HANDED_OVER)
        Event.objects.record(EventKind.PASSWORD_LINK_MADE, actor=actor, person=user)
    return link_url(key)


def allow_linking(user: User, *, actor: Actor) -> None:
    """Let an active person link an account at their next sign-in with a provider, within LINK_SECONDS.

    For whoever has no password to confirm with. What else a first sign-in needs is still needed: an email
    address that is theirs here, verified, in an allowed domain.

    Raises:
        ValidationError: when the person is not active.
    """
    with transaction.atomic():
        if not User.objects.select_for_update(no_key=True).filter(pk=user.pk, is_active=True).exists():
            raise ValidationError(NOT_ACTIVE_TO_LINK)
        create_link_key(user, LinkPurpose.LINKING)
        Event.objects.record(EventKind.IDENTITY_ALLOWED, actor=actor, person=user)


def invitation_of(user: User) -> OneTimeLink | None:
    """Return the invitation of somebody who has not joined, expired or not; None where there is none."""
    return None if user.joined_at else user.one_time_links.filter(purpose=LinkPurpose.INVITATION).first()


def usable_link(key: str) -> OneTimeLink | None:
    """Return the link of this key with its person, if it can still be used.

    An invitation is for somebody who has not joined, every other link for somebody who is active and may use
    a password.
    """
    links = OneTimeLink.objects.annotate(must_use_provider=must_use_provider("user__"))
    link = links.filter(digest=digest(key)).select_related("user").first()
    if link is None or link.is_over or not is_for(link.purpose, link.user):
        return None
    link.user.must_use_provider = link.must_use_provider  # type: ignore[attr-defined]
    return link if link.purpose == LinkPurpose.INVITATION or not link.must_use_provider else None


def is_for(purpose: str, user: User) -> bool:
    """Return whether links of a purpose are for somebody like this."""
    return user.joined_at is None if purpose == LinkPurpose.INVITATION else user.is_active


def use_link(link: OneTimeLink, password: str, *, actor: Actor) -> bool:
    """Give the bearer's password, which has been judged, to the person of a link; it and others end.

    Their sessions end with the old password. Somebody invited becomes active.

    Returns:
        Whether this was the first use: of several at once, one counts.
    """
    hashed = make_password(password)  # takes a while: nobody should have to wait for the row meanwhile
    is_invitation = link.purpose == LinkPurpose.INVITATION
    with transaction.atomic():
        user = User.objects.select_for_update(no_key=True).get(pk=link.user_id)
        used, _ = OneTimeLink.objects.filter(pk=link.pk, digest=link.digest).delete()
        if not used or not is_for(link.purpose, user):
            return False
        user.password = hashed
        user.must_change_password = False
        end_links(user, joins=is_invitation)
        kind = EventKind.INVITATION_ACCEPTED if is_invitation else EventKind.PASSWORD_CHANGED
        Event.objects.record(kind, actor=actor, person=user)
    return True


def end_links(user: User, *, joins: bool) -> None:
    """Save a person who used a link, or who signed in without needing it; all their links end.

    Args:
        user: the person, whose row the caller holds.
        joins: whether they were invited, and become active with this.
    """
    if joins:
        user.is_active, user.joined_at = True, timezone.now()
    user.save(update_fields=["password", "must_change_password", "is_active", "joined_at"])
    OneTimeLink.objects.filter(user=user).delete()
