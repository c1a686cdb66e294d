"""Numbers and spans of time in words."""

import pytest

from common.words import counted, span_in_words


def test_a_noun_follows_its_number() -> None:
    assert [counted(number, "key") for number in (0, 1, 2)] == ["0 keys", "1 key", "2 keys"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 seconds"),
        (1, "1 second"),
        (90, "90 seconds"),
        (60, "1 minute"),
        (5400, "90 minutes"),
        (3600, "1 hour"),
        (86400, "24 hours"),
        (604800, "7 days"),
    ],
)
def test_a_span_is_said_exactly_in_one_unit(seconds: int, words: str) -> None:
    assert span_in_words(seconds) == words
