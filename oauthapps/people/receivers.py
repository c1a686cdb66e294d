"""Signing in is the activity that ends an absence. It happens in code that is not ours, so this listens."""

from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver

from accounts.models import User
from oauthapps.services.activity import record_activity


@receiver(user_logged_in)
def end_absence(user: User, **kwargs: Any) -> None:  # noqa: ARG001
    """Write that the person is active, and end what lapsed while they were away."""
    record_activity(user)
