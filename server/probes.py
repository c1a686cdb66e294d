"""Probes for whoever watches over the installation, such as a load balancer or an orchestrator."""

import threading

from django.db import DatabaseError, InterfaceError, connection

from accounts.management.schema import has_to_migrate
from oauthapps.http.decorators import allow_only
from oauthapps.http.errors import NO_STORE
from oauthapps.http.messages import ApiRequest, ApiResponse, Refusal, json_response
from server.faults import drop_connection
from server.pages.error_pages import RETRY_SECONDS

UNREACHABLE = "The database cannot be reached, or does not respond."
NOT_MIGRATED = "Migrations have not been applied: run manage.py migrate, or start with manage.py serve."

# Set once they are: nobody takes migrations back while the server runs.
migrations_applied = threading.Event()


@allow_only("GET", "HEAD")
def live(_request: ApiRequest) -> ApiResponse:
    """Say that this process answers requests; asks nothing of the database."""
    return json_response({"status": "ok"}, headers=NO_STORE)


@allow_only("GET", "HEAD")
def ready(_request: ApiRequest) -> ApiResponse:
    """Say whether requests can be worked on: 200, or 503 with the reason."""
    reason = why_not_ready()
    if not reason:
        return json_response({"status": "ok"}, headers=NO_STORE)
    headers = {**NO_STORE, "Retry-After": str(RETRY_SECONDS)}
    response = json_response({"status": "unavailable", "reason": reason}, 503, headers)
    response.refusal = Refusal("temporarily_unavailable", reason)
    return response


def why_not_ready() -> str:
    """Return what is missing, as a sentence; empty where nothing is."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        if migrations_applied.is_set():
            return ""
        if has_to_migrate():
            return NOT_MIGRATED
    except (DatabaseError, InterfaceError) as error:
        drop_connection(error)
        return UNREACHABLE
    migrations_applied.set()
    return ""
