"""The dated exceptions of applications, as pages show them."""

from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

from django.db.models import QuerySet
from django.utils import timezone

from oauthapps.console.forms.exceptions import ExceptionForm
from oauthapps.models import Application, DatedException
from oauthapps.rules.dated_exceptions import ExceptionKind

# An exception that ends within so long is mentioned on the list if it was needed within so long.
SOON = timedelta(days=14)
LATELY = timedelta(days=14)
MOST_MENTIONED = 5


@dataclass(frozen=True, kw_only=True)
class ExceptionCard:
    """A kind of exception on an application's page.

    Attributes:
        kind: the kind.
        row: the exception, if the application has or had it.
        form: gives it, or another last day.
    """

    kind: ExceptionKind
    row: DatedException | None
    form: ExceptionForm

    @property
    def times_needed(self) -> str:
        """How often it was needed, in words."""
        times = self.row.times_needed if self.row else 0
        return f"{times:,} time{'' if times == 1 else 's'}" if times else "Never"

    @property
    def end_form(self) -> str:
        """The id of the form that ends it."""
        return f"end-{self.kind.value}"

    @property
    def is_in_force(self) -> bool:
        """Whether its clients may do that now."""
        return self.row is not None and self.row.is_in_force


@dataclass(frozen=True, kw_only=True)
class EndingSoon:
    """The exceptions that clients will miss soon.

    Attributes:
        rows: those that end first.
        others: how many more there are.
    """

    rows: list[DatedException]
    others: int


def cards_of(application: Application, sent: ExceptionForm | None = None) -> list[ExceptionCard]:
    """Return a card for each kind that the application's type can need.

    Args:
        application: the application.
        sent: a form that was filled in for one of them.
    """
    rows = {row.kind: row for row in application.dated_exceptions.select_related("added_by")}
    kinds = [kind for kind in ExceptionKind if kind.fits(application.type)]
    return [
        ExceptionCard(
            kind=kind,
            row=rows.get(kind),
            form=sent if sent and sent.kind == kind else ExceptionForm(kind=kind, row=rows.get(kind)),
        )
        for kind in kinds
    ]


def in_force(application: Application) -> QuerySet[DatedException]:
    """Return the exceptions that an application has now, the one that ends first before the others."""
    rows = DatedException.objects.filter(application=application)
    return rows.in_force().order_by("ends_at", "pk")


def ending_soon() -> EndingSoon:
    """Return the exceptions of all applications that end soon and were needed lately."""
    now = timezone.now()
    rows = DatedException.objects.in_force(now).filter(
        ends_at__lte=now + SOON, last_needed_at__gte=now - LATELY, application__deleted_at=None
    )
    found = iter(rows.select_related("application").order_by("ends_at", "pk"))
    return EndingSoon(rows=list(islice(found, MOST_MENTIONED)), others=sum(1 for _ in found))
