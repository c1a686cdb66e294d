"""The hygiene page: findings by kind, and those that are ignored."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Self

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


@dataclass(frozen=True, kw_only=True)
class Line:
    """A finding in a file of all.

    Attributes:
        item: the finding.
        ignored: says that it is ignored, and why; None if it is not.
        is_found: whether it would be found now.
    """

    item: Item
    ignored: HygieneException | None
    is_found: bool


@dataclass(frozen=True, kw_only=True)
class Lists:
    """What there is to show.

    Attributes:
        found: what would be found now, ignored or not.
        ignored: what is ignored, with what says so, the latest first.
        by_key: the findings of each kind that are not ignored, by its key; what is ignored by IGNORED.
    """

    found: set[Finding]
    ignored: dict[Finding, HygieneException]
    by_key: dict[str, list[Finding]]

    @classmethod
    def of(cls, organization: Organization, application: Application | None) -> Self:
        """Return what is found and ignored of an application, or of all, in two statements."""
        ignored = {key_of(row): row for row in exceptions(application)}
        all_found = found(organization, application)
        by_kind: defaultdict[str, list[Finding]] = defaultdict(list)
        for finding in all_found:
            if finding not in ignored:
                by_kind[finding.kind].append(finding)
        by_key = {kind.key: by_kind[kind.key] for kind in KINDS} | {IGNORED: list(ignored)}
        return cls(found=set(all_found), ignored=ignored, by_key=by_key)


def lines(
    organization: Organization, application: Application | None, only: str, most: int
) -> Iterator[Line]:
    """Yield what the page shows, on all of its pages, in six statements; of more than so many the first ones.

    Args:
        organization: says since when uses are counted.
        application: the only one to look at; all where there is none.
        only: the key of the kind to take alone, or IGNORED; anything else takes all.
        most: how many at most.
    """
    lists = Lists.of(organization, application)
    wanted = lists.by_key[only] if only in lists.by_key else list(chain(*lists.by_key.values()))
    for finding, item in items_of(wanted[:most]).items():
        yield Line(item=item, ignored=lists.ignored.get(finding), is_found=finding in lists.found)


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
    made = Lists.of(organization, application)
    lists = made.by_key
    page = Paginator(lists[only], PER_PAGE).get_page(page_number) if only in lists else None
    shown = {only: list(page)} if page else {key: rows[:MOST_AT_ONCE] for key, rows in lists.items()}
    items = items_of(finding for findings in shown.values() for finding in findings)
    unused_from = organization.usage_counted_since + UNUSED_FOR
    return Report(
        sections=[
            Section(kind=kind, items=own, total=len(lists[kind.key]))
            for kind in KINDS
            if (own := [items[each] for each in shown.get(kind.key, ()) if each in items])
        ],
        ignored=[
            Ignored(row=made.ignored[each], item=items[each], is_found=each in made.found)
            for each in shown.get(IGNORED, ())
            if each in items
        ],
        total=sum(len(own) for key, own in lists.items() if key != IGNORED),
        ignored_total=len(made.ignored),
        page=page,
        unused_from=unused_from if unused_from > now else None,
    )
