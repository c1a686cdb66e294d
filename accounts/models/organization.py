"""The organization that the installation serves."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models.identifiers import new_identifier, validate_identifier, validate_short_name

# How long client secrets may be let live at most, in days.
SECRET_DAYS = (90, 180, 365, 730)


class PasswordRule(models.TextChoices):
    """Who may sign in with a password while an identity provider is enabled."""

    EVERYBODY = "everybody", "Everybody"
    ADMINISTRATORS = "administrators", "Administrators only"
    EMERGENCY = "emergency", "The emergency account only"


class Organization(models.Model):
    """The one organization this installation serves.

    Its Customer ID is the `iss` of every assertion and the `wid` of every token reply; its domain and lane
    travel with every authorization response.
    """

    THE_ONE = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=THE_ONE, editable=False)
    customer_id = models.CharField(
        "Customer ID", max_length=32, unique=True, default=new_identifier, validators=[validate_identifier]
    )
    name = models.CharField(max_length=120, default="Organization")
    domain = models.CharField(max_length=63, default="gatehouse", validators=[validate_short_name])
    lane = models.CharField(max_length=63, default="my", validators=[validate_short_name])
    # When a second factor was required of administrators and auditors; None while it isn't.
    second_factor_required_at = models.DateTimeField(null=True, editable=False)

    # For how many days client secrets work at most; None for as long as nobody deletes them.
    secret_days = models.PositiveSmallIntegerField("Maximum client secret lifetime", null=True, blank=True)
    # Since when it is counted who uses what.
    usage_counted_since = models.DateTimeField(default=timezone.now, db_default=Now(), editable=False)
    # Counts only where there is an enabled identity provider.
    password_rule = models.CharField(
        "Passwords",
        max_length=20,
        choices=PasswordRule.choices,
        default=PasswordRule.EVERYBODY,
        db_default=PasswordRule.EVERYBODY.value,
    )
    # The administrator who can sign in with a password whatever the rule.
    emergency_account = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_organization")]

    def __str__(self) -> str:
        return self.name

    @property
    def requires_second_factor(self) -> bool:
        """Whether administrators and auditors need a second factor."""
        return self.second_factor_required_at is not None

    def counts_since(self, at: datetime) -> datetime:
        """Return since when uses are counted of what there is since a time."""
        return max(at, self.usage_counted_since)

    @classmethod
    def current(cls) -> Organization:
        """Return the organization, made with a random Customer ID where there is none yet."""
        return cls.objects.get_or_create(id=cls.THE_ONE)[0]
