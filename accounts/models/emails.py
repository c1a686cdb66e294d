"""Emails that wait to be sent."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone

from accounts.models.users import User


class WaitingEmail(models.Model):
    """An email that could not be sent at once, as its template and what that says: never a secret."""

    # None where it is for an address that is nobody's here.
    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="waiting_emails")
    address = models.EmailField(blank=True, db_default="")
    # One of `accounts.services.waiting_emails.MAY_WAIT`.
    template = models.CharField(max_length=100)
    # Names, numbers, and times, as they were.
    context = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    queued_at = models.DateTimeField(default=timezone.now, db_index=True)
    # When it is to be sent, or tried again.
    due_at = models.DateTimeField(default=timezone.now, db_index=True)
    attempts = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.template} for {self.user_id or self.address}"
