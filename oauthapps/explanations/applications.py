"""Why no client can act under a Client ID, and what a client's type cannot do."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from audit.models import EventKind
from oauthapps.explanations.wording import ago, by, done_by
from oauthapps.http.messages import Explanation
from oauthapps.models import Application
from oauthapps.rules import echoes
from oauthapps.rules.credential_values import digest
from oauthapps.sql import issued

CLIENT_ID = re.compile("[0-9a-f]{32}")
SWAPPED = "Swap the two values in the client's configuration: the Client ID goes into client_id."
COPY_CLIENT_ID = "Copy the Client ID from the application's page under OAuth2 Applications into the client."


@dataclass(frozen=True, kw_only=True)
class Claimed:
    """A Client ID that was sent, or what was sent in its place: that may be a secret, and is not kept.

    Attributes:
        client_id: as it was sent, if it looks like one.
        said: what a sentence calls it; empty where nothing was sent.
        kind: what it is by what it begins with, with its article; empty where that says nothing.
        fault: what copying has added to it; empty for nothing.
    """

    client_id: str
    said: str = ""
    kind: str = ""
    fault: str = ""

    @classmethod
    def of(cls, sent: str) -> "Claimed":
        """Return what may be kept of it."""
        if not sent or CLIENT_ID.fullmatch(sent):
            return cls(client_id=sent, said=sent)
        return cls(
            client_id="",
            said=echoes.named(sent),
            kind=echoes.kind_of(sent),
            fault=echoes.fault_of_form(sent),
        )


def unavailable(claimed: Claimed, at: datetime) -> Explanation | None:
    """Return why no client could act under a Client ID; None where one could.

    Args:
        claimed: as it was sent.
        at: when the request was refused.
    """
    application = find(claimed)
    return unknown(claimed) if application is None else out_of_use(application, at)


def find(claimed: Claimed) -> Application | None:
    """Return the application with a Client ID, whatever its state."""
    if not claimed.client_id or not issued.is_known(issued.ANY_CLIENT_ID, [claimed.client_id]):
        return None
    return Application.objects.select_related("deleted_by").filter(client_id=claimed.client_id).first()


def out_of_use(application: Application, at: datetime) -> Explanation | None:
    """Return why no client could act for an application; None where one could."""
    if application.deleted_at is not None:
        return deleted(application, application.deleted_at, at)
    return disabled(application, at) if application.disabled_at else None


def unknown(claimed: Claimed) -> Explanation:
    """Return that no application has this Client ID, or that none was sent, and what it may be instead."""
    if not claimed.said:
        return Explanation("The request names no client_id.", COPY_CLIENT_ID)
    client_id, kind = claimed.client_id, claimed.kind
    if claimed.fault:
        return Explanation(f"The client_id {claimed.fault}.", "Send the Client ID alone.")
    if not client_id:
        return Explanation(
            f"The client_id is {kind or claimed.said}; a Client ID has 32 hexadecimal digits.",
            SWAPPED if kind else COPY_CLIENT_ID,
        )
    if issued.is_known(issued.ANY_SECRET, [digest(client_id)]):
        return Explanation("The client_id is a client secret.", SWAPPED, hides_client_id=True)
    if issued.is_known(issued.CUSTOMER_ID, [client_id]):
        return Explanation("The client_id is the Customer ID, not a Client ID.", COPY_CLIENT_ID)
    return Explanation(f"No application here has the Client ID {client_id}.", COPY_CLIENT_ID)


def deleted(application: Application, deleted_at: datetime, at: datetime) -> Explanation:
    """Return that an application was deleted, when, and by whom."""
    return Explanation(
        f"The application {application.name} was deleted {ago(deleted_at, at)}{by(application.deleted_by)}.",
        "Stop the client. To let it work again, restore the application under OAuth2 Applications › Bin, or "
        "create another one and use its Client ID.",
        {"deleted_at": deleted_at.isoformat()},
    )


def disabled(application: Application, at: datetime) -> Explanation:
    """Return that an application is disabled, since when, and by whom."""
    since = application.disabled_at or at
    who = done_by([EventKind.APPLICATION_DISABLED], when=since, application_id=application.pk)
    return Explanation(
        f"The application {application.name} was disabled {ago(since, at)}{who}.",
        "Enable the application under Actions on its page when its client should work again.",
        {"disabled_at": since.isoformat()},
    )


def other_grant_type(type_label: str, allowed: Sequence[str], said: str) -> Explanation:
    """Return that a client cannot use a grant type.

    Args:
        type_label: the type of its application; empty where the client did not authenticate.
        allowed: the grant types that it could use.
        said: what a sentence calls the one that it asked for.
    """
    fix = f"Send one of these as grant_type: {', '.join(allowed)}."
    if not type_label:
        return Explanation(f"The grant_type is {said}, which this server doesn't offer.", fix)
    return Explanation(
        f"The grant_type is {said}, which a {type_label} can't use.",
        f"{fix} Another grant needs an application of another type.",
    )


def no_grant_type(allowed: Sequence[str]) -> Explanation:
    """Return that a token request names no grant type, and which there are."""
    return Explanation(
        "The token request has no grant_type parameter.",
        f"Send one of these as grant_type: {', '.join(allowed)}.",
    )
