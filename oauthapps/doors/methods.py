"""The HTTP methods of an address that programs call."""

from collections.abc import Callable
from functools import wraps

from oauthapps.doors.errors import error_answer
from oauthapps.doors.programs import Answer, Answering, ProgramRequest

Refusing = Callable[[str, dict[str, str]], Answer]


def method_refused(message: str, headers: dict[str, str]) -> Answer:
    """Return the refusal of a method in the standard shape."""
    return error_answer(405, "invalid_request", message, headers)


def allow_only(*methods: str, refuse: Refusing = method_refused) -> Callable[[Answering], Answering]:
    """Return a decorator that refuses all other methods (RFC 9110 section 15.5.6).

    Args:
        methods: their names, in capitals.
        refuse: makes the answer to any other, of a message and headers.
    """
    names = ", ".join(methods)

    def decorate(answer: Answering) -> Answering:
        @wraps(answer)
        def answered(request: ProgramRequest) -> Answer:
            if request.environ["REQUEST_METHOD"] in methods or request.method in methods:
                return answer(request)
            return refuse(
                f"Only {' and '.join(methods)} {'is' if len(methods) == 1 else 'are'} allowed.",
                {"Allow": names},
            )

        return answered

    return decorate
