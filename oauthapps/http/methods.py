"""The HTTP methods of an API endpoint."""

from collections.abc import Callable
from functools import wraps

from oauthapps.http.errors import error_response
from oauthapps.http.messages import ApiRequest, ApiResponse, ApiView

RefuseMethod = Callable[[str, dict[str, str]], ApiResponse]


def method_refused(message: str, headers: dict[str, str]) -> ApiResponse:
    """Return the refusal of a method in the standard shape."""
    return error_response(405, "invalid_request", message, headers)


def allow_only(*methods: str, refuse: RefuseMethod = method_refused) -> Callable[[ApiView], ApiView]:
    """Return a decorator that refuses all other methods (RFC 9110 section 15.5.6).

    Args:
        methods: their names, in capitals.
        refuse: makes the response to any other, of a message and headers.
    """
    names = ", ".join(methods)

    def decorate(view: ApiView) -> ApiView:
        @wraps(view)
        def allowed(request: ApiRequest) -> ApiResponse:
            if request.environ["REQUEST_METHOD"] in methods or request.method in methods:
                return view(request)
            return refuse(
                f"Only {' and '.join(methods)} {'is' if len(methods) == 1 else 'are'} allowed.",
                {"Allow": names},
            )

        return allowed

    return decorate
