"""The colors of static/css/tokens.css against each other, in both schemes (WCAG 2.2, 1.4.3 and 1.4.11)."""

import re
from pathlib import Path

import pytest

TOKENS = (Path(__file__).resolve().parents[1] / "static" / "css" / "tokens.css").read_text()
PAIR = re.compile(r"--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)")
COLOURS = {name: {"light": light, "dark": dark} for name, light, dark in PAIR.findall(TOKENS)}

GROUNDS = ("page", "surface", "surface-quiet", "surface-sunken")
TONES = ("accent", "good", "caution", "danger")

# What stands on what: text needs 4.5 : 1, what only shows where something is or begins needs 3 : 1.
TEXT = [
    *((text, ground) for text in ("text", "text-quiet") for ground in GROUNDS),
    *((tone, ground) for tone in TONES for ground in ("page", "surface", "surface-sunken", f"{tone}-quiet")),
    *(("text", f"{tone}-quiet") for tone in TONES),
    *(("text-quiet", f"{tone}-quiet") for tone in TONES),
    ("on-accent", "accent-fill"),
    ("on-accent", "accent-fill-hover"),
    ("on-danger", "danger-fill"),
    ("on-danger", "danger-fill-hover"),
]
BORDERS = [
    *((border, ground) for border in ("line-strong", "focus") for ground in GROUNDS),
    *(("focus", f"{tone}-quiet") for tone in TONES),
    *(("accent-fill", ground) for ground in GROUNDS),
    *(("danger-fill", ground) for ground in GROUNDS),
]
# Set off surfaces that their background sets off as well, and carry no meaning.
ONLY_FOR_LOOKS = {"line"}


def luminance(color: str) -> float:
    """Relative luminance of #rrggbb, as WCAG 2.2 defines it."""
    parts = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colors, 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_the_ratio_is_the_one_of_the_standard() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT, ids=lambda name: name)
def test_text_can_be_read(text: str, ground: str, scheme: str) -> None:
    assert contrast(COLOURS[text][scheme], COLOURS[ground][scheme]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("border", "ground"), BORDERS, ids=lambda name: name)
def test_borders_and_focus_can_be_seen(border: str, ground: str, scheme: str) -> None:
    assert contrast(COLOURS[border][scheme], COLOURS[ground][scheme]) >= 3


def test_every_color_is_compared_with_another() -> None:
    compared = {name for pair in (*TEXT, *BORDERS) for name in pair}
    assert COLOURS.keys() - compared == ONLY_FOR_LOOKS
