"""Why access that a person had allowed ended: what codes, refresh tokens and access tokens have in common."""

from datetime import datetime

from audit.models import EventKind
from oauthapps.explanations.wording import ago, done_by
from oauthapps.http.messages import Explanation
from oauthapps.models import TokenFamily
from oauthapps.models.consents import EndReason

AUTHORIZE_AGAIN = "Send the person to the authorization endpoint again."
FIND_COPY = (
    f"{AUTHORIZE_AGAIN} Then find out who else has the old value: a second process, a backup, or a thief."
)
REVOCATIONS = (EventKind.ACCESS_REVOKED, EventKind.ALL_ACCESS_REVOKED, EventKind.OLDER_ACCESS_REVOKED)
# For administrators and clients alike.
CAUSES: dict[str, str] = {
    EndReason.REVOKED_BY_CLIENT: "this client revoked it",
    EndReason.CODE_REPLAYED: "its authorization code was used twice",
    EndReason.REFRESH_TOKEN_REPLAYED: "a refresh token that had been replaced was used again",
    EndReason.CONSENT_WITHDRAWN: "the person revoked access",
    EndReason.REVOKED_BY_ADMINISTRATOR: "an administrator revoked access",
    EndReason.PERSON_DEACTIVATED: "the person was deactivated",
    EndReason.PERSON_AWAY: "the person was inactive for longer than the inactivity expiration",
    EndReason.EXPIRED: "the absolute expiration has passed",
    EndReason.APPLICATION_DELETED: "the application was deleted; it has been restored since",
    EndReason.TIME_LIMIT: "the time limit that the person chose has passed",
    EndReason.SIGNED_OUT_AT_PROVIDER: "the person signed out at the identity provider",
}
FIXES: dict[str, str] = {
    EndReason.CODE_REPLAYED: f"{AUTHORIZE_AGAIN} Then make sure that the client exchanges each code once.",
    EndReason.REFRESH_TOKEN_REPLAYED: FIND_COPY,
    EndReason.PERSON_DEACTIVATED: (
        "Activate the person on their page under People, then let them authorize again."
    ),
    EndReason.PERSON_AWAY: f"{AUTHORIZE_AGAIN} The inactivity expiration is under Settings › Refresh tokens.",
    EndReason.EXPIRED: f"{AUTHORIZE_AGAIN} The absolute expiration is under Settings › Refresh tokens.",
}


def ended(family: TokenFamily, what: str, at: datetime) -> Explanation:
    """Return why a family ended, and when.

    Args:
        family: a family that has ended.
        what: what of it was presented, to begin the sentence with.
        at: when the request was refused.
    """
    ended_at = family.ended_at or at
    cause = CAUSES.get(family.end_reason, "the access that it belongs to has ended")
    return Explanation(
        f"{what} ended {ago(ended_at, at)}: {cause}{who_ended(family)}.",
        FIXES.get(family.end_reason, AUTHORIZE_AGAIN),
        {"ended_at": ended_at.isoformat(), "end_reason": family.end_reason},
    )


def who_ended(family: TokenFamily) -> str:
    """Return which administrator ended it, to follow the cause; nothing where none did."""
    if family.end_reason == EndReason.REVOKED_BY_ADMINISTRATOR and family.ended_at:
        of = {"application_id": family.application_id}, {"person_id": family.user_id}
        said = next((who for each in of if (who := done_by(REVOCATIONS, when=family.ended_at, **each))), "")
        return f" ({said.strip()})" if said else ""
    if family.end_reason == EndReason.PERSON_DEACTIVATED:
        return done_by([EventKind.PERSON_DEACTIVATED], person_id=family.user_id)
    return ""


def nobody_active(what: str, person_id: int | None) -> Explanation:
    """Return that the person whose access it is cannot sign in any more."""
    who = done_by([EventKind.PERSON_DEACTIVATED], person_id=person_id)
    return Explanation(
        f"{what} belongs to a person who was deactivated{who}.", FIXES[EndReason.PERSON_DEACTIVATED]
    )
