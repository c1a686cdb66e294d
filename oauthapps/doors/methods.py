"""The HTTP methods of an address that programs call."""

from collections.abc import Callable
from functools import wraps

from oauthapps.doors.errors import error_answer
from oauthapps.doors.programs import Answer, Answering, ProgramRequest


def allow_only(*methods: str) -> Callable[[Answering], Answering]:
    """Return a decorator that refuses all other methods (RFC 9110 section 15.5.6).

    Args:
        methods: their names, in capitals.
    """
    names = ", ".join(methods)

    def decorate(answer: Answering) -> Answering:
        @wraps(answer)
        def answered(request: ProgramRequest) -> Answer:
            if request.method in methods:
                return answer(request)
            message = f"This address answers {names} alone."
            return error_answer(405, "invalid_request", message, {"Allow": names})

        return answered

    return decorate
