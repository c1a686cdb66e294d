"""The access log: one line a request, without query strings, and without what a path could forge."""

import logging

# Method, path without query, protocol: codes, states and tokens in URLs stay out of the log.
FORMAT = '[%(time)s] %(addr)s "%(method)s %(path)s %(protocol)s" %(status)d %(dt_ms).1f ms'


class OneLine(logging.Filter):
    """Writes control characters in a path as escapes, so that it cannot begin a line of its own."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let the record through, harmless."""
        if isinstance(record.args, dict) and "path" in record.args:
            record.args = {**record.args, "path": printable(str(record.args["path"]))}
        return True


def printable(text: str) -> str:
    """Return the text with everything that does not print written as an escape."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )
