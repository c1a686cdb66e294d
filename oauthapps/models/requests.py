from __future__ import annotations

from datetime import date, datetime
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from common.times import short_time, within_days
from oauthapps.models.applications import Application
from oauthapps.rules.recorded_endpoints import RecordedEndpoint

LONGEST_USER_AGENT = 300
# Where browsers ask, which prove nothing of a client.
OF_BROWSERS = {RecordedEndpoint.AUTHORIZE, RecordedEndpoint.SIGN_IN}
ENDPOINTS = {endpoint.value: str(endpoint.label) for endpoint in RecordedEndpoint}


class RecordedRequestQuerySet(models.QuerySet["RecordedRequest"]):
    """Questions about many recorded requests."""

    def refused(self) -> Self:
        """Those that were refused."""
        return self.filter(is_refused=True)

    def granted(self) -> Self:
        """Those that were granted."""
        return self.filter(is_refused=False)

    def with_id(self, request_id: str) -> Self:
        """Those with a request id; of requests that share a row, the first and the last can be found."""
        return self.filter(models.Q(request_id=request_id) | models.Q(last_request_id=request_id))

    def between(self, first: date | None, last: date | None) -> Self:
        """Those that came last between two days in UTC, both included; None leaves that side open."""
        return self.filter(**within_days("at", first, last))

    def behind(self, at: datetime, pk: int) -> Self:
        """Those that come behind a row in the order of this table, the newest first."""
        # The first condition says nothing new, but is one that an index answers.
        return self.filter(at__lte=at).exclude(at=at, pk__gte=pk)


class RecordedRequest(models.Model):
    """A request to an endpoint of the authorization server, and why it was refused, for administrators.

    Requests that are refused for the same reason again and again share a row: it has the parameters of the
    first one, and says how many there were and when the last one came. Nothing in it could be used as a
    credential: of each there is its prefix and its last four characters.
    """

    request_id = models.CharField(max_length=32, db_index=True)
    last_request_id = models.CharField(max_length=32, blank=True, db_index=True)
    first_at = models.DateTimeField(default=timezone.now)
    # When the last of those came that share the row.
    at = models.DateTimeField(default=timezone.now, db_index=True)
    times = models.PositiveBigIntegerField(default=1)
    is_refused = models.BooleanField(default=True)
    # One of `oauthapps.rules.recorded_endpoints`. Without `choices`: a new one must not need a migration.
    endpoint = models.CharField(max_length=20)
    grant_type = models.CharField(max_length=60, blank=True)
    application = models.ForeignKey(
        settings.OAUTH2_PROVIDER_APPLICATION_MODEL,
        null=True,
        on_delete=models.CASCADE,
        related_name="recorded_requests",
        db_index=False,
    )
    # As it was sent, if it looks like one; whether it was proven is another question.
    client_id = models.CharField(max_length=32, blank=True)
    is_authenticated = models.BooleanField(default=False)
    username = models.CharField(max_length=150, blank=True)
    address = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=LONGEST_USER_AGENT, blank=True)
    parameters = models.JSONField(default=dict)
    status = models.PositiveSmallIntegerField()
    error = models.CharField(max_length=60, blank=True)
    cause = models.TextField(blank=True)
    fix = models.TextField(blank=True)
    # What pages show or offer besides: the two redirect URIs that differ, for example.
    details = models.JSONField(default=dict)
    # Whether all requests of its application were recorded at the time, also those that were granted.
    in_full = models.BooleanField(default=False, db_default=False)
    # What requests have in common that share a row; None for a row of its own.
    fingerprint = models.CharField(max_length=64, null=True, unique=True)  # noqa: DJ001  # NULLs do not collide

    objects = RecordedRequestQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["application", "-at"], name="recorded_of_application"),
            models.Index(fields=["error", "-at"], name="recorded_with_error"),
            models.Index(fields=["address", "-at"], name="recorded_from_address"),
        ]

    def __str__(self) -> str:
        return f"{self.endpoint} {self.status} {self.request_id}"

    @property
    def endpoint_label(self) -> str:
        """What pages call the endpoint."""
        return ENDPOINTS.get(self.endpoint, self.endpoint)

    @property
    def outcome_label(self) -> str:
        """What became of it, in a word."""
        return "Refused" if self.is_refused else "Granted"

    @property
    def sentence(self) -> str:
        """What it was about, in a sentence: the cause, where one is known."""
        return self.cause or f"{self.outcome_label} by the {self.endpoint_label.lower()} endpoint"

    @property
    def parameters_by_name(self) -> dict[str, Any]:
        """Its parameters in one order on every database: PostgreSQL does not keep that of names in JSON."""
        return dict(sorted(self.parameters.items()))

    @property
    def times_since(self) -> str:
        """How often the same came since when, for what came more than once."""
        return f"{self.times:,} times since {short_time(self.first_at)}"

    @property
    def is_client_doubtful(self) -> bool:
        """Whether the client only said who it is, where it would have had to prove that."""
        return not self.is_authenticated and self.endpoint not in OF_BROWSERS


class HygieneException(models.Model):
    """That administrators know of a finding of the hygiene page and live with it, and why."""

    # One of the kinds of findings. Without `choices`: a new one must not need a migration.
    finding = models.CharField(max_length=40)
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="hygiene_exceptions")
    # The primary key of the secret, key or redirect URL that it is about; 0 for the application itself.
    subject = models.PositiveBigIntegerField(default=0)
    reason = models.CharField(max_length=300)
    added_at = models.DateTimeField(default=timezone.now)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["application", "finding", "subject"], name="hygiene_exception_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.finding} of {self.application_id}"
