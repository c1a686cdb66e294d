"""What an uploaded file is, going by its bytes alone, before any decoder sees it.

File names and declared types are the uploader's word. The walks below check that a file is one image from its
first byte to its last: a script or an archive behind the picture is refused, a bomb is counted, not unpacked.
"""

import re
from enum import StrEnum

from oauthapps.errors import InvalidLogoError

MAX_FRAMES = 500
MAX_SIDE = 4096  # pixels

# Long enough not to turn up by chance: a megabyte of compressed pixels is as good as random.
_MARKUP = re.compile(
    rb"<(?:script|html|svg|body|iframe|!doctype|!entity)[\s/>]|<\?php\b",
    re.IGNORECASE,
)
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PADDING = b"\0\r\n "
_TRUNCATED = "This image is damaged or incomplete: export it again and upload the new file."
_TRAILING = "There is something else behind the image in this file: export it again and upload the new file."
_TOO_MANY_FRAMES = f"This animation has more than {MAX_FRAMES} frames: upload a still image."


class ImageFormat(StrEnum):
    """The accepted formats, by Pillow's names."""

    PNG = "PNG"
    JPEG = "JPEG"
    GIF = "GIF"
    WEBP = "WEBP"


def sniff(data: bytes) -> ImageFormat:
    """Recognize an image and make sure that the file holds nothing else.

    Args:
        data: the whole file.

    Returns:
        Its format.

    Raises:
        InvalidLogoError: if it is no such image, is cut off, or has something inside or behind it that is not
            part of the picture.
    """
    found = _format_of(data)
    if found is None:
        raise InvalidLogoError(_advice(data))
    if _MARKUP.search(data):
        raise InvalidLogoError("There is markup or a script in this file: upload an image without metadata.")
    _WALKS[found](data)
    return found


def check_size(width: int, height: int) -> None:
    """Refuse an image whose decoding would take too much memory.

    Args:
        width: in pixels, as declared in the file.
        height: likewise.

    Raises:
        InvalidLogoError: if either is above `MAX_SIDE`.
    """
    if max(width, height) > MAX_SIDE:
        raise too_large()


def too_large() -> InvalidLogoError:
    """Make the refusal of an image with too many pixels."""
    return InvalidLogoError(f"This image has more than {MAX_SIDE} pixels on a side: upload a smaller one.")


def _format_of(data: bytes) -> ImageFormat | None:
    if data.startswith(_PNG_SIGNATURE):
        return ImageFormat.PNG
    if data.startswith(b"\xff\xd8\xff"):
        return ImageFormat.JPEG
    if data.startswith((b"GIF87a", b"GIF89a")):
        return ImageFormat.GIF
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return ImageFormat.WEBP
    return None


def _advice(data: bytes) -> str:
    start = data[:1024].lstrip(b"\xef\xbb\xbf\r\n\t ").lower()
    if b"<svg" in start:
        return "This is an SVG drawing, which can hold scripts: export it as PNG and upload that."
    if start.startswith(b"%pdf"):
        return "This is a PDF document: export the logo as PNG and upload that."
    if start.startswith(b"<"):
        return "This is a web page or XML document, not an image: upload a PNG, JPEG, GIF or WebP file."
    return "This is not an image that can be used here: upload a PNG, JPEG, GIF or WebP file."


def _walk_png(data: bytes) -> None:
    """Go from chunk to chunk until IEND, which must end the file (W3C PNG, section 5).

    There may be one color profile (section 5.6); the decoder would unpack any number, a megabyte each.
    """
    position = len(_PNG_SIGNATURE)
    profiles = 0
    while True:
        length, kind = int.from_bytes(data[position : position + 4], "big"), data[position + 4 : position + 8]
        position += 12 + length
        profiles += kind == b"iCCP"
        if position > len(data) or profiles > 1:
            raise InvalidLogoError(_TRUNCATED)
        if kind == b"IEND":
            return _check_rest(data[position:])


def _walk_jpeg(data: bytes) -> None:
    """Look for the last end-of-image marker, which must end the file (ITU T.81, section B.1.1.3)."""
    end = data.rfind(b"\xff\xd9")
    if end < 0:
        raise InvalidLogoError(_TRUNCATED)
    _check_rest(data[end + 2 :])


def _walk_webp(data: bytes) -> None:
    """Compare the declared sizes: the decoder reserves memory for the canvas when it opens (RFC 9649)."""
    end = 8 + int.from_bytes(data[4:8], "little")
    if end > len(data):
        raise InvalidLogoError(_TRUNCATED)
    _check_rest(data[end:])
    if data[12:16] == b"VP8X":
        check_size(*(1 + int.from_bytes(data[at : at + 3], "little") for at in (24, 27)))
    if data.count(b"ANMF", 0, end) > MAX_FRAMES:
        raise InvalidLogoError(_TOO_MANY_FRAMES)


def _walk_gif(data: bytes) -> None:
    """Go from block to block until the trailer, counting frames (GIF89a specification, sections 18 to 27)."""
    position = 13 + _color_table(data, 10)
    frames = 0
    while True:
        kind = data[position : position + 1]
        if kind == b"\x3b":
            return _check_rest(data[position + 1 :])
        if kind == b"\x2c":
            frames += 1
            position += 11 + _color_table(data, position + 9)
        elif kind == b"\x21":
            position += 2
        else:
            raise InvalidLogoError(_TRUNCATED)
        if frames > MAX_FRAMES:
            raise InvalidLogoError(_TOO_MANY_FRAMES)
        position = _after_sub_blocks(data, position)


def _color_table(data: bytes, flags_at: int) -> int:
    """Work out the size in bytes of the color table that a flags byte announces."""
    flags = data[flags_at] if flags_at < len(data) else 0
    return 3 * 2 ** ((flags & 0b111) + 1) if flags & 0b1000_0000 else 0


def _after_sub_blocks(data: bytes, position: int) -> int:
    while position < len(data):
        length = data[position]
        position += 1 + length
        if length == 0:
            return position
    raise InvalidLogoError(_TRUNCATED)


def _check_rest(rest: bytes) -> None:
    if rest.strip(_PADDING):
        raise InvalidLogoError(_TRAILING)


_WALKS = {
    ImageFormat.PNG: _walk_png,
    ImageFormat.JPEG: _walk_jpeg,
    ImageFormat.GIF: _walk_gif,
    ImageFormat.WEBP: _walk_webp,
}
