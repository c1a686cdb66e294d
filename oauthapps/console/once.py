"""A form that made something is obeyed once: neither a reload of its answer nor a second press makes another.

The answer to such a form is the only page that shows a secret, so a reload sends the form again. The form
carries a random id; what it asks for and the note that it was done are one transaction, so that of two
requests at the same moment one finds the note of the other.
"""

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.access import signed_in_user
from common.errors import violates
from oauthapps.models import SentForm

FIELD = "form_id"


class SentTwiceError(Exception):
    """This very form was obeyed before."""


def new_form_id() -> str:
    """Make an id for a form that is about to be shown."""
    return secrets.token_hex(16)


@contextmanager
def obeying(request: HttpRequest) -> Iterator[None]:
    """Do in the block what a form asks for, in one transaction that happens once.

    A request without an id, as a script may send it, is obeyed each time. Whatever fails in the block leaves
    the form as if it had not been sent.

    Raises:
        SentTwiceError: before the block, when the form was obeyed already.
    """
    with transaction.atomic():
        if FIELD in request.POST:
            note(request)
        yield


def note(request: HttpRequest) -> None:
    """Write down that this form is being obeyed; waits for a transaction that has written the same.

    Raises:
        SentTwiceError: when that was written before.
    """
    try:
        with transaction.atomic():
            SentForm.objects.create(digest=digest_of(request))
    except IntegrityError as error:
        if violates(error, SentForm, "digest"):
            raise SentTwiceError from error
        raise


def was_obeyed(request: HttpRequest) -> bool:
    """Return whether this form was obeyed before: worth asking ahead of work that takes a second."""
    return FIELD in request.POST and SentForm.objects.filter(digest=digest_of(request)).exists()


def explain(request: HttpRequest, address: str) -> HttpResponse:
    """Answer a form that comes back with a redirect, and say why nothing was shown again."""
    messages.warning(
        request,
        "That form was sent a second time, so nothing new was made. What the page showed is shown only once: "
        "if you did not store it, delete it and make a new one.",
    )
    return redirect(address)


def digest_of(request: HttpRequest) -> str:
    """Return what names this form among all that people are shown."""
    name = f"{signed_in_user(request).pk} {request.path} {request.POST[FIELD]}"
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
