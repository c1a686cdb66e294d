"""The columns of the lists that can be exported; what is secret is in none of them."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from audit.models import Event
from common.csv_tables import MOST_ROWS, Columns
from oauthapps.access.listing import AccessRow, Place, rows_of_page
from oauthapps.console.hygiene.report import Line
from oauthapps.console.summaries import ApplicationSummary
from oauthapps.console.usage.days import Day
from oauthapps.console.usage.ranking import ApplicationLine
from oauthapps.models import RecordedRequest
from oauthapps.models.extents import Extent

ROWS_AT_A_TIME = 500

REQUESTS: Columns[RecordedRequest] = {
    "Time (UTC)": lambda row: row.at,
    "Request ID": lambda row: row.last_request_id or row.request_id,
    "Times": lambda row: row.times,
    "First time (UTC)": lambda row: row.first_at,
    "First request ID": lambda row: row.request_id,
    "Application": lambda row: row.application.name if row.application else "",
    "Client ID": lambda row: row.application.client_id if row.application else row.client_id,
    "Client authenticated": lambda row: row.is_authenticated,
    "Endpoint": lambda row: row.endpoint_label,
    "Grant type": lambda row: row.grant_type,
    "Outcome": lambda row: row.outcome_label,
    "Status": lambda row: row.status,
    "Error": lambda row: row.error,
    "Cause": lambda row: row.cause,
    "Fix": lambda row: row.fix,
    "Username": lambda row: row.username,
    "IP address": lambda row: row.address,
    "User agent": lambda row: row.user_agent,
    "Parameters": lambda row: (
        json.dumps(row.parameters_by_name, ensure_ascii=False) if row.parameters else ""
    ),
}

EVENTS: Columns[Event] = {
    "Time (UTC)": lambda event: event.at,
    "Event": lambda event: event.label,
    "Kind": lambda event: event.kind,
    "Who": lambda event: event.actor_name,
    "Username": lambda event: event.actor.username if event.actor else "",
    "Application": lambda event: event.application_name,
    "Client ID": lambda event: event.application.client_id if event.application else "",
    "Person": lambda event: event.person.username if event.person else "",
    "Detail": lambda event: event.detail,
    "Times": lambda event: event.times,
    "Before": lambda event: lines_of(event.before),
    "After": lambda event: lines_of(event.after),
    "IP address": lambda event: event.address,
    "User agent": lambda event: event.user_agent,
    "Request ID": lambda event: event.request_id,
}

APPLICATIONS: Columns[ApplicationSummary] = {
    "Name": lambda row: row.application.name,
    "Client ID": lambda row: row.application.client_id,
    "Type": lambda row: row.application.type.label,
    "Status": lambda row: row.status.label,
    "Missing": lambda row: [label for label, _ in row.missing],
    "Developer": lambda row: row.application.developer_name,
    "Developer email address": lambda row: row.application.developer_email,
    "Scopes": lambda row: row.application.allowed_scope,
    "Created (UTC)": lambda row: row.application.created,
    "Last used (UTC)": lambda row: row.last_used_at,
}

ACCESS: Columns[AccessRow] = {
    "Person": lambda row: row.person.display_name if row.person else "The application itself",
    "Username": lambda row: row.person.username if row.person else "",
    "Email": lambda row: row.person.email if row.person else "",
    "User or Service ID": lambda row: row.subject,
    "Scopes by API": lambda row: [f"{api}: {scope}" if api else scope for api, scope in row.apis],
    "Since (UTC)": lambda row: row.since,
    "Allowed from": lambda row: row.since_from,
    "Last used (UTC)": lambda row: row.last_used_at,
    "Until (UTC)": lambda row: row.note or row.until,
    "Active tokens": lambda row: row.access_tokens,
    "Public keys": lambda row: row.keys,
}

USAGE: Columns[ApplicationLine] = {
    "Application": lambda row: row.name,
    "Client ID": lambda row: row.client_id,
    "Deleted (UTC)": lambda row: row.deleted_at,
    "Issued": lambda row: row.issued,
    "Refreshed": lambda row: row.refreshed,
    "Refused": lambda row: row.refused,
}

USAGE_BY_DAY: Columns[Day] = {
    "Day (UTC)": lambda row: row.day.isoformat(),
    "Issued": lambda row: row.issued,
    "Refreshed": lambda row: row.refreshed,
    "Refused": lambda row: row.refused,
    "People": lambda row: row.people,
}

HYGIENE: Columns[Line] = {
    "Finding": lambda row: row.item.kind.title,
    "Application": lambda row: row.item.application.name,
    "Client ID": lambda row: row.item.application.client_id,
    "Owner": lambda row: row.item.application.user.username if row.item.application.user else "",
    "About": lambda row: row.item.name,
    "Details": lambda row: row.item.said,
    "Why": lambda row: row.item.kind.why,
    "Found now": lambda row: row.is_found,
    "Ignored, because": lambda row: row.ignored.reason if row.ignored else "",
    "Ignored by": lambda row: row.ignored.added_by.username if row.ignored and row.ignored.added_by else "",
    "Ignored since (UTC)": lambda row: row.ignored.added_at if row.ignored else None,
}


def lines_of(values: Mapping[str, Any]) -> list[str]:
    """Return what an event says of fields before or after it, a line for each."""
    return [f"{label}: {text_of(value)}" for label, value in sorted(values.items())]


def text_of(value: Any) -> str:
    """Return a field's value on one line."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def rows_of_access(extent: Extent, text: str) -> Iterator[AccessRow]:
    """Yield as many rows of an Access page as a file takes, and one more where there is one.

    Args:
        extent: of one application.
        text: what the person's name contains.
    """
    place, number = Place(), 0
    while number <= MOST_ROWS:
        rows, following = rows_of_page(extent, text, place, ROWS_AT_A_TIME)
        yield from rows
        number += len(rows)
        if not following:
            return
        place = Place.parse(following)
