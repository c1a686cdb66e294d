"""What the name of an application, and other text that people read, may hold.

Any script, any spelling, any emblem: a name cannot be kept from looking like another one, so the consent page
shows the host beside it. What is refused is what cannot be seen and changes how the text around it reads:
control characters, invisible ones, and those that turn the direction of writing around. A character that is
newer than the Unicode tables of the Python in use is a letter or an emblem like any other.
"""

import re
import unicodedata

from common.errors import InvalidNameError

MOST_MARKS = 4  # on one letter: no script needs more, and a pile of them covers the lines above

# Controls, formats (direction, width, tags), surrogates, private use, line and paragraph ends.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_UNASSIGNED = "Cn"
# What is reserved for characters that nothing will ever be drawn for (Default_Ignorable_Code_Point in the
# Unicode Standard, section 5.21), and the first of the characters that there will never be (section 23.7).
_NEVER_DRAWN = (range(0x2065, 0x2066), range(0xFFF0, 0xFFF9), range(0xE0000, 0xE1000), range(0xFDD0, 0xFDF0))
# The two of them that scripts and emblems are spelled with: what they stand between is drawn joined, or not.
_JOINERS = frozenset("\u200c\u200d")
# Letters and symbols by their category, but nothing is drawn for them.
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800")


def check_name(text: str) -> str:
    """Judge what an application, or the developer of one, is called.

    Args:
        text: the name as entered.

    Returns:
        The same text, unchanged.

    Raises:
        InvalidNameError: with the reason, if there is nothing to be seen in it, or something that cannot be.
    """
    _check_characters(text)
    if not any(is_drawn(character) for character in text):
        raise InvalidNameError("Enter a name that can be seen: this one is only spaces or marks.")
    return text


def check_text(text: str) -> str:
    """Judge a text of several lines that people read, such as a description.

    Args:
        text: the text as entered; may be empty.

    Returns:
        The same text, unchanged.

    Raises:
        InvalidNameError: with the reason, if there is something in it that cannot be seen.
    """
    _check_characters(re.sub(r"[\n\r\t]", " ", text))
    return text


def is_same_name(typed: str, name: str) -> bool:
    """Tell whether somebody who typed or copied a name meant this one.

    Args:
        typed: what was entered to confirm something.
        name: a stored name, of whatever characters.

    Returns:
        True if they are the same but for capitals, spaces, invisible characters, and how accents are encoded.
    """
    return _plain(typed) == _plain(name)


def is_drawn(character: str) -> bool:
    """Tell whether a character stands for itself: neither space nor mark, and not invisible."""
    category = unicodedata.category(character)
    if category == _UNASSIGNED:
        return not is_unseen(character)
    return category[0] in "LNPS" and character not in _BLANK


def is_unseen(character: str) -> bool:
    """Tell whether nothing is drawn for a character and the text around it may read differently for it."""
    category = unicodedata.category(character)
    if category != _UNASSIGNED:
        return category in _UNSEEN
    code = ord(character)
    is_last_of_plane = code & 0xFFFE == 0xFFFE  # noqa: PLR2004  # the others there will never be
    return is_last_of_plane or any(code in codes for codes in _NEVER_DRAWN)


def _check_characters(text: str) -> None:
    marks = 0
    for character in text:
        if is_unseen(character) and character not in _JOINERS:
            raise InvalidNameError(
                f"Remove the character {_code(character)}: it is invisible and could hide or turn around "
                "what stands beside it."
            )
        marks = marks + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        if marks > MOST_MARKS:
            raise InvalidNameError(f"Use at most {MOST_MARKS} accents or other marks on one letter.")


def _code(character: str) -> str:
    name = unicodedata.name(character, "").lower()
    return f"U+{ord(character):04X}{f' ({name})' if name else ''}"


def _plain(text: str) -> str:
    spaced = "".join(
        "" if is_unseen(character) and not character.isspace() else character for character in text
    )
    return " ".join(unicodedata.normalize("NFC", spaced).casefold().split())
