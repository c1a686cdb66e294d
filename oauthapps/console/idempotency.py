"""A form that creates something is processed once: neither a reload nor a second press repeats it.

The response to such a form is the only page that shows a secret, so a reload sends the form again. The form
carries a random idempotency key. What it asks for and the record of its key are one transaction, so that of
two requests at the same time one finds the record of the other.
"""

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest

from accounts.access import signed_in_user
from common.errors import violates
from oauthapps.models import SentForm

FIELD = "form_id"


class AlreadyProcessedError(Exception):
    """This form was processed before."""


def new_key() -> str:
    """Make an idempotency key for a form that is about to be shown."""
    return secrets.token_hex(16)


@contextmanager
def run_once(request: HttpRequest) -> Iterator[None]:
    """Run the block in one transaction, once per idempotency key of this person and URL.

    A request without a key, as an API client may send it, runs each time. Whatever fails in the block leaves
    the form as if it had not been sent.

    Raises:
        AlreadyProcessedError: before the block, when a form with this key was processed before.
    """
    with transaction.atomic():
        if FIELD in request.POST:
            record_key(request)
        yield


def record_key(request: HttpRequest) -> None:
    """Record the key of this form; waits for a transaction that has recorded the same.

    Raises:
        AlreadyProcessedError: when it was recorded before.
    """
    try:
        with transaction.atomic():
            SentForm.objects.create(digest=digest_of(request))
    except IntegrityError as error:
        if violates(error, SentForm, "digest"):
            raise AlreadyProcessedError from error
        raise


def already_processed(request: HttpRequest) -> bool:
    """Return whether this form was processed before: worth asking ahead of work that takes a second."""
    return FIELD in request.POST and SentForm.objects.filter(digest=digest_of(request)).exists()


def explain_repeat(request: HttpRequest, section: str = "") -> None:
    """Say on the next page why nothing is shown a second time.

    Args:
        request: the form that was sent again.
        section: the id of the section of the page that says it; empty for its top.
    """
    messages.warning(
        request,
        "That form was sent a second time, so nothing new was created. What the page showed is shown only "
        "once: if you didn't save it, delete it and create a new one.",
        extra_tags=section,
    )


def digest_of(request: HttpRequest) -> str:
    """Return what identifies this form among all that people are shown."""
    name = f"{signed_in_user(request).pk} {request.path} {request.POST[FIELD]}"
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
