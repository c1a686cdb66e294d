"""What the organization's directory says of the people that it provisions."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from accounts.models.users import User

LONGEST_USER_NAME = 255


class ProvisionedPerson(models.Model):
    """What SCIM clients call somebody (RFC 7643 section 4.1), as they sent it.

    Most user names are no usernames of ours, which have no @: so both are kept, and clients find people by
    theirs.
    """

    user = models.OneToOneField(User, primary_key=True, on_delete=models.CASCADE, related_name="provisioned")
    user_name = models.CharField(max_length=LONGEST_USER_NAME)
    # The user name without differences of case: clients mean the same person whatever its capitals.
    folded_user_name = models.CharField(max_length=LONGEST_USER_NAME, unique=True)
    given_name = models.CharField(max_length=120, blank=True)
    family_name = models.CharField(max_length=120, blank=True)
    # The whole name, where that is another than these two.
    whole_name = models.CharField(max_length=255, blank=True)
    changed_at = models.DateTimeField(default=timezone.now, editable=False)
    # When a client deleted them: it can't see them anymore as long as they are not active.
    removed_at = models.DateTimeField(null=True, editable=False)

    def __str__(self) -> str:
        return self.user_name

    @property
    def full_name(self) -> str:
        """The whole name; empty where none was given."""
        return self.whole_name or self.name_of_parts

    @property
    def name_of_parts(self) -> str:
        """First and last name."""
        return " ".join(filter(None, (self.given_name, self.family_name)))

    def rename(self, user_name: str) -> None:
        """Take another user name; nothing is saved."""
        self.user_name, self.folded_user_name = user_name, user_name.casefold()
