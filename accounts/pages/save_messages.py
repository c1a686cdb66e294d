"""What the next page says of a form that was saved."""

from django.contrib import messages
from django.http import HttpRequest

from common.edits import Changes


def tell_what_was_saved(request: HttpRequest, changes: Changes, *, about: str = "") -> None:
    """Say on the next page what has a new value, and what somebody else had changed meanwhile.

    Args:
        request: which saved it.
        changes: what that came to.
        about: what was saved, as a whole; the names of its fields where it is empty.
    """
    if changes.changed:
        messages.success(request, f"Saved: {about or ', '.join(changes.changed)}")
    else:
        messages.info(request, "No changes to save")
    if changes.kept:
        messages.info(request, changes.kept_sentence)
