"""How a line of the log is written: without anything that could be used."""

import copy
import logging
import re

from oauthapps.client_secrets import PREFIXES

# Django's own messages repeat URLs now and then, a foreign Referer for example; so may a traceback.
QUERY = re.compile(r"(?<=[\w/.~%-])\?[^\s'\"<>]*=[^\s'\"<>]*")
CREDENTIAL = re.compile(rf"({'|'.join(PREFIXES)})[A-Za-z0-9_-]+")
# What is logged here was refused for what a stranger sent: a trace of our code says nothing about it.
REFUSALS = "django.security."


class LineFormatter(logging.Formatter):
    """Leaves out credentials, and the traces of refusals, of which a stranger could make thousands."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's lines."""
        if record.name.startswith(REFUSALS):
            record = copy.copy(record)
            record.exc_info = record.exc_text = None
        return without_credentials(super().format(record))


def without_credentials(text: str) -> str:
    """Return the text without query strings of URLs and with no more than the prefix of our credentials."""
    return CREDENTIAL.sub(r"\1…", QUERY.sub("?…", text))
