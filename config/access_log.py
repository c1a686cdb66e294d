"""The access log: one line a request, without query strings, credentials, and what a path could forge."""

import logging
from collections.abc import Callable
from typing import Any

from granian.wsgi import _build_access_logger

from config import env
from config.logs import without_credentials

# Method, path without query, protocol: codes, states and tokens in URLs stay out of the log.
FORMAT = '[%(time)s] %(addr)s "%(method)s %(path)s %(protocol)s" %(status)d %(dt_ms).1f ms'


def writer() -> Callable[..., Any] | None:
    """Return what writes a line, in a worker; None where the operator wants none (ACCESS_LOG)."""
    if not env.flag("ACCESS_LOG", default=True):
        return None
    logging.getLogger("granian.access").addFilter(OneLine())
    write: Callable[..., Any] = _build_access_logger(FORMAT)  # type: ignore[no-untyped-call]
    return write


class OneLine(logging.Filter):
    """Keeps credentials and control characters out of what a stranger chooses: the method and the path.

    A client may put a token where it does not belong, and nobody may begin a line of their own.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Let the record through, harmless."""
        if isinstance(record.args, dict):
            chosen = {name: str(record.args[name]) for name in ("method", "path") if name in record.args}
            record.args |= {name: harmless(text) for name, text in chosen.items()}
        return True


def harmless(text: str) -> str:
    """Return the text on one line and without credentials."""
    return printable(without_credentials(text))


def printable(text: str) -> str:
    """Return the text with everything that does not print written as an escape."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )
