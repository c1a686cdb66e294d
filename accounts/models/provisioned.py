"""What the organization's directory says about the people that it provisions."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from accounts.models.users import User

LONGEST_USER_NAME = 255


class ProvisionedPerson(models.Model):
    """A person's names in the directory (RFC 7643 section 4.1), as SCIM clients sent them.

    Most user names can't be usernames here, which have no @. So both are kept, and clients find people by
    theirs.
    """

    user = models.OneToOneField(User, primary_key=True, on_delete=models.CASCADE, related_name="provisioned")
    user_name = models.CharField(max_length=LONGEST_USER_NAME)
    # The user name with its case folded: clients mean the same person whatever its case.
    folded_user_name = models.CharField(max_length=LONGEST_USER_NAME, unique=True)
    given_name = models.CharField(max_length=120, blank=True)
    family_name = models.CharField(max_length=120, blank=True)
    # The whole name, if it isn't just these two.
    whole_name = models.CharField(max_length=255, blank=True)
    changed_at = models.DateTimeField(default=timezone.now, editable=False)
    # When a client deleted them. While they aren't active, clients can't see them.
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
