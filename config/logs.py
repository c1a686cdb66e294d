"""How a line of the log is written: without anything that could be used."""

import copy
import logging
import re

from config.faults import is_passing
from oauthapps.client_secrets import PREFIXES

# Django's own messages repeat URLs now and then, a foreign Referer for example; so may a traceback.
QUERY = re.compile(r"(?<=[\w/.~%-])\?[^\s'\"<>]*=[^\s'\"<>]*")
CREDENTIAL = re.compile(rf"({'|'.join(PREFIXES)})[A-Za-z0-9_-]+")
# What is logged here was refused for what a stranger sent: a trace of our code says nothing about it.
REFUSALS = "django.security."


class LineFormatter(logging.Formatter):
    """Leaves out credentials, and traces that say nothing about our code.

    Those are the traces of refusals, of which a stranger could make thousands, and of what the database
    refuses for a while, of which every request has one.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's lines."""
        error = record.exc_info[1] if record.exc_info else None
        if record.name.startswith(REFUSALS) or is_passing(error):
            record = copy.copy(record)
            record.exc_info = record.exc_text = None
            if error is not None and is_passing(error):
                record.msg = f"{record.getMessage()} ({type(error).__name__}: {first_line(error)})"
                record.args = ()
        return without_credentials(super().format(record))


def first_line(error: BaseException) -> str:
    """Return what an error says, as far as it goes without a new line."""
    return next(iter(str(error).splitlines()), "")


def without_credentials(text: str) -> str:
    """Return the text without query strings of URLs and with no more than the prefix of our credentials."""
    return CREDENTIAL.sub(r"\1…", QUERY.sub("?…", text))
