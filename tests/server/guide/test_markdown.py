"""Markdown becomes HTML that is safe, has anchors, and can be read on a phone."""

import re
from pathlib import Path

import pytest

from server.guide.highlighting import CLASSES, highlight
from server.guide.markdown import render
from tests.test_contrast import TEXT

STYLES = (Path(__file__).resolve().parents[3] / "static" / "css" / "guide.css").read_text()
COLORED = re.compile(r"\.(code-[a-z]+) \{\n    color: var\(--([a-z-]+)\);")


def html(text: str) -> str:
    return str(render(f"# Title\n\n{text}", lambda link: link).html)


@pytest.mark.spec("U-160", "ASVS 1.2.1")
@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "a <img src=x onerror=alert(1)> b",
        "`<b>`",
        "```html\n<b>x</b>\n```",
        "```nobody-knows\n<b>x</b>\n```",
        '```json\n{"a": "<b>"}\n```',
        "| a |\n|---|\n| <b> |",
        "[x](javascript:alert(1))",
    ],
)
def test_html_stays_text(text: str) -> None:
    made = html(text)
    assert not re.search(r"<(script|img|b)\b", made)
    assert 'href="javascript:' not in made


def test_headings_have_the_anchors_of_github_and_lead_to_themselves() -> None:
    made = render("# Title\n\n## With a `code`, twice\n\n## With a `code`, twice\n\n### Below\n", str)
    assert [(each.level, each.anchor) for each in made.headings] == [
        (2, "with-a-code-twice"),
        (2, "with-a-code-twice-1"),
        (3, "below"),
    ]
    assert '<h2 id="with-a-code-twice"><a class="heading-link" href="#with-a-code-twice">' in made.html
    assert made.title == "Title"
    assert "Title" not in made.html


def test_a_cell_says_which_column_it_is_in() -> None:
    made = html("| `error` | fix |\n|---|---|\n| one | two |")
    assert '<td role="cell" data-label="error"><div>one</div></td>' in made
    assert '<td role="cell" data-label="fix"><div>two</div></td>' in made


def test_json_has_a_line_for_each_member_and_what_is_none_stays() -> None:
    assert re.sub("<[^>]+>", "", html('```json\n{"a": [1, "…"]}\n```')).count("\n") > 5
    assert "{&quot;a&quot;: …}" in re.sub("<[^>]+>", "", html('```json\n{"a": …}\n```'))


@pytest.mark.parametrize("language", ["sh", "json", "python", "js", "yaml", "nginx", "", "unknown"])
def test_code_is_copied_as_it_is_written(language: str) -> None:
    code = "  a = \"b\"\n\n# c  \n\tif 'd' & {e: 1}"
    shown = re.sub("<[^>]+>", "", str(highlight(code, language)))
    for name, character in (("quot", '"'), ("#x27", "'"), ("lt", "<"), ("gt", ">"), ("amp", "&")):
        shown = shown.replace(f"&{name};", character)
    assert shown == code


def test_every_color_of_code_can_be_read_on_its_ground() -> None:
    colors = dict(COLORED.findall(STYLES))
    assert colors.keys() == {name for _, name in CLASSES}
    for color in colors.values():
        assert (color, "surface-sunken") in TEXT, color
