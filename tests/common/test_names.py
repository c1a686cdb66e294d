"""What an application may be called."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import InvalidNameError
from common.names import check_name, check_text, is_drawn, is_same_name


@pytest.mark.parametrize(
    "name",
    [
        "Gatehouse for ClientApp",
        "1",
        "+",
        "<b>{{ x }}</b>",
        "=1+1",
        "Zeiterfassung für München",
        "תיק לקוחות",
        "تطبيق العملاء",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "ক\u09cd\u200dষ",
        "顧客アプリ",
        "Tiếng Việt",
        "👩\u200d💻 tools",
        "❤\ufe0f",
        "\u0410dobe",  # a look-alike: it cannot be told from what it imitates, nor can it hide anything
    ],
)
def test_names_of_every_script_are_taken_unchanged(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.spec("C-17", "Unicode section 5.21")
@pytest.mark.parametrize(
    "name",
    [
        "\U0001fae8 shaken",  # Unicode 15
        "\U0001fae9",  # Unicode 16
        "\u1c89",
        "\U00050000",  # a plane without characters so far
    ],
)
def test_a_character_newer_than_python_is_one_like_any_other(name: str) -> None:
    assert check_name(name) == name
    assert check_text(name) == name
    assert is_drawn(name[0])


@pytest.mark.parametrize(
    "name", ["", " ", "\u00a0\u3000", "\u3164", "\u2800\u115f", "\u0301", "\u200d", "\ufe0f"]
)
def test_a_name_in_which_nothing_can_be_seen_is_refused(name: str) -> None:
    with pytest.raises(InvalidNameError, match="can be seen"):
        check_name(name)


@pytest.mark.spec("C-17", "Unicode section 23.7")
@pytest.mark.parametrize(
    ("character", "code"),
    [
        ("\0", "U+0000"),
        ("\n", "U+000A"),
        ("\x1b", "U+001B"),
        ("\x7f", "U+007F"),
        ("\x85", "U+0085"),
        ("\u00ad", r"U\+00AD \(soft hyphen\)"),
        ("\u200b", "U+200B"),
        ("\u200e", "U+200E"),
        ("\u202e", r"U\+202E \(right-to-left override\)"),
        ("\u2028", "U+2028"),
        ("\u2066", "U+2066"),
        ("\ufeff", "U+FEFF"),
        ("\ud800", "U+D800"),
        ("\ue000", "U+E000"),
        ("\uffff", "U+FFFF"),
        ("\U0005fffe", "U+5FFFE"),
        ("\ufdd0", "U+FDD0"),
        ("\u2065", "U+2065"),
        ("\ufff0", "U+FFF0"),
        ("\U000e0fff", "U+E0FFF"),
        ("\U000e0041", "U+E0041"),
    ],
)
def test_what_cannot_be_seen_is_refused_by_its_number(character: str, code: str) -> None:
    for judge in (check_name, check_text)[: 1 if character == "\n" else 2]:
        with pytest.raises(InvalidNameError, match=code.replace("U+", r"U\+")):
            judge(f"Field{character}app")
    assert check_name("Fieldapp")


def test_a_pile_of_marks_is_refused() -> None:
    assert check_name("a" + "\u0301" * 4)
    with pytest.raises(InvalidNameError, match="at most 4"):
        check_name("a" + "\u0301" * 5)


def test_a_description_has_lines_and_may_be_empty() -> None:
    assert check_text("Two lines\r\n\tof text") == "Two lines\r\n\tof text"
    assert check_text("") == ""


@pytest.mark.parametrize(
    "typed",
    ["Field app", " Field  app\n", "field APP", "Field\u00a0app", "Fie\u200bld app", "\u202aField app\u202c"],
)
def test_a_name_typed_to_confirm_may_differ_in_what_does_not_show(typed: str) -> None:
    assert is_same_name(typed, "Field app")
    assert is_same_name("Field app", typed)


@pytest.mark.parametrize(
    "typed", ["", "Field", "Fieldapp", "Field app 2", "Fi\u0435ld app", "Field app\U0001fae9"]
)
def test_another_name_is_another_name(typed: str) -> None:
    assert not is_same_name(typed, "Field app")


def test_accents_are_the_same_however_they_are_encoded() -> None:
    assert is_same_name("Cafe\u0301", "Caf\u00e9")


@given(st.text(st.characters(exclude_categories=())))
def test_no_string_raises_anything_but_a_reason(text: str) -> None:
    assert is_same_name(text, text)
    with suppress(InvalidNameError):
        assert check_name(text) == text
        assert any(is_drawn(character) for character in text)
