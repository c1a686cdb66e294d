"""What is read of a file: text, within limits, however a spreadsheet encoded it."""

import codecs
from typing import BinaryIO

from oauthapps.transfer.places import Place, RefusedError

MEBIBYTE = 1024 * 1024
MOST_BYTES = 16 * MEBIBYTE
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_text(source: BinaryIO, place: Place) -> str:
    """Return the text of a file.

    Args:
        source: the file, opened.
        place: what to call it.

    Raises:
        RefusedError: when it is too large, or no text in UTF-8 or, with a byte order mark, UTF-16.
    """
    data = source.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise RefusedError(place, f"This is larger than {MOST_BYTES // MEBIBYTE} MiB: split it.")
    try:
        text = data.decode("utf-16" if data.startswith(_UTF_16) else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise RefusedError(
            place, f"Line {line} isn't UTF-8: save the file as UTF-8 (in Excel, “CSV UTF-8”)."
        ) from error
    if "\0" in text:
        raise RefusedError(place, "This isn't text: save it as JSON, or as CSV in UTF-8.")
    return text
