from __future__ import annotations

from datetime import datetime
from typing import Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from oauth2_provider.models import AbstractApplication

from accounts.models import Organization, User, validate_identifier
from common.validators import validate_name, validate_text
from oauthapps.models.bin import InBin, InBinQuerySet
from oauthapps.models.validators import TOKEN_LIFETIME, validate_link
from oauthapps.rules import lifetimes, scopes
from oauthapps.rules.app_types import AppType, TypeSpec, spec_of
from oauthapps.rules.lifetimes import Lifetime
from oauthapps.rules.slots import LARGEST_LIMIT, Slots
from oauthapps.rules.urls import redirect_urls

SLOT_CONSTRAINT = "application_slot_taken_once"
NAME_REQUIRED = "Give the application a name: it cannot be empty."


class ResponseProfile(models.TextChoices):
    """The dialect an application hears: RFC 6749's, or that of the endpoints it used before."""

    STANDARD = "standard", "Standard"
    WORKFRONT = "workfront", "Workfront-compatible"


class ApplicationQuerySet(InBinQuerySet["Application"]):
    """Questions about many applications."""

    def live(self) -> Self:
        """Those that have not been deleted."""
        return self.filter(deleted_at=None)

    def enabled(self) -> Self:
        """Those whose clients may act: live and not disabled."""
        return self.live().filter(disabled_at=None)

    def of_type(self, app_type: AppType) -> Self:
        """Those of one type."""
        return self.filter(app_type=app_type)

    def matching(self, text: str) -> Self:
        """Those whose name or developer's name contains a text, or whose Client ID it is."""
        of_name = Q(name__icontains=text) | Q(developer_name__icontains=text)
        return self.filter(of_name | Q(client_id=text.lower()))

    def slots(self) -> Slots:
        """How many slots there are, and how many of them are taken."""
        return Slots(used=self.live().count(), limit=settings.APPLICATION_LIMIT)


