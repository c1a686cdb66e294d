"""Logos: whatever was uploaded becomes a new PNG of 256 x 256 pixels that holds pixels and nothing else.

Re-encoding is what makes an upload harmless: of the file as it came, no byte is ever stored or served.
"""

import hashlib
import struct
import zlib
from io import BytesIO

from PIL import Image, ImageOps

from oauthapps.errors import InvalidLogoError
from oauthapps.rules.logos.logo_files import ImageFormat, check_size, sniff, too_large
from oauthapps.rules.logos.logo_pixels import declare_transparency, in_srgb, mixable

MAX_UPLOAD_BYTES = 1024 * 1024
SIDE = 256  # pixels
MAX_LOGO_BYTES = 260 * 1024  # four bytes a pixel and the file's own: no picture needs more

_TRANSPARENT = (0, 0, 0, 0)
_DEPTH_AT = 24  # in a PNG: bits of a sample (W3C PNG, section 11.2.1)

# What Pillow raises on files that are not what they say they are. Warnings are among them because an
# installation may turn them into errors, as our tests do.
_DECODING_ERRORS = (
    OSError, SyntaxError, ValueError, TypeError, LookupError, EOFError, OverflowError, MemoryError,
    struct.error, zlib.error, Warning,
)  # fmt: skip


def normalize_logo(data: bytes) -> bytes:
    """Make a logo of an uploaded file.

    Args:
        data: the file: PNG, JPEG, GIF (its first frame) or WebP, at most 1 MB and 4096 x 4096 pixels.

    Returns:
        A PNG of 256 x 256 pixels and at most `MAX_LOGO_BYTES`, without metadata: the picture upright, in
        sRGB, fitted and centered on a transparent background.

    Raises:
        InvalidLogoError: if the file is anything else, with the reason.
    """
    if not data:
        raise InvalidLogoError("This file is empty: choose an image.")
    if len(data) > MAX_UPLOAD_BYTES:
        raise InvalidLogoError("This file is larger than 1 MB: upload a smaller image.")
    return _png(_on_canvas(_decode(data)))


def logo_digest(png: bytes) -> str:
    """Name a logo by what it is, so that its URL never needs to be asked for again.

    Args:
        png: what `normalize_logo` returned.

    Returns:
        SHA-256 as 64 lower-case hexadecimal digits.
    """
    return hashlib.sha256(png).hexdigest()


def _decode(data: bytes) -> Image.Image:
    """Open, measure, then decode: the header has the dimensions, so a bomb is refused before it goes off."""
    image_format = sniff(data)
    try:
        with Image.open(BytesIO(data), formats=[image_format]) as image:
            check_size(*image.size)
            image.draft("RGB", (SIDE * 2, SIDE * 2))  # JPEG only: decodes at a fraction of the size
            if image_format == ImageFormat.PNG:
                image.load()
                declare_transparency(image, depth=data[_DEPTH_AT])
            return _upright(_shrunk(image))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise too_large() from None
    except _DECODING_ERRORS:
        raise InvalidLogoError(
            "This image is damaged or incomplete: export it again and upload the new file."
        ) from None


def _shrunk(image: Image.Image) -> Image.Image:
    scale = SIDE / max(image.size)
    width, height = (max(1, round(side * scale)) for side in image.size)
    small = mixable(image).resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
    picture = in_srgb(small, image.info.get("icc_profile") or b"")
    picture.info = dict(image.info)  # says how the camera was held
    return picture


def _upright(image: Image.Image) -> Image.Image:
    """Turn the picture as its camera says (EXIF orientation), before that goes with the other metadata."""
    return ImageOps.exif_transpose(image)


def _on_canvas(image: Image.Image) -> Image.Image:
    canvas = Image.new("RGBA", (SIDE, SIDE), _TRANSPARENT)
    canvas.paste(image, ((SIDE - image.width) // 2, (SIDE - image.height) // 2))
    return canvas


def _png(image: Image.Image) -> bytes:
    output = BytesIO()
    image.save(output, format="PNG", optimize=True)
    return output.getvalue()
