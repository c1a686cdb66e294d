"""One-time links, by which people set a password."""

from django.db import models
from django.utils import timezone

from accounts.models.users import User


class LinkPurpose(models.TextChoices):
    """Why somebody got a one-time link."""

    INVITATION = "invitation", "Invitation"
    HANDED_OVER = "handed_over", "One-time password link"
    MAILED = "mailed", "Mail for a forgotten password"
    LINKING = "linking", "Permission to link an account"  # nobody gets its key: that it is open suffices


class OneTimeLink(models.Model):
    """A link by which its bearer sets a person's password, once; of its key only the digest is kept.

    A newer link takes the place of an earlier one of its purpose, which stops working. Mailed links do not:
    anybody can ask for one.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="one_time_links")
    purpose = models.CharField(max_length=20, choices=LinkPurpose.choices)
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "purpose"],
                condition=~models.Q(purpose=LinkPurpose.MAILED),
                name="one_link_of_each_purpose",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} of {self.user}"

    @property
    def is_over(self) -> bool:
        """Whether it is too late to use it."""
        return self.expires_at <= timezone.now()
