"""The geometry of charts: numbers in, rectangles out."""

import pytest

from oauthapps.console.charts import GAP, HEIGHT, SLOT, bar_chart, round_up

DAYS = ["Nov 1", "Nov 2", "Nov 3"]


@pytest.mark.parametrize(
    ("number", "rounded"),
    [
        (0, 1),
        (1, 1),
        (2, 2),
        (3, 5),
        (5, 5),
        (6, 10),
        (11, 20),
        (312, 500),
        (501, 1000),
        (10**9 + 1, 2 * 10**9),
    ],
)
def test_the_scale_ends_at_a_round_number(number: int, rounded: int) -> None:
    assert round_up(number) == rounded


def test_a_bar_is_as_high_as_its_share_of_the_scale_and_stands_on_the_ground() -> None:
    chart = bar_chart(DAYS, [[5, 0, 10]])
    assert (chart.width, chart.height, chart.top) == (3 * SLOT, HEIGHT, 10)
    first, last = chart.bars
    assert (first.x, first.y, first.width, first.height) == (GAP // 2, 50, SLOT - GAP, 50)
    assert (last.x, last.y, last.height) == (2 * SLOT + GAP // 2, 0, HEIGHT)


def test_series_stand_on_each_other() -> None:
    lower, upper = bar_chart(["Nov 1"], [[30], [20]]).bars
    assert (lower.series, upper.series) == (0, 1)
    assert lower.y + lower.height == HEIGHT
    assert upper.y + upper.height == lower.y
    assert (lower.height, upper.height) == (60, 40)


def test_a_bar_says_in_words_what_it_stands_for() -> None:
    assert [bar.title for bar in bar_chart(["Nov 1"], [[4210]]).bars] == ["Nov 1: 4,210"]


def test_what_is_not_zero_can_be_seen_beside_what_is_huge() -> None:
    chart = bar_chart(DAYS, [[1, 0, 10**9], [1, 0, 1]])
    assert all(bar.height > 0 for bar in chart.bars[:2])
    assert {bar.x for bar in chart.bars} == {GAP // 2, 2 * SLOT + GAP // 2}
    assert all(bar.y >= 0 and bar.y + bar.height <= HEIGHT for bar in chart.bars)


def test_nothing_makes_no_bars() -> None:
    chart = bar_chart(DAYS, [[0, 0, 0]])
    assert (chart.bars, chart.top) == ([], 1)
    assert bar_chart([], [[]]).bars == []
