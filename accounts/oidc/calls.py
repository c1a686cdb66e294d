"""Requests to a provider, with an explanation for every failure."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.views.decorators.debug import sensitive_variables

from accounts.models import IdentityProvider
from accounts.oidc import failures
from accounts.oidc.errors import FetchError
from accounts.oidc.fetching import Reply, fetch


@sensitive_variables()
def call(
    provider: IdentityProvider,
    url: str,
    *,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """Return a provider's reply, whatever its status; not to be called in a transaction.

    Args:
        provider: whose URL it is.
        url: the URL, as the discovery document has it.
        form: the fields of a POST; None for a GET.
        headers: further headers.

    Raises:
        SignInRefusedError: when there is no JSON in time, or the status says that the provider is down.
    """
    try:
        reply = fetch(url, form=form, headers=headers)
    except FetchError as error:
        # Without the original: the exception behind it may hold what was sent.
        raise failures.unavailable(provider, error.cause, error.fix) from None
    if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise failures.unavailable(provider, f"{url} answered {reply.status}.")
    return reply


@sensitive_variables()
def get_json(
    provider: IdentityProvider, url: str, *, headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return the JSON object at a provider's URL.

    Raises:
        SignInRefusedError: when there is none.
    """
    reply = call(provider, url, headers=headers)
    if reply.status != HTTPStatus.OK:
        raise failures.unavailable(provider, f"{url} answered {reply.status}.")
    return reply.document
