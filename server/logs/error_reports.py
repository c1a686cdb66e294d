"""What an error report says, should an operator have them mailed or kept: where it broke, not what was sent.

Requests here are full of credentials, in forms, JSON, headers and URLs alike. Django masks those it
knows by name; this leaves out whatever came from outside and is not needed to find the fault.
"""

import re
from collections.abc import ItemsView
from types import FrameType
from typing import Any

from django.http import HttpRequest
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter

TELLING = "API|AUTH|TOKEN|KEY|SECRET|PASS|SIGNATURE|COOKIE|SESSION|QUERY_STRING|REFERER|URI|URL|CODE"


class ErrorReportFilter(SafeExceptionReporterFilter):
    """Masks parameters, cookies, variables, and headers and settings that may hold a credential or a URL."""

    hidden_settings = re.compile(TELLING, re.IGNORECASE)

    def is_active(self, request: HttpRequest | None) -> bool:  # noqa: ARG002
        """Return that it masks, whatever DEBUG says."""
        return True

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        """Return the names of the parameters."""
        return dict.fromkeys(request.POST, self.cleansed_substitute) if request is not None else {}

    def get_safe_cookies(self, request: HttpRequest | None) -> dict[str, Any]:
        """Return the names of the cookies."""
        return dict.fromkeys(request.COOKIES, self.cleansed_substitute) if request is not None else {}

    def get_traceback_frame_variables(
        self,
        request: HttpRequest | None,  # noqa: ARG002
        tb_frame: FrameType,
    ) -> ItemsView[str, Any]:
        """Return the names of a frame's variables."""
        return dict.fromkeys(tb_frame.f_locals, self.cleansed_substitute).items()


class ErrorReport(ExceptionReporter):
    """Leaves out the query string."""

    def get_traceback_data(self) -> dict[str, Any]:
        """Return what the report is made of."""
        data: dict[str, Any] = super().get_traceback_data()
        if self.request is not None:
            names = dict.fromkeys(self.request.GET, self.filter.cleansed_substitute)
            data["request_GET_items"] = names.items()
            data["request_insecure_uri"] = self.request.path
        return data
