"""What to look for among the recorded requests: which one, of which application, what became of it."""

import re

from django import forms
from django.db.models import TextChoices
from django.http import QueryDict

from oauthapps.console.forms.records import RecordFilters, application_field
from oauthapps.models import Application, RecordedRequest
from oauthapps.models.requests import RecordedRequestQuerySet
from oauthapps.rules.recorded_endpoints import RecordedEndpoint

# What a request ID is copied with: quotation marks, spaces, brackets.
AROUND = re.compile(r"[^0-9a-z]")
REQUEST_ID = re.compile(r"[0-9a-f]{1,32}")
NO_REQUEST_ID = "A request ID has only digits and the letters a to f, such as 4f0c8a1be2d37965."


class Outcome(TextChoices):
    """What became of a request."""

    REFUSED = "refused", "Refused"
    GRANTED = "granted", "Granted"


class RequestFilters(RecordFilters):
    """Filters of recorded requests."""

    request_id = forms.CharField(
        label="Request ID",
        max_length=120,
        required=False,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
    outcome = forms.ChoiceField(label="Outcome", choices=[("", "All"), *Outcome.choices], required=False)
    endpoint = forms.ChoiceField(
        label="Endpoint", choices=[("", "Any endpoint"), *RecordedEndpoint.choices], required=False
    )
    error = forms.CharField(
        label="Error",
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"autocapitalize": "none", "placeholder": "invalid_grant"}),
    )

    field_order: tuple[str, ...] = ("request_id", "outcome", "endpoint", "error")

    def clean_request_id(self) -> str:
        """Return the request ID without what was copied along with it, such as the name of its header."""
        text: str = self.cleaned_data["request_id"]
        found = AROUND.sub("", text.lower().rpartition(":")[2])
        if text and not REQUEST_ID.fullmatch(found):
            raise forms.ValidationError(NO_REQUEST_ID)
        return found

    def select(self) -> RecordedRequestQuerySet:
        """Return the requests that were asked for, the newest first; the form is valid."""
        asked = self.cleaned_data
        found = RecordedRequest.objects.between(asked["first"], asked["last"])
        if asked["request_id"]:
            found = found.with_id(asked["request_id"])
        if asked["outcome"]:
            found = found.refused() if asked["outcome"] == Outcome.REFUSED else found.granted()
        exact = ("endpoint", "error", "address")
        return found.filter(**{name: asked[name] for name in exact if asked[name]})


class RequestsForm(RequestFilters):
    """Filters of all recorded requests."""

    field_order = ("request_id", "application", "outcome", "endpoint", "error")

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        self.fields["application"] = application_field()
        self.order_fields(self.field_order)

    def select(self) -> RecordedRequestQuerySet:
        """Return the requests that were asked for, the newest first; the form is valid."""
        text, found = self.cleaned_data["application"], super().select()
        return found.filter(application__in=Application.objects.matching(text)) if text else found


class ApplicationRequestsForm(RequestFilters):
    """Filters of the recorded requests of one application."""

    def __init__(self, data: QueryDict, *, application: Application) -> None:
        super().__init__(data)
        self.about = application

    def select(self) -> RecordedRequestQuerySet:
        """Return the requests that were asked for, the newest first; the form is valid."""
        return super().select().filter(application=self.about)
