"""Two ways to the same views: people's requests pass what browsers need, programs' what every answer needs.

Sessions, CSRF tokens, messages and sign-in mean nothing to a program, and would cost its request more than
looking its token up.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.handlers.base import BaseHandler
from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import ResolverMatch, get_resolver
from django.utils.module_loading import import_string

from config.error_pages import FOR_PROGRAMS


class ProgramsHandler(BaseHandler):
    """Answers through `MIDDLEWARE_FOR_PROGRAMS`, and for views alone that are open to everybody."""

    def resolve_request(self, request: HttpRequest) -> ResolverMatch:
        """Return the view for a request; these addresses are few and come again and again."""
        request.resolver_match = view_at(request.path_info)
        return request.resolver_match

    def load_middleware(self, is_async: bool = False) -> None:  # noqa: ARG002  # there is no other kind
        """Build the chain."""
        answer: Any = convert_exception_to_response(self._get_response)  # type: ignore[attr-defined]
        for name in reversed(settings.MIDDLEWARE_FOR_PROGRAMS):
            answer = convert_exception_to_response(import_string(name)(answer))
        self._view_middleware = [refuse_closed_views]
        self._template_response_middleware: list[Any] = []
        self._exception_middleware: list[Any] = []
        self._middleware_chain = answer


@lru_cache(maxsize=256)
def view_at(path: str) -> ResolverMatch:
    """Return the view for an address.

    Raises:
        Resolver404: when there is none.
    """
    return get_resolver().resolve(path)


def refuse_closed_views(_request: HttpRequest, view: Callable[..., Any], *_: Any) -> None:
    """Keep closed what has not been opened: nobody has asked who the sender is.

    Raises:
        PermissionDenied: for a view that wants a sign-in.
    """
    if getattr(view, "login_required", True):
        raise PermissionDenied


class ByAudience(BaseHandler):
    """Hands the requests of programs to a handler of their own."""

    def load_middleware(self, is_async: bool = False) -> None:
        """Build both chains."""
        self.programs = ProgramsHandler()
        self.programs.load_middleware()
        super().load_middleware(is_async)

    def get_response(self, request: HttpRequest) -> HttpResponseBase:
        """Answer a request."""
        if request.path_info.startswith(FOR_PROGRAMS):
            return self.programs.get_response(request)
        return super().get_response(request)


class Handler(ByAudience, WSGIHandler):
    """What the server calls."""
