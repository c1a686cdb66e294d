"""The checks of a page's structure find what they are there for."""

import pytest

from tests.console.pages import Document
from tests.every_page.structure import faults

SOUND = '<h1>A</h1><h2>B</h2><label for="x">X</label><input id="x" name="x"><a href="#x">X</a>'


def document(body: str, beside: str = "") -> Document:
    head = '<!DOCTYPE html><html lang="en"><head><title>T</title></head>'
    return Document(f"{head}<body>{beside}<main>{body}</main></body></html>")


def test_a_sound_page_has_none() -> None:
    assert faults(document(SOUND, '<nav aria-label="Main"></nav>')) == []


@pytest.mark.parametrize(
    ("body", "beside", "fault"),
    [
        (f'{SOUND}<p id="x"></p>', "", "id x stands 2 times"),
        (f'{SOUND}<p id=""></p>', "", "id  stands 1 times"),
        (f'{SOUND}<p aria-describedby="x y"></p>', "", "aria-describedby names y, which is not there"),
        (f'{SOUND}<a href="#y">Y</a>', "", "href names y, which is not there"),
        ("<h2>B</h2>", "", "0 h1"),
        (f"{SOUND}<h1>A</h1>", "", "2 h1"),
        ("<h1>A</h1><h3>C</h3>", "", "h3 follows h1"),
        (SOUND, "<main></main>", "2 main"),
        (SOUND, "<nav></nav>", "a navigation has no name of its own"),
        (
            SOUND,
            '<nav aria-label="A"></nav><nav aria-label="A"></nav>',
            "a navigation has no name of its own",
        ),
        (f'{SOUND}<input name="y">', "", "input y has no label"),
        (f'{SOUND}<label for="y"></label><select id="y" name="y"></select>', "", "select y has no label"),
        (f'{SOUND}<button type="button"></button>', "", "button without a name"),
        (f'{SOUND}<a href="/"><img alt="" src="x"></a>', "", "a without a name"),
    ],
)
def test_each_fault_is_found(body: str, beside: str, fault: str) -> None:
    assert faults(document(body, beside)) == [fault]
