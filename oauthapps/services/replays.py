"""Ending what is in doubt: a code or refresh token was used before, or has expired."""

from django.utils import timezone

from audit.actors import Actor
from audit.models import EventKind
from oauthapps.models import Grant, RefreshToken, TokenFamily
from oauthapps.models.consents import EndReason
from oauthapps.services.tokens import end_family
from oauthapps.sql.clients import RefreshTokenRow, reuse_began


def end_family_of_replayed_code(digest: str, application_id: int, *, actor: Actor) -> bool:
    """End the family of a code that was redeemed (RFC 6749 section 4.1.2); return whether it was."""
    grant = (
        Grant.objects.filter(code=digest, application_id=application_id)
        .exclude(redeemed_at=None)
        .select_related("family", "user")
        .first()
    )
    if grant is not None:
        end_family(grant, EndReason.CODE_REPLAYED, EventKind.CODE_REPLAYED, actor=actor)
    return grant is not None


def end_family_of_replayed_refresh_token(digest: str, application_id: int, *, actor: Actor) -> bool:
    """End the family of a token that was replaced (RFC 9700 section 4.14.2); return whether it was."""
    token = (
        RefreshToken.objects.filter(
            token_checksum=digest,
            application_id=application_id,
            replaced_at__lte=reuse_began(timezone.now()),
        )
        .select_related("family", "user")
        .first()
    )
    if token is not None:
        end_family(token, EndReason.REFRESH_TOKEN_REPLAYED, EventKind.REFRESH_TOKEN_REPLAYED, actor=actor)
    return token is not None


def end_family_of_expired(token: RefreshTokenRow) -> None:
    """End the family of a refresh token that was refused because it has expired.

    What has expired stays expired, also when the person comes back or a setting is lengthened.
    """
    expirations = token.expirations
    if expirations.have_passed:
        reasons = {
            expirations.absolute_end: EndReason.EXPIRED,
            expirations.allowed_until: EndReason.TIME_LIMIT,
        }
        reason = reasons.get(expirations.ends_at, EndReason.PERSON_AWAY)
        TokenFamily.objects.filter(pk=token.family_id).end(reason)
