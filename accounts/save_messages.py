"""What the next page says of a form that was saved."""

from django.contrib import messages
from django.http import HttpRequest

from common.edits import Changes


def tell_what_was_saved(request: HttpRequest, changes: Changes) -> None:
    """Say on the next page what has a new value, and what somebody else had changed meanwhile."""
    if changes.changed:
        messages.success(request, f"Saved: {', '.join(changes.changed)}")
    else:
        messages.info(request, "Everything is already saved")
    if changes.kept:
        messages.info(request, changes.kept_sentence)
