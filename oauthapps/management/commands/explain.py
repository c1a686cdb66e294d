from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from accounts.management.base import AutomationCommand
from common.words import counted
from oauthapps.explanations.wording import cause_of
from oauthapps.models import RecordedRequest
from oauthapps.rules.recorded_endpoints import RecordedEndpoint

UNKNOWN = (
    "No refused request with this ID is recorded. A request is recorded a few seconds after its "
    "response, and kept for at most {days} (REQUEST_DAYS); of many that are alike, the first ones and the "
    "last one can be found."
)


class Command(AutomationCommand):
    help = "Say why a request was refused, and what to do about it."

    def add_options(self, parser: CommandParser) -> None:
        parser.add_argument(
            "request_id",
            metavar="REQUEST_ID",
            help="the X-Request-Id of its response, as error pages show it",
        )

    def run(self, **options: Any) -> dict[str, Any]:
        request_id = options["request_id"].strip()
        rows = RecordedRequest.objects.refused().with_id(request_id)
        row = rows.select_related("application").first()
        if row is None:
            raise CommandError(UNKNOWN.format(days=counted(settings.REQUEST_DAYS, "day")))
        said = {
            "cause": cause_of(request_id, row, row.cause),
            "fix": row.fix,
            "request_id": row.request_id,
            "at": row.at.isoformat(timespec="seconds"),
            "endpoint": row.endpoint,
            "status": row.status,
            "error": row.error,
            "application": row.application.name if row.application else "",
            "client_id": row.client_id,
            "times": row.times,
        }
        return {**said, "details": row.details} if options["json"] else {**said, **readable(row)}


def readable(row: RecordedRequest) -> dict[str, Any]:
    """Return what a terminal shows otherwise than JSON does: names, and where two redirect URIs differ."""
    shown: dict[str, Any] = {"endpoint": dict(RecordedEndpoint.choices).get(row.endpoint, row.endpoint)}
    sent, registered, at = (row.details.get(name) for name in ("sent", "registered", "difference_at"))
    if sent and registered and at:
        shown |= {
            "sent      ": visible(sent),
            "registered": registered,
            "differs at": f"{'-' * (at - 1)}^ {at}",
        }
    return shown


def visible(text: str) -> str:
    """Return a text that a terminal shows and does not obey, with as many characters."""
    return "".join(each if each.isprintable() else "�" for each in text)
