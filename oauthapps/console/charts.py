"""Bar charts: numbers in, geometry out. Templates draw it as inline SVG, without script or style attributes.

A chart is stretched to the width of its place (`preserveAspectRatio="none"`), so its text stands beside the
drawing. All coordinates are whole numbers, of a grid with SLOT units for each place on the x-axis and HEIGHT
units on the y-axis.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

SLOT = 10
GAP = 2  # between bars
HEIGHT = 100
_STEPS = (1, 2, 5)


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A rectangle.

    Attributes:
        x: its left edge.
        y: its upper edge, counted from the top.
        width: how wide it is.
        height: how high it is.
        series: which series it belongs to, from 0.
        title: what it stands for, in words.
    """

    x: int
    y: int
    width: int
    height: int
    series: int
    title: str


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A bar chart, where the series of a place stand on each other.

    Attributes:
        bars: the bars; none for a value of zero.
        width: the width of its grid.
        height: the height of its grid.
        top: the value that its upper edge stands for, a round number of at least 1.
    """

    bars: list[Bar]
    width: int
    height: int
    top: int


def bar_chart(labels: Sequence[str], series: Sequence[Sequence[int]]) -> Chart:
    """Work out a chart.

    Args:
        labels: what each place is called.
        series: whole numbers of at least 0, one for each place.
    """
    stacks = list(zip(*series, strict=True))
    top = round_up(max((sum(values) for values in stacks), default=0))
    bars = [
        bar
        for place, (label, values) in enumerate(zip(labels, stacks, strict=True))
        for bar in _stack(place, label, values, top)
    ]
    return Chart(bars=bars, width=SLOT * len(labels), height=HEIGHT, top=top)


def round_up(number: int) -> int:
    """Return the smallest of 1, 2, 5, 10, 20, 50, … that is not less than a number."""
    power = 1
    while True:
        for step in _STEPS:
            if step * power >= number:
                return step * power
        power *= 10


def _stack(place: int, label: str, values: Sequence[int], top: int) -> Iterator[Bar]:
    """Yield the bars of one place from the bottom up; whatever is not zero can be seen."""
    bottom, total = 0, 0
    for series, value in enumerate(values):
        if not value:
            continue
        total += value
        upper = min(max(round(HEIGHT * total / top), bottom + 1), HEIGHT)
        yield Bar(
            x=SLOT * place + GAP // 2,
            y=HEIGHT - upper,
            width=SLOT - GAP,
            height=upper - bottom,
            series=series,
            title=f"{label}: {value:,}",
        )
        bottom = upper
