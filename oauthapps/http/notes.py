"""What is noted of each request to an endpoint whose requests are recorded, until somebody reads it.

Noting is one append to a queue in memory: it costs the request nothing that can be measured, and nothing that
happens to a note later can fail it. `server/journal/` reads the queue, in a thread of its own. Where there is
none, nothing is noted.
"""

import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from django.http import HttpRequest

from oauthapps.http.messages import RECEIVED_BODY, REQUEST_ID, Refusal, Usage
from oauthapps.rules.recorded_endpoints import RecordedEndpoint

# Notes that wait at most: enough for a minute in which nobody reads. Then the earliest go.
MOST_NOTES = 100_000
# So many of them may hold what was sent: environs are large, and what is in them should not stay.
MOST_WHOLE = 2_000

# What the journal reads of an environ, and what may be kept of its text until then: of long headers the
# beginning, of those that proxies append to the end.
QUERY_AND_BODY, HEADER, FORWARDING = slice(16 * 1024), slice(2 * 1024), slice(-1000, None)
READ = {
    REQUEST_ID: HEADER,
    "REMOTE_ADDR": HEADER,
    "HTTP_FORWARDED": FORWARDING,
    "HTTP_X_FORWARDED_FOR": FORWARDING,
    "HTTP_USER_AGENT": HEADER,
    "HTTP_AUTHORIZATION": HEADER,
    "HTTP_SESSIONID": HEADER,
    "CONTENT_TYPE": HEADER,
    "QUERY_STRING": QUERY_AND_BODY,
    RECEIVED_BODY: QUERY_AND_BODY,
}


class Note(NamedTuple):
    """A request and how it was answered.

    Attributes:
        at: when, in seconds since the epoch.
        endpoint: which endpoint answered it.
        environ: what the server says of it (PEP 3333); None where too many notes waited.
        status: the HTTP status, in numbers.
        refusal: why it was refused; None where it was not.
        client_id: that of the client which was given what it asked for, or is proven.
        grant_type: what a token request asked for, in its own words; None for others.
        usage: says what a request of a client was about that said who it is.
        parameters: those of an authorization request; None where they are in the environ.
    """

    at: float
    endpoint: RecordedEndpoint
    environ: dict[str, Any] | None
    status: int
    refusal: Refusal | None
    client_id: str = ""
    grant_type: str | None = None
    usage: Callable[[], Usage] | None = None
    parameters: Mapping[str, str] | None = None


class Notes(deque[Note]):
    """The notes of a process; any thread may append, and one reads.

    Attributes:
        are_read: whether anybody reads them. Nothing is noted otherwise.
    """

    are_read = False


notes = Notes(maxlen=MOST_NOTES)


def cut(environ: dict[str, Any]) -> dict[str, Any]:
    """Return what the journal reads of an environ, and no more of it than may be kept."""
    return {name: environ[name][part] for name, part in READ.items() if name in environ}


def note_browser_request(
    request: HttpRequest,
    *,
    status: int,
    parameters: Mapping[str, str],
    refusal: Refusal | None = None,
    client_id: str = "",
) -> None:
    """Note an authorization request that was decided, or refused.

    Args:
        request: the browser's request.
        status: the HTTP status of the answer, in numbers.
        parameters: of the authorization request; empty to have those of the URL.
        refusal: why it was refused; None where the person allowed it.
        client_id: that of the client which was given a code.
    """
    if notes.are_read:
        environ = cut(request.META) if len(notes) < MOST_WHOLE else None
        noted = Note(
            time.time(),
            RecordedEndpoint.AUTHORIZE,
            environ,
            status,
            refusal,
            client_id,
            parameters=parameters or None,
        )
        notes.append(noted)
