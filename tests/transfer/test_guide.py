"""docs/moving-in.md says what there is, and its examples can be imported."""

import re
from datetime import date, timedelta

import pytest

from accounts.models import Organization, User
from oauthapps.models import Application
from oauthapps.rules.dated_exceptions import ExceptionKind
from oauthapps.transfer.kinds import KINDS, Kind
from tests.stories.documents import text_of
from tests.transfer.conftest import Transfer

GUIDE = "docs/moving-in.md"
ROW = re.compile(r"^\| `(\w+)` \| .* \| (.*) \|$", re.MULTILINE)


def section(heading: str) -> str:
    """What the guide says under a heading."""
    return re.split(r"^#+ ", text_of(GUIDE).split(f"# {heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def examples(language: str) -> list[str]:
    """The examples of the guide in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text_of(GUIDE), re.MULTILINE | re.DOTALL)


@pytest.mark.spec("O-116", "moving in")
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_field_has_a_row(kind: Kind) -> None:
    own = [field for field in kind.fields if kind.within is None or field.name != kind.within[1]]
    rows = dict(ROW.findall(section(kind.name)))
    assert list(rows) == [field.name for field in own]
    for field in own:
        assert (rows[field.name] == "required") is field.is_required, field.name


def test_every_exception_has_a_row() -> None:
    assert [name for name, _ in ROW.findall(section("Dated exceptions"))] == list(ExceptionKind.values)


def test_the_dates_of_the_checklist_are_counted_back_from_the_end() -> None:
    rows = re.findall(r"^\| (2[0-9-]{9}) \((\d+) week", section("Checklist"), re.MULTILINE)
    assert len(rows) == 8
    for day, weeks in rows:
        assert date.fromisoformat(day) + timedelta(weeks=int(weeks)) == date(2027, 2, 1), day


@pytest.mark.django_db
@pytest.mark.spec("O-116", "moving in")
def test_the_examples_are_imported(transfer: Transfer) -> None:
    [document], [people, secrets] = examples("json"), examples("csv")
    table = transfer.write(secrets, "secrets.csv")
    told = transfer.load_files(transfer.write(document), options=("--secrets", str(table)))
    assert told.error == ""
    assert Organization.current().name == "Acme"
    assert Application.objects.count() == 3
    again = transfer.load_files(transfer.write(people, "people.csv"))
    assert (again.error, again.counts["unchanged"], again.counts["changed"]) == ("", User.objects.count(), 0)
