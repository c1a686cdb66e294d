"""The hygiene page: findings by kind, and those that are ignored."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.core.paginator import Page, Paginator

from accounts.models import Organization
from oauthapps.console.hygiene.findings import Finding, Item, exceptions, found, items_of, key_of
from oauthapps.console.hygiene.kinds import KINDS, FindingKind
from oauthapps.console.hygiene.selections import UNUSED_FOR
from oauthapps.models import Application, HygieneException

MOST_AT_ONCE = 10
PER_PAGE = 50
IGNORED = "ignored"  # what the query calls the section of what is ignored


@dataclass(frozen=True, kw_only=True)
class Section:
    """The findings of one kind.

    Attributes:
        kind: the kind.
        items: those that are shown.
        total: how many there are.
    """

    kind: FindingKind
    items: list[Item]
    total: int


@dataclass(frozen=True, kw_only=True)
class Ignored:
    """A finding that is ignored.

    Attributes:
        row: says why, since when, and who decided that.
        item: the finding.
        is_found: whether it would be found now.
    """

    row: HygieneException
    item: Item
    is_found: bool


@dataclass(frozen=True, kw_only=True)
class Report:
    """What the page shows.

    Attributes:
        sections: kinds that there are findings of; only the one that was asked for, if one was.
        ignored: what is ignored, likewise.
        total: how many findings there are in all, but for those that are ignored.
        ignored_total: how many are ignored.
        page: the page of the section that was asked for; None where all are shown.
        unused_from: from when on something can be called unused; None if it can be now.
    """

    sections: list[Section]
    ignored: list[Ignored]
    total: int
    ignored_total: int
    page: Page[Finding] | None
    unused_from: datetime | None


def report(
    organization: Organization,
    application: Application | None,
    only: str,
    page_number: str | None,
    now: datetime,
) -> Report:
    """Return what is found, in seven statements, however many applications there are.

    Args:
        organization: says since when uses are counted.
        application: the only one to look at; all where there is none.
        only: the key of the kind to show alone, or IGNORED; anything else shows the first of each.
        page_number: which page of that.
        now: the present time.
    """
    rows = {key_of(row): row for row in exceptions(application)}
    all_found = found(organization, application)
    by_kind: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in all_found:
        if finding not in rows:
            by_kind[finding.kind].append(finding)
    lists = {kind.key: by_kind[kind.key] for kind in KINDS} | {IGNORED: list(rows)}
    page = Paginator(lists[only], PER_PAGE).get_page(page_number) if only in lists else None
    shown = {only: list(page)} if page else {key: rows[:MOST_AT_ONCE] for key, rows in lists.items()}
    items = items_of(finding for findings in shown.values() for finding in findings)
    present = set(all_found)
    unused_from = organization.usage_counted_since + UNUSED_FOR
    return Report(
        sections=[
            Section(kind=kind, items=own, total=len(lists[kind.key]))
            for kind in KINDS
            if (own := [items[each] for each in shown.get(kind.key, ()) if each in items])
        ],
        ignored=[
            Ignored(row=rows[each], item=items[each], is_found=each in present)
            for each in shown.get(IGNORED, ())
            if each in items
        ],
        total=sum(map(len, by_kind.values())),
        ignored_total=len(rows),
        page=page,
        unused_from=unused_from if unused_from > now else None,
    )
