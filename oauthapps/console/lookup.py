"""What a URL names, or 404."""

from django.http import Http404
from django.shortcuts import get_object_or_404

from oauthapps.models import Api, Application, ClientSecret, PublicKey, RecordedRequest, Scope


class InBinError(Http404):
    """The application was deleted: the page that answers leads to the bin.

    Attributes:
        application: which.
    """

    def __init__(self, application: Application) -> None:
        super().__init__("In the bin.")
        self.application = application


def find_application(client_id: str) -> Application:
    """Return the live application of that Client ID, or answer 404."""
    live = Application.objects.live().select_related(
        "organization", "logo", "created_by", "user", "moving_in"
    )
    found = live.defer("logo__png").filter(client_id=client_id).first()
    if found is None:
        raise InBinError(find_in_bin(client_id))
    return found


def find_in_bin(client_id: str) -> Application:
    """Return the deleted application of that Client ID that can be restored, or answer 404."""
    deleted = Application.objects.in_bin().select_related("logo", "deleted_by")
    return get_object_or_404(deleted.defer("logo__png"), client_id=client_id)


def find_secret(client_id: str, pk: int) -> ClientSecret:
    """Return a live secret of a live application, or answer 404."""
    rows = ClientSecret.objects.live().select_related("application__organization", "created_by")
    return get_object_or_404(
        rows, pk=pk, application__client_id=client_id, application__deleted_at__isnull=True
    )


def find_key(client_id: str, pk: int) -> PublicKey:
    """Return a live key of a live application, or answer 404."""
    rows = PublicKey.objects.live().select_related("application__organization", "created_by", "user")
    return get_object_or_404(
        rows, pk=pk, application__client_id=client_id, application__deleted_at__isnull=True
    )


def find_api(pk: int) -> Api:
    """Return a live API, or answer 404."""
    return get_object_or_404(Api.objects.live().select_related("created_by"), pk=pk)


def find_scope(api_pk: int, pk: int) -> Scope:
    """Return a live scope of a live API, or answer 404."""
    rows = Scope.objects.live().select_related("api")
    return get_object_or_404(rows, pk=pk, api_id=api_pk, api__deleted_at__isnull=True)


def find_request(pk: int) -> RecordedRequest:
    """Return a recorded request, or answer 404."""
    return get_object_or_404(RecordedRequest.objects.select_related("application"), pk=pk)
