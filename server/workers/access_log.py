"""The access log: one line a request, without query strings, credentials, and what a path could forge."""

import logging
import time
from typing import Any

from django.conf import settings

from config import env
from oauthapps.http.messages import CLIENT_ID, REQUEST_ID
from server.logs.json_lines import in_one_line, members_of
from server.logs.lines import harmless, timestamp
from server.workers.exchange import AccessLog

# Method, path without query, protocol: codes, states and tokens in URLs stay out of the log.
FORMAT = '[%(time)s] %(addr)s "%(method)s %(path)s %(protocol)s" %(status)d %(took).1f ms %(request_id)s'

log = logging.getLogger("gatehouse.access")


def writer() -> AccessLog | None:
    """Return what writes a line, in a worker; None where the operator wants none (ACCESS_LOG)."""
    if not env.flag("ACCESS_LOG", default=True):
        return None
    return write_json if settings.LOG_FORMAT == "json" else write


def write(began: float, arrived: float, environ: dict[str, Any], status: int) -> None:
    """Write the line of a request.

    A client may put a token where it does not belong, and nobody may begin a line of their own.

    Args:
        began: when it arrived, in seconds since the epoch.
        arrived: the same by the clock of `time.monotonic`.
        environ: what the server says of it.
        status: the HTTP status of the answer, in numbers.
    """
    log.info(
        FORMAT,
        {
            "time": timestamp(began),
            "addr": environ["REMOTE_ADDR"],
            "method": harmless(environ["REQUEST_METHOD"]),
            "path": harmless(environ["PATH_INFO"]),
            "protocol": environ["SERVER_PROTOCOL"],
            "status": status,
            "took": 1000 * (time.monotonic() - arrived),
            "request_id": environ.get(REQUEST_ID, "-"),
        },
    )


def write_json(began: float, arrived: float, environ: dict[str, Any], status: int) -> None:
    """Write the line of a request as JSON; arguments as for `write`."""
    members = members_of(
        began,
        "INFO",
        log.name,
        request_id=environ.get(REQUEST_ID, ""),
        client_id=environ.get(CLIENT_ID, ""),
        status=status,
        message=f"{harmless(environ['REQUEST_METHOD'])} {harmless(environ['PATH_INFO'])}",
    )
    members["status"] = status
    members["milliseconds"] = round(1000 * (time.monotonic() - arrived), 1)
    members["ip_address"] = environ["REMOTE_ADDR"]
    log.info("%s", in_one_line(members))