class Application(InBin, AbstractApplication):
    """An OAuth2 application an administrator manages; on the wire it is a client.

    A live application occupies a slot of its own; a deleted one gives its slot up and keeps its row, so that
    what it did stays explicable.
    """

    user = models.ForeignKey(  # replaces a column that would delete applications with their owner
        settings.AUTH_USER_MODEL,
        related_name="applications",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        verbose_name="owner",
    )
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, default=Organization.THE_ONE)
    app_type = models.CharField("type", max_length=20, choices=AppType.choices)
    slot = models.PositiveSmallIntegerField(null=True, editable=False)

    name = models.CharField(
        "Name", max_length=100, validators=[validate_name], error_messages={"blank": NAME_REQUIRED}
    )
    description = models.CharField("Description", max_length=1000, blank=True, validators=[validate_text])
    description_url = models.CharField(
        "App Description URL", max_length=2048, blank=True, validators=[validate_link]
    )
    developer_name = models.CharField(
        "Developer name", max_length=120, blank=True, validators=[validate_name]
    )
    developer_email = models.EmailField("Developer email address", blank=True)
    privacy_policy_url = models.CharField(
        "Privacy policy URL", max_length=2048, blank=True, validators=[validate_link]
    )
    terms_of_service_url = models.CharField(
        "Terms of service URL", max_length=2048, blank=True, validators=[validate_link]
    )
    response_profile = models.CharField(
        "Response profile",
        max_length=20,
        choices=ResponseProfile.choices,
        default=ResponseProfile.STANDARD,
    )
    rotate_refresh_tokens = models.BooleanField(default=True)
    absolute_expiration = models.CharField(
        max_length=8, choices=Lifetime.choices, default=lifetimes.DEFAULT_ABSOLUTE
    )
    inactivity_expiration = models.CharField(
        max_length=8, choices=Lifetime.choices, default=lifetimes.DEFAULT_INACTIVITY
    )
    may_verify_tokens = models.BooleanField("May verify tokens of other applications", default=False)
    # Names of scopes, as on the wire: it can ask for no others, and no living token of it is good for more.
    allowed_scope = models.TextField(
        default=scopes.render(scopes.SCOPES), db_default=scopes.render(scopes.SCOPES)
    )
    # Whom a machine application's tokens speak for where they speak for no person; None for other types.
    service_id = models.CharField(  # noqa: DJ001  # NULLs do not collide
        "Service ID", max_length=32, null=True, unique=True, editable=False
    )
    access_token_seconds = models.PositiveIntegerField(
        "Access token lifetime", null=True, blank=True, validators=TOKEN_LIFETIME
    )
    requires_pkce = models.BooleanField("Require PKCE", default=False, db_default=False)
    first_contact = models.EmailField("First contact", blank=True, db_default="")
    second_contact = models.EmailField("Second contact", blank=True, db_default="")

    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )
    disabled_at = models.DateTimeField(null=True, editable=False)
    deleted_at = models.DateTimeField(null=True, editable=False)
    deleted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )
    # When a deleted one left the bin, so that nobody can restore it.
    purged_at = models.DateTimeField(null=True, editable=False)
    # Until when all of its requests are recorded, and not only those that are refused and the last granted.
    recorded_until = models.DateTimeField(null=True, editable=False)

    objects = ApplicationQuerySet.as_manager()

    class Meta(AbstractApplication.Meta):
        indexes = [models.Index(fields=["deleted_at"], name="application_deleted")]
        constraints = [
            models.UniqueConstraint(fields=["slot"], name=SLOT_CONSTRAINT),
            models.CheckConstraint(
                condition=Q(slot=None) | Q(slot__range=(1, LARGEST_LIMIT)), name="application_slot_range"
            ),
            models.CheckConstraint(
                condition=Q(slot=None, deleted_at__isnull=False) | Q(slot__isnull=False, deleted_at=None),
                name="application_slot_while_live",
            ),
            models.CheckConstraint(condition=~Q(name=""), name="application_named"),
            models.CheckConstraint(condition=Q(app_type__in=AppType.values), name="application_type_known"),
            models.CheckConstraint(
                condition=Q(may_verify_tokens=False) | Q(app_type=AppType.MACHINE_TO_MACHINE),
                name="application_verifier_is_machine",
            ),
            models.CheckConstraint(
                condition=Q(service_id=None) ^ Q(app_type=AppType.MACHINE_TO_MACHINE),
                name="application_machine_has_service_id",
            ),
        ]

    def __str__(self) -> str:
        return str(self.name)

    def clean(self) -> None:
        """Check both IDs; the parent's rules are left out, since all they judge has rows of its own.

        Raises:
            ValidationError: when one brought along has another form than ours, or is an ID of another kind:
                who looks at a token's subject could not tell them apart (RFC 9700 section 4.15).
        """
        self._check_identifier("client_id", "service_id", "An application has this as its Service ID.")
        if self.service_id is not None:
            self._check_identifier("service_id", "client_id", "An application has this as its Client ID.")

    def _check_identifier(self, name: str, other: str, taken: str) -> None:
        identifier = getattr(self, name)
        try:
            validate_identifier(identifier)
        except ValidationError as error:
            raise ValidationError({name: error}) from error
        if User.objects.filter(user_id=identifier).exists():
            raise ValidationError({name: "A person has this as their User ID."})
        if identifier == getattr(self, other) or Application.objects.filter(**{other: identifier}).exists():
            raise ValidationError({name: taken})

    def get_absolute_url(self) -> str:
        """Return the URL of the page that shows the application."""
        return reverse("console:application", args=[self.client_id])

    @property
    def type(self) -> TypeSpec:
        """What an application of this type has and may do."""
        return spec_of(AppType(self.app_type))

    @property
    def counted_since(self) -> datetime:
        """Since when its uses are counted."""
        since: datetime = self.organization.counts_since(self.created)
        return since

    @property
    def is_live(self) -> bool:
        """Whether it has not been deleted."""
        return self.deleted_at is None

    @property
    def is_enabled(self) -> bool:
        """Whether its client may act."""
        return self.is_live and self.disabled_at is None

    @property
    def is_pkce_required(self) -> bool:
        """Whether an authorization request without a challenge is refused (RFC 9700 section 2.1.1)."""
        return self.type.pkce_required or self.requires_pkce

    @property
    def is_workfront_compatible(self) -> bool:
        """Whether its client hears the Workfront-compatible dialect."""
        return self.response_profile == ResponseProfile.WORKFRONT

    def is_usable(self, request: object) -> bool:  # noqa: ARG002
        """Return whether the client may act; django-oauth-toolkit asks."""
        return self.is_enabled

    def allows_grant_type(self, *grant_types: str) -> bool:
        """Return whether the type may use any of these grant types; django-oauth-toolkit asks."""
        return any(grant_type in self.type.grant_types for grant_type in grant_types)

    def redirect_url_for(self, uri: str) -> RedirectURL | None:
        """Return the registered redirect URL that a redirect URI equals (RFC 9700 section 2.1), if any."""
        return next((row for row in self.redirect_urls.all() if redirect_urls.matches(row.url, uri)), None)


class RedirectURL(models.Model):
    """A URL people may be sent back to, with the last time somebody was."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="redirect_urls")
    url = models.CharField("Redirect URL", max_length=2048)
    position = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )
    last_used_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["application", "url"],
                name="redirect_url_once_per_application",
                violation_error_message="This Redirect URL is already on the list.",
            )
        ]

    def __str__(self) -> str:
        return self.url
