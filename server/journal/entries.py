"""Rows for requests, made of what was noted of them."""

import logging
from datetime import UTC, datetime

from django.db import InterfaceError, OperationalError

from oauthapps.http.messages import REQUEST_ID, Explanation, Refusal
from oauthapps.http.notes import Note
from oauthapps.models import RecordedRequest
from oauthapps.rules.masking import CLIENT_ID, masked, storable, without_credentials
from server.journal.clients import Known
from server.journal.sent import address_of, parameters_of, user_agent_of

log = logging.getLogger("gatehouse.server")


class Entry:
    """A row that is to be written, and what it does not say yet.

    Attributes:
        row: the row.
        refusal: why the request was refused, until the row says so.
    """

    def __init__(
        self,
        note: Note,
        application: Known | None,
        fingerprint: str | None = None,
        *,
        with_parameters: bool = True,
    ) -> None:
        self.refusal = note.refusal
        self.row = row_of(note, application, with_parameters=with_parameters)
        self.row.fingerprint = fingerprint

    @property
    def is_explained(self) -> bool:
        """Whether the row says all that it is to say."""
        return self.refusal is None

    def explain(self, known: Explanation | None = None) -> Explanation | None:
        """Let the row say why the request was refused, and return that; it may take statements.

        Args:
            known: why, if somebody has found out already.

        Raises:
            OperationalError: when the database is out of reach; it can be tried again.
        """
        if self.refusal:
            known = known or explanation_of(self.refusal)
            self.row.cause, self.row.fix = storable(known.cause), storable(known.fix)
            self.row.details = dict(known.details)
            if known.hides_client_id:
                self.row.parameters["client_id"] = masked(self.row.client_id)
                self.row.client_id = ""
            self.refusal = None
        return known

    def say_reason(self) -> None:
        """Let the row say what the log says of the refusal, because there is no time to find out more."""
        if self.refusal:
            is_of_nobody = self.row.application_id is None
            self.explain(Explanation(self.refusal.reason, "", hides_client_id=is_of_nobody))


def row_of(note: Note, application: Known | None, *, with_parameters: bool = True) -> RecordedRequest:
    """Return the row of a request, which has one of its own or is the first of those that share it."""
    environ, refusal, at = note.environ or {}, note.refusal, time_of(note)
    client_id = refusal.client if refusal else note.client_id
    return RecordedRequest(
        request_id=environ.get(REQUEST_ID, ""),
        first_at=at,
        at=at,
        is_refused=refusal is not None,
        endpoint=note.endpoint.value,
        grant_type=without_credentials(note.grant_type or "", 60),
        application_id=application.id if application else None,
        client_id=client_id if CLIENT_ID.fullmatch(client_id) else "",
        is_authenticated=is_authenticated(note),
        username=refusal.username if refusal else "",
        address=address_of(environ) or None,
        user_agent=user_agent_of(environ),
        parameters=parameters_of(note) if with_parameters else {},
        status=note.status,
        error=refusal.error if refusal else "",
        in_full=application is not None and application.recorded_until > note.at,
    )


def is_authenticated(note: Note) -> bool:
    """Return whether it is proven whose request it was."""
    if note.refusal:
        return note.refusal.is_authenticated and bool(note.refusal.client)
    return bool(note.client_id)


def time_of(note: Note) -> datetime:
    """Return when a request was answered."""
    return datetime.fromtimestamp(note.at, UTC)


def explanation_of(refusal: Refusal) -> Explanation:
    """Return why a request was refused; what the log says where nobody can say it better.

    Raises:
        OperationalError: when the database is out of reach.
    """
    if refusal.explain:
        try:
            return refusal.explain()
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            log.exception("A refusal could not be explained")
    return Explanation(cause=refusal.reason, fix="")
