"""The HTTP methods of an address that programs call."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from oauthapps.doors.errors import error_response

View = Callable[..., HttpResponseBase]


def allow_only(*methods: str) -> Callable[[View], View]:
    """Return a decorator that refuses all other methods (RFC 9110 section 15.5.6).

    Args:
        methods: their names, in capitals.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def answered(request: HttpRequest, *args: str, **kwargs: str) -> HttpResponseBase:
            if request.method in methods:
                return view(request, *args, **kwargs)
            names = ", ".join(methods)
            message = f"This address answers {names} alone."
            return error_response(405, "invalid_request", message, {"Allow": names})

        return answered

    return decorate
