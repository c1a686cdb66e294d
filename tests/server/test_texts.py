"""Texts in pages."""

import pytest

from server.templatetags.texts import breakable


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("invalid_grant", "invalid_<wbr>grant"),
        ("a_<b>_&", "a_<wbr>&lt;b&gt;_<wbr>&amp;"),
        ("plain", "plain"),
    ],
)
def test_codes_may_break_after_underscores_and_are_escaped(text: str, expected: str) -> None:
    assert breakable(text) == expected
