"""When something happened, as people say it."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
import time_machine

from common.times import short_date, short_time
from server.templatetags.times import ago

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (timedelta(), "just now"),
        (timedelta(seconds=7), "7 seconds ago"),
        (timedelta(minutes=3, seconds=20), "3 minutes ago"),
        (timedelta(days=9), "1 week ago"),
        (timedelta(days=400), "1 year ago"),
        (-timedelta(days=6, hours=20), "in 6 days"),
    ],
)
def test_the_largest_unit_is_enough(before: timedelta, expected: str) -> None:
    with time_machine.travel(NOW, tick=False):
        assert ago(NOW - before).replace("\xa0", " ") == expected


def test_dates_are_american_and_times_have_24_hours() -> None:
    in_another_zone = datetime(2026, 3, 8, 1, 4, tzinfo=timezone(timedelta(hours=2)))
    assert short_date(in_another_zone) == "Mar 7, 2026"
    assert short_time(in_another_zone) == "Mar 7, 2026, 23:04 UTC"
