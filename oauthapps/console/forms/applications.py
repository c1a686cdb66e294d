"""What to look for among the applications, and in which order to list them."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django import forms
from django.db.models import F, QuerySet

from common.filters import FilterForm
from oauthapps.console.summaries import Status, of_status, summarized
from oauthapps.models import Application
from oauthapps.rules.app_types import AppType

# How a list is first sorted by a column: names from A, times from the latest.
FIRST = {"name": "name", "created": "-created", "last_used": "-last_used"}
DEFAULT_SORT = FIRST["name"]
LEAST_RECENTLY_USED = "last_used"
SORTS = [f"{sign}{column}" for column in FIRST for sign in ("", "-")]
EXPRESSIONS = {"name": F("name"), "created": F("created"), "last_used": F("last_used_at")}


@dataclass(frozen=True, kw_only=True)
class SortLink:
    """What a column's heading leads to.

    Attributes:
        query: of the list, sorted by that column.
        direction: how it is sorted by that column now, as in `aria-sort`; empty where it is not.
    """

    query: str
    direction: str


class ApplicationFilters(FilterForm):
    """Name, type, status and order."""

    q = forms.CharField(required=False, label="Name, developer, or ID", max_length=120)
    type = forms.ChoiceField(required=False, label="Type", choices=[("", "Any type"), *AppType.choices])
    status = forms.ChoiceField(required=False, label="Status", choices=[("", "Any status"), *Status.choices])
    sort = forms.ChoiceField(
        required=False, choices=[(each, each) for each in SORTS], widget=forms.HiddenInput
    )

    @property
    def narrowing(self) -> dict[str, str]:
        """What leaves applications out, by field."""
        return {name: value for name, value in self.chosen.items() if name != "sort"}

    @property
    def sort_links(self) -> dict[str, SortLink]:
        """What the headings of the columns lead to, by column."""
        return {column: self._sort_link(column) for column in FIRST}

    def _sort_link(self, column: str) -> SortLink:
        present = self.chosen.get("sort", DEFAULT_SORT)
        following = {column: f"-{column}", f"-{column}": column}.get(present, FIRST[column])
        direction = {column: "ascending", f"-{column}": "descending"}.get(present, "")
        return SortLink(query=urlencode({**self.narrowing, "sort": following}), direction=direction)

    def select(self) -> QuerySet[Application]:
        """Return the applications that were asked for, summarized, in the order asked for."""
        chosen, found = self.chosen, Application.objects.live()
        if "q" in chosen:
            found = found.matching(chosen["q"])
        if "type" in chosen:
            found = found.of_type(AppType(chosen["type"]))
        rows = summarized(found)
        if "status" in chosen:
            rows = of_status(rows, chosen["status"])
        return sort(rows, chosen.get("sort", DEFAULT_SORT))


def sort(applications: QuerySet[Application], by: str) -> QuerySet[Application]:
    """Return summarized applications in one of the orders in `SORTS`; what was never used is least recent."""
    expression = EXPRESSIONS[by.removeprefix("-")]
    if by.startswith("-"):
        return applications.order_by(expression.desc(nulls_last=True), "-pk")
    return applications.order_by(expression.asc(nulls_first=True), "pk")
