"""How a line of the log is written: without anything that could be used."""

import logging
import re

from oauthapps.client_secrets import PREFIXES

# Django's own messages repeat URLs now and then, a foreign Referer for example; so may a traceback.
QUERY = re.compile(r"(?<=[\w/.~%-])\?[^\s'\"<>]*=[^\s'\"<>]*")
CREDENTIAL = re.compile(rf"({'|'.join(PREFIXES)})[A-Za-z0-9_-]+")


class LineFormatter(logging.Formatter):
    """Leaves out the query string of every URL and all but the prefix of our own credentials."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's lines."""
        return CREDENTIAL.sub(r"\1…", QUERY.sub("?…", super().format(record)))
