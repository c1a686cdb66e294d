"""How requests end, in a word, for metrics and logs."""

from http import HTTPStatus

# 429 is throttled; 503 is for a database or server that is busy or away.
OK, REFUSED, THROTTLED, UNAVAILABLE, ERROR = OUTCOMES = ("ok", "refused", "throttled", "unavailable", "error")


def outcome_of(status: int) -> str:
    """Return how a request ended that was answered with an HTTP status."""
    if status < HTTPStatus.BAD_REQUEST:
        return OK
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return THROTTLED
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        return UNAVAILABLE
    return REFUSED if status < HTTPStatus.INTERNAL_SERVER_ERROR else ERROR
